"""Find out how to request all statuses from one view of a sale: those it accepts, and whether several at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from source_hotmart.api.errors import QueryRefused
from source_hotmart.api.pages import Page
from source_hotmart.reading.statuses import SALE_STATUSES
from source_hotmart.state.windows import Window, newest_first
from source_hotmart.streams.dated import DatedStream

LOGGER = logging.getLogger("airbyte.hotmart")

LENGTHS_DAYS = (180, 30, 7, 1)
"""Lengths of the date range to probe, shorter if Hotmart does not answer."""
MAX_EMPTY_RANGES = 6
"""Maximum number of date ranges without a sale to skip."""


@dataclass(frozen=True)
class StatusPlan:
    """The statuses to request, and whether one at a time."""

    statuses: tuple[str, ...]
    one_at_a_time: bool


@dataclass(frozen=True)
class StatusQuestion:
    """Probes one view. Unless the answer is clear, statuses are requested one at a time."""

    view: DatedStream
    documented: tuple[str, ...] = ()
    """The statuses that Hotmart documents for this view, if not all. They are tried if all together are rejected."""
    _answers: dict[tuple[Window, tuple[str, ...], int], tuple[Page | None, bool]] = field(default_factory=dict)

    def answer(self) -> StatusPlan:
        """Probe the newest date range that has sales and is answered."""
        whole = self.view.start_ms, self.view.api.now_ms
        statuses: tuple[str, ...] | None = None
        for days in LENGTHS_DAYS:
            for window in islice(newest_first(whole, days), MAX_EMPTY_RANGES):
                usual, _ = self._asked(window, ())
                if usual is None:
                    break  # Hotmart may answer a shorter range
                statuses = statuses or self._accepted(window)
                united = self._unites(window, statuses, usual) if statuses else None
                if statuses and united is not None:
                    return StatusPlan(statuses, one_at_a_time=not united)
                if usual.rows:
                    break  # a shorter range may be small enough to compare
            else:
                break  # there are no sales
        return StatusPlan(statuses or SALE_STATUSES, one_at_a_time=True)

    def _asked(self, window: Window, statuses: Sequence[str], rows: int = 1) -> tuple[Page | None, bool]:
        """Return the page, and whether Hotmart rejected the query. A request that fails is not rejected."""
        question = window, tuple(statuses), rows
        if question not in self._answers:
            try:
                self._answers[question] = self.view.ask(window, statuses, rows), False
            except QueryRefused:
                self._answers[question] = None, True
        return self._answers[question]

    def _accepted(self, window: Window) -> tuple[str, ...] | None:
        """Return the statuses that this view accepts in one request or alone, `None` if that is not known."""
        for statuses in (SALE_STATUSES, self.documented):
            page, is_refused = self._asked(window, statuses) if statuses else (None, True)
            if not is_refused:
                return statuses if page else None
        refused = [status for status in SALE_STATUSES if self._asked(window, (status,))[1]]
        alone = tuple(status for status in SALE_STATUSES if status not in refused)
        if alone and refused:
            LOGGER.warning(
                "%s: Hotmart rejects the status %s, even on its own. Sales with this status are missing.",
                self.view.name,
                ", ".join(refused),
            )
        return alone or None

    def _unites(self, window: Window, statuses: tuple[str, ...], usual: Page) -> bool | None:
        """Return whether a request for all statuses finds all sales of the default filter, `None` without evidence.

        The statuses are requested in both orders, because Hotmart may use only the first or the last one.
        """
        every, _ = self._asked(window, statuses)
        reverse, _ = self._asked(window, statuses[::-1])
        if every is None or reverse is None:
            return None
        if usual.total is not None and every.total is not None and reverse.total is not None:
            return every.total == reverse.total >= usual.total if usual.total else None
        if not usual.rows:
            return None
        page_rows = self.view.page_size or 1
        pages = [self._asked(window, some, page_rows)[0] for some in ((), statuses, statuses[::-1])]
        if any(page is None or page.next_token for page in pages):
            return None  # too many rows to compare
        few, many, reverse_many = (len(page.rows) for page in pages if page)
        return many == reverse_many >= few
