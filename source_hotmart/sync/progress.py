"""Report the progress of a sync: log lines every ten seconds, and estimates for the progress bars of platforms."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import ceil
from threading import Event, Lock, Thread

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)

from source_hotmart.api.rate_limit import CallBudget

LOGGER = logging.getLogger("airbyte.hotmart")

LOG_EVERY_S = 10.0
PAGE_ROWS = 500
"""Assumed rows per page until the first page has been read."""


@dataclass
class _StreamProgress:
    """The progress of one stream."""

    slices: int = 0
    slices_read: int = 0
    pages: int = 0
    page_rows: int = 0
    """Rows on these pages. A page that is read twice counts twice."""
    rows: int = 0
    """Number of rows passed on."""
    expected: int = 0
    """Hotmart's own count of the rows of all date ranges and lists that are known so far."""
    is_planned: bool = False
    """Whether all slices are known."""
    is_counted: bool = False
    """Whether date ranges are counted in advance, so that lists are not counted again when they are read."""
    lists: set[str] = field(default_factory=set)
    """Lists with a count on their first page."""
    parents_label: str = ""
    """The name of a child stream's parents, such as "products"."""
    parents: int = 0
    parents_read: int = 0
    requests_per_parent: int = 1
    logged: tuple[int, ...] = (0, 0, 0)
    """Pages, rows and parents of the last log line."""

    @property
    def has_ended(self) -> bool:
        return self.is_planned and self.slices_read >= self.slices

    @property
    def requests_left(self) -> int:
        """Return the minimum number of requests that are left."""
        if self.has_ended:
            return 0
        if self.parents_label:
            return (self.parents - self.parents_read) * self.requests_per_parent
        rows_per_page = self.page_rows / self.pages if self.page_rows else PAGE_ROWS
        return max(self.slices - self.slices_read, ceil((self.expected - self.page_rows) / rows_per_page))

    def has_moved(self) -> bool:
        """Whether anything changed since the last log line."""
        before, self.logged = self.logged, (self.pages, self.rows, self.parents_read)
        return self.logged != before

    def __str__(self) -> str:
        if self.parents_label:
            return f"{self.parents_read:,} of {self.parents:,} {self.parents_label}, {self.rows:,} rows"
        if not self.expected or self.expected < self.rows:
            return f"page {self.pages:,}, {self.rows:,} rows"
        share = self.rows / self.expected
        return f"page {self.pages:,}, {self.rows:,} of about {self.expected:,} rows ({share:.0%})"


class Progress:
    """Counts what all streams read, and logs it.

    Nothing here runs for each row. A separate thread logs the lines, even while all others wait.
    """

    def __init__(
        self,
        emit: Callable[[AirbyteMessage], None] = lambda message: None,
        budget: CallBudget | None = None,
        stream_names: Iterable[str] = (),
    ) -> None:
        """`emit` receives the estimates. `stream_names` are the streams to read."""
        self._emit = emit
        self._budget = budget or CallBudget()
        self.at_page: Callable[[], None] = lambda: None
        """Called after each page, and every ten seconds."""
        self._is_logging = False
        self._lock = Lock()
        self._streams = {name: _StreamProgress() for name in stream_names}
        self._began_s = time.monotonic()
        self._ended = Event()

    @property
    def requests_per_minute(self) -> int:
        """Return Hotmart's rate limit, as far as it is known."""
        return self._budget.limit

    def end(self) -> None:
        """Stop logging."""
        self._ended.set()

    def slice_planned(self, stream_name: str) -> None:
        """Add a planned slice."""
        with self._lock:
            self._of(stream_name).slices += 1
            if not self._is_logging:
                self._is_logging = True
                Thread(target=self._log, name="progress", daemon=True).start()

    def all_planned(self, stream_name: str) -> None:
        """Record that the stream has no further slices."""
        with self._lock:
            self._of(stream_name).is_planned = True
            self._log_end(stream_name)

    def slice_read(self, stream_name: str) -> None:
        """Record that a slice has ended, successfully or not."""
        with self._lock:
            self._of(stream_name).slices_read += 1
            self._log_end(stream_name)

    def rows_read(self, stream_name: str, rows: int) -> None:
        """Add rows that were passed on."""
        with self._lock:
            self._of(stream_name).rows += rows

    def parents_planned(self, stream_name: str, label: str, parents: int, requests_per_parent: int) -> None:
        """Add planned parents of a child stream. `label` is their plural."""
        with self._lock:
            stream = self._of(stream_name)
            stream.parents_label, stream.requests_per_parent = label, requests_per_parent
            stream.parents += parents

    def parent_read(self, stream_name: str) -> None:
        """Record that a parent has ended, successfully or not."""
        with self._lock:
            self._of(stream_name).parents_read += 1

    def window_counted(self, stream_name: str, rows: int) -> None:
        """Add Hotmart's own count of the rows of a date range, before it is read."""
        with self._lock:
            stream = self._of(stream_name)
            stream.is_counted = True
            stream.expected += rows
            expected = stream.expected
        self._estimate(stream_name, expected)

    def list_begun(self, stream_name: str, label: str, rows: int) -> None:
        """Add the count on the first page of a list, unless date ranges were counted in advance."""
        with self._lock:
            stream = self._of(stream_name)
            if stream.is_counted or label in stream.lists:
                return
            stream.lists.add(label)
            stream.expected += rows
            expected = stream.expected
        self._estimate(stream_name, expected)

    def page_read(self, stream_name: str, rows: int) -> None:
        """Add a page and its rows."""
        with self._lock:
            stream = self._of(stream_name)
            stream.pages += 1
            stream.page_rows += rows
        self.at_page()

    def lines(self) -> Iterator[str]:
        """Yield a line for the whole sync, and one for each stream with progress since the last lines."""
        with self._lock:
            streams = list(self._streams.values())
            ended = sum(stream.has_ended for stream in streams)
            rows = sum(stream.rows for stream in streams)
            moved = [f"{name}: {stream}." for name, stream in self._streams.items() if stream.has_moved()]
            left = self._time_left(streams)
        yield f"{ended} of {len(streams)} streams done, {rows:,} rows, {self._budget}, {left}."
        yield from moved

    def _time_left(self, streams: list[_StreamProgress]) -> str:
        """Return the time for the remaining requests, at the pace so far or at the rate limit if that is slower."""
        minutes = (time.monotonic() - self._began_s) / 60
        pages = sum(stream.pages for stream in streams)
        pace = min(self._budget.limit, pages / minutes if pages and minutes else self._budget.limit)
        at_least = "" if all(stream.is_planned for stream in streams) else "at least "
        return f"{at_least}{_duration(sum(stream.requests_left for stream in streams) / pace * 60)} left"

    def _log_end(self, stream_name: str) -> None:
        stream = self._of(stream_name)
        if stream.has_ended:
            LOGGER.info(f"Read {stream.rows} records from {stream_name} stream")

    def _estimate(self, stream_name: str, expected: int) -> None:
        estimate = AirbyteEstimateTraceMessage(name=stream_name, type=EstimateType.STREAM, row_estimate=expected)
        trace = AirbyteTraceMessage(type=TraceType.ESTIMATE, emitted_at=time.time() * 1000, estimate=estimate)
        self._emit(AirbyteMessage(type=Type.TRACE, trace=trace))

    def _of(self, stream_name: str) -> _StreamProgress:
        return self._streams.setdefault(stream_name, _StreamProgress())

    def _log(self) -> None:
        while not self._ended.wait(LOG_EVERY_S):
            self.at_page()
            for line in self.lines():
                LOGGER.info(line)


def _duration(seconds: float) -> str:
    for unit, unit_s in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * unit_s:
            return f"{round(seconds / unit_s):,} {unit}"
    return f"{max(2, round(seconds))} seconds"
