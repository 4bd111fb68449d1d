"""Reading one window, or one list, completely: every key once, nothing taken for granted.

Sales pages are page numbers over a live list, so a row can appear twice or slip through while pages are
followed; a window can be too heavy for Hotmart; a list of statuses can be refused. All of it is met here.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

from airbyte_cdk.sources.streams.http.pagination_reset_exception import PaginationResetRequiredException
from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)

from source_hotmart.answers import Page
from source_hotmart.errors import HotmartError, QueryRefused
from source_hotmart.normalise import LOGGER
from source_hotmart.report import SyncReport
from source_hotmart.windows import DAY_MS, Window, iso, split_evenly

Query = Mapping[str, Any]
"""Query parameters of the first page; a sequence as a value repeats its key."""
Record = dict[str, Any]

RETRY_AFTER_S = 5.0
"""A call that was too heavy may have met a passing outage: it is repeated once, so much later, before halving."""
LAST_RETRIES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Waits before the retries of what cannot be halved any further."""
MAX_EMPTY_PAGES = 20
"""So many pages in a row without a row, each with a next one, are taken for an endless loop."""

_TOO_HEAVY = (RequestWindowSplitRequiredException, QueryRefused)


@dataclass
class Habits:
    """What one stream learned about the API in this sync; shared by its threads."""

    longest_ms: int | None = None
    """The longest window that was not too heavy, once one was."""
    one_status_at_a_time: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def shorten(self, length_ms: int) -> None:
        """Remember that windows must not be longer than this."""
        with self._lock:
            self.longest_ms = min(length_ms, self.longest_ms or length_ms)

    def refuse_several_statuses(self) -> bool:
        """Remember that statuses must be asked one by one; true for whoever finds out first."""
        with self._lock:
            first = not self.one_status_at_a_time
            self.one_status_at_a_time = True
            return first


class Readable(Protocol):
    """What the reader asks of a stream."""

    habits: Habits

    @property
    def name(self) -> str: ...

    @property
    def report(self) -> SyncReport: ...

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """One page."""

    def record(self, row: Any) -> tuple[Hashable, Record]:
        """The key and the record of one row."""

    def moved_since(self, began_ms: int) -> bool:
        """Whether rows may have left the list since then, where Hotmart does not count them."""


class Windowed(Readable, Protocol):
    """A stream with dates to narrow a query by."""

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """The query of one window."""


@dataclass
class _Pass:
    """What one reading of all pages of a query saw."""

    seen: set[int] = field(default_factory=set)
    """Hashes of the keys."""
    totals: set[int] = field(default_factory=set)
    """Every total that a page told."""
    pages: int = 0


class Reader:
    """Reads for one partition, and remembers by hash which keys it has given out."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._emitted: set[int] = set()

    @property
    def emitted_count(self) -> int:
        """How many keys were given out."""
        return len(self._emitted)

    def read_list(self, query: Query, label: str) -> Iterator[Record]:
        """Every row of a list that cannot be narrowed by date."""
        yield from self._read_complete(query, label, patient=True)

    def _read_complete(self, query: Query, label: str, *, patient: bool) -> Iterator[Record]:
        """All pages of a query; once more when rows may be missing, by Hotmart's own count or by changes meanwhile."""
        for attempt in (1, 2):
            this = _Pass()
            began_ms = time.time_ns() // 1_000_000
            try:
                yield from self._read_pages(query, this, patient=patient)
            except PaginationResetRequiredException:
                if attempt == 2:
                    raise HotmartError(
                        f"{self._stream.name}: Hotmart did not accept its own page token, twice, in {label}; the "
                        "next sync tries again."
                    ) from None
                continue
            finally:
                self._emitted = self._emitted | this.seen if self._emitted else this.seen
            if this.totals:
                moved = False
                complete = this.totals == {len(this.seen)}
            else:
                # A single page cannot lose rows between pages.
                moved = this.pages > 1 and self._stream.moved_since(began_ms)
                complete = not moved
            if complete:
                break
        self._stream.report.list_read(self._stream.name, label, rows=len(this.seen), totals=this.totals, moved=moved)

    def _read_pages(self, query: Query, this: _Pass, *, patient: bool) -> Iterator[Record]:
        """The rows of one pass that were not given out before."""
        emitted, seen = self._emitted, this.seen
        record_of = self._stream.record
        tokens: set[str] = set()
        token: str | None = None
        empty_pages = 0
        while True:
            page = self._fetch(query, token, patient=patient)
            this.pages += 1
            if page.total is not None:
                this.totals.add(page.total)
            for row in page.rows:
                key, record = record_of(row)
                key_hash = hash(key)
                if key_hash in seen:
                    continue
                seen.add(key_hash)
                if key_hash not in emitted:
                    yield record
            token = page.next_token
            if token is None:
                return
            empty_pages = 0 if page.rows else empty_pages + 1
            if token in tokens or empty_pages >= MAX_EMPTY_PAGES:
                raise HotmartError(
                    f"{self._stream.name}: Hotmart's list of pages does not end (a page token came twice, or "
                    f"{MAX_EMPTY_PAGES} pages were empty); the next sync tries again."
                )
            tokens.add(token)

    def _fetch(self, query: Query, token: str | None, *, patient: bool) -> Page:
        """One page, repeated where the failure may be passing."""
        for wait_s in LAST_RETRIES_S if patient else (RETRY_AFTER_S,):
            try:
                return self._stream.fetch(query, token)
            except _TOO_HEAVY:
                time.sleep(wait_s)
        return self._stream.fetch(query, token)


class WindowReader(Reader):
    """Reads windows of one partition, in smaller pieces where Hotmart cannot answer them whole."""

    def __init__(self, stream: Windowed) -> None:
        super().__init__(stream)
        self._windowed = stream
        self.was_split = False

    def read_window(self, window: Window, statuses: Sequence[str] = ()) -> Iterator[Record]:
        """Every row of a window once. Raises `HotmartError` when even a day cannot be read."""
        longest_ms = self._stream.habits.longest_ms
        length_ms = window[1] - window[0] + 1
        for piece in split_evenly(window, -(-length_ms // longest_ms)) if longest_ms else [window]:
            yield from self._read_piece(piece, statuses)

    def _read_piece(self, window: Window, statuses: Sequence[str]) -> Iterator[Record]:
        habits = self._stream.habits
        if len(statuses) > 1 and habits.one_status_at_a_time:
            for status in statuses:
                yield from self._read_piece(window, (status,))
            return
        length_ms = window[1] - window[0] + 1
        label = f"{iso(window[0])} to {iso(window[1])}"
        query = self._windowed.query(window, statuses)
        try:
            yield from self._read_complete(query, label, patient=length_ms <= DAY_MS)
            return
        except RequestWindowSplitRequiredException as heavy:
            problem = heavy.error_message or ""
        except QueryRefused as refused:
            problem = str(refused)
            if len(statuses) > 1 and self._accepts_one_status(window, statuses):
                if habits.refuse_several_statuses():
                    LOGGER.info(
                        "%s: Hotmart refuses several statuses in one call; asking one by one.",
                        self._stream.name,
                    )
                yield from self._read_piece(window, statuses)
                return
        if length_ms <= DAY_MS:
            raise HotmartError(
                f"{problem} Even the single day {label} could not be read; the next sync tries it again. If this "
                "lasts, report it to Hotmart's support with this day."
            )
        halves = split_evenly(window, 2)
        self.was_split = True
        habits.shorten(halves[1][1] - halves[1][0] + 1)
        LOGGER.info("%s Reading %s in two halves.", problem, label)
        for half in halves:
            yield from self.read_window(half, statuses)

    def _accepts_one_status(self, window: Window, statuses: Sequence[str]) -> bool:
        """Tell a refused list of statuses from a refused window: ask for one row of one status."""
        try:
            self._stream.fetch({**self._windowed.query(window, statuses[:1]), "max_results": 1})
        except _TOO_HEAVY:
            return False
        return True
