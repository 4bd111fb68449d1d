"""Cursors that advance only with completely read slices, never with records, and that write the states."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from threading import RLock
from typing import Any

from airbyte_cdk.models import AirbyteMessage, FailureType
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

STATE_EVERY_S = 5.0
"""Minimum seconds between two states of a stream, except for the last one."""
SILENCE_S = 60.0
"""Maximum seconds between two states while a stream is read: platforms end a source that is silent for an hour."""


class StreamState(ABC):
    """What one stream has read, as saved in its states."""

    @abstractmethod
    def load(self, state: Mapping[str, Any]) -> None:
        """Resume from a saved state. Raise `UnreadableState` if it is invalid."""

    @property
    @abstractmethod
    def latest_ms(self) -> int:
        """The latest time in the saved state, 0 without one."""

    @abstractmethod
    def record(self, of_slice: Any) -> None:
        """Record what was read of a slice. Called by one thread at a time."""

    @property
    @abstractmethod
    def state(self) -> dict[str, Any]:
        """The current state."""


Verdict = Callable[[Sequence[AirbyteTracedException]], AirbyteTracedException | None]
"""Returns one failure for the stream, given the problems of its slices."""


class SliceCursor(FinalStateCursor):
    """Writes states as slices end, and fails the stream after the last slice if some could not be read.

    Without a `stream_state` it is the cursor of a full refresh.
    """

    def __init__(
        self,
        stream_name: str,
        repository: MessageRepository,
        verdict: Verdict,
        stream_state: StreamState | None = None,
    ) -> None:
        super().__init__(stream_name, None, repository)
        self._stream_state = stream_state
        self._lock = RLock()
        self._verdict = verdict
        self._problems: list[AirbyteTracedException] = []
        self._open_slices = 0
        self._is_planned = False
        self._emitted_s = time.monotonic() - STATE_EVERY_S
        self._has_news = False
        """Whether slices ended since the last state."""

    @property
    def state(self) -> MutableMapping[str, Any]:
        """What the stream has read, or the CDK's marker of a full refresh."""
        with self._lock:
            return super().state if self._stream_state is None else self._stream_state.state

    def slice_planned(self) -> None:
        """Count a slice that is going to be read."""
        with self._lock:
            self._open_slices += 1

    def all_planned(self) -> None:
        """Record that there are no more slices. Raise the failure of the stream if all have ended."""
        with self._lock:
            self._is_planned = True
            self._fail_at_end()

    def stop(self) -> None:
        """Record that no more slices are planned, because planning failed."""
        with self._lock:
            self._is_planned = True

    def close_partition(self, partition: Partition) -> None:
        """Record what was read of a slice. Raise the failure of the stream after its last slice."""
        with self._lock:
            if self._stream_state is not None:
                self._stream_state.record(partition.to_slice())
            problem = getattr(partition, "problem", None)
            if problem is not None:
                self._problems.append(problem)
            self._open_slices -= 1
            self._has_news = True
            # Inside the lock, because an older state must not be written after a newer one.
            if time.monotonic() >= self._emitted_s + STATE_EVERY_S:
                self.ensure_at_least_one_state_emitted()
            self._fail_at_end()

    def ensure_at_least_one_state_emitted(self) -> None:
        """Write the current state. The CDK calls this at the end of the stream."""
        with self._lock:
            self._emitted_s, self._has_news = time.monotonic(), False
            super().ensure_at_least_one_state_emitted()

    def write_if_due(self, emit: Callable[[AirbyteMessage], bool]) -> None:
        """Write the state of slices that ended soon after the last state, or if there was none for a minute.

        `emit` returns whether it passed the message on.
        """
        if not self._lock.acquire(blocking=False):
            return  # a slice is writing one
        try:
            is_read = not self._is_planned or self._open_slices
            if is_read and time.monotonic() >= self._emitted_s + (STATE_EVERY_S if self._has_news else SILENCE_S):
                self._emitted_s = time.monotonic()
                self._has_news &= not emit(self._message())
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


class RefusedStateCursor(SliceCursor):
    """The cursor of a stream whose saved state cannot be used. It keeps that state."""

    def ensure_at_least_one_state_emitted(self) -> None:
        """Write no state, because a new one would hide that the old one was not used."""

    def write_if_due(self, emit: Callable[[AirbyteMessage], bool]) -> None:
        """Write no state here either."""


def bad_state(stream_name: str, problem: str) -> AirbyteTracedException:
    """Return the error for a saved state that cannot be used."""
    message = (
        f"{stream_name}: The saved state cannot be used: {problem}. Clear this stream's state, and the next sync reads "
        "it from the start date. In Airbyte use Clear data or Refresh in the connection's Streams tab. On the command "
        "line remove the stream from the --state file."
    )
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.config_error)
