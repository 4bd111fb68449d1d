"""Watch old sales without a final status by day, so that a sale that changes again is read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from source_hotmart.state.day_digests import UNKNOWN, DayDigests, decode, encode
from source_hotmart.state.intervals import Interval
from source_hotmart.state.lookback import RereadRule
from source_hotmart.state.windows import DAY_MS, Window, intersect, subtract

WATCHED_DAYS = 730
"""Days to watch a sale without a final status, counted from its order."""


class UnsettledWatch:
    """Digests of the unsettled sales of each day, as one view saw them when it last read the day."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._digests: DayDigests = {}
        self._found: DayDigests = {}
        self._unread: list[Window] = []
        """Parts of days with changed unsettled sales that have not been read yet."""

    def load(self, state: Mapping[str, Any]) -> None:
        """Load the digests of a saved state. Raise `UnreadableState` if they are invalid."""
        self._digests = decode(state.get("unsettled") or {})

    @property
    def state(self) -> Mapping[str, Any]:
        """The part of the state with the digests."""
        with self._lock:
            return {"unsettled": encode(self._digests)} if self._digests else {}

    def range(self, late: Sequence[Window], start_ms: int, now_ms: int) -> int:
        """Return where to start looking for unsettled sales: a year back, or earlier if some were seen there."""
        watched_ms = min((day * DAY_MS for day, digest in self._digests.items() if digest), default=now_ms)
        oldest_ms = max(min(watched_ms, now_ms - 366 * DAY_MS, *(first for first, _ in late)), start_ms)
        return max(oldest_ms, now_ms - WATCHED_DAYS * DAY_MS)

    def changed(
        self, found: DayDigests, late: Sequence[Window], saved: Sequence[Interval], rule: RereadRule
    ) -> list[Window]:
        """Return the date ranges of days whose unsettled sales differ from the last read."""
        beyond = [window for interval in saved for window in rule.beyond_lookback(interval)]
        with self._lock:
            known = intersect(beyond, [_day(day) for day in self._digests])
            days = [_day(day) for day, digest in found.items() if self._digests.get(day) != digest]
            changed = intersect([*late, *known], days)
            self._found, self._unread = found, changed
            pending = {day for window in changed for day in self._of_days(window)}
            self._digests = {
                day: self._digests.get(day, UNKNOWN) if day in pending else digest for day, digest in found.items()
            }
        return changed

    def was_read(self, complete: Sequence[Window]) -> None:
        """Save the digests of days whose changed parts have all been read."""
        with self._lock:
            self._unread = subtract(self._unread, complete)
            unread = {day for window in self._unread for day in self._of_days(window)}
            read = {day: digest for window in complete for day, digest in self._of_days(window).items()}
            self._digests.update({day: digest for day, digest in read.items() if day not in unread})

    def _of_days(self, window: Window) -> DayDigests:
        days = range(window[0] // DAY_MS, window[1] // DAY_MS + 1)
        return {day: self._found[day] for day in days if day in self._found}


def _day(day: int) -> Window:
    """Return the date range of a day, counted from 1970-01-01."""
    return day * DAY_MS, (day + 1) * DAY_MS - 1
