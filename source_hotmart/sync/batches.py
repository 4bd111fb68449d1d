"""The queue between the threads that read and the one that prints: batches of rows, and all other messages."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from queue import Full, Queue
from threading import get_ident
from typing import Any

from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.message import InMemoryMessageRepository

QUEUE_BATCHES = 20
"""Batches that wait to be printed: with all threads of the size of their page, this bounds the memory of a sync."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Messages that are handed over together."""

    messages: list[AirbyteMessage]


class BatchQueue(Queue[Any]):
    """A queue whose one consumer gets the messages of a batch one by one."""

    def __init__(self) -> None:
        super().__init__(maxsize=QUEUE_BATCHES)
        self._taken: list[AirbyteMessage] = []
        """What is left of the batch that was taken last, in reverse."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the next message of a batch, or the next item."""
        if self._taken:
            return self._taken.pop()
        item = super().get(block, timeout)
        if type(item) is not Batch:
            return item
        self._taken = item.messages[::-1]
        return self._taken.pop()

    def empty(self) -> bool:
        """Whether the consumer has taken everything."""
        return not self._taken and super().empty()


class OrderedRepository(InMemoryMessageRepository):
    """Puts each message on the queue from the thread that made it.

    The CDK's own passes it through a list that all threads share, where the main thread can take another thread's
    state and print it before the records it covers.
    """

    def __init__(self, queue: BatchQueue) -> None:
        super().__init__()
        self._waiting = queue
        self._consumer = get_ident()
        """The thread that prints. It keeps its own messages until it prints them: it must not wait for itself."""

    def emit_message(self, message: AirbyteMessage) -> None:
        """Put a message behind everything that this thread has read."""
        if get_ident() == self._consumer:
            super().emit_message(message)
        else:
            self._waiting.put(message)

    def emit_if_idle(self, message: AirbyteMessage) -> None:
        """Put a message on the queue if there is room. A full queue is being printed, so nobody misses a message."""
        with suppress(Full):
            self._waiting.put(message, block=False)
