"""State of a dated stream: intervals of the filter date, each with the time it was read.

Intervals with different times are kept separate, since different parts of them are read again (`lookback.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from source_hotmart.state.windows import DAY_MS, Window, iso, milliseconds, subtract, union

DATE_RANGE = "date-range"
"""The `state_type` of the CDK's states with slices."""
NO_STATE = "__ab_no_cursor_state_message"
"""The marker that a full refresh leaves in place of a state."""
UNKNOWN_FORM = "it is not in a form that this connector writes"
Parsed = TypeVar("Parsed")


class UnreadableState(ValueError):
    """A saved state has a format that this connector does not write."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """First and last millisecond that were read, and the start time of the read."""

    start_ms: int
    end_ms: int
    as_of_ms: int

    @property
    def window(self) -> Window:
        """The interval without its read time."""
        return self.start_ms, self.end_ms


def covered(intervals: Iterable[Interval]) -> list[Window]:
    """Return the windows that the intervals cover together."""
    return union(interval.window for interval in intervals)


def close(intervals: Iterable[Interval], window: Window, as_of_ms: int) -> list[Interval]:
    """Return the intervals after a window has been read completely. It replaces their parts in that window."""
    return sorted([*_without(intervals, [window]), Interval(*window, as_of_ms)])


def reopen(intervals: Iterable[Interval], window: Window, saved: Sequence[Interval]) -> list[Interval]:
    """Return the intervals with their saved parts in a window, because this sync did not read it completely."""
    outside = subtract(covered(saved), [window])
    return sorted([*_without(intervals, [window]), *_without(saved, outside)])


def _without(intervals: Iterable[Interval], holes: Sequence[Window]) -> list[Interval]:
    """Return the parts of the intervals outside the windows."""
    return [
        replace(old, start_ms=first, end_ms=last) for old in intervals for first, last in subtract([old.window], holes)
    ]


def as_slices(intervals: Sequence[Interval]) -> dict[str, Any]:
    """Return intervals in the CDK's date-range format of a state."""
    slices = [
        {"start": iso(interval.start_ms), "end": iso(interval.end_ms), "as_of": iso(interval.as_of_ms)}
        for interval in intervals
    ]
    return {"state_type": DATE_RANGE, "slices": slices}


def read_slices(state: Mapping[str, Any], cursor_field: str, start_ms: int, now_ms: int) -> list[Interval]:
    """Return the intervals of a saved state, ascending.

    Accepts the date-range format with and without `as_of` (1.0.0 read up to the end of each interval), the plain format
    `{cursor_field: time}` as everything from `start_ms` to that time, and the marker of a full refresh as nothing.
    Raise `UnreadableState` for anything else, and for a state in the future.
    """
    intervals = parse_saved(
        lambda: _intervals(state, cursor_field, start_ms),
        lambda found: max((max(interval.end_ms, interval.as_of_ms) for interval in found), default=0),
        now_ms,
    )
    read: list[Interval] = []
    for interval in sorted(intervals, key=lambda interval: interval.as_of_ms):
        read = close(read, interval.window, interval.as_of_ms)
    return read


def parse_saved(parse: Callable[[], Parsed], latest_ms: Callable[[Parsed], int], now_ms: int) -> Parsed:
    """Return the result of `parse`. Raise `UnreadableState` if it fails, or if its latest time is in the future."""
    try:
        parsed = parse()
    except UnreadableState:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        raise UnreadableState(UNKNOWN_FORM) from None
    if latest_ms(parsed) > now_ms + DAY_MS:
        raise UnreadableState(f"it ends in the future, at {iso(latest_ms(parsed))} (check this machine's clock)")
    return parsed


def _intervals(state: Mapping[str, Any], cursor_field: str, start_ms: int) -> list[Interval]:
    if not state or state.get(NO_STATE):
        return []
    if state.get("state_type") == DATE_RANGE:
        items = [(time_ms(item["start"]), time_ms(item["end"]), item.get("as_of")) for item in state["slices"]]
    elif set(state) == {cursor_field}:
        items = [(start_ms, time_ms(state[cursor_field]), None)]
    else:
        raise KeyError(cursor_field)
    return [
        Interval(first_ms, last_ms, time_ms(as_of) if as_of else last_ms)
        for first_ms, last_ms, as_of in items
        if first_ms < last_ms or (as_of and first_ms == last_ms)  # the CDK's own cursor begins with [start, start]
    ]


def time_ms(text: str) -> int:
    """Return epoch milliseconds of an ISO 8601 text, in UTC by default. Raise `ValueError` if it is invalid."""
    time = datetime.fromisoformat(text)
    return milliseconds(time if time.tzinfo else time.replace(tzinfo=UTC))
