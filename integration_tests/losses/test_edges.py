"""Boundaries between date ranges: no sale is lost or duplicated there, and no range exceeds the maximum length."""

from __future__ import annotations

import pytest

from hotmart_simulator import Simulator, World
from integration_tests.losses.reads import (
    CHARGES,
    DAY_MS,
    VIEWS,
    complete,
    date_range,
    repeated,
    tiny_world,
    up_to_date,
)
from tools.harness import NOW_MS, Connector, VirtualClock, loaded, switches
from tools.sample import combinations

LONGEST_MS = 365 * DAY_MS - 1
SECOND_MS = 1_000
SUMMARY = "/payments/api/v1/sales/summary"


@pytest.fixture
def world() -> World:
    """Sales of four years, few of them in the same second."""
    return tiny_world()


@pytest.fixture(autouse=True)
def odd_moment(clock: VirtualClock) -> None:
    """Start the sync at a time that is not a full second."""
    clock.advance(seconds=7.123)


def edges(hotmart: Simulator, stream: str, now_ms: int) -> set[int]:
    """Return the inner boundaries of the date ranges of a sync."""
    ranges = [dates for call in hotmart.calls if call.path == VIEWS[stream] and (dates := date_range(call))]
    first_ms = min(start_ms for start_ms, _ in ranges)
    return {edge for dates in ranges for edge in dates if first_ms < edge < now_ms - 2 * SECOND_MS}


def sell_around(world: World, moments: set[int]) -> None:
    """Add sales in each of these milliseconds, just before and after, and at both ends of its second."""
    for moment_ms in moments:
        second_ms = moment_ms - moment_ms % SECOND_MS
        for at_ms in {moment_ms - 1, moment_ms, moment_ms + 1, second_ms, second_ms + SECOND_MS - 1}:
            world.add_sales(1, at_ms, status="COMPLETE")


@pytest.mark.parametrize(
    ("sides", "stream"),
    combinations(
        [{"filter_unit": "seconds"}, {"window_ends": "start"}, {"window_ends": "end"}, {}],
        ["sales_history", "sales_users"],
    ),
    ids=str,
)
def test_sales_at_date_range_boundaries_are_synced_once(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, stream: str, sides: dict[str, str]
) -> None:
    """The filter truncates milliseconds, or excludes one end of a date range. By default each in one of two streams."""
    hotmart.switches = switches(page_cap=1, totals="everywhere", **sides)
    connector.config |= {"num_workers": 1, "start_date": "2021-12-31T11:59:59.777Z"}
    for _ in range(2):
        hotmart.reset_log()
        run = connector.read([stream])
        assert not repeated(run, stream)
        complete(run, world, stream)
        found = edges(hotmart, stream, clock.now_ms)
        assert len(found) > 6
        sell_around(world, found)


@pytest.mark.parametrize(
    "sides", [{"filter_unit": "seconds"}, {"window_ends": "start"}, {"window_ends": "end"}], ids=str
)
def test_sales_at_the_boundary_of_two_syncs_are_synced(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, sides: dict[str, str]
) -> None:
    """Sales are made in the second when the first sync began, and in the first second that the second sync reads."""
    hotmart.switches = switches(**sides)
    connector.config |= {"lookback_days": 30, "start_date": "2021-12-31T11:59:59.777Z"}
    began_ms = clock.now_ms
    first = connector.read(["sales_history"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    sell_around(world, {began_ms})
    hotmart.reset_log()

    second = connector.read(["sales_history"], state=first.state)

    found = up_to_date(world, loaded(first, second), "sales_history")
    assert not found, str(found)
    assert not repeated(second, "sales_history")


@pytest.mark.parametrize("start_date", ["2012-02-29", "2019-12-31T23:59:59.999Z", "2022-01-01"])
def test_no_date_range_is_longer_than_365_days(
    connector: Connector, hotmart: Simulator, clock: VirtualClock, start_date: str
) -> None:
    """The start date lies years back, so date ranges that include 29 February must be split."""
    hotmart.switches = switches(max_window_days=365)
    config = {**connector.config, "start_date": start_date}
    streams = [*VIEWS, "sales_summary", "subscription_transactions"]

    first = connector.read(streams, config=config)
    clock.advance(days=1, seconds=0.5)
    second = connector.read(streams, state=first.state, config=config)

    assert (first.exit_code, second.exit_code) == (0, 0), first.sentences + second.sentences
    ranges = [
        dates
        for call in hotmart.calls
        if call.path in (*VIEWS.values(), SUMMARY, CHARGES) and (dates := date_range(call))
    ]
    assert max(end_ms - start_ms for start_ms, end_ms in ranges) <= LONGEST_MS


def test_inner_date_range_boundaries_are_whole_seconds(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Every date range begins at a full second, and ends at one or a millisecond before, except the last range.

    Ranges of a second or two look for a single sale, and later ones look for future charges.
    """
    hotmart.switches = switches(page_cap=1, totals="everywhere", untotalled_order="stable")
    connector.config["start_date"] = "2021-12-31T11:59:59.777Z"
    streams = ["sales_history", "sales_users", "subscription_transactions"]
    first = connector.read(streams)
    began_ms = {clock.now_ms}
    clock.advance(days=1, seconds=0.5)
    began_ms.add(clock.now_ms)
    connector.read(streams, state=first.state)

    asked = [dates for call in hotmart.calls if (dates := date_range(call)) and call.get("subscriber_code") is None]
    ranges = [
        (start_ms, end_ms) for start_ms, end_ms in asked if end_ms - start_ms > 2 * SECOND_MS and start_ms < NOW_MS
    ]

    assert len(ranges) > 20
    first_ms = 1_640_951_999_777  # the start date
    assert not [start_ms for start_ms, _ in ranges if start_ms % SECOND_MS and start_ms != first_ms]
    ends = [end_ms for _, end_ms in ranges if end_ms % SECOND_MS not in (0, 999) and end_ms != first_ms - 1]
    assert set(ends) <= began_ms
    assert max(began_ms) > NOW_MS
