"""Date range arithmetic for any start, current time and state, including leap days and month ends."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_hotmart.state.windows import (
    DAY_MS,
    Window,
    iso,
    later,
    milliseconds,
    moment,
    month_start,
    newest_first,
    split_at,
    split_days,
    split_evenly,
    split_into_months,
    subtract,
    union,
    whole_second,
)

EARLIEST_MS = milliseconds(datetime(2010, 1, 1, tzinfo=UTC))
LATEST_MS = milliseconds(datetime(2035, 1, 1, tzinfo=UTC))

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
    """Assert that the parts are consecutive, a millisecond apart, and cover the whole date range."""
    assert pieces[0][0] == window[0]
    assert pieces[-1][1] == window[1]
    assert all(start_ms <= end_ms for start_ms, end_ms in pieces)
    assert all(after[0] == before[1] + 1 for before, after in itertools.pairwise(pieces))


def points(some: list[Window]) -> set[int]:
    return {point for start, end in some for point in range(start, end + 1)}


def meet_at_whole_seconds(pieces: list[Window]) -> bool:
    return all(start_ms % 1000 == 0 for start_ms, _ in pieces[1:])


@given(windows, st.sampled_from([1, 30, 180]))
def test_newest_first_covers_the_date_range_from_its_end(window: Window, days: int) -> None:
    pieces = list(newest_first(window, days))

    covers_once(pieces[::-1], window)
    assert meet_at_whole_seconds(pieces[::-1])
    assert all(end_ms - start_ms < days * DAY_MS + 1000 for start_ms, end_ms in pieces)


@given(windows, st.sampled_from([1, 30, 180]))
def test_split_days_covers_the_date_range_within_the_length_limit(window: Window, days: int) -> None:
    pieces = split_days(window, days)

    covers_once(pieces, window)
    assert meet_at_whole_seconds(pieces)
    assert all(end_ms - start_ms + 1 <= days * DAY_MS for start_ms, end_ms in pieces)
    assert all(end_ms - start_ms + 1 > days * DAY_MS - 1000 for start_ms, end_ms in pieces[:-1])


@given(windows, st.integers(1, 400))
def test_split_evenly_covers_the_date_range_in_equal_parts(window: Window, parts: int) -> None:
    pieces = split_evenly(window, parts)

    covers_once(pieces, window)
    assert meet_at_whole_seconds(pieces)
    assert len(pieces) <= parts
    if window[1] - window[0] >= parts * 2000:
        lengths = [end_ms - start_ms for start_ms, end_ms in pieces]
        assert len(pieces) == parts
        assert max(lengths) - min(lengths) <= 2001


@given(st.tuples(moments, st.integers(0, 5000)), st.integers(1, 8))
def test_a_short_date_range_is_not_split_below_a_second(start_and_length: tuple[int, int], parts: int) -> None:
    start_ms, length_ms = start_and_length
    window = start_ms, start_ms + length_ms

    pieces = split_evenly(window, parts)

    covers_once(pieces, window)
    assert meet_at_whole_seconds(pieces)


@given(windows, moments)
def test_a_date_range_is_split_at_a_whole_second(window: Window, time_ms: int) -> None:
    before, after = split_at(window, time_ms)

    covers_once([before, after] if after else [before], window)
    is_inside = window[0] < whole_second(time_ms) <= window[1]
    assert after == ((whole_second(time_ms), window[1]) if is_inside else None)


@given(windows)
def test_split_into_months_covers_the_date_range_by_calendar_month(window: Window) -> None:
    pieces = split_into_months(window)

    covers_once(pieces, window)
    assert all(month_start(start_ms) == month_start(end_ms) for start_ms, end_ms in pieces)
    assert all(month_start(start_ms) == start_ms for start_ms, _ in pieces[1:])


@given(st.lists(small, max_size=6), st.lists(small, max_size=6))
def test_union_and_subtract_match_set_operations_on_points(some: list[Window], others: list[Window]) -> None:
    assert points(union(some)) == points(some)
    assert points(subtract(some, others)) == points(some) - points(others)
    for result in (union(some), subtract(some, others)):
        assert all(after[0] > before[1] for before, after in itertools.pairwise(result))


@given(st.lists(small, max_size=6))
def test_union_merges_adjacent_date_ranges(some: list[Window]) -> None:
    merged = union(some)

    assert all(after[0] > before[1] + 1 for before, after in itertools.pairwise(merged))


@given(moments)
def test_a_time_round_trips_through_its_text(time_ms: int) -> None:
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
def test_adding_months_keeps_the_day_or_uses_the_last(time: str, months: int, expected: str) -> None:
    assert iso(later(milliseconds(datetime.fromisoformat(time)), months)) == expected
