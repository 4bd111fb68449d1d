"""The CDK's engine with threads that pass on rows in batches, and no state before the rows that it covers.

The CDK passes each row between threads separately, which takes a third of the CPU of a sync. Here a slice passes on a
hundred rows at a time, as finished messages. The rest of the engine is the CDK's own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteRecordMessage,
    AirbyteStreamStatus,
    FailureType,
    StreamDescriptor,
    SyncMode,
    Type,
)
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.adapters import StreamFacade
from airbyte_cdk.sources.streams.concurrent.cursor import CursorField
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.records.columns import UNPARSED, meta_of
from source_hotmart.state.cursors import SliceCursor
from source_hotmart.sync.batches import Batch, OrderedRepository
from source_hotmart.sync.progress import Progress
from source_hotmart.sync.threads import PlanningQueue, StreamThreads

LOGGER = logging.getLogger("airbyte")
ENGINE_LOGGER = logging.getLogger("airbyte.engine")
"""Logger of the CDK's engine, which logs six redundant lines per stream."""
ENGINE_LOGGER.setLevel(logging.WARNING)

BATCH_ROWS = 100
"""Maximum rows per batch. A slice's first row is sent alone, so that it appears at once."""


@dataclass
class ReadStream:
    """A stream that is being read."""

    stream: Stream
    cursor: SliceCursor
    progress: Progress
    rows: int = 0
    """Number of rows passed on."""
    _lock: Lock = field(default_factory=Lock)

    @property
    def name(self) -> str:
        return self.stream.name

    def batch(self, rows: list[dict[str, Any]]) -> Batch:
        """Return the messages of some rows. The first ones of a stream follow its status."""
        emitted_at_ms, name = time.time_ns() // 1_000_000, self.name
        messages = []
        for row in rows:
            record = AirbyteRecordMessage(stream=name, data=row, emitted_at=emitted_at_ms)
            if UNPARSED in row:
                record.meta = meta_of(row)
            messages.append(AirbyteMessage(type=Type.RECORD, record=record))
        with self._lock:
            is_first = not self.rows
            self.rows += len(rows)
        self.progress.rows_read(name, len(rows))
        if is_first:
            messages.insert(0, as_airbyte_message(StreamDescriptor(name=name), AirbyteStreamStatus.RUNNING))
        return Batch.of(messages)


class SlicePartition(Partition):
    """One slice of a stream, read by one thread."""

    def __init__(self, read_stream: ReadStream, stream_slice: Mapping[str, Any]) -> None:
        self._read = read_stream
        self._slice = stream_slice
        self.problem: AirbyteTracedException | None = None
        """Why some of the slice could not be read. Its valid rows are already queued."""

    __hash__ = object.__hash__  # slices are never equal: each is one piece of work

    def read(self) -> Iterable[Record]:
        """Yield the rows of the slice in batches, and store the failure that ended it early."""
        return self._batches()  # type: ignore[return-value] # the CDK only puts them on the queue

    def _batches(self) -> Iterator[Batch]:
        rows: list[Any] = []
        enough = 1
        try:
            for row in self._read.stream.read_records(SyncMode.full_refresh, stream_slice=self._slice):
                rows.append(row)
                if len(rows) >= enough:
                    yield self._read.batch(rows)
                    rows, enough = [], BATCH_ROWS
        except AirbyteTracedException as problem:
            self.problem = problem
        except Exception as fault:  # a bug of this connector must not lose the rows that were read
            self.problem = _unexpected(self._read.name, fault)
        if rows:
            yield self._read.batch(rows)
        self._read.progress.slice_read(self._read.name)

    def to_slice(self) -> Mapping[str, Any]:
        return self._slice

    def stream_name(self) -> str:
        return self._read.name


def _unexpected(stream_name: str, fault: Exception) -> AirbyteTracedException:
    """Return a failure with the place of an exception. Its text is left out, as it may hold a value of a row."""
    kind = type(fault).__name__
    message = (
        f"{stream_name}: An unexpected error ({kind}) ended a part of the stream. Report it as a bug of the connector."
    )
    place = RuntimeError(kind).with_traceback(fault.__traceback__)
    return AirbyteTracedException(message, message, FailureType.system_error, exception=place)


class _Slices(PartitionGenerator):
    def __init__(self, read_stream: ReadStream) -> None:
        self._read = read_stream

    def generate(self) -> Iterable[Partition]:
        name, progress, cursor = self._read.name, self._read.progress, self._read.cursor
        try:
            for stream_slice in self._read.stream.stream_slices(sync_mode=SyncMode.full_refresh):
                progress.slice_planned(name)
                cursor.slice_planned()
                yield SlicePartition(self._read, stream_slice or {})
            cursor.all_planned()
        except AirbyteTracedException:
            cursor.stop()
            raise
        except Exception as fault:
            cursor.stop()
            raise _unexpected(name, fault) from None
        finally:
            progress.all_planned(name)


def concurrent(stream: Stream, cursor: SliceCursor, progress: Progress) -> Stream:
    """Return the stream for the engine: each slice runs in a thread of its own, and its end is sent to the cursor."""
    key = stream.primary_key
    cursor_field = str(stream.cursor_field) if stream.cursor_field else None
    return StreamFacade(
        DefaultStream(
            partition_generator=_Slices(ReadStream(stream, cursor, progress)),
            name=stream.name,
            json_schema=stream.get_json_schema(),
            primary_key=[key] if isinstance(key, str) else [str(name) for name in key or ()],
            cursor_field=CursorField(cursor_field) if cursor_field else None,
            logger=LOGGER,
            cursor=cursor,
        ),
        stream,
        cursor,
        DebugSliceLogger(),
        LOGGER,
    )


class BatchingSource(ConcurrentSource):
    """The CDK's engine with new threads and a new queue for each sync."""

    def __init__(self) -> None:
        self.begin(2)

    def begin(self, workers: int, per_parent: Collection[str] = ()) -> None:
        """Prepare a sync. `per_parent` names the streams with a request per parent, which are read last."""
        self._threads = StreamThreads(workers, per_parent)
        self._rows = queue = PlanningQueue(self._threads)
        # All messages share the queue with the rows, because a state could otherwise overtake the rows it covers.
        self.repository = OrderedRepository(queue)
        super().__init__(
            threadpool=self._threads,
            logger=ENGINE_LOGGER,
            queue=queue,
            message_repository=self.repository,
            # Fewer than the workers, because otherwise all could wait for a slice that no worker is left to read.
            initial_number_partitions_to_generate=max(1, workers // 2),
        )

    def read(self, streams: list[AbstractStream]) -> Iterator[AirbyteMessage]:
        """Yield the messages of a sync, and end its threads. The CDK ends them only if nothing failed."""
        self._threads.begin([stream.name for stream in streams])
        try:
            for message in super().read(streams):
                if isinstance(message, Batch):
                    yield from message.messages
                else:
                    yield message
        finally:
            self._threads.close()
            self._rows.close()
