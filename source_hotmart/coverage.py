"""State of streams that are found by parents: which times are covered, apart for each scope (a club, an event).

That a time is covered says: whatever moved then was read afterwards. Apart, because a club or an event that is there
for the first time has to be read whole, whatever the others' state is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from threading import Lock
from typing import Any, Protocol

from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.cursor import KeyedStream, SliceCursor, as_date_range, bad_state, read_state
from source_hotmart.tally import Tally
from source_hotmart.windows import Window, subtract

ANY_SCOPE = ""


class Coverage:
    """What is read of each scope, and what of it is open; all times in epoch milliseconds."""

    def __init__(self, start_ms: int, now_ms: int, overlap_ms: int) -> None:
        self._whole = (start_ms, now_ms)
        self._overlap_ms = overlap_ms
        self._had: dict[str, list[Window]] = {}
        self._planned: dict[str, list[Window]] = {}
        self._open: dict[str, list[Window]] = {}
        self._at_most: dict[str, list[Window]] = {}
        """What is covered of each scope that is planned when nothing of it is open any more."""
        self._lock = Lock()
        self.planned = False
        """Whether every scope has been planned, and none needs a state that was meant for all."""

    def resume(self, had: Mapping[str, list[Window]]) -> None:
        """Go on from a saved state; that of `ANY_SCOPE` stands for scopes that have none of their own."""
        self._had = dict(had)

    @property
    def latest_ms(self) -> int:
        """The latest time that a saved state covers."""
        return max((windows[-1][1] for windows in self._had.values() if windows), default=0)

    def settled(self, scope: str) -> list[Window]:
        """What is not read again."""
        overlap_ms = self._overlap_ms
        return [(start, end - overlap_ms) for start, end in self._had_of(scope) if start <= end - overlap_ms]

    def is_settled(self, scope: str, time_ms: int, overlap_ms: int) -> bool:
        """Whether what moved then is not read again, where this is the overlap.

        A time before the start is covered when the start is.
        """
        from_ms = max(time_ms, self._whole[0])
        return any(start <= from_ms and time_ms <= end - overlap_ms for start, end in self._had_of(scope))

    def _had_of(self, scope: str) -> list[Window]:
        return self._had.get(scope, self._had.get(ANY_SCOPE, []))

    def needed(self, scope: str) -> list[Window]:
        """What has to be read."""
        return subtract([self._whole], self.settled(scope))

    def plan(self, scope: str, windows: Iterable[Window], *, gains: bool = True) -> None:
        """Say which windows are going to be read of a scope: outside of them nothing moved.

        Where not everything that moved is known, it `gains` nothing: what was covered stays so, or less is.
        """
        had = self._had_of(scope)
        with self._lock:
            self._planned[scope] = list(windows)
            self._open[scope] = list(self._planned[scope])
            self._at_most[scope] = [*had, self._whole] if gains else had

    def close(self, scope: str, window: Window) -> None:
        """Note a window that was read to its end."""
        with self._lock:
            self._open[scope].remove(window)

    def covered(self, *, in_doubt: bool = False) -> dict[str, list[Window]]:
        """All that is read of every scope; while `in_doubt` the windows that are read do not count."""
        with self._lock:
            of_scopes = self._planned if in_doubt else self._open
            planned = {scope: subtract(self._at_most[scope], windows) for scope, windows in of_scopes.items()}
        covered = {**self._had, **planned}
        if self.planned and planned and ANY_SCOPE not in planned:
            covered.pop(ANY_SCOPE, None)
        return covered


def read_scopes(
    stream_name: str, cursor_field: str, scope_field: str, state: Mapping[str, Any], whole: Window
) -> dict[str, list[Window]]:
    """The windows of each scope that a saved state says are read.

    Read are what `CoverageCursor` writes, and for all scopes together what `read_state` does. Raises a config_error
    for anything else.
    """
    if not scope_field or "states" not in state:
        had = read_state(stream_name, cursor_field, state, *whole)
        return {ANY_SCOPE: had} if had else {}
    try:
        items = [(item["partition"], item["cursor"]) for item in state["states"]]
        cursors = {str(partition.get(scope_field, ANY_SCOPE)): dict(cursor) for partition, cursor in items}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise bad_state(stream_name, "it is not in a form that this connector writes") from None
    return {scope: read_state(stream_name, cursor_field, cursor, *whole) for scope, cursor in cursors.items()}


class CoveredStream(KeyedStream, Protocol):
    """What the cursor asks of a stream with a coverage."""

    coverage: Coverage
    tally: Tally
    unread: set[int]

    @property
    def scope_field(self) -> str: ...


class CoverageCursor(SliceCursor):
    """Writes down each slice whose parents were all read."""

    def __init__(
        self, stream: CoveredStream, repository: MessageRepository, state_manager: ConnectorStateManager
    ) -> None:
        super().__init__(stream, repository, state_manager)
        self._stream = stream

    @property
    def state(self) -> MutableMapping[str, Any]:
        """Of one scope the windows in the CDK's date-range form; of several that for each, in its form by partition."""
        field = self._stream.scope_field
        covered = self._stream.coverage.covered(in_doubt=self._stream.tally.in_doubt)
        if not field:
            return as_date_range(covered.get(ANY_SCOPE, []))
        return {
            "states": [
                {"partition": {field: scope} if scope else {}, "cursor": as_date_range(windows)}
                for scope, windows in sorted(covered.items())
            ]
        }

    def stream_slices(self) -> Iterable[StreamSlice]:
        """None: the stream has its own."""
        return ()

    def close_partition(self, partition: Partition) -> None:
        """Write down a slice, unless one of its parents could not be read."""
        of_slice = partition.to_slice() or {}
        with self._windows_lock:
            if of_slice["number"] not in self._stream.unread:
                window = of_slice["start_ms"], of_slice["end_ms"]
                self._stream.coverage.close(of_slice["scope"], window)
            # Inside the lock: a state that is older must not be written after a newer one.
            self.ensure_at_least_one_state_emitted()
