"""Streams that are found by the rows of another one, their parent: one call a parent, or more.

A stream is a table here too: its parent, which of the parent's fields its path needs and its rows get, and which
refusals only mean that this parent has none.
"""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from airbyte_cdk.models import FailureType, SyncMode
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.answers import NO_ROWS, Page
from source_hotmart.base import Api, HotmartStream
from source_hotmart.errors import HotmartError
from source_hotmart.parents import ParentUnread, Want
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import KeyDeduplicator, Query, Record
from source_hotmart.state.cursors import SliceCursor
from source_hotmart.state.windows import DAY_MS, iso
from source_hotmart.tally import Tally

LOGGER = logging.getLogger("airbyte.hotmart")

MAX_PARENTS_A_SLICE = 25
"""A slice is read one parent after the other; a kill costs the parents of the slices that are open."""
SLICES_A_WORKER = 4
CALLS_A_MINUTE = 500


class Entry(NamedTuple):
    """What is kept of a parent: the ids by which it is asked for, and when it last moved."""

    ids: tuple[Any, ...]
    moved_ms: int = 0


class ChildStream(HotmartStream, ABC):
    """A list of each row of another stream, read whole."""

    parent: ClassVar[type[HotmartStream]]
    each: ClassVar[str]
    """What a row of the parent is to the user, such as "product"."""
    copies: ClassVar[tuple[tuple[str, str], ...]]
    """(field, field of the parent): what the path and the query may need of the parent, and each row gets."""
    only_where: ClassVar[tuple[str, Any] | None] = None
    """(field of the parent, value): the others have no such list."""
    parameters: ClassVar[tuple[str, ...]] = ()
    """Those of the query's values that are sent as parameters, beside the page."""
    none_on: ClassVar[tuple[int, ...]] = ()
    """Statuses by which Hotmart says that a parent has no such list."""
    none_code: ClassVar[str] = ""
    """The code that has to come with them. Without one a path that is gone says the same, so of all parents it is not
    believed.
    """
    key_spans_parents: ClassVar[bool] = False
    """Whether one key can come from two parents; else it holds the parent's ids."""
    calls_a_parent: ClassVar[int] = 1
    is_chain = False

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.tally = Tally(self.name, f"{self.each}s", doubts_none=bool(self.none_on) and not self.none_code)
        self.unread: set[int] = set()
        """Numbers of the slices of which a parent was not read."""
        self._want = Want(self.parent, self.entry)
        self._slices = 0
        self._given_out = KeyDeduplicator(self._key_fields)

    @property
    def overlap_ms(self) -> int:
        """How much of what was read is read again."""
        return 0

    def join_in(self) -> None:
        """Say, before anything is read, that this stream is going to be, and what it needs of its parent."""
        self.api.parents.want(self._want)
        self.report.at_end(self.tally.log_summary)

    def entry(self, row: Record) -> Entry | None:
        """What to keep of a row of the parent; `None` where there is nothing to read."""
        if self.only_where and row.get(self.only_where[0]) != self.only_where[1]:
            return None
        return Entry(tuple(row.get(of_parent) for _, of_parent in self.copies))

    def clubs(self) -> Sequence[str]:
        """The members areas that have a list of parents each; one empty name where there is one list in all."""
        return self.api.config.members_area_subdomain if self.parent.needs_club else ("",)

    def stream_slices(
        self,
        *,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterable[StreamSlice]:
        """Groups of parents. Raises, after all others, for a list of parents that could not be read."""
        if self.refused_state:
            raise self.refused_state
        for club in self.clubs():
            try:
                entries = self.api.parents.take(self._want, club)
            except ParentUnread as unread:
                self.tally.list_was_not_read(self._without_parents(club, unread))
                continue
            self._log_estimate(club, len(entries))
            for stream_slice in self.slices_of(club, entries):
                self.tally.slice_planned()
                yield stream_slice
        self.tally.all_planned()

    def slices_of(self, club: str, entries: list[Entry]) -> Iterator[StreamSlice]:
        """The slices in which to read these parents."""
        for group in self.groups(entries):
            yield self.slice_of(group, {})

    def groups(self, entries: list[Entry]) -> list[list[Entry]]:
        """The entries in groups that are read side by side, small ones where there are few parents."""
        workers = self.api.config.num_workers
        size = min(max(1, len(entries) // (SLICES_A_WORKER * workers)), MAX_PARENTS_A_SLICE)
        return [entries[start : start + size] for start in range(0, len(entries), size)]

    def slice_of(self, entries: Sequence[Entry], cursor_slice: Mapping[str, Any]) -> StreamSlice:
        """A slice with a number of its own."""
        self._slices += 1
        return StreamSlice(
            partition={"number": self._slices}, cursor_slice=cursor_slice, extra_fields={"entries": list(entries)}
        )

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """The rows of a group of parents. Raises, in the last slice, what the whole stream fails with."""
        assert isinstance(stream_slice, StreamSlice)  # noqa: S101 - for mypy: the CDK's signature says Mapping
        reader = ListReader(self)
        for entry in stream_slice.extra_fields["entries"]:
            if self.tally.stopped:
                self.unread.add(stream_slice["number"])
                break
            ids = {name: value for (name, _), value in zip(self.copies, entry.ids, strict=True)}
            try:
                rows = self.read_parent(ids, reader, stream_slice)
                yield from self._given_out.new(rows) if self.key_spans_parents else rows
            except HotmartError as problem:
                self.unread.add(stream_slice["number"])
                self.tally.was_not_read(self.label(ids), problem)
            else:
                self.tally.was_read()
        self.tally.slice_ended()

    def read_parent(self, ids: Query, reader: ListReader, stream_slice: StreamSlice) -> Iterator[Record]:
        """All rows of one parent. Raises `HotmartError` for this parent only."""
        missing = [name for name in self._path_fields if not ids.get(name)]
        if missing:
            raise HotmartError(
                f"{self.name}: Hotmart sent a {self.each} without its {' and '.join(missing)}, so its rows cannot be "
                "asked for.",
                FailureType.system_error,
            )
        yield from reader.read_list(ids, f"{self.each} {self.label(ids)}")

    def label(self, ids: Query) -> str:
        """A parent by its ids, for messages."""
        return "/".join(str(ids[name]) for name, _ in self.copies if name == "subdomain" or name in self._path_fields)

    def request_params(
        self,
        stream_state: Mapping[str, Any] | None,
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Of a parent's ids only what Hotmart has a parameter for."""
        query = {name: value for name, value in (stream_slice or {}).items() if name in self.parameters}
        return super().request_params(stream_state, query, next_page_token)

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """A page of one parent, its rows with the parent's ids; none where Hotmart says that there are none."""
        try:
            page = super().fetch(query, page_token)
        except HotmartError as refusal:
            if page_token or not self._means_none(refusal):
                raise
            self.tally.has_none(self.label(query), refusal)
            return NO_ROWS
        for row in page.rows:
            if isinstance(row, dict):
                row.update({name: query[name] for name, _ in self.copies})
        return page

    def _means_none(self, refusal: HotmartError) -> bool:
        return refusal.status in self.none_on and self.none_code in ("", refusal.code)

    def _log_estimate(self, club: str, parents: int) -> None:
        calls = parents * self.calls_a_parent
        minutes = calls / CALLS_A_MINUTE
        LOGGER.info(
            "%s: %s%d %s to read, about %d calls: %s of Hotmart's %d calls a minute.",
            self.name,
            f"club {club}: " if club else "",
            parents,
            f"{self.each}s",
            calls,
            f"{minutes:.0f} minutes" if minutes >= 2 else "less than two minutes",
            CALLS_A_MINUTE,
        )

    def _without_parents(self, club: str, unread: ParentUnread) -> HotmartError:
        parents = f"{self.each}s of club {club}" if club else f"{self.each}s"
        return HotmartError(
            f"{self.name}: The list of {parents}, by which it is found, could not be read. {unread}",
            unread.problem.failure_type,
        )


class IncrementalChild(ChildStream, ABC):
    """A child that is not read whole in every sync; its state is what `coverage` has of each scope."""

    cursor_field: ClassVar[str]
    scope_field: ClassVar[str] = ""
    """By which field the state is kept apart, such as the club; empty: there is one state."""
    overlap_days: ClassVar[int | None] = 1
    """How much before its end a state is read again; `None`: as the settings say, a day at least."""

    @property
    def overlap_ms(self) -> int:
        """The overlap in milliseconds."""
        return self.lookback_ms if self.overlap_days is None else self.overlap_days * DAY_MS

    def resume(self, state: Mapping[str, Any], repository: Any) -> SliceCursor:
        """Scratch: no state."""
        return SliceCursor(self.name, repository, self.verdict)

    @property
    def lookback_ms(self) -> int:
        """The look-back of the settings in milliseconds, a day at least."""
        return max(self.api.config.lookback_days, 1) * DAY_MS

    def record(self, row: Any) -> tuple[Hashable, Record]:
        """As every stream, with the cursor of rows that have no date of their own."""
        key, record = super().record(row)
        if self.cursor_field == "synced_until":
            record["synced_until"] = iso(self.api.now_ms)
        return key, record
