"""Which windows a sync reads: any start date, any now, any look-back, any state."""

from __future__ import annotations

import base64
import itertools
import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from source_hotmart.auth import HotmartAuthenticator
from source_hotmart.base import Api
from source_hotmart.config import Config
from source_hotmart.dated import DatedStream
from source_hotmart.streams import SalesHistory, SalesSummary, Subscriptions
from source_hotmart.state.windows import DAY_MS, Window, iso, later, month_start, subtract, union

EARLIEST_MS = 1_262_304_000_000  # 2010-01-01
LATEST_MS = 1_767_225_600_000  # 2026-01-01
moments = st.integers(EARLIEST_MS, LATEST_MS)
states = st.lists(st.tuples(moments, st.integers(1, 900)), max_size=4)
lookbacks = st.integers(0, 730)


def planned(cls: type[DatedStream], start_ms: int, now_ms: int, lookback_days: int, had: list[Window]) -> DatedStream:
    token = base64.b64encode(b"an-id:a-secret").decode()
    settings = {"client_id": "an-id", "client_secret": "a-secret", "token": token, "start_date": iso(start_ms)}
    config = Config.from_mapping(json.loads(json.dumps({**settings, "lookback_days": lookback_days})))
    stream = cls(Api(config, HotmartAuthenticator(config), now_ms=now_ms))
    stream.had = had
    return stream


def saved(state: list[tuple[int, int]], now_ms: int) -> list[Window]:
    """Windows that earlier syncs can have read: none later than now."""
    return union((start_ms, min(start_ms + days * DAY_MS, now_ms)) for start_ms, days in state if start_ms < now_ms)


@given(moments, moments, lookbacks, states)
def test_what_is_read_and_what_is_settled_make_the_whole(
    one_ms: int, other_ms: int, lookback_days: int, state: list[tuple[int, int]]
) -> None:
    start_ms, now_ms = sorted((one_ms, other_ms))
    had = saved(state, now_ms)
    stream = planned(SalesHistory, start_ms, now_ms, lookback_days, had)

    plan = stream.plan()

    settled = [(begin, end - max(lookback_days, 1) * DAY_MS) for begin, end in had]
    settled = [(begin, end) for begin, end in settled if begin <= end]
    assert union(plan) == subtract([(start_ms, now_ms)], settled)
    assert all(after[0] > before[1] for before, after in itertools.pairwise(plan))
    for begin, end in plan:
        assert end < later(begin, 12) + 2 * DAY_MS
        assert start_ms <= begin <= end <= now_ms


@given(moments, moments, lookbacks, states)
def test_the_sweep_lies_in_the_settled_year_before_the_first_saved_end(
    one_ms: int, other_ms: int, lookback_days: int, state: list[tuple[int, int]]
) -> None:
    start_ms, now_ms = sorted((one_ms, other_ms))
    had = saved(state, now_ms)
    stream = planned(SalesHistory, start_ms, now_ms, lookback_days, had)

    sweep = stream.sweep()

    assert not sweep or had
    if had:
        oldest_ms = max(later(had[0][1], -12), start_ms)
        everything = [(oldest_ms, now_ms)] if oldest_ms <= now_ms else []
        # The sweep and the windows make up the whole year before the saved end, and do not overlap.
        assert subtract(everything, [*sweep, *stream.plan()]) == []
        assert subtract(sweep, stream.plan()) == union(sweep)
        assert all(begin >= oldest_ms for begin, _ in sweep)


@given(moments, moments, states)
def test_subscriptions_are_one_window_whatever_the_state(
    one_ms: int, other_ms: int, state: list[tuple[int, int]]
) -> None:
    start_ms, now_ms = sorted((one_ms, other_ms))
    stream = planned(Subscriptions, start_ms, now_ms, 65, saved(state, now_ms))

    assert stream.plan() == [(start_ms, now_ms)]
    assert dict(stream.query((start_ms, now_ms), ())) == {"accession_date": start_ms}


@given(moments, moments, states)
def test_summaries_are_whole_months_and_the_last_thirteen_are_read_again(
    one_ms: int, other_ms: int, state: list[tuple[int, int]]
) -> None:
    start_ms, now_ms = sorted((one_ms, other_ms))
    had = saved(state, now_ms)
    stream = planned(SalesSummary, start_ms, now_ms, 65, had)

    plan = stream.plan()

    assert len(plan) <= 1
    for begin, end in plan:
        assert begin == month_start(begin)
        assert end == now_ms
    again_ms = month_start(later(had[-1][1], -12)) if had else month_start(start_ms)
    wanted_ms = max(again_ms, month_start(start_ms))
    assert not plan or plan[0][0] <= wanted_ms
    assert plan or wanted_ms > now_ms


def test_the_clock_is_read_in_utc() -> None:
    assert datetime.fromisoformat(iso(EARLIEST_MS)) == datetime(2010, 1, 1, tzinfo=UTC)
