"""Threads of a sync, and the order of the work of its streams."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import heappop, heappush
from queue import Queue
from threading import Lock
from typing import Any

from airbyte_cdk.sources.concurrent_source.partition_generation_completed_sentinel import (
    PartitionGenerationCompletedSentinel,
)
from airbyte_cdk.sources.concurrent_source.thread_pool_manager import ThreadPoolManager
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition

from source_hotmart.state.slices import ParentsSlice
from source_hotmart.sync.batches import QUEUE_BATCHES

LOGGER = logging.getLogger("airbyte")

KEPT_FUTURES = 1_000
"""Maximum number of futures of finished tasks that the CDK keeps."""
PER_PARENT_SHARE = 4
"""One in so many threads may read streams with a request per parent while other streams have work."""


def parents_of(partition: Partition) -> int:
    """Return the number of parents in a slice, 0 if it has none."""
    of_slice = partition.to_slice()
    return len(of_slice.parents) if isinstance(of_slice, ParentsSlice) else 0


@dataclass(frozen=True, order=True)
class _Task:
    """The planning of a stream, or the reading of one slice."""

    turn: int
    """Zero for planning. For a slice, the position of its stream, or the number of parents in earlier slices."""
    number: int
    stream_name: str = field(compare=False)
    run: Callable[[], None] = field(compare=False)


class StreamThreads(ThreadPoolManager):
    """Threads that serve streams of date ranges and lists before streams with a request per parent.

    The former run in the order of their streams, so that one ends after the other, and a view of a sale finds the
    slices it waits for already started. Planning goes first. At most half of the threads plan at the same time.
    The others take turns by the number of their parents, so that a stream with few parents ends early. They get a
    share of the threads once the former are planned or leave half of the threads idle, and all free threads once
    every slice of the former has started.
    """

    def __init__(self, workers: int, per_parent: Collection[str] = ()) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="workerpool")
        super().__init__(self._pool, LOGGER, max_concurrent_tasks=KEPT_FUTURES)
        self._workers = workers
        self._per_parent = frozenset(per_parent)
        self._tasks_lock = Lock()
        self._positions: dict[str, int] = {}
        self._unplanned: set[str] = set()
        self._unbegun: set[str] = set()
        """Streams whose planning was not submitted yet."""
        self._first: list[_Task] = []
        self._others: list[_Task] = []
        self._parents: Counter[str] = Counter()
        self._number = 0
        self._running = 0
        self._running_others = 0
        self._is_closed = False

    def begin(self, stream_names: Collection[str]) -> None:
        """Set the streams to read."""
        with self._tasks_lock:
            self._positions = {name: number for number, name in enumerate(stream_names)}
            self._unplanned = {*stream_names} - self._per_parent
            self._unbegun = {*self._unplanned}

    def all_planned(self, stream_name: str) -> None:
        """Record that a stream has no more slices to submit."""
        with self._tasks_lock:
            self._unplanned.discard(stream_name)
        self._start_tasks()

    def submit(self, function: Callable[..., Any], *args: Any) -> None:
        """Run a task when its turn arrives. Its first argument is a stream or one of its slices."""
        of_stream = args[0]
        is_slice = isinstance(of_stream, Partition)
        name = of_stream.stream_name() if is_slice else of_stream.name
        with self._tasks_lock:
            self._number += 1
            self._unbegun.discard(name)
            turn = self._turn_of(name, of_stream) if is_slice else 0
            task = _Task(turn, self._number, name, lambda: function(*args))
            heappush(self._others if name in self._per_parent else self._first, task)
        self._start_tasks()

    def close(self) -> None:
        """Start no more tasks, and do not wait for those that run."""
        with self._tasks_lock:
            self._is_closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _turn_of(self, stream_name: str, of_stream: Partition) -> int:
        if stream_name not in self._per_parent:
            return 1 + self._positions.get(stream_name, 0)
        turn = self._parents[stream_name]
        self._parents[stream_name] += parents_of(of_stream)
        return turn

    def _start_tasks(self) -> None:
        """Assign tasks to all free threads."""
        self.prune_to_validate_has_reached_futures_limit()
        with self._tasks_lock:
            while not self._is_closed and self._running < self._workers and (task := self._next_task()):
                self._running += 1
                self._running_others += task.stream_name in self._per_parent
                super().submit(self._run, task)

    def _next_task(self) -> _Task | None:
        if self._others and self._may_read_others():
            return heappop(self._others)
        return heappop(self._first) if self._first else None

    def _may_read_others(self) -> bool:
        """Whether the next task may be one of a stream with a request per parent."""
        if not self._first and not self._unplanned:
            return True
        is_idle = not self._first and self._running + len(self._unbegun) < self._workers // 2
        return (is_idle or not self._unplanned) and self._running_others < self._workers // PER_PARENT_SHARE

    def _run(self, task: _Task) -> None:
        try:
            task.run()
        finally:
            with self._tasks_lock:
                self._running -= 1
                self._running_others -= task.stream_name in self._per_parent
            self._start_tasks()


class PlanningQueue(Queue[Any]):
    """The queue to the engine. Its `get` informs the threads when a stream has no more slices.

    The engine submits each slice before it takes the next item, so all slices of such a stream are already submitted.
    """

    def __init__(self, threads: StreamThreads) -> None:
        super().__init__(maxsize=QUEUE_BATCHES)
        self._stream_threads = threads

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the next item."""
        item = super().get(block, timeout)
        if isinstance(item, PartitionGenerationCompletedSentinel):
            self._stream_threads.all_planned(item.stream.name)
        return item

    def close(self) -> None:
        """Discard all items, and let no thread wait for room, because nothing is taken from the queue anymore."""
        with self.mutex:
            self.maxsize = sys.maxsize
            self.queue.clear()
            self.not_full.notify_all()
