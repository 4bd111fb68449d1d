"""The clock of the tests: it starts at a fixed time and advances only during sleeps."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

NOW_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, the start of every test."""


class VirtualClock:
    """A clock for all threads of this process that advances only when one of them sleeps."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now_ns = now_ms * 1_000_000
        self.slept_s: list[float] = []
        self._slept_s_by_thread: defaultdict[int, float] = defaultdict(float)
        self._real_sleep = time.sleep

    def install(self, patch: Callable[[str, Any], Any]) -> None:
        """Replace the `time` module's clock with this one. `patch` is `mocker.patch`."""
        patch("time.time_ns", self.time_ns)
        patch("time.time", self.time)
        patch("time.monotonic", self.time)
        patch("time.sleep", self.sleep)

    @property
    def now_ms(self) -> int:
        """Return the current time in epoch milliseconds."""
        return self.now_ns // 1_000_000

    def time_ns(self) -> int:
        return self.now_ns

    def time(self) -> float:
        return self.now_ns / 1e9

    def sleep(self, seconds: float) -> None:
        """Advance the clock at once, for every thread. Simultaneous sleeps add up."""
        if seconds > 0:
            self.slept_s.append(seconds)
            self._slept_s_by_thread[threading.get_ident()] += seconds
            self.now_ns += int(seconds * 1e9)
        self._real_sleep(0)

    @property
    def longest_wait_s(self) -> float:
        """Return the seconds slept by the thread that slept longest. Other threads may have slept at the same time."""
        return max(self._slept_s_by_thread.values(), default=0)

    def advance(self, **duration: float) -> None:
        """Advance the clock by `days`, `hours`, `minutes` or `seconds`."""
        units = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
        self.now_ns += int(sum(units[unit] * amount for unit, amount in duration.items()) * 1e9)
