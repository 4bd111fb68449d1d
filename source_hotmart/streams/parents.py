"""Lists of parents, such as products. Each is read once per sync, and only what child streams need is kept.

If the parent stream is also selected, its children wait for its own read and keep what they need of its records.
Only a generator of slices waits. The engine always leaves a worker to read slices, and parents start before their
children, so a child never waits for a read that is queued behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from threading import Condition
from typing import Any

from airbyte_cdk.models import FailureType, SyncMode
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.reading.passes import Record

BEGINS_WITHIN_S = 300.0
"""Seconds that a child waits for its parent's own read to begin, before it reads the list itself."""

Slice = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class ParentSelector:
    """Selects what one child needs of the records of a parent."""

    parent: type
    select: Callable[[Record], Any | None]
    """Returns what to keep of a record, `None` for a parent that the child does not read."""


@dataclass
class _ParentList:
    """One list of parents: that of a members area, or the only one."""

    kept: dict[ParentSelector, list[Any]]
    is_own_read: bool
    """Whether the parent stream itself reads the list."""
    rows: int = 0
    is_partial: bool = False
    ended: Future[None] = field(default_factory=Future)

    def read(self, stream: Stream, records: Iterator[Record]) -> Iterator[Record]:
        """Yield the records, and mark the list as ended, even after a failure."""
        problem: AirbyteTracedException | None = AirbyteTracedException(
            message=f"{stream.name}: The read was interrupted.", failure_type=FailureType.system_error
        )
        try:
            for record in records:
                self.rows += 1
                for selector, kept in self.kept.items():
                    if (item := selector.select(record)) is not None:
                        kept.append(item)
                yield record
            problem = None
        except AirbyteTracedException as failure:
            self.is_partial = self.rows > 0
            problem = None if self.is_partial else failure
            raise
        finally:
            if problem:
                self.ended.set_exception(problem)
            else:
                self.ended.set_result(None)


@dataclass
class ParentLists:
    """The lists of one sync. Streams and selectors are registered before anything is read."""

    _streams: dict[type, Stream] = field(default_factory=dict)
    _incomplete: dict[type, set[str]] = field(default_factory=dict)
    """The members areas whose lists lack rows, by stream."""
    _selected: set[type] = field(default_factory=set)
    _selectors: dict[type, list[ParentSelector]] = field(default_factory=dict)
    _lists: dict[tuple[type, str], _ParentList] = field(default_factory=dict)
    _begun: Condition = field(default_factory=Condition)

    def register_parent(self, stream: Stream, incomplete_lists: set[str]) -> None:
        """Register a stream that can be read for its children. It has one slice, or one per members area."""
        self._streams[type(stream)], self._incomplete[type(stream)] = stream, incomplete_lists

    def register_selected(self, stream: Stream) -> None:
        """Register a stream that the catalog selects."""
        self._selected.add(type(stream))

    def is_selected(self, parent: type) -> bool:
        return parent in self._selected

    def register_child(self, selector: ParentSelector) -> None:
        """Register what a child needs of each record of a parent."""
        self._selectors.setdefault(selector.parent, []).append(selector)

    def tee(self, stream: Stream, stream_slice: Slice, records: Iterator[Record]) -> Iterator[Record]:
        """Return the records of a stream's own read, and pass them on to its children as well."""
        if type(stream) not in self._selectors:
            return records
        return self._tee(stream, subdomain_of(stream_slice), records)

    def take(self, selector: ParentSelector, subdomain: str = "") -> list[Any]:
        """Return, once, what was kept for a child. Read the list if no other stream does.

        Raise `AirbyteTracedException` if no row of it could be read.
        This may wait until the read of a selected parent begins, so only a generator of slices may call it.
        """
        key = selector.parent, subdomain
        with self._begun:
            if selector.parent in self._selected:
                self._begun.wait_for(lambda: key in self._lists, BEGINS_WITHIN_S)
            to_read = self._begin(key, is_own_read=False)
            found = self._lists[key]
        try:
            if to_read:
                self._read(self._streams[selector.parent], subdomain, to_read)
            found.ended.result()
        except AirbyteTracedException:
            if not found.is_partial:
                raise
        return found.kept.pop(selector)

    def is_partial(self, parent: type, subdomain: str) -> bool:
        """Whether records are missing from a list that was taken."""
        return self._lists[parent, subdomain].is_partial or subdomain in self._incomplete[parent]

    def _begin(self, key: tuple[type, str], *, is_own_read: bool) -> _ParentList | None:
        """Return a list to read now, `None` if its read has begun. The caller holds the lock."""
        if key in self._lists:
            if is_own_read and self._lists[key].is_own_read:
                raise ValueError(f"{key} is read in more than one slice")  # the second part would be missing
            return None
        self._lists[key] = _ParentList({each: [] for each in self._selectors[key[0]]}, is_own_read)
        self._begun.notify_all()
        return self._lists[key]

    def _tee(self, stream: Stream, subdomain: str, records: Iterator[Record]) -> Iterator[Record]:
        with self._begun:
            to_read = self._begin((type(stream), subdomain), is_own_read=True)
        return (yield from to_read.read(stream, records) if to_read else records)

    @staticmethod
    def _read(stream: Stream, subdomain: str, to_read: _ParentList) -> None:
        slices = (each or {} for each in stream.stream_slices(sync_mode=SyncMode.full_refresh))
        read = partial(stream.read_records, SyncMode.full_refresh)
        rows: Iterator[Any] = (
            row for each in slices if subdomain_of(each) == subdomain for row in read(stream_slice=each)
        )
        for _ in to_read.read(stream, rows):
            pass


def subdomain_of(stream_slice: Slice | None) -> str:
    """Return the members area of a slice, an empty text for lists of the whole account."""
    return str((stream_slice or {}).get("subdomain", ""))
