"""Answers that several streams and threads need, each asked for once per sync."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import RLock
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Answers:
    """Answers by question."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Any] = {}
        self._lock = RLock()

    def once(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a question. Only the first caller runs `ask`, which may ask another question first."""
        with self._lock:
            if question not in self._answers:
                self._answers[question] = ask()
            answer: Answer = self._answers[question]
            return answer
