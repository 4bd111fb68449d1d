"""The handing over of rows between threads, and the CDK's private names that it leans on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Thread
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteMessage, AirbyteStateMessage, Type
from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.streams.http import HttpStream

from integration_tests.rows import difference
from source_hotmart import SourceHotmart
from source_hotmart.engine import BATCH_ROWS, RowBatch, SlicePartition
from source_hotmart.progress import Progress


def test_the_private_names_of_the_cdk_are_where_they_are_looked_for() -> None:
    assert callable(HttpStream._fetch_next_page)
    assert callable(ConcurrentMessageRepository._put_on_queue)
    assert callable(ConcurrentSource._handle_item)
    assert "_record_counter" in ConcurrentReadProcessor.__init__.__code__.co_names
    assert "_concurrent_source" in vars(SourceHotmart())


def test_a_message_passes_through_no_list_that_threads_share() -> None:
    taken: list[Any] = []

    class Shared:
        """In the place of the list between: whatever goes through it can be taken by another thread."""

        def emit_message(self, message: AirbyteMessage) -> None:
            taken.append(message)

        def consume_queue(self) -> list[AirbyteMessage]:
            return []

    repository = SourceHotmart().message_repository
    repository._decorated_message_repository = Shared()  # type: ignore[assignment]
    state = AirbyteMessage(type=Type.STATE, state=AirbyteStateMessage())

    worker = Thread(target=repository.emit_message, args=(state,))
    worker.start()
    worker.join()

    assert not taken
    assert repository._queue.get_nowait() is state


class Numbers:
    """A stream of so many rows, of which the last may fail."""

    name = "numbers"

    def __init__(self, rows: int, failure: Exception | None = None) -> None:
        self.rows = rows
        self.failure = failure
        self.progress = Progress()

    def stream_slices(self, *, sync_mode: Any) -> list[Mapping[str, Any]]:
        return [{}]

    def read_rows(self, stream_slice: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield from ({"id": number} for number in range(self.rows))
        if self.failure:
            raise self.failure


def handed_over(stream: Numbers) -> Iterator[RowBatch]:
    for batch in SlicePartition(stream, {}).read():
        assert isinstance(batch, RowBatch)
        yield batch


@pytest.mark.parametrize("rows", [0, 1, 2, BATCH_ROWS, BATCH_ROWS + 1, BATCH_ROWS + 2, 3 * BATCH_ROWS + 7])
def test_every_row_of_a_slice_is_handed_over_once_and_the_first_at_once(rows: int) -> None:
    batches = [batch.rows for batch in handed_over(Numbers(rows))]

    assert [row["id"] for batch in batches for row in batch] == list(range(rows))
    assert [len(batch) for batch in batches[:1]] == [1] * min(rows, 1)
    assert all(0 < len(batch) <= BATCH_ROWS for batch in batches)


def test_rows_before_a_failure_are_handed_over() -> None:
    numbers: list[int] = []

    with pytest.raises(OSError, match="gone"):
        for batch in handed_over(Numbers(7, OSError("gone"))):
            numbers.extend(row["id"] for row in batch.rows)

    assert numbers == list(range(7))


def test_rows_are_counted_one_by_one_for_the_log_the_state_and_the_status(connector: Any, hotmart: Any) -> None:
    run = connector.read(["sales_history"])

    rows = len(run.records("sales_history"))
    assert not difference("sales_history", hotmart.world.expected("sales_history"), run.records("sales_history"))
    assert rows > BATCH_ROWS // 2
    assert f"Read {rows} records from sales_history stream" in run.logs
    counted = sum(message["state"]["sourceStats"]["recordCount"] for message in run.of_type("STATE"))
    assert counted == rows
    statuses = [m["trace"]["stream_status"]["status"] for m in run.of_type("TRACE") if "stream_status" in m["trace"]]
    assert statuses == ["STARTED", "RUNNING", "COMPLETE"]
