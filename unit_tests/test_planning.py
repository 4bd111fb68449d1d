"""Date ranges that an incremental sync re-reads, checked by a millisecond model for any syncs and failures."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.config.form import Config
from source_hotmart.state import unsettled
from source_hotmart.state.intervals import Interval, UnreadableState, as_slices, close, covered, read_slices
from source_hotmart.state.lookback import MonthRule, RereadRule
from source_hotmart.state.windows import DAY_MS, Window, iso, later, month_start, split_days, union, whole_second
from source_hotmart.streams.api import Api
from source_hotmart.streams.dated import DatedStream
from source_hotmart.streams.sales import SalesHistory, SalesSummary
from source_hotmart.streams.subscriptions import Subscriptions

EARLIEST_MS = 1_262_304_000_000  # 2010-01-01
LATEST_MS = 1_767_225_600_000  # 2026-01-01
SECOND_MS = 1000
HOUR_MS = 3_600_000
LATE_MONTHS = 12

moments = st.integers(EARLIEST_MS, LATEST_MS)
lookbacks_ms = st.sampled_from([days * DAY_MS for days in (1, 2, 65, 365, 400, 730)])


def contains(windows: Iterable[Window], time_ms: int) -> bool:
    return any(first <= time_ms <= last for first, last in windows)


@dataclass(frozen=True)
class Sync:
    """One sync: the time since the last one, the start date, and the parts that fail."""

    gap_ms: int
    start_ms: int
    failing: frozenset[int]
    """Indexes of the parts that fail."""


syncs = st.builds(
    Sync,
    gap_ms=st.integers(0, 3 * HOUR_MS) | st.integers(HOUR_MS, 40 * DAY_MS) | st.integers(DAY_MS, 500 * DAY_MS),
    start_ms=st.integers(EARLIEST_MS // SECOND_MS, EARLIEST_MS // SECOND_MS + 1200 * 86_400).map(
        lambda second: second * SECOND_MS
    ),
    failing=st.frozensets(st.integers(0, 12), max_size=5) | st.just(frozenset(range(100))),
)
histories = st.lists(syncs, min_size=1, max_size=6)


@dataclass
class Model:
    """All successful reads, looked up by millisecond."""

    rule: RereadRule
    whole: list[tuple[Window, int]] = field(default_factory=list)
    """Date ranges read with all statuses, with the time of the read."""
    late: list[tuple[Window, int]] = field(default_factory=list)
    """Date ranges read only for late statuses, with the time of the read."""

    @staticmethod
    def last(readings: Iterable[tuple[Window, int]], time_ms: int) -> int:
        return max((at_ms for (first, last), at_ms in readings if first <= time_ms <= last), default=-1)

    def check(self, sync: Sync, now_ms: int, needed: list[Window], late: list[Window]) -> None:
        """Check the date ranges of a sync at every millisecond where they may change."""
        edges = {sync.start_ms, now_ms}
        for window in (*needed, *late, *(window for window, _ in (*self.whole, *self.late))):
            edges |= set(window)
        for at_ms in {at_ms for _, at_ms in (*self.whole, *self.late)}:
            edges |= {at_ms, at_ms - self.rule.lookback_ms, later(at_ms, -LATE_MONTHS)}
        for edge_ms in edges:
            for time_ms in (edge_ms - SECOND_MS, edge_ms - 1, edge_ms, edge_ms + 1, edge_ms + SECOND_MS):
                if sync.start_ms <= time_ms <= now_ms:
                    self._check_at(time_ms, now_ms, needed, late)

    def _check_at(self, time_ms: int, now_ms: int, needed: list[Window], late: list[Window]) -> None:
        read_whole = self.last(self.whole, time_ms)
        read_late = max(read_whole, self.last(self.late, time_ms))
        is_needed, is_late = contains(needed, time_ms), contains(late, time_ms)
        # Any change up to the end of the look-back, and a late status up to twelve months, that no read has covered.
        settled_ms = time_ms + self.rule.lookback_ms
        if read_whole < 0 or read_whole < min(now_ms, settled_ms):
            assert is_needed
        if self.rule.late_months and read_late < min(now_ms, later(time_ms, LATE_MONTHS)):
            assert is_needed or is_late
        # Nothing is re-read without need, except a second at the boundaries and a day for 29 February.
        assert not (is_needed and is_late)
        if is_needed and read_whole >= 0:
            assert read_whole <= settled_ms + SECOND_MS
        if is_late:
            assert read_late <= later(time_ms, LATE_MONTHS) + DAY_MS + SECOND_MS


@given(histories, lookbacks_ms, st.sampled_from([0, LATE_MONTHS]))
def test_each_sync_plans_every_due_date_range_and_no_other(
    history: list[Sync], lookback_ms: int, late_months: int
) -> None:
    rule = RereadRule(lookback_ms, late_months)
    model = Model(rule)
    now_ms = EARLIEST_MS + 1300 * DAY_MS + 123
    state = "{}"
    for sync in history:
        now_ms += sync.gap_ms
        saved = read_slices(json.loads(state), "order_date", sync.start_ms, now_ms)
        needed, late = rule.needed(saved, (sync.start_ms, now_ms)), rule.late(saved, sync.start_ms)
        model.check(sync, now_ms, needed, late)
        assert all(window[0] % SECOND_MS == 0 for window in (*needed, *late))

        parts = [(part, model.whole) for window in needed for part in split_days(window, 180)]
        parts += [(part, model.late) for window in late for part in split_days(window, 180)]
        for number, (part, readings) in enumerate(parts):
            if number not in sync.failing:
                readings.append((part, now_ms))
                saved = close(saved, part, now_ms)
        state = json.dumps(as_slices(rule.compact(saved)))


@given(histories, lookbacks_ms)
def test_a_complete_sync_merges_the_state_into_one_interval(history: list[Sync], lookback_ms: int) -> None:
    rule = RereadRule(lookback_ms, LATE_MONTHS)
    now_ms, saved = EARLIEST_MS + 1300 * DAY_MS, list[Interval]()
    history.append(Sync(DAY_MS, EARLIEST_MS, frozenset()))
    for sync in history:
        now_ms += sync.gap_ms
        windows = [*rule.needed(saved, (sync.start_ms, now_ms)), *rule.late(saved, sync.start_ms)]
        parts = [part for window in windows for part in split_days(window, 180)]
        for number, part in enumerate(parts):
            if number not in sync.failing:
                saved = close(saved, part, now_ms)
        saved = rule.compact(saved)

    assert saved == [Interval(EARLIEST_MS, now_ms, now_ms)]


small = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(st.tuples(small, st.integers(0, 1000)), max_size=8))
def test_intervals_hold_the_latest_read_time_of_each_millisecond(readings: list[tuple[Window, int]]) -> None:
    intervals: list[Interval] = []
    expected: dict[int, int] = {}
    for window, at_ms in readings:
        intervals = close(intervals, window, at_ms)
        expected |= dict.fromkeys(range(window[0], window[1] + 1), at_ms)

    found = [(ms, one.as_of_ms) for one in intervals for ms in range(one.start_ms, one.end_ms + 1)]
    assert len(found) == len(expected)
    assert dict(found) == expected
    assert covered(intervals) == union(window for window, _ in readings)


def as_read(drawn: list[tuple[int, int, int]]) -> list[Interval]:
    """Return intervals that were read in any order. A later one replaces the part that it covers."""
    intervals: list[Interval] = []
    for first, days, older in drawn:
        last = first + days * DAY_MS
        intervals = close(intervals, (first, last), last + older * DAY_MS)
    return intervals


saved_intervals = st.lists(st.tuples(moments, st.integers(1, 900), st.integers(0, 500)), max_size=5).map(as_read)


@given(saved_intervals, lookbacks_ms, lookbacks_ms)
@example(as_read([(1_429_776_354_840, 534, 196), (1_461_225_956_000, 366, 0)]), DAY_MS, 400 * DAY_MS)
def test_a_raised_look_back_re_reads_up_to_twelve_months(intervals: list[Interval], one_ms: int, other_ms: int) -> None:
    """Up to twelve months. What was older when it was read takes on later times, and is then out of reach."""
    lower_ms, higher_ms = sorted((one_ms, other_ms))
    compact = RereadRule(lower_ms, LATE_MONTHS).compact(intervals)

    needed = RereadRule(higher_ms, LATE_MONTHS).needed(compact, (EARLIEST_MS, LATEST_MS))

    for interval in intervals:
        since_ms = interval.as_of_ms - min(higher_ms, 365 * DAY_MS)
        if EARLIEST_MS <= interval.start_ms <= since_ms <= interval.end_ms <= LATEST_MS:
            assert contains(needed, since_ms)
            assert contains(needed, interval.end_ms)


@given(saved_intervals, lookbacks_ms)
def test_compacting_intervals_does_not_change_the_plan(intervals: list[Interval], lookback_ms: int) -> None:
    rule, whole = RereadRule(lookback_ms, LATE_MONTHS), (EARLIEST_MS, LATEST_MS)

    compact = rule.compact(intervals)

    assert rule.needed(compact, whole) == rule.needed(intervals, whole)
    assert rule.late(compact, EARLIEST_MS) == rule.late(intervals, EARLIEST_MS)
    assert covered(compact) == covered(intervals)
    assert rule.compact(compact) == compact


def test_a_plan_gives_the_reason_for_each_date_range() -> None:
    start_ms, last_ms = EARLIEST_MS + 400 * DAY_MS, EARLIEST_MS + 1000 * DAY_MS
    saved = [Interval(start_ms, last_ms, last_ms)]
    rule, now_ms = RereadRule(65 * DAY_MS, LATE_MONTHS), last_ms + DAY_MS
    again_ms, changed = last_ms - 65 * DAY_MS, (last_ms - 90 * DAY_MS, last_ms - 89 * DAY_MS)

    assert list(rule.plan([], (start_ms, now_ms))) == [((start_ms, now_ms), "new")]
    plan = list(rule.plan(saved, (EARLIEST_MS, now_ms), [changed]))
    assert plan == [
        ((EARLIEST_MS, start_ms - 1), "gap"),
        ((again_ms, now_ms), "look-back"),
        (changed, "unsettled sales changed"),
        ((later(last_ms, -LATE_MONTHS), changed[0] - 1), "late statuses"),
        ((changed[1] + 1, again_ms - 1), "late statuses"),
    ]


@given(saved_intervals)
@example(as_read([(1_767_225_599_517, 1, 0), (1_767_225_599_516, 1, 0)]))  # one millisecond is left of the first
def test_intervals_round_trip_through_the_state(intervals: list[Interval]) -> None:
    state = json.loads(json.dumps(as_slices(intervals)))

    assert read_slices(state, "order_date", EARLIEST_MS, LATEST_MS + 2000 * DAY_MS) == intervals


def test_a_first_release_interval_has_its_end_as_read_time() -> None:
    slices = [{"start": "2022-01-01T00:00:00.000Z", "end": "2024-05-01T00:00:00.000Z"}]
    (interval,) = read_slices({"state_type": "date-range", "slices": slices}, "order_date", EARLIEST_MS, LATEST_MS)

    assert interval.as_of_ms == interval.end_ms


@given(moments, moments, st.lists(st.tuples(moments, moments), max_size=4))
def test_months_are_re_read_for_a_year(one_ms: int, other_ms: int, ends: list[tuple[int, int]]) -> None:
    start_ms, now_ms = sorted((one_ms, other_ms))
    rule = MonthRule(DAY_MS, LATE_MONTHS)
    intervals: list[Interval] = []
    for first, last in (sorted(pair) for pair in ends):
        intervals = close(intervals, (month_start(first), last), last)
    whole = month_start(start_ms), now_ms

    needed = rule.needed(intervals, whole)

    assert not rule.late(intervals, start_ms)
    for interval in intervals:
        again_ms = max(month_start(later(interval.as_of_ms, -LATE_MONTHS)), interval.start_ms)
        if whole[0] <= again_ms <= min(now_ms, interval.end_ms):
            assert contains(needed, again_ms)
        if interval.start_ms <= again_ms - 1 <= interval.end_ms:
            assert not contains(needed, again_ms - 1)
    assert rule.needed(rule.compact(intervals), whole) == needed


# Streams


def planned(cls: type[DatedStream], start_ms: int, now_ms: int, lookback_days: int, had: list[Window]) -> DatedStream:
    token = base64.b64encode(b"an-id:a-secret").decode()
    settings = {"client_id": "an-id", "client_secret": "a-secret", "token": token, "start_date": iso(start_ms)}
    config = Config.from_mapping(json.loads(json.dumps({**settings, "lookback_days": lookback_days})))
    stream = cls(Api(config, HotmartAuthenticator(config), now_ms=now_ms))
    stream.coverage.saved = [Interval(*window, window[1]) for window in had]
    return stream


@given(moments, moments, st.integers(0, 730), st.booleans())
def test_the_look_back_of_sales_is_at_least_one_day(
    one_ms: int, other_ms: int, lookback_days: int, is_later: bool
) -> None:
    start_ms, saved_ms = sorted((one_ms, other_ms))
    now_ms = saved_ms + DAY_MS if is_later else saved_ms
    stream = planned(SalesHistory, start_ms, now_ms, lookback_days, [(start_ms, saved_ms)] if start_ms < now_ms else [])

    again_ms = whole_second(saved_ms - max(lookback_days, 1) * DAY_MS)
    expected_ms = again_ms if stream.coverage.saved and again_ms > start_ms else start_ms
    assert stream.needed() == [(expected_ms, now_ms)]


@given(moments, moments)
def test_subscriptions_are_always_read_in_one_full_date_range(one_ms: int, other_ms: int) -> None:
    start_ms, now_ms = sorted((one_ms, other_ms))
    stream = planned(Subscriptions, start_ms, now_ms, 65, [(start_ms, now_ms)])

    (only,) = stream.slices()
    assert only is not None
    assert (only["start_ms"], only["end_ms"]) == (EARLIEST_MS, now_ms)


@given(moments, moments, moments)
def test_sales_summary_date_ranges_begin_with_a_month(one_ms: int, other_ms: int, saved_ms: int) -> None:
    start_ms, now_ms = sorted((one_ms, other_ms))
    stream = planned(SalesSummary, start_ms, now_ms, 65, [(EARLIEST_MS, min(saved_ms, now_ms))])

    assert all(window == (month_start(window[0]), now_ms) for window in stream.needed())


# Digests of days

keys = st.lists(st.tuples(st.integers(-3, 40), st.text(max_size=12)), max_size=30)


@given(keys, st.integers(0, 20), st.integers(0, 20))
def test_digests_round_trip_through_the_state(of_keys: list[tuple[int, str]], first_day: int, days: int) -> None:
    found = unsettled.digests(of_keys, first_day, first_day + days)

    assert set(found) == set(range(first_day, first_day + days + 1))
    assert unsettled.decode(json.loads(json.dumps(unsettled.encode(found)))) == found


@given(st.dictionaries(st.integers(0, 400), st.integers(0, 0xFFFFFE), max_size=40))
def test_days_without_a_digest_round_trip(of_days: dict[int, int]) -> None:
    assert unsettled.decode(unsettled.encode(of_days)) == of_days


@given(keys, st.permutations(range(30)))
def test_a_digest_does_not_depend_on_key_order(of_keys: list[tuple[int, str]], order: list[int]) -> None:
    shuffled = [of_keys[number] for number in order if number < len(of_keys)]

    assert unsettled.digests(shuffled, 0, 40) == unsettled.digests(of_keys, 0, 40)


@given(st.sets(st.text(max_size=12), min_size=1, max_size=8), st.integers(0, 9))
def test_an_added_or_removed_key_changes_only_its_day_digest(of_day: set[str], day: int) -> None:
    key = min(of_day)
    others = of_day - {key}

    before = unsettled.digests(((day, one) for one in of_day), 0, 9)
    after = unsettled.digests(((day, one) for one in others), 0, 9)

    assert {one for one in before if before[one] != after[one]} <= {day}
    assert before[day] != after[day] or key == ""  # the checksum of nothing is 0


@pytest.mark.parametrize(
    "state",
    [{"from": "yesterday", "days": "AAAA"}, {"from": "2024-01-01"}, {"from": "2024-01-01", "days": "?"}, {"from": 5}],
)
def test_invalid_digests_are_rejected(state: dict[str, object]) -> None:
    with pytest.raises(UnreadableState):
        unsettled.decode(state)
