"""How many sales a window holds, by which long windows are cut to be read side by side."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from source_hotmart.windows import Window

PAGES_PER_WINDOW = 20
"""A window of many more pages is cut, so that its parts are read side by side and a kill costs little."""


class WindowCounts:
    """Totals by window, asked once for all streams: they count the same sales."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._totals: dict[Window, int | None] = {}

    def total(self, window: Window, ask: Callable[[], int | None]) -> int | None:
        """The total of a window, from `ask` the first time; `None` when Hotmart does not tell."""
        with self._lock:
            if window not in self._totals:
                self._totals[window] = ask()
            return self._totals[window]
