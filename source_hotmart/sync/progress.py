"""How far a sync is: lines for people every ten seconds, and estimates for platforms that draw bars."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from airbyte_cdk.models import (
    AirbyteEstimateTraceMessage,
    AirbyteMessage,
    AirbyteTraceMessage,
    EstimateType,
    TraceType,
    Type,
)

LOGGER = logging.getLogger("airbyte.hotmart")

TELL_EVERY_S = 10.0
"""How often a running stream says how far it is."""


@dataclass
class _StreamProgress:
    """How far one stream is."""

    slices: int = 0
    slices_read: int = 0
    pages: int = 0
    rows: int = 0
    records: int = 0
    """Rows that were handed over."""
    expected: int = 0
    """Rows by Hotmart's own count of the windows that are known so far."""
    is_planned: bool = False
    """Whether all its windows are known."""
    is_counted: bool = False
    """Whether its windows are counted beforehand, so that lists are not counted again when they are read."""
    lists: set[str] = field(default_factory=set)
    """Those that told their count when they were read."""
    began_s: float = field(default_factory=lambda: time.monotonic())

    @property
    def is_running(self) -> bool:
        return not self.is_planned or self.slices_read < self.slices


class Progress:
    """Counts slices, pages and rows of all streams while they are read, and tells of them.

    `emit` takes the estimates, `quota` says how many calls of how many a minute are used. Nothing here is done for
    each row, and the lines come from a thread of their own, so that they come also while all others wait.
    """

    def __init__(
        self,
        emit: Callable[[AirbyteMessage], None] = lambda message: None,
        quota: Callable[[], str] = lambda: "calls are not counted",
    ) -> None:
        self._emit = emit
        self._quota = quota
        self.at_page: Callable[[], None] = lambda: None
        """Called after each page, and every ten seconds."""
        self._is_telling = False
        self._lock = Lock()
        self._courses: dict[str, _StreamProgress] = {}
        self._ended = Event()

    def end(self) -> None:
        """Tell no more."""
        self._ended.set()

    def slice_planned(self, stream_name: str) -> None:
        """Note a slice that is going to be read."""
        with self._lock:
            self._course(stream_name).slices += 1
            if not self._is_telling:
                self._is_telling = True
                Thread(target=self._tell, name="progress", daemon=True).start()

    def all_planned(self, stream_name: str) -> None:
        """Note that the stream has no further slices."""
        with self._lock:
            self._course(stream_name).is_planned = True
            self._log_end(stream_name)

    def slice_read(self, stream_name: str) -> None:
        """Note a slice that is done with, whether it could be read or not."""
        with self._lock:
            self._course(stream_name).slices_read += 1
            self._log_end(stream_name)

    def rows_read(self, stream_name: str, rows: int) -> None:
        """Note rows that were handed over."""
        with self._lock:
            self._course(stream_name).records += rows

    def _log_end(self, stream_name: str) -> None:
        course = self._course(stream_name)
        if not course.is_running:
            LOGGER.info(f"Read {course.records} records from {stream_name} stream")

    def window_counted(self, stream_name: str, rows: int) -> None:
        """Note how many rows a window has by Hotmart's own count, before it is read."""
        with self._lock:
            course = self._course(stream_name)
            course.is_counted = True
            course.expected += rows
            expected = course.expected
        self._estimate(stream_name, expected)

    def list_begun(self, stream_name: str, label: str, rows: int) -> None:
        """Note how many rows a list has by its own first page, where nothing was counted beforehand."""
        with self._lock:
            course = self._course(stream_name)
            if course.is_counted or label in course.lists:
                return
            course.lists.add(label)
            course.expected += rows
            expected = course.expected
        self._estimate(stream_name, expected)

    def page_read(self, stream_name: str, rows: int) -> None:
        """Note a page and its rows."""
        with self._lock:
            course = self._course(stream_name)
            course.pages += 1
            course.rows += rows
        self.at_page()

    def lines(self) -> list[str]:
        """A sentence for each running stream."""
        with self._lock:
            running = [(name, course) for name, course in self._courses.items() if course.is_running]
            return [f"{name}: {_line(course)}, {self._quota()}." for name, course in running]

    def _estimate(self, stream_name: str, expected: int) -> None:
        estimate = AirbyteEstimateTraceMessage(name=stream_name, type=EstimateType.STREAM, row_estimate=expected)
        trace = AirbyteTraceMessage(type=TraceType.ESTIMATE, emitted_at=time.time() * 1000, estimate=estimate)
        self._emit(AirbyteMessage(type=Type.TRACE, trace=trace))

    def _course(self, stream_name: str) -> _StreamProgress:
        return self._courses.setdefault(stream_name, _StreamProgress())

    def _tell(self) -> None:
        while not self._ended.wait(TELL_EVERY_S):
            self.at_page()
            for line in self.lines():
                LOGGER.info(line)


def _line(course: _StreamProgress) -> str:
    of_slices = f"{course.slices:,}" if course.is_planned else f"{course.slices:,} or more"
    parts = [f"window {min(course.slices_read + 1, course.slices):,} of {of_slices}", f"page {course.pages:,}"]
    if course.expected < course.rows or not course.expected:
        parts.append(f"{course.rows:,} rows")
    else:
        share = course.rows / course.expected
        parts.append(f"{course.rows:,} of about {course.expected:,} rows ({share:.0%})")
        if course.rows and course.is_planned:
            left_s = (time.monotonic() - course.began_s) * (1 / share - 1)
            parts.append(f"about {_duration(left_s)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    for unit, unit_s in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * unit_s:
            return f"{round(seconds / unit_s):,} {unit}"
    return f"{max(2, round(seconds))} seconds"
