"""Read one list completely: every page, every row, and each primary key once.

Hotmart pages by number over live data, in an order that may change between calls. So rows can repeat or be missing
between two pages. A list is read in passes until its rows are known to be complete.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Hashable, Iterator
from typing import Any, Protocol

import orjson
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.pagination_reset_exception import PaginationResetRequiredException
from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException as TooHeavy,
)

from source_hotmart.api.errors import BadRow, HotmartError, QueryRefused
from source_hotmart.api.messages import LONGEST_LABEL, named
from source_hotmart.api.pages import Envelope, Page
from source_hotmart.reading.passes import ListResult, Pass, Passes, Query, Record
from source_hotmart.sync.progress import Progress
from source_hotmart.sync.report import SyncReport

LOGGER = logging.getLogger("airbyte.hotmart")

HALF, COUNTS_DIFFERED, RETRIED = "half of a heavy one", "counts differed", "retried"
UNUSUAL = (HALF, COUNTS_DIFFERED, RETRIED)
"""Reasons that are logged without --debug."""
RETRY_AFTER_S = 5.0
"""A failure or a wrong count may have passed by then."""
OUTAGE_WAITS_S = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Waits before each of the calls that find out whether Hotmart answers at all."""
MAX_PAGES_WITHOUT_NEWS = 20
"""So many pages in succession without a new primary key, each with a token of a next one, are an endless loop.

Rows that shift from page to page while a list is read can fill a page or two with rows that were read before.
"""
LEAST_PAGE_ROWS = 10
"""`max_results` is not lowered below this."""


class EndlessPages(HotmartError):
    """The page tokens of a list lead in a circle."""


class PageTooHeavy(HotmartError):
    """Hotmart does not answer a list in pages of any size."""


class Readable(Protocol):
    """What the reader asks of a stream."""

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

    def record(self, row: Any) -> tuple[Hashable, Record]:
        """Return the primary key and the record of one row. Raises `BadRow`."""


class ListReader:
    """Reads lists for one slice, and remembers by hash which keys it has yielded."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._yielded: set[int] = set()
        self._has_waited = False
        self._bad_reasons: dict[str, None] = {}
        """What was wrong with rows that were not yielded."""
        self.reason = "whole list"
        """Why the next list is read, for the log."""
        self.is_one_status = False
        self._was_retried = False
        self._pages = 0
        """Pages of the current list, those of repeated passes included."""
        self.is_compared = False
        """Whether the rows are going to be compared with those of another list."""

    def read_list(self, query: Query, label: str, *, at_least: int = 0) -> Iterator[Record]:
        """Yield every row of a list. Raises `HotmartError` at its end for rows without a primary key."""
        result = yield from self.read(query, label, at_least=at_least)
        if result.bad_rows:
            raise self.bad_rows(result.bad_rows, label)

    def bad_rows(self, count: int, label: str) -> HotmartError:
        """Return the failure of a stream in which rows had no primary key, or could not be converted."""
        rows = "1 row" if count == 1 else f"{count} rows"
        reasons = " or ".join(self._bad_reasons)
        return HotmartError(
            f"{self._stream.name}: Hotmart sent {rows} {reasons} in {label}. All other rows were read. The "
            "next sync reads this list again. If this lasts, report it to Hotmart's support.",
            FailureType.system_error,
        )

    def read(self, query: Query, label: str, *, at_least: int = 0) -> Generator[Record, None, ListResult]:
        """Yield each record whose primary key this reader has not yielded yet, and return how complete the list is.

        `at_least` is a number of rows that the list is known to have. Pages are asked for with fewer and fewer rows
        where Hotmart cannot answer them. Raises `HotmartError` when a page cannot be read.
        """
        rows, label = self._stream.page_size, named(label, LONGEST_LABEL)
        while True:
            try:
                sized = query if rows == self._stream.page_size else {**query, "max_results": rows}
                return (yield from self.read_once(sized, label, at_least=at_least))
            except TooHeavy as heavy:
                outage_ended = self.outlives_outage(query)
                if outage_ended:
                    continue
                smaller = max(LEAST_PAGE_ROWS, rows // 4) if rows else 0
                if outage_ended is None:
                    raise HotmartError(f"{heavy.error_message} The next sync reads {label} again.") from None
                if not rows or smaller >= rows:
                    raise PageTooHeavy(f"{heavy.error_message} It does so for pages of {rows} rows as well.") from None
                LOGGER.info("%s Reading %s in pages of %d rows.", heavy.error_message, label, smaller)
                rows = smaller

    def read_once(self, query: Query, label: str, *, at_least: int = 0) -> Generator[Record, None, ListResult]:
        """Like `read`, and raise the CDK's `RequestWindowSplitRequiredException` for a page that is too heavy."""
        passes = Passes(at_least, self.is_compared)
        self._was_retried, self._pages = False, 0
        while True:
            this = Pass()
            try:
                yield from self._read_pass(query, label, this, compares=passes.number > 0)
            except (PaginationResetRequiredException, EndlessPages) as broken:
                if passes.number:
                    raise self._without_end(broken, label) from None
                this.is_broken = True
            finally:
                self._yielded |= this.contents.keys()
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
        if passes.collisions:
            report.key_collision(name, passes.collisions)
        for bad_row in last.bad[:3]:
            LOGGER.warning("%s: Hotmart sent a row %s.", name, bad_row)
        if not is_complete:
            self._stream.incomplete_lists.add(str(query.get("subdomain", "")))
        self._log(label, passes)
        expected = last.totals or {passes.at_least} - {0}
        if is_complete or not passes.is_complete:  # rows without a primary key are no difference in count
            report.list_read(name, label, rows=passes.rows, totals=expected, is_complete=is_complete)
        return ListResult(is_complete, passes.rows, last.pages, len(last.bad), last.first_total)

    def _log(self, label: str, passes: Passes) -> None:
        notes = {
            "one status": self.is_one_status,
            COUNTS_DIFFERED: passes.number > 1 and bool(passes.last.totals),
            RETRIED: self._was_retried,
        }
        reasons = list(dict.fromkeys([self.reason, *(note for note, applies in notes.items() if applies)]))
        is_unusual = any(reason in UNUSUAL for reason in reasons)
        self._stream.report.log_piece(
            self._stream.name, label, pages=self._pages, rows=passes.rows, reasons=reasons, is_unusual=is_unusual
        )

    def _read_pass(self, query: Query, label: str, this: Pass, *, compares: bool) -> Iterator[Record]:
        """Yield the rows of one pass that were not yielded before."""
        progress, name = self._stream.progress, self._stream.name
        tokens: set[int] = set()
        token: str | None = None
        without_news = 0
        while True:
            page = self._fetch(query, token)
            this.pages += 1
            self._pages += 1
            this.lacks_page_info |= self._stream.envelope.has_page_info and not page.has_page_info
            if page.total is not None:
                this.totals.add(page.total)
                if this.first_total is None:
                    this.first_total = page.total
                    progress.list_begun(name, label, page.total)
            progress.page_read(name, len(page.rows))
            keys_before = len(this.contents)
            yield from self._new_rows(page, this, label, compares=compares)
            token = page.next_token
            del page  # or its rows would stay in memory while the next page is read
            if token is None:
                return
            without_news = without_news + 1 if len(this.contents) == keys_before else 0
            if hash(token) in tokens or without_news >= MAX_PAGES_WITHOUT_NEWS:
                raise EndlessPages(
                    f"{name}: Hotmart's list of pages has no end (a page token was repeated, or "
                    f"{MAX_PAGES_WITHOUT_NEWS} pages in a row had no new primary key). The next sync tries again.",
                    FailureType.system_error,
                )
            tokens.add(hash(token))

    def _new_rows(self, page: Page, this: Pass, label: str, *, compares: bool) -> Iterator[Record]:
        yielded, contents, record_of = self._yielded, this.contents, self._stream.record
        for number, row in enumerate(page.rows, 1):
            this.rows += 1
            content = hash(orjson.dumps(row, default=str)) if compares else None
            try:
                key, record = record_of(row)
            except BadRow as bad:
                self._bad_reasons[bad.reason] = None
                this.bad.append(f"{bad.reason}: {label}, page {this.pages}, row {number}")
                continue
            key_hash = hash(key)
            if key_hash in contents:
                self._note_repeated(this, key_hash, content)
                continue
            contents[key_hash] = content
            if key_hash not in yielded:
                yield record

    @staticmethod
    def _note_repeated(this: Pass, key_hash: int, content: int | None) -> None:
        this.repeated.add(key_hash)
        if content is not None and this.contents[key_hash] != content:
            this.collided.add(key_hash)
        else:
            this.same_rows += 1

    def _fetch(self, query: Query, token: str | None) -> Page:
        """Return one page, asked for once more where the failure may pass."""
        try:
            return self._stream.fetch(query, token)
        except (TooHeavy, QueryRefused):
            time.sleep(RETRY_AFTER_S)
        self._was_retried = True
        return self._stream.fetch(query, token)

    def outlives_outage(self, query: Query) -> bool | None:
        """Return whether there was an outage that has ended, `None` if Hotmart still does not answer.

        A single row of the same list is not heavy. If even that is not answered, Hotmart is not available. That is
        found out once per reader, since a list can be so heavy that this fails as well.
        """
        if self._has_waited:
            return False
        for number, wait_s in enumerate(OUTAGE_WAITS_S):
            time.sleep(wait_s)
            try:
                self._stream.fetch({**query, "max_results": 1})
            except TooHeavy:
                self._has_waited = True
                continue
            return number > 0
        return None
