"""Read one list completely: every page, every row, and each primary key once.

Hotmart pages by number over live data, in an order that may change between requests. So rows can repeat or be missing
between two pages. A list is read in passes until its rows are known to be complete.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterator
from typing import Any, Protocol, TypeVar

import orjson
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.pagination_reset_exception import PaginationResetRequiredException

from source_hotmart.api.errors import BadRow, HotmartError, QueryRefused, TooHeavy
from source_hotmart.api.messages import LONGEST_LABEL, named
from source_hotmart.api.pages import PAGE_SLOTS, Envelope, Page
from source_hotmart.reading.outages import OutageCheck
from source_hotmart.reading.page_tokens import EndlessPages, PageTokens
from source_hotmart.reading.passes import KeyDeduplicator, Keys, ListResult, Pass, Passes, Query, Record
from source_hotmart.state.slices import Reason
from source_hotmart.sync.progress import Progress
from source_hotmart.sync.report import SyncReport

LOGGER = logging.getLogger("airbyte.hotmart")

UNUSUAL = (Reason.HALF, Reason.COUNTS_DIFFERED, Reason.RETRIED)
"""Reasons that are logged without --debug."""
RETRY_AFTER_S = 5.0
"""Seconds to wait before a retry, so that a temporary failure or wrong count can pass."""
LEAST_PAGE_ROWS = 10
"""Minimum `max_results`."""

Result = TypeVar("Result")
Fetch = Callable[[Query, str | None], Page]


class PageTooHeavy(HotmartError):
    """Hotmart does not answer a list with pages of any size."""


class Readable(Protocol):
    """The parts of a stream that the reader uses."""

    page_size: int | None
    incomplete_lists: set[str]

    @property
    def name(self) -> str: ...

    @property
    def envelope(self) -> Envelope: ...

    @property
    def report(self) -> SyncReport: ...

    @property
    def progress(self) -> Progress: ...

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return one page."""

    def context(self, query: Query) -> Record:
        """Return the fields to add to each row of a query. Raise `HotmartError` if they are not available."""

    def record(self, row: Any, context: Query = ...) -> tuple[Hashable, Record]:
        """Return the primary key and the record of one row. Raise `BadRow` if that is impossible."""


class ListReader:
    """Reads the lists of one slice, and stores hashes of the keys that it has yielded."""

    def __init__(self, stream: Readable, deduplicator: KeyDeduplicator | None = None) -> None:
        """With a deduplicator, yield only rows whose keys no other reader of the stream has."""
        self._stream = stream
        self._keys = Keys(deduplicator)
        self._outage_check = OutageCheck(stream.fetch)
        self._bad_reasons: dict[str, None] = {}
        """The problems of rows that were not yielded."""
        self.reason: str = "whole list"
        """Why the next list is read, for the log."""
        self.is_one_status = False
        self._pages = self._requests = 0
        """Counts for the current list, including repeated passes."""
        self.is_compared = False
        """Whether the rows are going to be compared with those of another list."""

    def read_list(self, query: Query, label: str) -> Iterator[Record]:
        """Yield every row of a list. Raise `HotmartError` at its end if rows have no primary key."""
        result = yield from self.read(query, label)
        if result.bad_rows:
            raise self.bad_rows(result.bad_rows, label)

    def bad_rows(self, count: int, label: str) -> HotmartError:
        """Return the failure of a stream with rows that have no primary key, or could not be converted."""
        rows = "1 row" if count == 1 else f"{count} rows"
        reasons = " or ".join(self._bad_reasons)
        return HotmartError(
            f"{self._stream.name}: Hotmart sent {rows} {reasons} in {label}. All other rows were read. The "
            "next sync reads this list again. If this lasts, report it to Hotmart's support.",
            FailureType.system_error,
        )

    def read(self, query: Query, label: str, *, at_least: int = 0) -> Generator[Record, None, ListResult]:
        """Yield each record whose primary key this reader has not yielded yet, and return how complete the list is.

        `at_least` is the known minimum number of rows in the list. If Hotmart cannot answer a page, it is requested
        with fewer and fewer rows. Raise `HotmartError` if a page cannot be read.
        """
        rows, label = self._stream.page_size, named(label, LONGEST_LABEL)
        while True:
            try:
                sized = query if rows == self._stream.page_size else {**query, "max_results": rows}
                return (yield from self.read_once(sized, label, at_least=at_least))
            except TooHeavy as heavy:
                outage_ended = self._outage_check.has_ended(query)
                if outage_ended:
                    continue
                smaller = max(LEAST_PAGE_ROWS, rows // 4) if rows else 0
                if outage_ended is None:
                    raise HotmartError(f"{heavy.error_message} The next sync reads {label} again.") from None
                if not rows or smaller >= rows:
                    raise PageTooHeavy(f"{heavy.error_message} Pages of {rows} rows failed too.") from None
                LOGGER.info("%s Reading %s in pages of %d rows.", heavy.error_message, label, smaller)
                rows = smaller

    def read_once(self, query: Query, label: str, *, at_least: int = 0) -> Generator[Record, None, ListResult]:
        """Do the same as `read`, but raise `TooHeavy` for a page that Hotmart cannot answer."""
        passes = Passes(at_least, self.is_compared)
        self._pages = self._requests = 0
        self._keys.begin_list()
        while True:
            this, pages = Pass(repeated_before=passes.repeated), PageTokens(self._stream.name)
            self._keys.begin_pass()
            try:
                while pages.has_next():
                    with PAGE_SLOTS.reading_page():
                        records = self._read_page(query, label, this, pages)
                        while records:  # a record in use must not keep its whole page in memory
                            yield records.popleft()
            except (PaginationResetRequiredException, EndlessPages) as broken:
                if passes.number:
                    raise self._without_end(broken, label) from None
                this.is_broken = True
            passes.end(this)
            if passes.is_complete or passes.is_hopeless:
                return self._result(passes, query, label)
            if not this.same_rows and (this.totals or this.lacks_page_info):
                time.sleep(RETRY_AFTER_S)

    def _without_end(self, broken: Exception, label: str) -> HotmartError:
        """Return the failure of a list whose page tokens failed twice."""
        if isinstance(broken, HotmartError):
            return broken
        return HotmartError(
            f"{self._stream.name}: Hotmart rejected its own page token twice in {label}. The next sync tries again.",
            FailureType.system_error,
        )

    def _result(self, passes: Passes, query: Query, label: str) -> ListResult:
        last, report, name = passes.last, self._stream.report, self._stream.name
        is_complete = passes.is_complete and not last.bad
        if last.collided:
            report.key_collision(name, len(last.collided))
        for bad_row in last.bad[:3]:
            LOGGER.warning("%s: Hotmart sent a row %s.", name, bad_row)
        if not is_complete:
            self._stream.incomplete_lists.add(str(query.get("subdomain", "")))
        self._log(label, passes)
        expected = last.totals or {passes.at_least} - {0}
        if is_complete or not passes.is_complete:  # rows without a primary key do not change the count
            report.list_read(name, label, rows=passes.rows, totals=expected, is_complete=is_complete)
        return ListResult(is_complete, passes.rows, last.pages, len(last.bad), last.first_total)

    def _fetch(self, query: Query, token: str | None) -> Page:
        self._requests += 1
        return self._stream.fetch(query, token)

    def _log(self, label: str, passes: Passes) -> None:
        notes = {
            Reason.ONE_STATUS: self.is_one_status,
            Reason.COUNTS_DIFFERED: passes.number > 1 and bool(passes.last.totals),
            Reason.RETRIED: self._requests > self._pages,
        }
        reasons = list(dict.fromkeys([self.reason, *(note for note, applies in notes.items() if applies)]))
        LOGGER.log(
            logging.INFO if any(reason in UNUSUAL for reason in reasons) else logging.DEBUG,
            "%s: Read %s (%s). Pages: %d, rows: %d.",
            self._stream.name,
            label,
            ", ".join(reasons),
            self._pages,
            passes.rows,
        )

    def _read_page(self, query: Query, label: str, this: Pass, pages: PageTokens) -> deque[Record]:
        """Return the records of the next page that were not yielded before."""
        stream = self._stream
        page = fetch_twice(self._fetch, query, pages.token)
        self._pages += 1
        if page.total is not None and not this.totals:
            stream.progress.list_begun(stream.name, label, page.total)
        this.page_read(page.total, lacks_page_info=stream.envelope.has_page_info and not page.has_page_info)
        stream.progress.page_read(stream.name, len(page.rows))
        keys_before = this.keys
        records = self._new_records(page, this, query, label)
        pages.page_read(page.next_token, has_news=this.keys > keys_before)
        return records

    def _new_records(self, page: Page, this: Pass, query: Query, label: str) -> deque[Record]:
        note, record_of, repeated = self._keys.note, self._stream.record, this.repeated_before
        context = self._stream.context(query) if page.rows else {}
        records = deque[Record]()
        for number, row in enumerate(page.rows, 1):
            this.rows += 1
            content = hash(orjson.dumps(row, default=str)) if repeated else None
            try:
                key, record = record_of(row, context)
            except BadRow as bad:
                self._bad_reasons[bad.reason] = None
                this.bad.append(f"{bad.reason}: {label}, page {this.pages}, row {number}")
                continue
            key_hash = hash(key)
            is_new = note(key_hash, this)
            if is_new is None:
                this.repeats(key_hash, content)
                continue
            if content is not None and key_hash in repeated:
                this.contents[key_hash] = content
            if is_new:
                records.append(record)
        return records


def noting(
    records: Generator[Record, None, Result], note: Callable[[Record], bool | None]
) -> Generator[Record, None, Result]:
    """Yield records except those with a False `note`, and return what their generator returns."""
    while True:
        try:
            record = next(records)
        except StopIteration as end:
            result: Result = end.value
            return result
        if note(record) is not False:
            yield record


def fetch_twice(fetch: Fetch, query: Query, token: str | None = None, wait_s: float = RETRY_AFTER_S) -> Page:
    """Return one page, with one retry if the failure may be temporary."""
    try:
        return fetch(query, token)
    except (TooHeavy, QueryRefused):
        time.sleep(wait_s)
    return fetch(query, token)
