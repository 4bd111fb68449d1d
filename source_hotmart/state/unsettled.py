"""Watch old sales without a final status, so that a sale that changes again is read again.

The state has a digest per day of these sales, which shows the days whose set has changed.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Any
from zlib import crc32

from source_hotmart.state.intervals import UNKNOWN_FORM, Interval, UnreadableState
from source_hotmart.state.lookback import RereadRule
from source_hotmart.state.windows import DAY_MS, Window, intersect, moment, subtract

DayDigests = dict[int, int]
"""Digest by day, counted from 1970-01-01 (UTC)."""

BYTES = 3
UNKNOWN = 0xFFFFFF
"""Replaces the digest of a day that was not read completely. It differs from every other digest."""

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
            pending = days_of(changed)
            self._digests = {
                day: self._digests.get(day, UNKNOWN) if day in pending else digest for day, digest in found.items()
            }
        return changed

    def was_read(self, complete: Sequence[Window]) -> None:
        """Save the digests of days whose changed parts have all been read."""
        with self._lock:
            self._unread = subtract(self._unread, complete)
            read = days_of(complete) - days_of(self._unread)
            self._digests.update({day: digest for day, digest in self._found.items() if day in read})


def days_of(windows: Iterable[Window]) -> set[int]:
    """Return every day of some date ranges, counted from 1970-01-01."""
    return {day for first_ms, last_ms in windows for day in range(first_ms // DAY_MS, last_ms // DAY_MS + 1)}


def _day(day: int) -> Window:
    """Return the date range of a day, counted from 1970-01-01."""
    return day * DAY_MS, (day + 1) * DAY_MS - 1


def digests(keys: Iterable[tuple[int, str]], first_day: int, last_day: int) -> DayDigests:
    """Return the digest of each day in a range, given (day, key) of every key."""
    of_days = dict.fromkeys(range(first_day, last_day + 1), 0)
    for day, key in keys:
        if day in of_days:
            of_days[day] ^= crc32(key.encode()) % UNKNOWN
    return {day: digest % UNKNOWN for day, digest in of_days.items()}


def encode(of_days: DayDigests) -> dict[str, Any]:
    """Return the format for a state: the first day, and three bytes per day in base64. Empty if there are none."""
    if not of_days:
        return {}
    days = range(min(of_days), max(of_days) + 1)
    text = b64encode(b"".join(of_days.get(day, UNKNOWN).to_bytes(BYTES, "big") for day in days)).decode()
    first = moment(days[0] * DAY_MS).date().isoformat()
    return {"from": first, "days": text}


def decode(state: Mapping[str, Any]) -> DayDigests:
    """Return the digests of a state. Raise `UnreadableState` if they are invalid."""
    if not state:
        return {}
    try:
        first_day = (date.fromisoformat(state["from"]) - date(1970, 1, 1)).days
        data = b64decode(state["days"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise UnreadableState(UNKNOWN_FORM) from None
    values = [int.from_bytes(data[at : at + BYTES], "big") for at in range(0, len(data), BYTES)]
    return {first_day + number: value for number, value in enumerate(values) if value != UNKNOWN}
