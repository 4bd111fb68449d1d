"""Reading one list completely: every key once, nothing taken for granted.

Sales pages are page numbers over a live list, so a row can appear twice or slip through while pages are followed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.pagination_reset_exception import PaginationResetRequiredException
from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)

from source_hotmart.answers import Page
from source_hotmart.errors import HotmartError, QueryRefused
from source_hotmart.parents import club_of
from source_hotmart.progress import Progress
from source_hotmart.report import SyncReport

LOGGER = logging.getLogger("airbyte.hotmart")

Query = Mapping[str, Any]
"""Query parameters of the first page; a sequence as a value repeats its key."""
Record = dict[str, Any]

RETRY_AFTER_S = 5.0
"""A call that was too heavy may have met a passing outage: it is repeated once, so much later, before halving."""
LAST_RETRIES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Waits before the retries of what cannot be halved any further."""
MAX_EMPTY_PAGES = 20
"""So many pages in a row without a row, each with a next one, are taken for an endless loop."""

TOO_HEAVY = (RequestWindowSplitRequiredException, QueryRefused)


class EndlessPages(HotmartError):
    """The pages of a list lead in a circle."""


class Readable(Protocol):
    """What the reader asks of a stream."""

    @property
    def name(self) -> str: ...

    @property
    def report(self) -> SyncReport: ...

    @property
    def progress(self) -> Progress: ...

    @property
    def short(self) -> set[str]:
        """To note a list of which rows are known to be missing, by its club; empty for one of the whole account."""

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """One page."""

    def record(self, row: Any) -> tuple[Hashable, Record]:
        """The key and the record of one row."""

    def moved_since(self, began_ms: int) -> bool:
        """Whether rows may have left the list since then, where Hotmart does not count them."""


@dataclass
class _Pass:
    """What one reading of all pages of a query saw."""

    seen: set[int] = field(default_factory=set)
    """Hashes of the keys."""
    totals: set[int] = field(default_factory=set)
    """Every total that a page told."""
    first_total: int = 0
    """What the first one told: rows that come in meanwhile are no loss to the sync, which is of its beginning."""
    pages: int = 0


class GivenOut:
    """Which keys a stream has given out, in all its threads: where a row can come in two slices of a sync."""

    def __init__(self, key_fields: Sequence[str]) -> None:
        self._key_fields = key_fields
        self._hashes: set[int] = set()
        self._lock = Lock()

    def new(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records whose key was not given out before."""
        for record in records:
            key_hash = hash(tuple([record[name] for name in self._key_fields]))
            with self._lock:
                known = key_hash in self._hashes
                self._hashes.add(key_hash)
            if not known:
                yield record


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
                yield from self._read_pages(query, label, this, patient=patient)
            except PaginationResetRequiredException:
                if attempt == 2:
                    raise HotmartError(
                        f"{self._stream.name}: Hotmart did not accept its own page token, twice, in {label}; the "
                        "next sync tries again.",
                        FailureType.system_error,
                    ) from None
                continue
            except EndlessPages:
                if attempt == 2:
                    raise
                continue
            finally:
                self._emitted |= this.seen
            if this.totals:
                moved = False
                complete = this.totals == {len(this.seen)}
            else:
                # A single page cannot lose rows between pages.
                moved = this.pages > 1 and self._stream.moved_since(began_ms)
                complete = not moved
            if complete:
                break
        if moved or len(this.seen) < this.first_total:
            self._stream.short.add(club_of(query))
        self._stream.report.list_read(self._stream.name, label, rows=len(this.seen), totals=this.totals, moved=moved)

    def _read_pages(self, query: Query, label: str, this: _Pass, *, patient: bool) -> Iterator[Record]:
        """The rows of one pass that were not given out before."""
        emitted, seen = self._emitted, this.seen
        record_of, progress = self._stream.record, self._stream.progress
        tokens: set[str] = set()
        token: str | None = None
        empty_pages = 0
        while True:
            page = self._fetch(query, token, patient=patient)
            this.pages += 1
            if page.total is not None:
                this.totals.add(page.total)
                if this.pages == 1:
                    this.first_total = page.total
                    progress.list_begun(self._stream.name, label, page.total)
            progress.page_read(self._stream.name, len(page.rows))
            for row in page.rows:
                key, record = record_of(row)
                key_hash = hash(key)
                if key_hash in seen:
                    continue
                seen.add(key_hash)
                if key_hash not in emitted:
                    yield record
            token, is_empty = page.next_token, not page.rows
            del page  # or its rows would stay while the next page comes
            if token is None:
                return
            empty_pages = empty_pages + 1 if is_empty else 0
            if token in tokens or empty_pages >= MAX_EMPTY_PAGES:
                raise EndlessPages(
                    f"{self._stream.name}: Hotmart's list of pages does not end (a page token came twice, or "
                    f"{MAX_EMPTY_PAGES} pages were empty); the next sync tries again.",
                    FailureType.system_error,
                )
            tokens.add(token)

    def _fetch(self, query: Query, token: str | None, *, patient: bool) -> Page:
        """One page, repeated where the failure may be passing."""
        refused = False
        for wait_s in LAST_RETRIES_S if patient else (RETRY_AFTER_S,):
            try:
                return self._stream.fetch(query, token)
            except RequestWindowSplitRequiredException:
                time.sleep(wait_s)
            except QueryRefused:
                if refused:  # twice the same answer: no outage
                    raise
                refused = True
                time.sleep(RETRY_AFTER_S)
        return self._stream.fetch(query, token)
