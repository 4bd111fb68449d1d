"""Track during a sync how much data Hotmart returns at once for a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from source_hotmart.state.windows import DAY_MS

LONGEST_DAYS = 180
"""Maximum days of a requested date range. Hotmart rejects or may truncate ranges from below two years on."""
MOST_NEEDED = 16


@dataclass
class Limit:
    """A size that is halved when Hotmart fails to answer, and doubled after successes. Shared by threads."""

    least: int
    most: int
    value: int | None = None
    """`None`: nothing was too large so far."""
    _successes: int = 0
    _needed: int = 1
    """Successes before the next doubling. Their number grows after a doubling that was too early."""
    _has_grown: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def shorten(self, size: int) -> None:
        """Record that a size was too large."""
        with self._lock:
            self.value = max(self.least, min(size, self.value or size))
            self._successes = 0
            if self._has_grown:
                self._needed, self._has_grown = min(2 * self._needed, MOST_NEEDED), False

    def succeeded(self, size: int) -> None:
        """Record that a size was answered. Only sizes near the limit count."""
        with self._lock:
            if self.value is None or 2 * size <= self.value:
                return
            self._successes += 1
            if self._successes >= self._needed:
                larger = 2 * self.value
                self.value, self._successes, self._has_grown = larger if larger < self.most else None, 0, True


@dataclass
class LearnedLimits:
    """What one stream has learned about the API in this sync. Shared by its threads."""

    length_ms: Limit = field(default_factory=lambda: Limit(least=DAY_MS, most=LONGEST_DAYS * DAY_MS))
    """Maximum length of a date range."""
    page_rows: Limit = field(default_factory=lambda: Limit(least=10, most=500))
    """Maximum rows per page."""
    is_unavailable: bool = False
    """Whether Hotmart did not answer the last requests at all."""
    one_status_at_a_time: bool = False
    refused_statuses: set[str] = field(default_factory=set)
    """Statuses that Hotmart rejects even if they are requested alone."""
    _lock: Lock = field(default_factory=Lock, repr=False)

    def refuse_several_statuses(self) -> bool:
        """Record that statuses must be requested one at a time. Return True to the first caller."""
        with self._lock:
            first = not self.one_status_at_a_time
            self.one_status_at_a_time = True
            return first

    def refuse_status(self, status: str) -> bool:
        """Record a status that is rejected even alone. Return True to the first caller."""
        with self._lock:
            first = status not in self.refused_statuses
            self.refused_statuses.add(status)
            return first
