"""Send small requests to find out why Hotmart did not answer a date range."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from source_hotmart.api.errors import QueryRefused, TooHeavy
from source_hotmart.reading.limits import LearnedLimits
from source_hotmart.reading.lists import Readable
from source_hotmart.reading.passes import Query
from source_hotmart.reading.pieces import Piece
from source_hotmart.state.windows import DAY_MS, Window, whole_second

LOGGER = logging.getLogger("airbyte.hotmart")


class Windowed(Readable, Protocol):
    """A stream whose queries can be limited by date."""

    limits: LearnedLimits

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """Return the query of one date range."""

    def queries(self, window: Window, statuses: Sequence[str]) -> list[Query]:
        """Return the queries that together return all rows of one date range."""


class Probes:
    """Requests a few rows of one stream."""

    def __init__(self, stream: Windowed) -> None:
        self._stream = stream

    def accepts(self, query: Query, rows: int = 1) -> bool:
        """Whether Hotmart answers a query with this number of rows per page."""
        try:
            self._stream.fetch({**query, "max_results": rows})
        except (TooHeavy, QueryRefused):
            return False
        return True

    def answers_any(self, piece: Piece) -> bool:
        """Whether Hotmart answers the first, the middle or the last day of a date range."""
        first_ms, last_ms = piece.window
        middle_ms = (first_ms + last_ms) // 2
        starts_ms = {first_ms, whole_second(middle_ms), max(first_ms, whole_second(last_ms - DAY_MS))}
        days = [(start_ms, min(start_ms + DAY_MS - 1, last_ms)) for start_ms in sorted(starts_ms)]
        return any(self.accepts(self._stream.query(day, piece.statuses[:1])) for day in days)

    def answered_rows(self, piece: Piece) -> int:
        """Return a number of rows per page that Hotmart answers for a piece, 0 for none.

        The first time all sizes are tried. Later only the next smaller one is, because the range is then too long.
        """
        limits, query = self._stream.limits, self._stream.query(piece.window, piece.statuses)
        rows = limits.page_rows.value or self._stream.page_size or 1
        while rows > limits.page_rows.least:
            rows = max(limits.page_rows.least, rows // 4)
            if self.accepts(query, rows):
                return rows
            if limits.length_ms.value:
                break
        return 0

    def is_refused_alone(self, piece: Piece) -> bool:
        """Whether Hotmart rejects this status but accepts another one in the same date range."""
        if not piece.status:
            return False
        limits, window, status = self._stream.limits, piece.window, piece.status
        others = [other for other in piece.statuses if other != status and other not in limits.refused_statuses]
        rows = self._stream.page_size or 1
        if self.accepts(self._stream.query(window, (status,)), rows):
            return False  # Hotmart rejected a later page
        if not any(self.accepts(self._stream.query(window, (other,)), rows) for other in others[-2:]):
            return False
        if limits.refuse_status(status):
            LOGGER.warning(
                "%s: Hotmart rejects the status %s, even on its own. Rows with this status are missing.",
                self._stream.name,
                status,
            )
        return True
