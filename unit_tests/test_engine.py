"""Passing rows between threads, and the private names of the CDK that the connector depends on."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import Queue
from threading import Thread
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteMessage, AirbyteStateMessage, AirbyteStreamStatus, Type
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.sources.streams.concurrent.adapters import StreamFacade
from airbyte_cdk.sources.streams.concurrent.cursor import FinalStateCursor
from airbyte_cdk.sources.streams.http import HttpStream
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.errors import HotmartError
from source_hotmart.state.cursors import SliceCursor
from source_hotmart.sync.batches import QUEUE_BATCHES, Batch, OrderedRepository
from source_hotmart.sync.engine import BATCH_ROWS, BatchingSource, ReadStream, SlicePartition, concurrent
from source_hotmart.sync.progress import Progress
from tools.clock import VirtualClock

PRIVATE_NAMES = {
    "_connector_state_manager": "SliceCursor",  # FinalStateCursor
    "_fetch_next_page": "HttpStream",
    "_http_client": "HttpStream",
    "_stream_name": "FinalStateCursor",
    "_stream_namespace": "FinalStateCursor",
}
"""Every private name of a library that the package uses, with the library."""
PUBLIC = {"_exit", "_replace"}
"""Documented names with an underscore: of `os` and of named tuples."""


def test_only_known_private_names_of_libraries_are_used() -> None:
    used: set[str] = set()
    own: set[str] = set()
    for path in (Path(__file__).parents[1] / "source_hotmart").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    own.add(name)
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.Name(id=name, ctx=ast.Store()):
                    own.add(name)
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                    own.add(name)
                case ast.Attribute(attr=name) if name.startswith("_") and not name.startswith("__"):
                    used.add(name)
    assert used - own - PUBLIC <= PRIVATE_NAMES.keys()


def test_the_private_names_of_the_cdk_exist() -> None:
    assert callable(HttpStream._fetch_next_page)
    assert "_http_client" in HttpStream._fetch_next_page.__code__.co_names
    cursor_names = {"_connector_state_manager", "_stream_name", "_stream_namespace"}
    assert cursor_names <= {*FinalStateCursor.__init__.__code__.co_names}


def test_a_worker_message_goes_directly_to_the_queue() -> None:
    queue: Queue[Any] = Queue(QUEUE_BATCHES)
    repository = OrderedRepository(queue)
    state = AirbyteMessage(type=Type.STATE, state=AirbyteStateMessage())

    worker = Thread(target=repository.emit_message, args=(state,))
    worker.start()
    worker.join()

    assert not list(repository.consume_queue())
    assert queue.get_nowait() is state


def test_the_printing_thread_never_waits_for_a_full_queue() -> None:
    queue: Queue[Any] = Queue(QUEUE_BATCHES)
    repository = OrderedRepository(queue)
    states = [AirbyteMessage(type=Type.STATE, state=AirbyteStateMessage()) for _ in range(3)]
    while not queue.full():
        queue.put(states[0])

    for state in states:
        repository.emit_message(state)

    assert [id(message) for message in repository.consume_queue()] == [id(state) for state in states]


class Numbers(Stream):
    """A stream with this many rows. The last one can fail."""

    name = "numbers"
    primary_key = "id"

    def __init__(self, rows: int, failure: Exception | None = None) -> None:
        self.rows = rows
        self.failure = failure

    def get_json_schema(self) -> Mapping[str, Any]:  # type: ignore[override] # a cached method
        return {}

    def read_records(self, *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        yield from ({"id": number} for number in range(self.rows))
        if self.failure:
            raise self.failure


def slice_of(stream: Numbers) -> SlicePartition:
    cursor, _ = cursor_of([], Emitted())
    return SlicePartition(ReadStream(stream, cursor, Progress()), {})


def handed_over(partition: SlicePartition) -> list[list[AirbyteMessage]]:
    """Return the batches of a slice."""
    batches = []
    for batch in partition.read():
        assert isinstance(batch, Batch)
        batches.append(batch.messages)
    return batches


def ids(batch: list[AirbyteMessage]) -> list[int]:
    return [message.record.data["id"] for message in batch if message.record]


@pytest.mark.parametrize("rows", [0, 1, 2, BATCH_ROWS, BATCH_ROWS + 1, BATCH_ROWS + 2, 3 * BATCH_ROWS + 7])
def test_every_row_is_emitted_once_and_the_first_immediately(rows: int) -> None:
    batches = handed_over(slice_of(Numbers(rows)))

    assert [number for batch in batches for number in ids(batch)] == list(range(rows))
    assert [len(ids(batch)) for batch in batches[:1]] == [1] * min(rows, 1)
    assert all(0 < len(ids(batch)) <= BATCH_ROWS for batch in batches)


def test_a_sync_passes_on_the_messages_of_each_batch_in_order() -> None:
    rows = 3 * BATCH_ROWS + 7
    cursor, _ = cursor_of([], Emitted())
    stream = concurrent(Numbers(rows), cursor, Progress())
    assert isinstance(stream, StreamFacade)

    messages = list(BatchingSource().read([stream.get_underlying_stream()]))

    assert not [message for message in messages if isinstance(message, Batch)]
    assert ids(messages) == list(range(rows))
    running = [message.type for message in messages].index(Type.RECORD) - 1
    assert messages[running].trace.stream_status.status == AirbyteStreamStatus.RUNNING  # type: ignore[union-attr]


def test_a_sync_that_is_ended_early_leaves_no_thread_waiting() -> None:
    cursor, _ = cursor_of([], Emitted())
    progress = Progress()
    stream = concurrent(Numbers(2 * QUEUE_BATCHES * BATCH_ROWS), cursor, progress)
    assert isinstance(stream, StreamFacade)
    before = set(enumerate_threads())

    messages = BatchingSource().read([stream.get_underlying_stream()])
    next(message for message in messages if message.record)
    messages.close()  # type: ignore[attr-defined] # a generator
    progress.end()

    left = set(enumerate_threads()) - before
    for thread in left:
        thread.join(10)
    assert not [thread.name for thread in left if thread.is_alive()]


def test_a_stream_is_reported_as_running_at_its_first_row() -> None:
    messages = [message for batch in handed_over(slice_of(Numbers(BATCH_ROWS + 2))) for message in batch]

    assert [message.type for message in messages] == [Type.TRACE, *[Type.RECORD] * (BATCH_ROWS + 2)]
    assert not handed_over(slice_of(Numbers(0)))


def test_a_failed_slice_emits_earlier_rows_and_keeps_its_error() -> None:
    problem = HotmartError("numbers: one day could not be read.")
    partition = slice_of(Numbers(7, problem))

    batches = handed_over(partition)

    assert [number for batch in batches for number in ids(batch)] == list(range(7))
    assert partition.problem is problem


def test_an_unexpected_error_keeps_earlier_rows_and_hides_its_text() -> None:
    partition = slice_of(Numbers(7, OSError("a secret")))

    batches = handed_over(partition)

    assert [number for batch in batches for number in ids(batch)] == list(range(7))
    sentence = "numbers: An unexpected error (OSError) ended a part of the stream. Report it as a bug of the connector."
    assert partition.problem
    assert partition.problem.message == sentence
    printed = str(partition.problem.as_airbyte_message())
    assert "a secret" not in printed
    assert "in read_records" in printed


class Unplanned(Numbers):
    """A stream that fails before its first slice."""

    def stream_slices(self, **_: Any) -> Any:
        raise KeyError(self.rows)


def test_an_unexpected_planning_error_is_reported_without_its_text() -> None:
    cursor, _ = cursor_of([], Emitted())
    stream = concurrent(Unplanned(123_454_321), cursor, Progress())
    assert isinstance(stream, StreamFacade)

    with pytest.raises(AirbyteTracedException) as failure:
        list(stream.get_underlying_stream().generate_partitions())

    printed = str(failure.value.as_airbyte_message()) + "".join(traceback.format_exception(failure.value))
    assert "numbers: An unexpected error (KeyError) ended a part of the stream." in printed
    assert "123454321" not in printed


class Emitted:
    """Keeps the states that a cursor emits."""

    def __init__(self) -> None:
        self.messages: list[AirbyteMessage] = []

    def emit_message(self, message: AirbyteMessage) -> None:
        self.messages.append(message)


def cursor_of(problems: list[HotmartError | None], emitted: Emitted) -> tuple[SliceCursor, list[SlicePartition]]:
    """Return a cursor, and slices that ended with these problems."""
    cursor = SliceCursor("numbers", emitted, lambda found: found[-1] if found else None)  # type: ignore[arg-type]
    partitions = []
    for problem in problems:
        partition = SlicePartition(ReadStream(Numbers(0), cursor, Progress()), {})
        partition.problem = problem
        cursor.slice_planned()
        partitions.append(partition)
    return cursor, partitions


@pytest.mark.parametrize("is_planned_last", [True, False])
def test_a_stream_fails_once_after_its_last_slice(is_planned_last: bool, clock: VirtualClock) -> None:
    first, second = HotmartError("first"), HotmartError("second")
    cursor, partitions = cursor_of([first, None, second], Emitted())

    if not is_planned_last:
        cursor.all_planned()
    for partition in partitions[:-1]:
        cursor.close_partition(partition)
    with pytest.raises(HotmartError, match="second"):
        cursor.close_partition(partitions[-1])
        cursor.all_planned()


def test_a_stream_without_problems_does_not_fail(clock: VirtualClock) -> None:
    cursor, partitions = cursor_of([None, None], Emitted())

    for partition in partitions:
        cursor.close_partition(partition)
    cursor.all_planned()


def test_states_are_at_least_five_seconds_apart(clock: VirtualClock) -> None:
    emitted = Emitted()
    cursor, partitions = cursor_of([None] * 12, emitted)

    for partition in partitions:
        cursor.close_partition(partition)
        clock.advance(seconds=1)
    cursor.ensure_at_least_one_state_emitted()

    assert len(emitted.messages) == 3 + 1  # at 0, 5 and 10 seconds, and at the end


def emitter(emitted: Emitted) -> Callable[[AirbyteMessage], bool]:
    """Return a function that passes each message on and says so."""

    def emit(message: AirbyteMessage) -> bool:
        emitted.emit_message(message)
        return True

    return emit


def test_a_stream_silent_for_a_minute_emits_its_state(clock: VirtualClock) -> None:
    emitted = Emitted()
    cursor, partitions = cursor_of([None], emitted)
    cursor.close_partition(partitions[0])

    for seconds in (59, 1, 59, 1):
        clock.advance(seconds=seconds)
        cursor.write_if_due(emitter(emitted))
    cursor.all_planned()
    clock.advance(minutes=2)
    cursor.write_if_due(emitter(emitted))

    assert len(emitted.messages) == 1 + 2


def test_slices_that_end_soon_after_a_state_are_in_the_next_one(clock: VirtualClock) -> None:
    """Slices of equal size end together, and the next ones end much later."""
    emitted = Emitted()
    cursor, partitions = cursor_of([None] * 3, emitted)
    for partition in partitions[:2]:
        cursor.close_partition(partition)
        clock.advance(seconds=1)

    for _ in range(10):
        clock.advance(seconds=1)
        cursor.write_if_due(emitter(emitted))

    assert len(emitted.messages) == 1 + 1


def test_a_state_that_the_queue_does_not_take_is_tried_again(clock: VirtualClock) -> None:
    emitted = Emitted()
    cursor, partitions = cursor_of([None] * 3, emitted)
    for partition in partitions[:2]:
        cursor.close_partition(partition)

    clock.advance(seconds=5)
    cursor.write_if_due(lambda message: False)
    clock.advance(seconds=5)
    cursor.write_if_due(emitter(emitted))

    assert len(emitted.messages) == 1 + 1
