"""Report whether a sync is complete: whether the rows match Hotmart's counts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock

from source_hotmart.api.messages import FEW_OF_A_KIND, LONGEST_LABEL, named

LOGGER = logging.getLogger("airbyte.hotmart")

NAMED = 20
"""Maximum number of lists to name in the last line."""
MOST_TOTALS = 5
"""Maximum number of different counts of one list to name."""


class SyncReport:
    """Counts the date ranges whose rows match Hotmart's own count, and names the others."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._agreeing = 0
        self._differing: list[str] = []
        self._differing_count = 0
        self._incomplete: set[tuple[str, str]] = set()
        self._collisions: dict[str, int] = {}
        self._last_lines: list[Callable[[], None]] = []
        FEW_OF_A_KIND.begin()

    def at_end(self, log: Callable[[], None]) -> None:
        """Register a function that logs something about one stream at the end of the sync."""
        self._last_lines.append(log)

    def list_read(self, stream_name: str, label: str, *, rows: int, totals: set[int], is_complete: bool) -> None:
        """Record a date range or list that was read to its end: distinct rows, and every total on its pages."""
        if is_complete:
            with self._lock:
                self._agreeing += bool(totals)
            return
        counted = " or ".join(str(total) for total in sorted(totals))
        if len(totals) > MOST_TOTALS:
            counted = f"{len(totals):,} different numbers of"
        reason = f"Hotmart counted {counted} rows" if totals else "Hotmart sent no reliable count of the rows"
        self.incomplete(stream_name, label, f"{reason}, and {rows} arrived")

    def incomplete(self, stream_name: str, label: str, reason: str) -> None:
        """Record a date range or list that may lack rows, and why. One record per list is enough."""
        label = named(label, LONGEST_LABEL)
        with self._lock:
            if (stream_name, label) in self._incomplete:
                return
            self._incomplete.add((stream_name, label))
        LOGGER.warning(
            "%s: Rows of %s may be missing: %s, even after a second read. The next sync reads them again.",
            stream_name,
            label,
            reason,
        )
        self._note_differing(f"{stream_name} {label} ({reason})")

    def views_differ(self, stream_name: str, difference: str) -> None:
        """Record sales that one view lacks and another has."""
        difference = named(difference, LONGEST_LABEL)
        LOGGER.warning("%s: %s.", stream_name, difference)
        self._note_differing(f"{stream_name} ({difference})")

    def _note_differing(self, what: str) -> None:
        with self._lock:
            self._differing_count += 1
            if len(self._differing) < NAMED:
                self._differing.append(what)

    def key_collision(self, stream_name: str, keys: int) -> None:
        """Record primary keys that Hotmart used for rows with different content."""
        with self._lock:
            self._collisions[stream_name] = self._collisions.get(stream_name, 0) + keys

    def log_summary(self) -> None:
        """Log the lines of single streams at the end of the sync, and one line about all compared counts."""
        for log in self._last_lines:
            log()
        for level, sentence in FEW_OF_A_KIND.dropped():
            LOGGER.log(level, sentence)
        for stream_name, keys in sorted(self._collisions.items()):
            LOGGER.warning(
                "%s: Hotmart sent different rows with the same primary key (%d keys). One row per key was kept.",
                stream_name,
                keys,
            )
        if self._differing:
            left = self._differing_count - len(self._differing)
            more = f"; and {left} more" if left > 0 else ""
            LOGGER.warning("Rows may be missing: %s%s.", "; ".join(self._differing), more)
        elif self._agreeing:
            LOGGER.info(
                "Complete: the rows match Hotmart's count in all %d date ranges and lists that have one.",
                self._agreeing,
            )
