"""Count the calls of one clock minute against the limit, and report them in headers (hotmart-api.md 2.3)."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from threading import Lock
from typing import Final

from hotmart_simulator.switches import Switches

WINDOW_S: Final = 60
LOGINS_PER_MINUTE: Final = 3  # no source gives a figure (1.2), and a low one is harder on a client


@dataclass(frozen=True, slots=True)
class Standing:
    """The quota in the headers of one response.

    `reset_s` is whole seconds from now, rounded up. `reset_at_s` is the same moment by the clock.
    """

    switches: Switches
    remaining: int
    reset_s: int
    reset_at_s: int
    exceeded: bool

    @property
    def headers(self) -> list[tuple[str, str]]:
        switches = self.switches
        limit, remaining = str(switches.limit_per_minute), str(self.remaining)
        standard = [
            ("RateLimit-Limit", limit),
            ("RateLimit-Remaining", remaining),
            ("RateLimit-Reset", str(self.reset_s if switches.quota_reset == "seconds" else self.reset_at_s)),
        ]
        others = [("X-RateLimit-Limit-Minute", limit), ("X-RateLimit-Remaining-Minute", remaining)]
        return {"both": standard + others, "standard": standard, "x": others, "none": []}[switches.quota_names]


class Quota:
    """Count the calls of one kind in the current minute of the clock (seconds)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._window = -1
        self._used = 0

    def take(self, switches: Switches, limit: int) -> Standing:
        """Count one call. A call over the limit is rejected and not counted."""
        now_s = self._clock()
        with self._lock:
            window = floor(now_s / WINDOW_S)
            if window != self._window:
                self._window, self._used = window, 0
            exceeded = self._used >= limit
            if not exceeded:
                self._used += 1
            reset_s = max(1, ceil((window + 1) * WINDOW_S - now_s))
            return Standing(switches, max(0, limit - self._used), reset_s, (window + 1) * WINDOW_S, exceeded)
