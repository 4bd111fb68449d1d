"""How subscriptions are read, which never tell when they changed, and their charges, whose filter is unclear."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, ClassVar

from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.base import Api
from source_hotmart.dated import DatedStream
from source_hotmart.errors import HotmartError, QueryRefused
from source_hotmart.reading.passes import KeyDeduplicator, Query, Record
from source_hotmart.reading.windows import WindowReader
from source_hotmart.state.windows import DAY_MS, Window, split_days

CLOCK_TOLERANCE_MS = 60_000
"""How far the clocks of Hotmart's own machines, and this one's by the last login, may be apart."""


class SnapshotStream(DatedStream, ABC):
    """A list read whole in every sync, from the start date on, for nothing in it tells what changed."""

    def needed(self) -> list[Window]:
        """One window from the start date on."""
        return [(self.start_ms, self.api.now_ms)]

    def slices(self) -> Iterator[StreamSlice]:
        """Yield one slice."""
        yield self.slice_of((self.start_ms, self.api.now_ms))

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """From the window's start; with an end only in a window that was halved, as its meaning is disputed."""
        query = {self.start_parameter: window[0]}
        if window[1] < self.api.now_ms:
            query[self.end_parameter] = window[1]
        return query

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """All rows.

        Raises `HotmartError` when they had to be read in halves and rows are missing then: Hotmart may take the end
        of the window for the date of the cancellation, which would leave the active ones out.
        """
        assert isinstance(stream_slice, StreamSlice)  # noqa: S101
        window = stream_slice["start_ms"], stream_slice["end_ms"]
        reader = _CountingReader(self)
        yield from reader.read_windows([window])
        stream_slice.extra_fields["complete"].append(window)
        total = reader.total
        if reader.was_split and (total is None or reader.rows < total):
            raise HotmartError(
                f"{self.name}: Hotmart cannot answer the whole list at once, and in parts {reader.rows} of "
                f"{'an unknown number' if total is None else total} came. Choose a later start date, or report it to "
                "Hotmart's support."
            )


class _CountingReader(WindowReader):
    """Asks how many rows a list has before it is read in halves: those that begin meanwhile are not missed then."""

    total: int | None = None

    def halves(self, window: Window) -> list[Window]:
        if not self.was_split:
            with suppress(RequestWindowSplitRequiredException, QueryRefused):
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
        except (RequestWindowSplitRequiredException, QueryRefused):
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
