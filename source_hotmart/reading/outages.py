"""Find out whether Hotmart is unavailable, or only one query is too heavy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from source_hotmart.api.errors import TooHeavy
from source_hotmart.reading.passes import Query

WAITS_S = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds to wait before each of the requests."""


class OutageCheck:
    """Requests single rows until Hotmart answers.

    A single row of a list is a light request, so if that fails, Hotmart is unavailable. This is checked once, because a
    list can be so heavy that even this request fails.
    """

    def __init__(self, fetch: Callable[[Query], Any]) -> None:
        self._fetch = fetch
        self._has_waited = False

    def has_ended(self, query: Query) -> bool | None:
        """Return whether there was an outage that has ended, `None` if Hotmart still does not answer."""
        if self._has_waited:
            return False
        for number, wait_s in enumerate(WAITS_S):
            time.sleep(wait_s)
            try:
                self._fetch({**query, "max_results": 1})
            except TooHeavy:
                self._has_waited = True
                continue
            return number > 0
        return None
