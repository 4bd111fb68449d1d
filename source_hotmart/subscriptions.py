"""How subscriptions are read, which never tell when they changed, and their charges, whose filter is unclear."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException as TooHeavy,
)
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.base import Api
from source_hotmart.dated import DatedStream
from source_hotmart.default_filters import CANCELLED, EARLIEST_MS
from source_hotmart.errors import HotmartError, QueryRefused
from source_hotmart.reading.passes import KeyDeduplicator, Query, Record
from source_hotmart.reading.windows import WindowReader
from source_hotmart.state.windows import DAY_MS, Window, iso, milliseconds, split_days

MINUTE_MS = 60_000
CLOCK_TOLERANCE_MS = 60_000
"""How far the clocks of Hotmart's own machines, and this one's by the last login, may be apart."""


class SnapshotStream(DatedStream, ABC):
    """A list that is read whole in every sync, from 2010 on, since nothing in it shows what changed.

    Of its rows those are yielded that had not ended before the start date, whenever they began.
    """

    def additional(self) -> list[Query]:
        """Return the additional parameters of each query that is needed to find all rows."""
        return self.api.default_filters.queries()

    def at_least(self) -> int:
        """Override to return how many rows the list has, as far as that is known before it is read."""
        return 0

    @property
    def start_ms(self) -> int:
        """2010, or the start date if that is earlier."""
        return min(EARLIEST_MS, self.api.config.start_ms)

    def slices(self) -> Iterator[StreamSlice]:
        """Yield one slice for everything."""
        yield self.slice_of((self.start_ms, self.api.now_ms))

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """Return a query with an end only for a part of the list, as the meaning of the end is disputed."""
        query = {self.start_parameter: window[0]}
        if window[1] < self.api.now_ms:
            query[self.end_parameter] = window[1]
        return query

    def queries(self, window: Window, statuses: Sequence[str]) -> list[Query]:
        """Return a query for each filter that would hide rows with its default."""
        return [{**self.query(window, statuses), **more} for more in self.additional()]

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Yield all rows but those that had ended before the start date.

        Raises `HotmartError` when the list had to be read in parts and is not known to be complete then: Hotmart may
        take the end of a part for the date of the cancellation, which would leave the active ones out.
        """
        assert isinstance(stream_slice, StreamSlice)  # noqa: S101 - for mypy: the CDK's signature says Mapping
        reader, start = _CountingReader(self), iso(self.api.config.start_ms)
        rows, running = 0, None
        window = stream_slice["start_ms"], stream_slice["end_ms"]
        for record in reader.read_windows([window], at_least=self.at_least()):
            rows += 1
            end = _date(record, "end_accession_date")
            running = running or (record if not end else None)
            if not end or end >= start or record.get("status") not in CANCELLED:
                yield record
        if reader.was_split and not self._is_whole(rows, reader.total, running):
            raise HotmartError(
                f"{self.name}: Hotmart cannot answer the whole list at once, and in parts {rows} of "
                f"{'an unknown number' if reader.total is None else reader.total} rows arrived. Report it to Hotmart's "
                "support."
            )
        stream_slice.extra_fields["complete"].extend(reader.complete)

    def _is_whole(self, rows: int, total: int | None, running: Record | None) -> bool:
        """Whether parts of a list are all of it, by its total or else by what the end of a part means.

        It is the end of the accession if a subscription that is not cancelled lies in a part that ends just after it.
        """
        if total is not None or not running or not running.get("accession_date"):
            return total is not None and rows >= total
        began_ms = milliseconds(datetime.fromisoformat(running["accession_date"]))
        around = {self.start_parameter: began_ms - MINUTE_MS, self.end_parameter: began_ms + MINUTE_MS}
        found: list[Any] = []
        for more in self.additional():
            with suppress(TooHeavy, QueryRefused):
                found += self.fetch({**around, **more}).rows
        return any(isinstance(row, dict) and row.get("subscriber_code") == running["subscriber_code"] for row in found)


class _CountingReader(WindowReader):
    """Asks how many rows a list has before it is read in parts: those that begin during the sync are not missed."""

    total: int | None = None

    def halves(self, window: Window) -> list[Window]:
        if not self.was_split:
            with suppress(TooHeavy, QueryRefused):
                query = {**self._windowed.query(window, ()), "max_results": 1}
                self.total = self._fetch(query, None).total
        return super().halves(window)


class ChargeStream(DatedStream, ABC):
    """Charges with a `last_update`, filtered by a date of which Hotmart does not say which one it is.

    The evidence is for `last_update`, up to a day late. It is asked once a sync, and where the answer is the date of
    the order, or no charge can tell, more is read again.
    """

    min_lookback_days = 2
    min_lookback_days_by_order: ClassVar[int] = 180
    """When the window filters the order date, changes of older charges come only by looking back."""
    probe_days: ClassVar[int] = 60

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        # A charge that is updated meanwhile, or whose update Hotmart tells late, moves on to the last window.
        self._given_out = KeyDeduplicator(self._key_fields)

    @cached_property
    def lookback_ms(self) -> int:
        """As the settings say, longer when the filter does not follow changes."""
        if self._filters_last_update():
            return super().lookback_ms
        return max(super().lookback_ms, self.min_lookback_days_by_order * DAY_MS)

    def moved_since(self, began_ms: int) -> bool:
        """Whether an older charge was updated meanwhile: it left its window, and another may have slipped by."""
        authenticator = self.api.authenticator
        since_ms = authenticator.hotmart_ms(began_ms) - CLOCK_TOLERANCE_MS
        meanwhile = self.fetch(self.query((since_ms, max(authenticator.hotmart_ms(), self.api.now_ms)), ())).rows
        return any(_order_ms(row) < since_ms for row in meanwhile)

    def needed(self) -> list[Window]:
        """As every dated stream; but one window in a full refresh, which has to read its end after all the rest."""
        return super().needed() if self.resumes else [(self.start_ms, self.api.now_ms)]

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """The charges of a window that no other window has given.

        One that is updated while others are read moves past the fixed `now`. The next sync brings it; after a full
        refresh nothing would, so what was updated since is read at its end.
        """
        assert isinstance(stream_slice, StreamSlice)  # noqa: S101
        reader = WindowReader(self)
        for window in split_days((stream_slice["start_ms"], stream_slice["end_ms"]), 180):
            yield from self._given_out.new(reader.read_windows([window]))
        if not self.resumes:
            now_ms = self.api.authenticator.hotmart_ms()
            if now_ms > self.api.now_ms:
                yield from self._given_out.new(reader.read_windows([(self.api.now_ms + 1, now_ms)]))

    def _filters_last_update(self) -> bool:
        """Whether a charge whose update and order lie days apart is missing around its order."""
        newest_ms = self.saved[-1].end_ms if self.saved else self.api.now_ms
        try:
            recent = self.fetch(self.query((newest_ms - self.probe_days * DAY_MS, self.api.now_ms), ()))
            row = next((row for row in recent.rows if _updated_days_later(row)), None)
            if row is None:
                return False
            order_ms = row["purchase"]["order_date"]
            hour_ms = DAY_MS // 24
            around_order = self.query((order_ms - hour_ms, order_ms + hour_ms), ())
            found = self.fetch({**around_order, "subscriber_code": row["subscriber_code"]})
        except (TooHeavy, QueryRefused):
            return False
        transaction = row["purchase"]["transaction"]
        return all(other["purchase"]["transaction"] != transaction for other in found.rows)


def _order_ms(row: Any) -> float:
    """When a charge was ordered; never, where it does not say."""
    try:
        return float(row["purchase"]["order_date"])
    except (KeyError, TypeError, ValueError):
        return math.inf


def _updated_days_later(row: Any) -> bool:
    """Whether a charge's last update and its order lie more than two days apart."""
    try:
        apart_ms = abs(row["last_update"] - row["purchase"]["order_date"])
        return bool(row["subscriber_code"]) and apart_ms > 2 * DAY_MS
    except (KeyError, TypeError):
        return False


def _date(record: Record, name: str) -> str:
    """Return a date of a record, nothing for one that is absent or 0."""
    value = record.get(name)
    return value if isinstance(value, str) and value >= "1971" else ""
