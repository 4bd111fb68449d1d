"""Between the threads that read and the one that prints: rows in batches, and nothing before what it speaks of.

The CDK hands each row from thread to thread by itself, looks at its type four times and copies it three times, which
together costs as much as to decode and to convert it. Here a slice hands over its rows a hundred at a time; all else
is the CDK's own engine. Its private names are touched here only, those of the HTTP client in `streams/base.py` and
`api/transport.py`. `unit_tests/test_engine.py` fails when they change.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Full
from typing import Any, Protocol

from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, FailureType, SyncMode, Type
from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.adapters import StreamFacade
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record
from airbyte_cdk.sources.utils.slice_logger import SliceLogger
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.records.columns import UNPARSED, meta_of
from source_hotmart.state.cursors import SliceCursor
from source_hotmart.sync.progress import Progress
from source_hotmart.sync.threads import PlanningQueue, StreamThreads

LOGGER = logging.getLogger("airbyte")

BATCH_ROWS = 100
"""Rows that are handed over together. A slice's first row goes alone, so that it is seen at once."""
QUEUE_BATCHES = 20
"""Batches that wait to be printed: with all threads of the size of their page, this bounds the memory of a sync."""


class SlicedStream(Protocol):
    """What is asked of a stream that is read slice by slice."""

    @property
    def name(self) -> str: ...

    @property
    def progress(self) -> Progress: ...

    def stream_slices(self, *, sync_mode: SyncMode) -> Iterable[Mapping[str, Any] | None]:
        """What is to be read, in parts that may be read side by side."""

    def read_rows(self, stream_slice: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Every row of a slice once."""


@dataclass(frozen=True, slots=True, eq=False)
class RowBatch:
    """Rows of one stream on their way to be printed."""

    stream_name: str
    rows: list[dict[str, Any]]


class SlicePartition(Partition):
    """One slice of a stream, read in one thread."""

    def __init__(self, stream: SlicedStream, stream_slice: Mapping[str, Any]) -> None:
        self._stream = stream
        self._slice = stream_slice
        self.problem: AirbyteTracedException | None = None
        """Why some of the slice could not be read. Its good rows are out by then."""

    __hash__ = object.__hash__  # slices are never equal: each is one piece of work

    def read(self) -> Iterable[Record]:
        """Yield the slice's rows in batches, which `BatchingSource` takes apart, and keep what ended it early."""
        name, rows, enough = self._stream.name, [], 1
        try:
            for row in self._stream.read_rows(self._slice):
                rows.append(row)
                if len(rows) >= enough:
                    yield RowBatch(name, rows)  # type: ignore[misc] # the CDK only puts it on the queue
                    rows, enough = [], BATCH_ROWS
        except AirbyteTracedException as problem:
            self.problem = problem
        except Exception as fault:  # one of our own: what was read is kept all the same
            self.problem = _unexpected(name, fault)
        finally:
            self._stream.progress.slice_read(name)
        if rows:
            yield RowBatch(name, rows)  # type: ignore[misc]

    def to_slice(self) -> Mapping[str, Any]:
        return self._slice

    def stream_name(self) -> str:
        return self._stream.name


def _unexpected(stream_name: str, fault: Exception) -> AirbyteTracedException:
    """Return a failure that says where a fault happened. The text of the fault may hold a value of a row."""
    kind = type(fault).__name__
    message = f"{stream_name}: An unexpected {kind} ended a part of the stream. Report it as a fault."
    place = RuntimeError(kind).with_traceback(fault.__traceback__)
    return AirbyteTracedException(message, message, FailureType.system_error, exception=place)


class _Slices(PartitionGenerator):
    def __init__(self, stream: SlicedStream, cursor: SliceCursor) -> None:
        self._stream = stream
        self._cursor = cursor

    def generate(self) -> Iterable[Partition]:
        name, progress = self._stream.name, self._stream.progress
        try:
            for stream_slice in self._stream.stream_slices(sync_mode=SyncMode.full_refresh):
                progress.slice_planned(name)
                self._cursor.slice_planned()
                yield SlicePartition(self._stream, stream_slice or {})
            self._cursor.all_planned()
        except AirbyteTracedException:
            self._cursor.stop()
            raise
        except Exception as fault:
            self._cursor.stop()
            raise _unexpected(name, fault) from None
        finally:
            progress.all_planned(name)


def concurrent(stream: Stream, cursor: SliceCursor, slice_logger: SliceLogger) -> Stream:
    """The stream as the engine reads it: each slice in a thread of its own, its end noted by the cursor."""
    key = stream.primary_key
    cursor_field = str(stream.cursor_field) if stream.cursor_field else None
    return StreamFacade(
        DefaultStream(
            partition_generator=_Slices(stream, cursor),  # type: ignore[arg-type] # every stream of ours is a SlicedStream
            name=stream.name,
            json_schema=stream.get_json_schema(),
            primary_key=[key] if isinstance(key, str) else [str(name) for name in key or ()],
            cursor_field=CursorField(cursor_field) if cursor_field else None,
            logger=LOGGER,
            cursor=cursor,
        ),
        stream,
        cursor,
        slice_logger,
        LOGGER,
    )


class OrderedRepository(ConcurrentMessageRepository):
    """Puts each message on the queue itself, from the thread that made it.

    The CDK's own passes it through a list that all threads share, where the main thread can take another thread's
    state and hand it on before the records it covers.
    """

    def emit_message(self, message: AirbyteMessage) -> None:
        self._put_on_queue(message)

    def emit_if_idle(self, message: AirbyteMessage) -> None:
        """Put a message on the queue if there is room. A full queue is being printed, so nobody misses a message."""
        with suppress(Full):
            self._queue.put(message, block=False)


class BatchingSource(ConcurrentSource):
    """The CDK's thread pool, which serves one read, and the queue by which its threads hand over rows and messages."""

    def __init__(self, workers: int, slice_logger: SliceLogger, per_parent: Collection[str] = ()) -> None:
        """`per_parent` names the streams with a request per parent, which are read after the others."""
        self._threads = StreamThreads(workers, per_parent)
        queue = PlanningQueue(QUEUE_BATCHES, self._threads)
        # On one queue with the rows, else a state could overtake the rows it covers.
        self.repository = OrderedRepository(queue, InMemoryMessageRepository())
        super().__init__(
            threadpool=self._threads,
            logger=LOGGER,
            slice_logger=slice_logger,
            queue=queue,
            message_repository=self.repository,
            # Fewer than the workers, or all could wait for a slice to be read by another.
            initial_number_partitions_to_generate=max(1, workers // 2),
        )

    def read(self, streams: list[AbstractStream]) -> Iterator[AirbyteMessage]:
        """Yield the messages of a sync. The CDK ends its threads only after a sync without a failure."""
        self._threads.begin([stream.name for stream in streams])
        try:
            yield from super().read(streams)
        finally:
            self._threads.close()

    def _handle_item(
        self, queue_item: Any, concurrent_stream_processor: ConcurrentReadProcessor
    ) -> Iterable[AirbyteMessage]:
        """As the CDK does, but a batch of rows in one go."""
        if type(queue_item) is not RowBatch:
            yield from super()._handle_item(queue_item, concurrent_stream_processor)
            return
        name, rows = queue_item.stream_name, queue_item.rows
        counts = concurrent_stream_processor._record_counter
        if not counts[name]:  # tells that the stream is running
            first = rows.pop(0)
            for message in concurrent_stream_processor.on_record(Record(first, name)):
                if message.record:
                    message.record.meta = meta_of(first)
                yield message
        counts[name] += len(rows)
        emitted_at_ms = time.time_ns() // 1_000_000
        for row in rows:
            record = AirbyteRecordMessage(stream=name, data=row, emitted_at=emitted_at_ms)
            if UNPARSED in row:
                record.meta = meta_of(row)
            yield AirbyteMessage(type=Type.RECORD, record=record)
        yield from self.repository.consume_queue()
