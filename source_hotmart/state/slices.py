"""Slices of a stream: what is read by itself, why, and what of it has been read."""

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
    """It has been read, and its rows may have changed. New rows may follow it."""
    GAP = "gap"
    """It lies before or between what has been read."""
    UNSETTLED = "unsettled sales changed"
    LATE = "late statuses"
    HALF = "half of a heavy one"
    ONE_STATUS = "one status"
    COUNTS_DIFFERED = "counts differed"
    RETRIED = "retried"


@dataclass
class PlannedCount:
    """How many rows a date range has by Hotmart's own count, and how many of its parts have been read."""

    total: int = 0
    parts: int = 1
    window: Window | None = None
    _rows: int = 0
    _read: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def of_a_part(self) -> int:
        """The rows that one part has at least: all of them, or one."""
        return self.total if self.parts == 1 else min(self.total, 1)

    def add(self, rows: int) -> int | None:
        """Add the rows of a part. Return those of all parts after the last one."""
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
        self.planned = planned or PlannedCount()
        self.complete: list[Window] = []
        """What of it was read completely."""
        self.incomplete: list[Window] = []
        """Date ranges around it that lack rows, though all parts were read."""

    @property
    def is_whole(self) -> bool:
        """Whether it is read for all of its rows, and not for those that may have changed."""
        return self.reason not in (Reason.LATE, Reason.UNSETTLED)

    @property
    def view_key(self) -> Hashable:
        """What is equal in slices of two streams whose rows can be compared."""
        return self.window, "" if self.is_whole else self.reason


@dataclass
class ParentsResult:
    """The ids of the parents of one slice: read, without rows by Hotmart's answer, and to read again."""

    read: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class ParentKey(NamedTuple):
    """What a child stream keeps of a parent."""

    id: str
    values: tuple[Any, ...]
    """Those of the child's `parent_fields`."""
    may_have_none: bool = False
    """Whether a rejection says that this parent has no such list."""
    is_moving: bool = False
    """Whether its rows change without a date."""
    changed_ms: int = 0
    """The latest of its dates."""
    charged_ms: int = 0
    """When its last charge may have been made."""
    trait: Any = None
    """What makes it a new parent where it changes."""


class ParentsSlice(StreamSlice):
    """Parents of one scope, read one after the other."""

    def __init__(self, scope: str, parents: Sequence[ParentKey]) -> None:
        super().__init__(partition={"scope": scope}, cursor_slice={})
        self.scope = scope
        self.parents = parents
        self.result = ParentsResult()
