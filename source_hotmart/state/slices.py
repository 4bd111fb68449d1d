"""Slices of a stream: the unit that is read, the reason, and the parts that have been read."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any, NamedTuple

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.state.windows import Window


class Reason(StrEnum):
    """Why a date range is read."""

    NEW = "new"
    LOOK_BACK = "look-back"
    """The range has been read, but its rows may have changed, and new rows may follow it."""
    GAP = "gap"
    """The range lies before or between the ranges that have been read."""
    UNSETTLED = "unsettled sales changed"
    LATE = "late statuses"
    HALF = "half of a heavy one"
    ONE_STATUS = "one status"
    COUNTS_DIFFERED = "counts differed"
    RETRIED = "retried"


@dataclass
class PlannedCount:
    """Hotmart's own count of the rows in a date range, and the number of its parts that have been read."""

    window: Window
    total: int = 0
    parts: int = 1
    _rows: int = 0
    _read: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def of_a_part(self) -> int:
        """Minimum number of rows in one part: all of them if there is one part, otherwise one."""
        return self.total if self.parts == 1 else min(self.total, 1)

    def add(self, rows: int) -> int | None:
        """Add the rows of a part. After the last part, return the rows of all parts."""
        with self._lock:
            self._rows += rows
            self._read += 1
            return self._rows if self._read == self.parts else None


class DateSlice(StreamSlice):
    """A date range."""

    def __init__(
        self,
        window: Window,
        statuses: Sequence[str] = (),
        reason: Reason = Reason.NEW,
        planned: PlannedCount | None = None,
    ) -> None:
        super().__init__(partition={}, cursor_slice={"start_ms": window[0], "end_ms": window[1]})
        self.window = window
        self.statuses = tuple(statuses)
        self.reason = reason
        self.planned = planned or PlannedCount(window)
        self.complete: list[Window] = []
        """The parts that were read completely."""
        self.incomplete: list[Window] = []
        """Surrounding date ranges that lack rows, although all their parts were read."""

    @property
    def is_whole(self) -> bool:
        """Whether all rows of the range are read, and not only those that may have changed."""
        return self.reason not in (Reason.LATE, Reason.UNSETTLED)

    @property
    def view_key(self) -> Hashable:
        """A key that is equal for slices of two streams with comparable rows."""
        return self.window, "" if self.is_whole else self.reason


class ParentKey(NamedTuple):
    """The data that a child stream keeps of a parent."""

    id: str
    values: tuple[Any, ...]
    """The values of the child's `parent_fields`."""
    may_have_none: bool = False
    """Whether a rejection means that this parent has no such list."""
    is_moving: bool = False
    """Whether its rows change without a date."""
    changed_ms: int = 0
    """The latest of its dates."""
    charged_ms: int = 0
    """The time of its last possible charge."""
    trait: Any = None
    """A value that makes it a new parent when it changes."""


class ParentsSlice(StreamSlice):
    """Parents of one scope that are read sequentially."""

    def __init__(self, scope: str, parents: Sequence[ParentKey]) -> None:
        super().__init__(partition={"scope": scope}, cursor_slice={})
        self.scope = scope
        self.parents = parents
        self.read: list[str] = []
        """The ids of the parents that were read."""
        self.empty: list[str] = []
        """The ids of the parents without rows, according to Hotmart."""
        self.failed: list[str] = []
        """The ids of the parents to read again."""
