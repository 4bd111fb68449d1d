"""Arithmetic of time windows: pairs of epoch milliseconds, inclusive at both ends, one millisecond apart.

Hotmart's date filters take epoch milliseconds and include both ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from dateutil.relativedelta import relativedelta

Window = tuple[int, int]
"""First and last millisecond, both read."""

DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def moment(time_ms: int) -> datetime:
    """The UTC moment of epoch milliseconds."""
    return _EPOCH + timedelta(milliseconds=time_ms)


def milliseconds(moment: datetime) -> int:
    """Epoch milliseconds of a moment, what lies below a millisecond cut off."""
    return (moment - _EPOCH) // _MILLISECOND


def iso(time_ms: int) -> str:
    """`2024-05-01T12:00:00.123Z`, always with milliseconds, so that texts sort as times do."""
    return moment(time_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def later(time_ms: int, months: int) -> int:
    """The same time of day so many calendar months later; the month's last day where it is too short."""
    return milliseconds(moment(time_ms) + relativedelta(months=months))


def whole_second(time_ms: int) -> int:
    """The start of the second. Hotmart may cut milliseconds off its filters, so date ranges meet at whole seconds."""
    return time_ms - time_ms % 1000


def month_start(time_ms: int) -> int:
    """Midnight UTC of the first day of the month."""
    return milliseconds(moment(time_ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def union(windows: Iterable[Window]) -> list[Window]:
    """The same milliseconds in as few windows as can be, ascending."""
    merged: list[Window] = []
    for start_ms, end_ms in sorted(windows):
        if merged and start_ms <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_ms))
        else:
            merged.append((start_ms, end_ms))
    return merged


def subtract(windows: Iterable[Window], holes: Iterable[Window]) -> list[Window]:
    """What lies in `windows` and in none of `holes`, ascending."""
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
    """What lies in `windows` and in `others`, ascending."""
    all_of_it = union(windows)
    return subtract(all_of_it, subtract(all_of_it, others))


def split_at(window: Window, time_ms: int) -> tuple[Window, Window | None]:
    """Return what lies before the second of a time inside the window, and the rest, `None` when there is none."""
    edge_ms = whole_second(time_ms)
    if not window[0] < edge_ms <= window[1]:
        return window, None
    return (window[0], edge_ms - 1), (edge_ms, window[1])


def split_days(window: Window, days: int) -> list[Window]:
    """Return the window in pieces of at most `days` days, with inner edges on whole seconds."""
    start_ms, end_ms = window
    pieces: list[Window] = []
    while start_ms <= end_ms:
        next_ms = whole_second(start_ms + days * DAY_MS)
        pieces.append((start_ms, min(next_ms - 1, end_ms)))
        start_ms = next_ms
    return pieces


def split_evenly(window: Window, parts: int) -> list[Window]:
    """Return the window in at most `parts` pieces of about the same length, with inner edges on whole seconds."""
    start_ms, end_ms = window
    length_ms = end_ms - start_ms + 1
    inner_ms = {whole_second(start_ms + length_ms * number // parts) for number in range(1, parts)}
    edges_ms = [start_ms, *sorted(edge_ms for edge_ms in inner_ms if edge_ms > start_ms), end_ms + 1]
    return [(first_ms, next_ms - 1) for first_ms, next_ms in pairwise(edges_ms)]


def split_into_months(window: Window) -> list[Window]:
    """The calendar months (UTC) that the window touches, cut to its ends."""
    start_ms, end_ms = window
    months: list[Window] = []
    while start_ms <= end_ms:
        next_ms = later(month_start(start_ms), 1)
        months.append((start_ms, min(next_ms - 1, end_ms)))
        start_ms = next_ms
    return months
