"""The lists by which other lists are found: each is read once a sync, and only what its children need is kept.

When the stream of a parent is selected as well, its children wait for its read and listen in. Whoever waits is a
generator of slices. The CDK always leaves a worker to read slices, and the source has parents started before their
children, so the read that is waited for is never behind the one who waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, Protocol

from airbyte_cdk.models import FailureType, SyncMode
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

BEGINS_WITHIN_S = 300.0
"""For so long a child waits until its parent's own read begins; then it reads the list itself."""

Record = dict[str, Any]
Slice = Mapping[str, Any]


class Parent(Protocol):
    """What is asked of a stream whose rows others are found by. It has one slice a club, or one in all."""

    @property
    def name(self) -> str: ...

    @property
    def incomplete_lists(self) -> set[str]:
        """The members areas of whose lists rows may be missing."""

    def stream_slices(self, *, sync_mode: SyncMode) -> Iterable[Slice | None]: ...

    def read_slice(self, stream_slice: Slice) -> Iterator[Record]: ...


class ParentUnread(Exception):
    """A list of parents could not be read; `problem` is why."""

    def __init__(self, problem: AirbyteTracedException) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, eq=False)
class Want:
    """What one child needs of the rows of a parent."""

    parent: type
    keep: Callable[[Record], Any | None]
    """Makes a few ids of a row; `None` for a row of which the child needs nothing."""


@dataclass
class _List:
    """One list of parents: of one club, or the only one."""

    kept: dict[Want, list[Any]]
    own_read: bool = False
    """Whether the parent's own stream is the one that reads it."""
    ended: bool = False
    problem: AirbyteTracedException | None = None

    def add(self, record: Record) -> None:
        for want, kept in self.kept.items():
            item = want.keep(record)
            if item is not None:
                kept.append(item)


@dataclass
class ParentLists:
    """The lists of one sync. Everything is asked for before anything is read."""

    _streams: dict[type, Parent] = field(default_factory=dict)
    _selected: set[type] = field(default_factory=set)
    _wants: dict[type, list[Want]] = field(default_factory=dict)
    _lists: dict[tuple[type, str], _List] = field(default_factory=dict)
    _changed: Condition = field(default_factory=Condition)

    def offer(self, stream: Parent) -> None:
        """Name a stream that can be read for its children."""
        self._streams[type(stream)] = stream

    def expect(self, stream: Parent) -> None:
        """Say that a stream is going to be read for its own sake."""
        self._selected.add(type(stream))

    def expects(self, parent: type) -> bool:
        """Whether a stream is going to be read for its own sake."""
        return parent in self._selected

    def want(self, want: Want) -> None:
        """Have something kept of every row of a parent."""
        self._wants.setdefault(want.parent, []).append(want)

    def watched(self, stream: Parent, stream_slice: Slice, records: Iterator[Record]) -> Iterator[Record]:
        """The records of a stream's own read, from which its children take what they need."""
        wanted = self._wants.get(type(stream))
        return self._listen(stream, club_of(stream_slice), records) if wanted else records

    def take(self, want: Want, club: str = "") -> list[Any]:
        """What was kept for one child; reads the list when nobody else does. Raises `ParentUnread`.

        May wait for the read of a selected parent to begin, so only generators of slices may call it for one; it
        hands out what it keeps once.
        """
        key = want.parent, club
        with self._changed:
            if want.parent in self._selected:
                self._changed.wait_for(lambda: key in self._lists, BEGINS_WITHIN_S)
            mine = self._begin(key, own_read=False)
        if mine:
            self._read(self._streams[want.parent], club, mine)
        with self._changed:
            found = self._lists[key]
            self._changed.wait_for(lambda: found.ended)
            if found.problem:
                raise ParentUnread(found.problem)
            return found.kept.pop(want)

    def is_short(self, parent: type, club: str = "") -> bool:
        """Whether rows are known to be missing from a list that was taken."""
        return club in self._streams[parent].incomplete_lists

    def _begin(self, key: tuple[type, str], *, own_read: bool) -> _List | None:
        """A list to read now; `None` when somebody has begun. With the lock held."""
        if key in self._lists:
            # The second half of a list would be missing without a word.
            if own_read and self._lists[key].own_read:
                raise ValueError(f"{key} is read in more than one slice")
            return None
        self._lists[key] = _List({want: [] for want in self._wants[key[0]]}, own_read)
        self._changed.notify_all()
        return self._lists[key]

    def _listen(self, stream: Parent, club: str, records: Iterator[Record]) -> Iterator[Record]:
        with self._changed:
            mine = self._begin((type(stream), club), own_read=True)
        if mine is None:
            yield from records
            return
        problem: AirbyteTracedException | None = _interrupted(stream)
        try:
            for record in records:
                mine.add(record)
                yield record
            problem = None
        except AirbyteTracedException as told:
            problem = told
            raise
        finally:
            self._end(mine, problem)

    def _read(self, stream: Parent, club: str, mine: _List) -> None:
        problem: AirbyteTracedException | None = _interrupted(stream)
        try:
            for stream_slice in stream.stream_slices(sync_mode=SyncMode.full_refresh):
                if club_of(stream_slice) == club:
                    for record in stream.read_slice(stream_slice or {}):
                        mine.add(record)
            problem = None
        except AirbyteTracedException as told:
            problem = told
        finally:
            self._end(mine, problem)

    def _end(self, mine: _List, problem: AirbyteTracedException | None) -> None:
        with self._changed:
            mine.ended, mine.problem = True, problem
            self._changed.notify_all()


def club_of(stream_slice: Slice | None) -> str:
    """The members area that a slice is of; empty for the lists of the whole account."""
    return str((stream_slice or {}).get("subdomain", ""))


def _interrupted(stream: Parent) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=f"{stream.name}: Reading it was interrupted.", failure_type=FailureType.system_error
    )
