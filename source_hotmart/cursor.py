"""State as the windows that are read, and the cursors that keep it.

A stock `ConcurrentCursor` resumes from the largest cursor value it saw, which loses windows that failed while a
newer one closed, and rows that change late. Here a record never moves the state: only a window read to its end
does, and a window that is still open is never hidden behind a newer one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams import NO_CURSOR_STATE_KEY
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor, CursorField, FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.state_converters.abstract_stream_state_converter import (
    ConcurrencyCompatibleStateType,
)
from airbyte_cdk.sources.streams.concurrent.state_converters.datetime_stream_state_converter import (
    IsoMillisConcurrentStreamStateConverter,
)
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.windows import DAY_MS, Window, iso, milliseconds, moment, subtract, union

_DATE_RANGE = ConcurrencyCompatibleStateType.date_range.value


class KeyedStream(Protocol):
    """What every cursor asks of its stream."""

    @property
    def name(self) -> str: ...

    @property
    def cursor_field(self) -> str | list[str]: ...


class WindowedStream(KeyedStream, Protocol):
    """What a cursor asks of the stream whose windows it hands out."""

    def plan(self) -> list[Window]:
        """The windows this sync has to read, ascending."""

    def parts(self, window: Window) -> list[Window]:
        """A planned window in the parts to read side by side."""

    def sweep(self) -> list[Window]:
        """Windows that are read already, to be read again for the statuses that arrive late."""


def read_state(
    stream_name: str, cursor_field: str, state: Mapping[str, Any], start_ms: int, now_ms: int
) -> list[Window]:
    """The windows that a saved state says are read, ascending.

    Read are the CDK's date-range form, its plain form `{cursor_field: time}` as everything from the start date to
    that time, and what a full refresh leaves as nothing. Raises a config_error for anything else, for a silent
    full read could cost hours, and for a state that ends in the future, behind which new rows would be lost.
    """
    if not state or state.get(NO_CURSOR_STATE_KEY):
        return []
    try:
        if state.get("state_type") == _DATE_RANGE:
            windows = [(_time_ms(item["start"]), _time_ms(item["end"])) for item in state["slices"]]
        elif set(state) == {cursor_field}:
            windows = [(start_ms, _time_ms(state[cursor_field]))]
        else:
            raise KeyError(cursor_field)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise bad_state(stream_name, "it is not in a form that this connector writes") from None
    # The CDK's stock cursor writes [start, start] before anything is read.
    had = union(window for window in windows if window[0] < window[1])
    if had and had[-1][1] > now_ms + DAY_MS:
        raise bad_state(stream_name, f"it ends in the future, at {iso(had[-1][1])}; check this machine's clock")
    return had


def _time_ms(text: str) -> int:
    time = datetime.fromisoformat(text)
    return milliseconds(time if time.tzinfo else time.replace(tzinfo=UTC))


def as_date_range(windows: Iterable[Window]) -> dict[str, Any]:
    """Windows in the CDK's date-range form of a state."""
    slices = [{"start": iso(start_ms), "end": iso(end_ms)} for start_ms, end_ms in windows]
    return {"slices": slices, "state_type": _DATE_RANGE}


def bad_state(stream_name: str, problem: str) -> AirbyteTracedException:
    """The refusal of a saved state."""
    message = (
        f"{stream_name}: The saved state cannot be used: {problem}. Clear this stream's state (in Airbyte: the "
        "connection's Streams tab > Clear data, or Refresh), and it will be read from the start date."
    )
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.config_error)


def _slice(window: Window, sweep: Sequence[Window] = ()) -> StreamSlice:
    return StreamSlice(
        partition={},
        cursor_slice={"start_ms": window[0], "end_ms": window[1]},
        extra_fields={"sweep": list(sweep)},
    )


class FullRefreshCursor(FinalStateCursor):
    """Hands out every window, and leaves the CDK's mark of a full refresh as state."""

    def __init__(self, stream: WindowedStream, repository: MessageRepository) -> None:
        super().__init__(stream.name, None, repository)
        self._stream = stream

    def stream_slices(self) -> Iterable[StreamSlice]:
        """All windows from the start date on."""
        for window in self._stream.plan():
            for part in self._stream.parts(window):
                yield _slice(part)


class RefusingCursor(FinalStateCursor):
    """In the place of a state that cannot be used: its stream fails, and the state is left as it was."""

    def __init__(self, stream: KeyedStream, refusal: AirbyteTracedException, repository: MessageRepository) -> None:
        super().__init__(stream.name, None, repository)
        self._refusal = refusal

    def stream_slices(self) -> Iterable[StreamSlice]:
        """Raises the refusal."""
        raise self._refusal

    def ensure_at_least_one_state_emitted(self) -> None:
        """No state: a new one would hide that the old one was not used."""


class SliceCursor(ConcurrentCursor):
    """A cursor that no record moves, only slices that were read to their end."""

    def __init__(
        self,
        stream: KeyedStream,
        repository: MessageRepository,
        state_manager: ConnectorStateManager,
    ) -> None:
        super().__init__(
            stream_name=stream.name,
            stream_namespace=None,
            stream_state={},
            message_repository=repository,
            connector_state_manager=state_manager,
            connector_state_converter=IsoMillisConcurrentStreamStateConverter(is_sequential_state=False),
            cursor_field=CursorField(str(stream.cursor_field)),
            slice_boundary_fields=("start_ms", "end_ms"),
            start=None,
            end_provider=lambda: moment(0),  # type: ignore[arg-type, return-value] # not used by what is left
        )
        self._windows_lock = Lock()

    def observe(self, record: Record) -> None:
        """Nothing: a record never moves the state."""

    def should_be_synced(self, record: Record) -> bool:
        """Always: what is read was asked for by date already."""
        return True


class WindowCursor(SliceCursor):
    """Hands out the windows that are not settled yet, and writes down each one read to its end."""

    def __init__(
        self,
        stream: WindowedStream,
        had: Sequence[Window],
        repository: MessageRepository,
        state_manager: ConnectorStateManager,
    ) -> None:
        super().__init__(stream, repository, state_manager)
        self._stream = stream
        self._had = list(had)
        self._covered = list(had)
        self._open: list[Window] = []
        self._done: list[Window] = []

    @property
    def state(self) -> MutableMapping[str, Any]:
        """The windows read so far, in the CDK's date-range form."""
        return as_date_range(self._covered)

    def stream_slices(self) -> Iterable[StreamSlice]:
        """The windows to read, ascending, planned whole before the first is handed out.

        The sweep of late statuses rides on the first window that reaches past the first saved one, and is read
        before it: so the state cannot pass its old end without the sweep.
        """
        planned = self._stream.plan()
        with self._windows_lock:
            self._open = list(planned)
        sweep = self._stream.sweep()
        for window in planned:
            parts = self._stream.parts(window)
            with self._windows_lock:
                self._open.remove(window)
                self._open.extend(parts)
            for part in parts:
                if sweep and part[1] > self._had[0][1]:
                    yield _slice(part, sweep)
                    sweep = []
                else:
                    yield _slice(part)

    def close_partition(self, partition: Partition) -> None:
        """Write down a window that was read to its end."""
        window_slice = partition.to_slice() or {}
        window = window_slice["start_ms"], window_slice["end_ms"]
        with self._windows_lock:
            self._open.remove(window)
            self._done.append(window)
            newest_ms = max(start_ms for start_ms, _ in self._done)
            hidden = [still_open for still_open in self._open if still_open[0] < newest_ms]
            self._covered = subtract(self._had + self._done, hidden)
            # Inside the lock: a state that is older must not be written after a newer one.
            self.ensure_at_least_one_state_emitted()
