"""Cursors that no record moves, only slices that were read to their end, and the states that they write."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from threading import RLock
from typing import Any, Protocol

from airbyte_cdk.models import AirbyteMessage, FailureType
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.state.intervals import Interval, RereadRule, as_slices, close, reopen
from source_hotmart.state.windows import Window

STATE_EVERY_S = 5.0
"""At most one state per stream in so many seconds, and one at the end of the stream."""
SILENCE_S = 60.0
"""A stream that is being read writes a state at least this often: platforms end a source that is silent for an hour."""

Verdict = Callable[[Sequence[AirbyteTracedException]], AirbyteTracedException | None]
"""Makes the one failure of a stream of the problems of its slices."""


class SliceCursor(FinalStateCursor):
    """Writes states while slices end, and fails the stream after the last one if some could not be read.

    Without an override of `state` it is the cursor of a full refresh.
    """

    def __init__(self, stream_name: str, repository: MessageRepository, verdict: Verdict) -> None:
        super().__init__(stream_name, None, repository)
        self._lock = RLock()
        self._verdict = verdict
        self._problems: list[AirbyteTracedException] = []
        self._open_slices = 0
        self._is_planned = False
        self._emitted_s = time.monotonic() - STATE_EVERY_S

    def slice_planned(self) -> None:
        """Count a slice that is going to be read."""
        with self._lock:
            self._open_slices += 1

    def all_planned(self) -> None:
        """Note that there are no more slices. Raises the failure of the stream if all have ended."""
        with self._lock:
            self._is_planned = True
            self._fail_at_end()

    def stop(self) -> None:
        """Note that no more slices are planned, because planning failed."""
        with self._lock:
            self._is_planned = True

    def close_partition(self, partition: Partition) -> None:
        """Record what was read of a slice. Raises the failure of the stream after its last slice."""
        with self._lock:
            self.record_slice(partition)
            problem = getattr(partition, "problem", None)
            if problem is not None:
                self._problems.append(problem)
            self._open_slices -= 1
            # Inside the lock: an older state must not be written after a newer one.
            if time.monotonic() >= self._emitted_s + STATE_EVERY_S:
                self.ensure_at_least_one_state_emitted()
            self._fail_at_end()

    def record_slice(self, partition: Partition) -> None:
        """Override to move the state by what was read of a slice. Called with the lock held."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Write the state as it is now. The CDK calls this at the end of the stream."""
        with self._lock:
            self._emitted_s = time.monotonic()
            super().ensure_at_least_one_state_emitted()

    def write_if_silent(self, emit: Callable[[AirbyteMessage], None]) -> None:
        """Write the state if there was none for a minute and there are slices to read."""
        if not self._lock.acquire(blocking=False):
            return  # a slice is writing one
        try:
            is_read = not self._is_planned or self._open_slices
            if is_read and time.monotonic() >= self._emitted_s + SILENCE_S:
                self._emitted_s = time.monotonic()
                emit(self._message())
        finally:
            self._lock.release()

    def _message(self) -> AirbyteMessage:
        manager = self._connector_state_manager
        manager.update_state_for_stream(self._stream_name, self._stream_namespace, self.state)
        return manager.create_state_message(self._stream_name, self._stream_namespace)

    def _fail_at_end(self) -> None:
        if self._is_planned and not self._open_slices:
            problems, self._problems = self._problems, []
            failure = self._verdict(problems)
            if failure is not None:
                raise failure


class Resumed(Protocol):
    """What an incremental sync began with."""

    saved: list[Interval]

    def rule(self) -> RereadRule:
        """Return the look-back rule. Makes no request."""

    def slice_recorded(self, stream_slice: StreamSlice) -> None:
        """Act on a slice whose complete parts have just entered the state."""

    @property
    def state_extra(self) -> Mapping[str, Any]:
        """What is kept in the state beside the intervals."""


class IntervalCursor(SliceCursor):
    """Writes down which windows were read, and when. `now_ms` is the time of this sync."""

    def __init__(
        self,
        stream_name: str,
        repository: MessageRepository,
        verdict: Verdict,
        plan: Resumed,
        now_ms: int,
    ) -> None:
        super().__init__(stream_name, repository, verdict)
        self._intervals = list(plan.saved)
        self._plan = plan
        self._now_ms = now_ms

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The intervals in the CDK's date-range form."""
        with self._lock:
            return {**as_slices(self._plan.rule().compact(self._intervals)), **self._plan.state_extra}

    def record_slice(self, partition: Partition) -> None:
        """Close the windows of the slice that were read completely."""
        of_slice = partition.to_slice()
        assert isinstance(of_slice, StreamSlice)  # noqa: S101 - for mypy: the CDK's signature says Mapping
        windows: list[Window] = of_slice.extra_fields["complete"]
        for window in windows:
            self._intervals = close(self._intervals, window, self._now_ms)
        for window in of_slice.extra_fields.get("short", ()):
            self._intervals = reopen(self._intervals, window, self._plan.saved)
        self._plan.slice_recorded(of_slice)


class RefusedStateCursor(SliceCursor):
    """The cursor of a stream whose saved state cannot be used: it is left as it was."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Write no state: a new one would hide that the old one was not used."""

    def write_if_silent(self, emit: Callable[[AirbyteMessage], None]) -> None:
        """Write no state here either."""


def bad_state(stream_name: str, problem: str) -> AirbyteTracedException:
    """Return the refusal of a saved state."""
    message = (
        f"{stream_name}: The saved state cannot be used: {problem}. Clear this stream's state, and it will be read "
        "from the start date: in Airbyte with Clear data or Refresh in the connection's Streams tab, on the command "
        "line by taking the stream out of the file for --state."
    )
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.config_error)
