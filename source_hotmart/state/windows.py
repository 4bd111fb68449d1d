"""Arithmetic of date ranges (windows): pairs of epoch milliseconds, inclusive at both ends.

Adjacent windows are one millisecond apart. Hotmart's date filters take epoch milliseconds and include both ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from dateutil.relativedelta import relativedelta

Window = tuple[int, int]
"""First and last millisecond, both included."""

DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def moment(time_ms: int) -> datetime:
    """Return the UTC time of epoch milliseconds."""
    return _EPOCH + timedelta(milliseconds=time_ms)


def milliseconds(moment: datetime) -> int:
    """Return the epoch milliseconds of a time, without smaller fractions."""
    return (moment - _EPOCH) // _MILLISECOND


def iso(time_ms: int) -> str:
    """Return `2024-05-01T12:00:00.123Z`, always with milliseconds, so that texts sort in order of time."""
    return moment(time_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def later(time_ms: int, months: int) -> int:
    """Return the same time of day some calendar months later, on the last day of a month that is too short."""
    return milliseconds(moment(time_ms) + relativedelta(months=months))


def whole_second(time_ms: int) -> int:
    """Return the start of the second. Hotmart may cut off milliseconds, so date ranges meet at whole seconds."""
    return time_ms - time_ms % 1000


def month_start(time_ms: int) -> int:
    """Return midnight UTC of the first day of the month."""
    return milliseconds(moment(time_ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def union(windows: Iterable[Window]) -> list[Window]:
    """Return the same milliseconds in as few windows as possible, ascending."""
    merged: list[Window] = []
    for start_ms, end_ms in sorted(windows):
        if merged and start_ms <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_ms))
        else:
            merged.append((start_ms, end_ms))
    return merged


def subtract(windows: Iterable[Window], holes: Iterable[Window]) -> list[Window]:
    """Return the parts of `windows` outside all `holes`, ascending."""
    left = union(windows)
    for hole_start_ms, hole_end_ms in union(holes):
        left = [
            (start_ms, end_ms)
            for window in left
            for start_ms, end_ms in (
                (window[0], min(window[1], hole_start_ms - 1)),
                (max(window[0], hole_end_ms + 1), window[1]),
            )
            if start_ms <= end_ms
        ]
    return left


def intersect(windows: Iterable[Window], others: Iterable[Window]) -> list[Window]:
    """Return the common parts of `windows` and `others`, ascending."""
    all_of_it = union(windows)
    return subtract(all_of_it, subtract(all_of_it, others))


def split_at(window: Window, time_ms: int) -> tuple[Window, Window | None]:
    """Split a window at the second of a time inside it. The second part is `None` if it is empty."""
    edge_ms = whole_second(time_ms)
    if not window[0] < edge_ms <= window[1]:
        return window, None
    return (window[0], edge_ms - 1), (edge_ms, window[1])


def split_days(window: Window, days: int) -> list[Window]:
    """Split a window into pieces of at most `days` days, with inner edges on whole seconds."""
    return _split(window, lambda start_ms: whole_second(start_ms + days * DAY_MS))


def newest_first(window: Window, days: int) -> Iterator[Window]:
    """Yield pieces of a window of about `days` days, the newest first, with inner edges on whole seconds."""
    start_ms, end_ms = window
    while start_ms <= end_ms:
        first_ms = max(start_ms, whole_second(end_ms - days * DAY_MS))
        yield first_ms, end_ms
        end_ms = first_ms - 1


def split_evenly(window: Window, parts: int) -> list[Window]:
    """Split a window into at most `parts` pieces of about equal length, with inner edges on whole seconds."""
    start_ms, end_ms = window
    length_ms = end_ms - start_ms + 1
    inner_ms = {whole_second(start_ms + length_ms * number // parts) for number in range(1, parts)}
    edges_ms = [start_ms, *sorted(edge_ms for edge_ms in inner_ms if edge_ms > start_ms), end_ms + 1]
    return [(first_ms, next_ms - 1) for first_ms, next_ms in pairwise(edges_ms)]


def split_into_months(window: Window) -> list[Window]:
    """Return the calendar months (UTC) of a window, cut to its ends."""
    return _split(window, lambda start_ms: later(month_start(start_ms), 1))


def _split(window: Window, next_start: Callable[[int], int]) -> list[Window]:
    """Split a window into pieces, given a function that returns the start of the next piece."""
    start_ms, end_ms = window
    pieces: list[Window] = []
    while start_ms <= end_ms:
        next_ms = next_start(start_ms)
        pieces.append((start_ms, min(next_ms - 1, end_ms)))
        start_ms = next_ms
    return pieces
