"""How many sales a window holds and how many come on a page, by which long windows are cut to be read side by side."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from source_hotmart.answers import Page
from source_hotmart.windows import Window

PAGES_PER_PART = 20
"""A window of many more pages is cut, so that its parts are read side by side and a kill costs little."""
WORTH_A_CALL_ROWS = 2_000
"""From so many rows on, one call a sync is spent on how many rows a page really has."""


class WindowCounts:
    """Totals by window, asked once for all streams: they count the same sales."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._totals: dict[Window, int | None] = {}
        self._page_rows: int | None = None

    def of(self, window: Window, ask: Callable[[int], Page | None], page_rows: int) -> tuple[int | None, int]:
        """The total of a window, `None` when Hotmart does not tell, and the rows of a page where many are asked for.

        `ask` fetches a page of so many rows of the window; `page_rows` are what will be asked for, and Hotmart grants
        less without a word where that is above its own maximum.
        """
        with self._lock:
            if window not in self._totals:
                counted = ask(1)
                self._totals[window] = counted.total if counted else None
            total = self._totals[window]
            if self._page_rows is None and (total or 0) > WORTH_A_CALL_ROWS:
                full = ask(page_rows)
                self._page_rows = len(full.rows) if full and full.rows else page_rows
            return total, self._page_rows or page_rows
