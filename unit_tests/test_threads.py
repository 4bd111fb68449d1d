"""The order in which the threads of a sync take slices."""

from __future__ import annotations

from collections.abc import Sequence
from queue import Queue
from threading import Event
from typing import Any

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition

from source_hotmart.state.slices import ParentKey, ParentsSlice
from source_hotmart.sync.threads import StreamThreads


class Parents:
    """A slice of this many parents of a stream. Reading it blocks until it is released."""

    def __init__(self, stream: str, parents: int = 0) -> None:
        self.stream = stream
        self.parents = parents
        self.may_end = Event()

    def stream_name(self) -> str:
        return self.stream

    def to_slice(self) -> ParentsSlice:
        return ParentsSlice("", [ParentKey(str(number), ()) for number in range(self.parents)])


Partition.register(Parents)


class Planning:
    """The planning of a stream, which blocks until it is released."""

    def __init__(self, stream: str) -> None:
        self.name = self.stream = stream
        self.may_end = Event()


class Work:
    """Slices that threads have taken, in order."""

    def __init__(self, workers: int, planned: Sequence[str]) -> None:
        self.threads = StreamThreads(workers, ["lessons", "offers"])
        self.threads.begin(planned)
        self.taken: Queue[Parents] = Queue()

    def read(self, of_stream: Any) -> None:
        self.taken.put(of_stream)
        of_stream.may_end.wait()

    def take(self, number: int) -> list[str]:
        """Return the streams of the slices that are taken next. Each ends before another begins."""
        names = []
        for _ in range(number):
            of_stream = self.taken.get(timeout=30)
            names.append(of_stream.stream)
            of_stream.may_end.set()
        return names


def test_date_range_slices_are_read_before_parent_slices() -> None:
    work = Work(1, ["sales", "lessons"])
    held = Parents("sales")
    work.threads.submit(work.read, held)
    for stream in ("lessons", "users", "sales", "lessons", "users"):
        work.threads.submit(work.read, Parents(stream, 10))
    work.threads.all_planned("sales")

    assert work.take(6) == ["sales", "users", "sales", "users", "lessons", "lessons"]
    work.threads.close()


def test_streams_with_few_and_many_parents_take_turns() -> None:
    work = Work(1, ["lessons", "offers"])
    work.threads.submit(work.read, Parents("sales"))
    for _ in range(4):
        work.threads.submit(work.read, Parents("lessons", 20))
    for _ in range(20):
        work.threads.submit(work.read, Parents("offers", 1))

    order = work.take(25)
    assert order.index("lessons") < 3
    assert order[-3:] == ["lessons"] * 3
    work.threads.close()


def test_parent_slices_use_few_threads_until_others_are_planned() -> None:
    work = Work(8, ["sales", "lessons"])
    slices = [Parents("lessons", 1) for _ in range(20)]
    for each in slices:
        work.threads.submit(work.read, each)

    first = [work.taken.get(timeout=30) for _ in range(2)]
    assert work.taken.empty()
    sales = Parents("sales")
    work.threads.submit(work.read, sales)
    assert work.taken.get(timeout=30) is sales
    work.threads.all_planned("sales")
    free = [work.taken.get(timeout=30).stream for _ in range(5)]
    assert free == ["lessons"] * 5
    for each in [sales, *first, *slices]:
        each.may_end.set()
    work.threads.close()


def test_parent_slices_wait_while_others_plan_in_half_the_threads() -> None:
    work = Work(8, ["sales", "users", "lessons"])
    lessons = [Parents("lessons", 1) for _ in range(3)]
    planning: list[Any] = [Planning("sales"), Planning("users"), *(Parents("sales") for _ in range(2))]
    for each in (*planning, *lessons):
        work.threads.submit(work.read, each)
    assert {work.taken.get(timeout=30).stream for _ in planning} == {"sales", "users"}
    assert work.taken.empty()

    planning[-1].may_end.set()  # half of the threads are idle
    assert work.taken.get(timeout=30).stream == "lessons"
    work.threads.all_planned("sales")
    assert work.taken.empty()
    work.threads.all_planned("users")
    assert [work.taken.get(timeout=30).stream for _ in range(2)] == ["lessons"] * 2
    for each in (*planning, *lessons):
        each.may_end.set()
    work.threads.close()


def test_parent_slices_wait_for_unplanned_streams() -> None:
    work = Work(8, ["sales", "users", "history", "commissions", "lessons"])
    lessons = Parents("lessons", 1)
    work.threads.submit(work.read, lessons)
    assert work.taken.empty()

    planning = Planning("sales")
    planning.may_end.set()
    work.threads.submit(work.read, planning)
    assert work.take(2) == ["sales", "lessons"]
    work.threads.close()


def test_streams_are_planned_first_and_read_in_order() -> None:
    work = Work(1, ["sales", "users", "lessons"])
    held = Parents("sales")
    work.threads.submit(work.read, held)
    for stream in ("users", "sales", "users", "sales"):
        work.threads.submit(work.read, Parents(stream))
    work.threads.submit(work.read, Planning("users"))

    assert work.take(6) == ["sales", "users", "sales", "sales", "users", "users"]
    work.threads.close()
