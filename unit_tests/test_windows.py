"""The arithmetic of windows: any start, any now, any state; leap days and month ends among them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_hotmart.state.windows import (
    Window,
    iso,
    later,
    milliseconds,
    moment,
    month_start,
    split_evenly,
    split_into_months,
    split_months,
    subtract,
    union,
)

EARLIEST_MS = milliseconds(datetime(2010, 1, 1, tzinfo=UTC))
LATEST_MS = milliseconds(datetime(2035, 1, 1, tzinfo=UTC))
YEAR_MS = 366 * 86_400_000

moments = st.integers(EARLIEST_MS, LATEST_MS) | st.sampled_from(
    [
        milliseconds(datetime(year, month, day, hour, tzinfo=UTC))
        for year, month, day in ((2016, 2, 29), (2020, 2, 29), (2023, 12, 31), (2024, 1, 31), (2024, 3, 31))
        for hour in (0, 23)
    ]
)
windows = st.tuples(moments, moments).map(lambda pair: (min(pair), max(pair)))
small = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair)))


def covers_once(pieces: list[Window], window: Window) -> None:
    """The pieces follow on each other by a millisecond, from the start of the window to its end."""
    assert pieces[0][0] == window[0]
    assert pieces[-1][1] == window[1]
    assert all(start_ms <= end_ms for start_ms, end_ms in pieces)
    assert all(after[0] == before[1] + 1 for before, after in itertools.pairwise(pieces))


def points(some: list[Window]) -> set[int]:
    return {point for start, end in some for point in range(start, end + 1)}


@given(windows, st.sampled_from([1, 6, 12]))
def test_months_cover_a_window_once_and_none_is_too_long(window: Window, months: int) -> None:
    pieces = split_months(window, months)

    covers_once(pieces, window)
    assert all(end_ms - start_ms < YEAR_MS for start_ms, end_ms in pieces)
    assert all(end_ms < later(start_ms, months) + 3 * 86_400_000 for start_ms, end_ms in pieces)


@given(windows, st.integers(1, 400))
def test_even_parts_cover_a_window_once_and_differ_by_a_millisecond(window: Window, parts: int) -> None:
    pieces = split_evenly(window, parts)

    covers_once(pieces, window)
    lengths = {end_ms - start_ms for start_ms, end_ms in pieces}
    assert max(lengths) - min(lengths) <= 1
    assert len(pieces) == min(parts, window[1] - window[0] + 1)


@given(windows)
def test_calendar_months_cover_a_window_once_and_cross_no_month(window: Window) -> None:
    pieces = split_into_months(window)

    covers_once(pieces, window)
    assert all(month_start(start_ms) == month_start(end_ms) for start_ms, end_ms in pieces)
    assert all(month_start(start_ms) == start_ms for start_ms, _ in pieces[1:])


@given(st.lists(small, max_size=6), st.lists(small, max_size=6))
def test_union_and_subtract_are_those_of_the_points(some: list[Window], others: list[Window]) -> None:
    assert points(union(some)) == points(some)
    assert points(subtract(some, others)) == points(some) - points(others)
    for result in (union(some), subtract(some, others)):
        assert all(after[0] > before[1] for before, after in itertools.pairwise(result))


@given(st.lists(small, max_size=6))
def test_union_leaves_a_gap_between_windows(some: list[Window]) -> None:
    merged = union(some)

    assert all(after[0] > before[1] + 1 for before, after in itertools.pairwise(merged))


@given(moments)
def test_a_time_survives_its_text(time_ms: int) -> None:
    assert milliseconds(datetime.fromisoformat(iso(time_ms))) == time_ms
    assert milliseconds(moment(time_ms)) == time_ms
    assert len(iso(time_ms)) == 24


@pytest.mark.parametrize(
    ("time", "months", "expected"),
    [
        ("2024-02-29T12:00:00Z", 12, "2025-02-28T12:00:00.000Z"),
        ("2024-02-29T12:00:00Z", 48, "2028-02-29T12:00:00.000Z"),
        ("2024-03-31T00:00:00Z", -1, "2024-02-29T00:00:00.000Z"),
        ("2025-12-31T23:59:59Z", 2, "2026-02-28T23:59:59.000Z"),
        ("2024-01-15T00:00:00Z", -12, "2023-01-15T00:00:00.000Z"),
    ],
)
def test_months_later_keep_the_day_or_take_the_last(time: str, months: int, expected: str) -> None:
    assert iso(later(milliseconds(datetime.fromisoformat(time)), months)) == expected
