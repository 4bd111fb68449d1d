"""Read subscriptions, which have no date of their last change, and their charges, whose filter is undocumented."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import HotmartError, QueryRefused, TooHeavy
from source_hotmart.api.messages import named
from source_hotmart.reading.limits import LONGEST_DAYS
from source_hotmart.reading.lists import fetch_twice
from source_hotmart.reading.passes import KeyDeduplicator, Query, Record
from source_hotmart.reading.windows import WindowReader
from source_hotmart.state import lookback
from source_hotmart.state.intervals import time_ms
from source_hotmart.state.lookback import SETTLED_DAYS
from source_hotmart.state.slices import DateSlice
from source_hotmart.state.windows import DAY_MS, Window, iso, later, split_days
from source_hotmart.streams.api import Api
from source_hotmart.streams.dated import DatedStream
from source_hotmart.streams.default_filters import CANCELLED, EARLIEST_MS

LOGGER = logging.getLogger("airbyte.hotmart")

MINUTE_MS = 60_000


class SnapshotStream(DatedStream, ABC):
    """A list that is read in full in every sync, from 2010 on, because none of its fields shows changes.

    Rows that ended before the start date are left out. The others are yielded regardless of when they began.
    """

    cost_note = "one per 500 subscriptions"
    primary_key = "subscriber_code"
    start_parameter = "accession_date"
    end_parameter = "end_accession_date"

    def __init__(self, api: Api) -> None:
        super().__init__(api, start_ms=min(EARLIEST_MS, api.config.start_ms))

    def additional(self) -> list[Query]:
        """Return the additional parameters of each query that is needed to find all rows."""
        return self.api.default_filters.queries()

    def at_least(self) -> int:
        """Override to return the minimum number of rows in the list, if it is known before the read."""
        return 0

    def slices(self) -> Iterator[StreamSlice]:
        yield DateSlice((self.start_ms, self.api.now_ms))

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """Return a query, with an end date only for a part of the list, because the meaning of the end is unclear."""
        query = {self.start_parameter: window[0]}
        if window[1] < self.api.now_ms:
            query[self.end_parameter] = window[1]
        return query

    def queries(self, window: Window, statuses: Sequence[str]) -> list[Query]:
        """Return a query for each filter whose default would hide rows."""
        return [{**self.query(window, statuses), **more} for more in self.additional()]

    def read_slice(self, stream_slice: DateSlice) -> Iterator[Record]:
        """Yield all rows except those that ended before the start date.

        Raise `HotmartError` if the list was read in parts and may be incomplete. Hotmart may compare the end of a part
        with the date of the cancellation, and active subscriptions would then be left out.
        """
        reader, start = _CountingReader(self), iso(self.api.config.start_ms)
        rows, running = 0, None
        for record in reader.read_windows([stream_slice.window], at_least=self.at_least()):
            rows += 1
            end = _date(record, "end_accession_date")
            running = running or (record if not end else None)
            if not end or end >= start or record.get("status") not in CANCELLED:
                yield record
        if reader.was_split and not self._is_whole(rows, reader.total, running):
            raise HotmartError(
                f"{self.name}: Hotmart cannot answer the whole list in one query. Read in parts, {rows} of "
                f"{'an unknown number of' if reader.total is None else reader.total} rows arrived. The next sync reads "
                "the list again. If this lasts, report it to Hotmart's support."
            )
        stream_slice.complete.extend(reader.complete)

    def _is_whole(self, rows: int, total: int | None, running: Record | None) -> bool:
        """Return whether the parts of a list are all of it, by its total or by the meaning of a part's end.

        The end refers to the accession if a subscription without a cancellation is in a part that ends just after it.
        """
        if total is not None or not running or not running.get("accession_date"):
            return total is not None and rows >= total
        began_ms = time_ms(running["accession_date"])
        around = {self.start_parameter: began_ms - MINUTE_MS, self.end_parameter: began_ms + MINUTE_MS}
        found: list[Any] = []
        for more in self.additional():
            with suppress(TooHeavy, QueryRefused):
                found += fetch_twice(self.fetch, {**around, **more}).rows
        return any(isinstance(row, dict) and row.get("subscriber_code") == running["subscriber_code"] for row in found)


class _CountingReader(WindowReader):
    """Requests the count of a list before it is read in parts, so that rows that begin later do not look missing."""

    total: int | None = None

    def halves(self, window: Window) -> list[Window]:
        if not self.was_split:
            with suppress(TooHeavy, QueryRefused):
                query = {**self._stream.query(window, ()), "max_results": 1}
                self.total = fetch_twice(self._stream.fetch, query).total
        return super().halves(window)


class ChargeStream(DatedStream, ABC):
    """Charges with a `last_update`. Hotmart does not document the date that its filter uses.

    The evidence is for `last_update`, up to a day late. It is checked once per sync. If the filter uses another date,
    or no charge shows which, every sync reads every charge, since a change does not move it to a later date range.
    """

    def __init__(self, api: Api) -> None:
        super().__init__(api, lookback.of_updates(api.config.lookback_days))
        self.reads_all = False
        """Whether every charge is read in this sync."""
        # A charge that is updated during the sync, or whose update is listed late, moves to a later date range.
        self._once = KeyDeduplicator(self._key_fields)
        api.updated_charges.ask(self, api.now_ms)

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """Return the query of one date range, which may end later than this sync began."""
        return {self.start_parameter: window[0], self.end_parameter: window[1]}

    def slices(self) -> Iterator[StreamSlice]:
        """Find out which date the filter uses, and yield a single slice if the end must be read after all the rest."""
        follows_updates = self.api.updated_charges.follows_updates()
        self.reads_all = not follows_updates
        if self.reads_all:
            self.coverage.rule = lookback.of_everything(self.api.now_ms)
        if follows_updates is False:
            LOGGER.warning(
                "%s: Hotmart does not filter charges by their last update, so every sync reads all charges.",
                self.name,
            )
        elif follows_updates is None:
            LOGGER.info("%s: No charge shows which date Hotmart filters by, so this sync reads all charges.", self.name)
        if self.coverage.resumes and not self.reads_all:
            yield from self.plan()
        else:
            yield DateSlice((self.start_ms, self.api.now_ms))

    def read_slice(self, stream_slice: DateSlice) -> Iterator[Record]:
        """Yield the charges of a date range that no other range has returned.

        A charge that is updated during the sync moves past the fixed `now`, and the next sync reads it. A full refresh
        has no next sync, so it reads the charges updated since then at its end.
        """
        reader = WindowReader(self, self._once)
        try:
            yield from reader.read_windows(split_days(stream_slice.window, LONGEST_DAYS))
        finally:
            stream_slice.complete.extend(reader.complete)
        if self.reads_all:
            yield from filter(self._once.is_new, self._outside())
            yield from self._undated()
        elif not self.coverage.resumes and (now_ms := self.api.authenticator.server_time_ms()) > self.api.now_ms:
            yield from WindowReader(self, self._once).read_windows([(self.api.now_ms + 1, now_ms)])

    def _outside(self) -> Iterator[Record]:
        """Yield charges that changed since the start date but have an earlier or a future date in the filter.

        The next recurrence of a charge that is paid in advance starts in the future.
        """
        start, now_ms = iso(self.start_ms), self.api.now_ms
        if self.start_ms > EARLIEST_MS:
            records = WindowReader(self).read_windows(split_days((EARLIEST_MS, self.start_ms - 1), LONGEST_DAYS))
            yield from (record for record in records if (_date(record, "last_update") or start) >= start)
        with suppress(HotmartError):  # Hotmart may reject dates in the future
            yield from WindowReader(self).read_windows([(now_ms + 1, later(now_ms, 24))])

    def _undated(self) -> Iterator[Record]:
        """Yield the newest charges of two subscriptions if no date range has them, with a warning for the others.

        A charge may lack the date that Hotmart filters by, such as that of a cancellation. No date range lists it then.
        """
        settled = iso(self.api.now_ms - SETTLED_DAYS * DAY_MS)
        with suppress(HotmartError, TooHeavy):
            for transaction in self.api.default_filters.newest_transactions():
                records = [self.record(row)[1] for row in fetch_twice(self.fetch, {"transaction": transaction}).rows]
                recent = [each for each in records if iso(self.start_ms) <= _date(each, "last_update") < settled]
                missing = [each for each in recent if self._once.is_new(each)]
                if missing:
                    LOGGER.warning(
                        "%s: Hotmart lists charge %s in no date range, so other charges may be missing too. The stream "
                        "subscription_purchases has all charges.",
                        self.name,
                        named(transaction),
                    )
                yield from missing


def _date(record: Record, name: str) -> str:
    """Return a date of a record, an empty text if it is absent or 0."""
    value = record.get(name)
    return value if isinstance(value, str) and value >= "1971" else ""
