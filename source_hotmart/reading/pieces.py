"""The worklist of a date range: parts that are still to be read, and parts that could not be read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from source_hotmart.api.errors import HotmartError
from source_hotmart.reading.passes import ListResult, Query
from source_hotmart.state.slices import Reason
from source_hotmart.state.windows import Window, iso


@dataclass
class Piece:
    """A date range on the worklist."""

    window: Window
    statuses: tuple[str, ...]
    reason: Reason
    queries: deque[tuple[Query, str]] | None = None
    """The queries left, each with its status if statuses are requested one at a time. `None` before the start."""
    status: str = ""
    at_least: int = 0
    is_complete: bool = True
    rows: int = 0
    bad_rows: int = 0

    @property
    def length_ms(self) -> int:
        return self.window[1] - self.window[0] + 1

    @property
    def label(self) -> str:
        return f"{label_of(self.window)} ({self.status})" if self.status else label_of(self.window)

    def add(self, result: ListResult) -> None:
        """Add the result of one query."""
        self.is_complete &= result.is_complete
        self.rows += result.rows
        self.bad_rows += result.bad_rows

    def again(self, window: Window, reason: Reason) -> Piece:
        """Return this piece, or a part of it, to be read from its start."""
        return Piece(window, self.statuses, reason)


@dataclass
class Problem:
    """A date range that could not be read."""

    window: Window
    failure: HotmartError

    def __str__(self) -> str:
        return label_of(self.window)


def label_of(window: Window) -> str:
    """Return the name of a date range for messages."""
    return f"{iso(window[0])} to {iso(window[1])}"
