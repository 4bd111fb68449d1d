"""What one stream learns in a sync about how much Hotmart answers at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from source_hotmart.state.windows import DAY_MS

LONGEST_DAYS = 180
"""The longest date range that is asked for. Hotmart refuses or may cut longer ones from somewhere below two years."""
MOST_NEEDED = 16


@dataclass
class Limit:
    """A size that is halved where Hotmart answers no more, and doubled again after successes. Shared by threads."""

    least: int
    most: int
    value: int | None = None
    """`None`: nothing was too large so far."""
    _successes: int = 0
    _needed: int = 1
    """Successes before the next doubling: more of them after one that was too early."""
    _has_grown: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def shorten(self, size: int) -> None:
        """Note that more than this was too large."""
        with self._lock:
            self.value = max(self.least, min(size, self.value or size))
            self._successes = 0
            if self._has_grown:
                self._needed, self._has_grown = min(2 * self._needed, MOST_NEEDED), False

    def succeeded(self, size: int) -> None:
        """Note that this size was answered. Only sizes near the limit count."""
        with self._lock:
            if self.value is None or 2 * size <= self.value:
                return
            self._successes += 1
            if self._successes >= self._needed:
                larger = 2 * self.value
                self.value, self._successes, self._has_grown = larger if larger < self.most else None, 0, True


@dataclass
class LearnedLimits:
    """What one stream learned about the API in this sync. Shared by its threads."""

    length_ms: Limit = field(default_factory=lambda: Limit(least=DAY_MS, most=LONGEST_DAYS * DAY_MS))
    """The longest date range."""
    page_rows: Limit = field(default_factory=lambda: Limit(least=10, most=500))
    """The most rows on a page."""
    is_unavailable: bool = False
    """Whether Hotmart answered nothing at all when it was asked last."""
    one_status_at_a_time: bool = False
    refused_statuses: set[str] = field(default_factory=set)
    """Statuses that Hotmart refuses also when they are asked for alone."""
    _lock: Lock = field(default_factory=Lock, repr=False)

    def refuse_several_statuses(self) -> bool:
        """Note that statuses must be asked for one at a time. Returns True to the first caller."""
        with self._lock:
            first = not self.one_status_at_a_time
            self.one_status_at_a_time = True
            return first

    def refuse_status(self, status: str) -> bool:
        """Note a status that is refused also alone. Returns True to the first caller."""
        with self._lock:
            first = status not in self.refused_statuses
            self.refused_statuses.add(status)
            return first
