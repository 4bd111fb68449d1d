"""How far a sync is: lines for people every ten seconds, and estimates for platforms that draw bars."""

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
"""Rows on a page, as long as none has been read."""


@dataclass
class _StreamProgress:
    """How far one stream is."""

    slices: int = 0
    slices_read: int = 0
    pages: int = 0
    page_rows: int = 0
    """Rows on these pages. One that is read twice counts twice."""
    rows: int = 0
    """Rows that were handed over."""
    expected: int = 0
    """Rows by Hotmart's own count of the date ranges and lists that are known so far."""
    is_planned: bool = False
    """Whether all slices are known."""
    is_counted: bool = False
    """Whether date ranges are counted beforehand, so that lists are not counted again when they are read."""
    lists: set[str] = field(default_factory=set)
    """Those that had a count when they were read."""
    parents_label: str = ""
    """What the parents of a child stream are, such as "products"."""
    parents: int = 0
    parents_read: int = 0
    requests_per_parent: int = 1
    logged: tuple[int, ...] = ()
    """What the last line said."""

    @property
    def has_ended(self) -> bool:
        return self.is_planned and self.slices_read >= self.slices

    @property
    def requests_left(self) -> int:
        """The requests that are known to be left, at least."""
        if self.has_ended:
            return 0
        if self.parents_label:
            return (self.parents - self.parents_read) * self.requests_per_parent
        rows_per_page = self.page_rows / self.pages if self.page_rows else PAGE_ROWS
        return max(self.slices - self.slices_read, ceil((self.expected - self.page_rows) / rows_per_page))

    def has_moved(self) -> bool:
        """Whether there is something to say that the last line did not say."""
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

    Nothing here is done for each row. The lines are logged by a thread of their own, also while all others wait.
    """

    def __init__(
        self,
        emit: Callable[[AirbyteMessage], None] = lambda message: None,
        budget: CallBudget | None = None,
        stream_names: Iterable[str] = (),
    ) -> None:
        """`emit` takes the estimates. `stream_names` are the streams to be read."""
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
        """Hotmart's limit, as far as it is known."""
        return self._budget.limit

    def end(self) -> None:
        """Stop logging."""
        self._ended.set()

    def slice_planned(self, stream_name: str) -> None:
        """Note a slice that is going to be read."""
        with self._lock:
            self._of(stream_name).slices += 1
            if not self._is_logging:
                self._is_logging = True
                Thread(target=self._log, name="progress", daemon=True).start()

    def all_planned(self, stream_name: str) -> None:
        """Note that the stream has no further slices."""
        with self._lock:
            self._of(stream_name).is_planned = True
            self._log_end(stream_name)

    def slice_read(self, stream_name: str) -> None:
        """Note a slice that has ended, whether it could be read or not."""
        with self._lock:
            self._of(stream_name).slices_read += 1
            self._log_end(stream_name)

    def rows_read(self, stream_name: str, rows: int) -> None:
        """Note rows that were handed over."""
        with self._lock:
            self._of(stream_name).rows += rows

    def parents_planned(self, stream_name: str, label: str, parents: int, requests_per_parent: int) -> None:
        """Note parents of a child stream that are going to be read. `label` is their plural."""
        with self._lock:
            stream = self._of(stream_name)
            stream.parents_label, stream.requests_per_parent = label, requests_per_parent
            stream.parents += parents

    def parent_read(self, stream_name: str) -> None:
        """Note a parent that was read or could not be."""
        with self._lock:
            self._of(stream_name).parents_read += 1

    def window_counted(self, stream_name: str, rows: int) -> None:
        """Note how many rows a date range has by Hotmart's own count, before it is read."""
        with self._lock:
            stream = self._of(stream_name)
            stream.is_counted = True
            stream.expected += rows
            expected = stream.expected
        self._estimate(stream_name, expected)

    def list_begun(self, stream_name: str, label: str, rows: int) -> None:
        """Note how many rows a list has by its own first page, where nothing was counted beforehand."""
        with self._lock:
            stream = self._of(stream_name)
            if stream.is_counted or label in stream.lists:
                return
            stream.lists.add(label)
            stream.expected += rows
            expected = stream.expected
        self._estimate(stream_name, expected)

    def page_read(self, stream_name: str, rows: int) -> None:
        """Note a page and its rows."""
        with self._lock:
            stream = self._of(stream_name)
            stream.pages += 1
            stream.page_rows += rows
        self.at_page()

    def lines(self) -> Iterator[str]:
        """Yield a line for the whole sync, and one for each stream that has moved since the last lines."""
        with self._lock:
            streams = list(self._streams.values())
            ended = sum(stream.has_ended for stream in streams)
            rows = sum(stream.rows for stream in streams)
            moved = [f"{name}: {stream}." for name, stream in self._streams.items() if stream.has_moved()]
            left = self._time_left(streams)
        yield f"{ended} of {len(streams)} streams done, {rows:,} rows, {self._budget}, {left}."
        yield from moved

    def _time_left(self, streams: list[_StreamProgress]) -> str:
        """Return how long the requests that are left take, at the pace so far or at the limit if that is slower."""
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
