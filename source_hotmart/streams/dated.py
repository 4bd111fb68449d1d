"""Streams read in date ranges of a date that Hotmart filters by, again and again for what changes later."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, ClassVar

from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import HotmartError, QueryRefused
from source_hotmart.api.pages import Page
from source_hotmart.reading.limits import LearnedLimits
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.reading.windows import WindowReader, label_of
from source_hotmart.state.intervals import Interval, RereadRule
from source_hotmart.state.windows import DAY_MS, Window, iso, split_days
from source_hotmart.streams.base import Api, HotmartStream

ASK_AGAIN_S = 2.0
"""A refusal of a question may have passed by then."""
LONGEST_DAYS = 180
"""The longest date range that is asked for. Hotmart refuses or may cut longer ones from somewhere below two years."""

GIVES_UP_AFTER = 2
"""After so many questions in succession that failed in all their retries no other one is asked. Each takes minutes."""

WHOLE, LATE = "whole", "late"
"""Kinds of slices: all rows of a date range, or those that have taken on a late status."""


@dataclass
class PlannedCount:
    """How many rows a date range has by Hotmart's own count, and how many of its parts have been read."""

    total: int = 0
    parts: int = 1
    window: Window | None = None
    _rows: int = 0
    _read: int = 0
    _lock: Lock = field(default_factory=Lock)

    @property
    def of_a_part(self) -> int:
        """The rows that one part has at least: all of them, or one."""
        return self.total if self.parts == 1 else min(self.total, 1)

    def add(self, rows: int) -> int | None:
        """Add the rows of a part. Return those of all parts after the last one."""
        with self._lock:
            self._rows += rows
            self._read += 1
            return self._rows if self._read == self.parts else None


class DatedStream(HotmartStream, ABC):
    """A stream read in date ranges. A range is read whole, or again for the statuses that arrive late."""

    splittable = True
    start_parameter: ClassVar[str]
    end_parameter: ClassVar[str]
    late_statuses: ClassVar[tuple[str, ...]] = ()
    """Values of `transaction_status` that a row may take on long after its date."""
    late_months: ClassVar[int] = 12
    min_lookback_days: ClassVar[int] = 1

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.limits = LearnedLimits()
        self.edges = (0, 0)
        """Milliseconds to add to the start and the end of a date range so that Hotmart includes both."""
        self.statuses: tuple[str, ...] = ()
        """The values of `transaction_status` that are asked for. Without any Hotmart applies its default filter."""
        self.saved: list[Interval] = []
        """What the saved state says was read. Empty in a full refresh."""
        self._has_probed = False
        """Whether it was found out if Hotmart answers at all."""
        self._failed_questions = 0
        """Questions in succession that failed in all their retries."""
        self.resumes = False
        """Whether this sync is incremental: what is missed at its end is read by the next."""

    @property
    @abstractmethod
    def cursor_field(self) -> str | list[str]:
        """The field by which destinations recognise the newer copy of a row."""

    @property
    def start_ms(self) -> int:
        """The first millisecond of the filter date to read."""
        return self.api.config.start_ms

    @property
    def lookback_ms(self) -> int:
        """How far before the last reading rows are read again."""
        return max(self.api.config.lookback_days, self.min_lookback_days) * DAY_MS

    def rule(self) -> RereadRule:
        """Return what of the saved intervals is read again. Makes no request."""
        return RereadRule(self.lookback_ms, self.late_months if self.late_statuses else 0)

    @cached_property
    def synced_until(self) -> str:
        """The cursor of rows without a date. It grows from sync to sync, also when a clock was set back."""
        return iso(max([self.api.now_ms, *(interval.end_ms for interval in self.saved)]))

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Override to take something from a saved state beside its intervals. Raises `UnreadableState`."""

    def slice_recorded(self, stream_slice: StreamSlice) -> None:
        """Override to act on a slice whose complete parts have just entered the state."""

    @property
    def state_extra(self) -> Mapping[str, Any]:
        """Override to keep something in the state beside the intervals."""
        return {}

    def needed(self) -> list[Window]:
        """Return the date ranges that have to be read, ascending, none later than now."""
        return self.rule().needed(self.saved, (self.start_ms, self.api.now_ms))

    def slices(self) -> Iterable[StreamSlice]:
        """Yield a slice per date range to read, and after them those that are read for the late statuses only."""
        for window in self.needed():
            for part in split_days(window, LONGEST_DAYS):
                yield self.slice_of(part, self.statuses)
        for window in self.rule().late(self.saved, self.start_ms):
            for part in split_days(window, LONGEST_DAYS):
                yield self.slice_of(part, self.late_statuses, kind=LATE)

    def slice_of(
        self,
        window: Window,
        statuses: Sequence[str] = (),
        *,
        planned: PlannedCount | None = None,
        kind: str = WHOLE,
        **extra: Any,
    ) -> StreamSlice:
        """Return the slice of one date range, or of a part of one that is known to have so many rows."""
        return StreamSlice(
            partition={},
            cursor_slice={"start_ms": window[0], "end_ms": window[1]},
            extra_fields={
                "statuses": tuple(statuses),
                "planned": planned or PlannedCount(),
                "kind": kind,
                "complete": [],
                "short": [],
                **extra,
            },
        )

    def record(self, row: Any) -> tuple[Hashable, Record]:
        """Return key and record as every stream, with the cursor of rows that have no date of their own."""
        key, record = super().record(row)
        if self.cursor_field == "synced_until":
            record["synced_until"] = self.synced_until
        return key, record

    def ask(self, window: Window, statuses: Sequence[str], rows: int) -> Page | None:
        """Return a page of so many rows, `None` where Hotmart does not answer. Raises `QueryRefused`.

        An outage is waited for once, or the whole sync would have to do without the answers.
        """
        if self._failed_questions >= GIVES_UP_AFTER:
            return None
        query = {**self.query(window, statuses), "max_results": rows}
        try:
            try:
                page = self.fetch(query)
            except QueryRefused:
                time.sleep(ASK_AGAIN_S)
                page = self.fetch(query)
        except RequestWindowSplitRequiredException:
            newest_day = max(window[0], window[1] - DAY_MS + 1), window[1]
            is_first, self._has_probed = not self._has_probed, True
            outage_ended = is_first and ListReader(self).outlives_outage(self.query(newest_day, statuses))
            return self.ask(window, statuses, rows) if outage_ended else None
        except QueryRefused:
            raise
        except HotmartError as failure:
            self._failed_questions += not failure.status
            return None
        self._failed_questions = 0
        return page

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """Return the query of one date range, always with both dates: without them only about 30 days are returned."""
        start_ms, end_ms = window[0] + self.edges[0], min(window[1] + self.edges[1], self.api.now_ms)
        query: dict[str, Any] = {self.start_parameter: start_ms, self.end_parameter: end_ms}
        if statuses:
            query["transaction_status"] = list(statuses)
        return query

    def queries(self, window: Window, statuses: Sequence[str]) -> list[Query]:
        """Return the queries of one date range. Override where one does not return all rows."""
        return [self.query(window, statuses)]

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the rows of one date range, and record in the slice what of it is complete."""
        assert isinstance(stream_slice, StreamSlice)  # noqa: S101 - for mypy: the CDK's signature says Mapping
        extra = stream_slice.extra_fields
        reader = WindowReader(self)
        reader.is_compared = self.is_compared(stream_slice)
        window = stream_slice["start_ms"], stream_slice["end_ms"]
        reader.reason = reason_of(window, extra["kind"], self.saved)
        try:
            yield from reader.read_windows([window], extra["statuses"], at_least=extra["planned"].of_a_part)
        finally:
            extra["complete"].extend(reader.complete)
        self.check_count(reader, window, extra)

    def is_compared(self, stream_slice: StreamSlice) -> bool:
        """Override where the rows of a slice are compared with those of another stream."""
        return False

    def check_count(self, reader: WindowReader, window: Window, extra: Mapping[str, Any]) -> None:
        """Leave a date range open of which fewer rows arrived than Hotmart counted when it was planned."""
        planned: PlannedCount = extra["planned"]
        rows = planned.add(reader.rows)
        if rows is not None and rows < planned.total and (planned.parts > 1 or reader.was_split):
            whole = planned.window or window
            extra["complete"].clear()
            extra["short"].append(whole)  # also the parts that were closed before
            reason = f"Hotmart counts {planned.total} rows, and {rows} arrived"
            self.report.incomplete(self.name, label_of(whole), reason)


def reason_of(window: Window, kind: str, saved: Sequence[Interval]) -> str:
    """Return why a date range is read."""
    if kind != WHOLE:
        return f"{kind} statuses"
    if not any(interval.end_ms >= window[0] for interval in saved):
        return "new"
    is_known = any(interval.start_ms <= window[1] and interval.end_ms >= window[0] for interval in saved)
    return "look-back" if is_known else "gap"
