"""Queue from the threads that read to the thread that prints: batches of rows, and all other messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from queue import Full, Queue
from threading import get_ident
from typing import Any

from airbyte_cdk.models import AirbyteMessage, Type
from airbyte_cdk.sources.message import InMemoryMessageRepository

QUEUE_BATCHES = 10
"""Maximum number of batches that wait to be printed. With the pages of all threads it bounds the memory of a sync."""
LONGEST_PUT_S = 1.0
"""Maximum wait for room in the queue for a state that a later one can replace."""


@dataclass(eq=False)
class Batch(AirbyteMessage):
    """Messages that are queued together. The CDK passes the batch on as one message."""

    messages: list[AirbyteMessage] = field(default_factory=list)

    @classmethod
    def of(cls, messages: list[AirbyteMessage]) -> Batch:
        """Return a batch of some messages."""
        return cls(Type.RECORD, messages=messages)


class OrderedRepository(InMemoryMessageRepository):
    """Queues each message in the thread that made it.

    The CDK's own repository uses a list that all threads share. The main thread could take another thread's state from
    it and print that before the records it covers.
    """

    def __init__(self, queue: Queue[Any]) -> None:
        super().__init__()
        self._waiting = queue
        self._consumer = get_ident()
        """The thread that prints. It stores its own messages, because it must not wait for itself on a full queue."""

    def emit_message(self, message: AirbyteMessage) -> None:
        """Queue a message after everything that this thread has read."""
        if get_ident() == self._consumer:
            super().emit_message(message)
        else:
            self._waiting.put(message)

    def emit_soon(self, message: AirbyteMessage) -> bool:
        """Queue a message and return True, unless the queue stays full, such as after the sync."""
        try:
            self._waiting.put(message, timeout=LONGEST_PUT_S)
        except Full:
            return False
        return True
