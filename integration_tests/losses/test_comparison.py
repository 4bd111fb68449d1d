"""Comparison of the views of a sale: rows missing from one view are found, without false warnings."""

from __future__ import annotations

import pytest

from hotmart_simulator import Fault, Simulator, World, heavy_range
from integration_tests.losses.reads import DAY_MS, HISTORY, VIEWS, complete, tiny_world, up_to_date, warnings
from tools.harness import NOW_MS, Connector, VirtualClock, loaded, switches

COMMISSIONS = "sales_commissions"
MOST_LOOKUPS = 200
"""Maximum number of sales per view that one sync looks up."""


@pytest.fixture
def world() -> World:
    """Sales of the last 300 days."""
    return tiny_world(sales=150, start_ms=NOW_MS - 300 * DAY_MS)


def next_day(clock: VirtualClock, world: World) -> None:
    """Advance both clocks by one day."""
    clock.advance(days=1)
    world.now_ms = clock.now_ms


def test_missing_sales_beyond_the_lookup_limit_are_read_by_the_next_sync(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Commissions omit more than 200 sales from every date range, and return each by its transaction."""
    hotmart.switches = switches(late_commissions="some_missing")
    world.add_sales(1_900, (NOW_MS - 290 * DAY_MS, NOW_MS - 100 * DAY_MS), status="COMPLETE")
    streams = ["sales_history", COMMISSIONS]
    first = connector.read(streams)
    lookups = sum(call.get("transaction") is not None for call in hotmart.calls)
    assert lookups == MOST_LOOKUPS
    next_day(clock, world)

    second = connector.read(streams, state=first.state)

    assert second.exit_code == 0, second.sentences
    assert not up_to_date(world, loaded(first, second), COMMISSIONS)


def test_sales_whose_lookup_fails_are_read_by_the_next_sync(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Commissions omit sales from every date range. In the first sync, the request for one of them fails."""
    hotmart.switches = switches(late_commissions="some_missing")
    streams = ["sales_history", COMMISSIONS]
    hotmart.add_fault(
        Fault(
            kind=502,
            path=VIEWS[COMMISSIONS],
            times=None,
            where=lambda call: call.get("transaction") is not None,
        )
    )
    first = connector.read(streams)
    assert up_to_date(world, loaded(first), COMMISSIONS).lost
    hotmart.clear_faults()
    next_day(clock, world)

    second = connector.read(streams, state=first.state)

    assert second.exit_code == 0, second.sentences
    assert not up_to_date(world, loaded(first, second), COMMISSIONS)


@pytest.mark.parametrize(
    "streams",
    [["sales_users", "sales_price_details"], ["sales_price_details", "sales_users"]],
    ids=str,
)
def test_comparing_views_without_the_history_gives_no_false_warnings(
    connector: Connector, hotmart: Simulator, world: World, streams: list[str]
) -> None:
    """Price details have fewer statuses than users, and the rows of users have no status."""
    run = connector.read(streams)

    complete(run, world, *streams)
    assert not [line for stream in streams for line in warnings(run, stream)]
    assert not [call for call in hotmart.calls if call.get("transaction")]


def test_a_date_range_with_an_incomplete_history_is_not_compared(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """Two days are too heavy for the history with any page size. Users list all sales."""
    bad_ms = NOW_MS - 200 * DAY_MS
    world.add_sales(30, (bad_ms, bad_ms + 2 * DAY_MS), status="COMPLETE")
    heavy = heavy_range(world, bad_ms, bad_ms + 2 * DAY_MS, page_rows=0)
    hotmart.add_fault(Fault(kind=502, path=HISTORY, times=None, where=heavy))

    run = connector.read(["sales_history", "sales_users"])

    assert run.statuses == {"sales_history": "INCOMPLETE", "sales_users": "COMPLETE"}
    assert not up_to_date(world, loaded(run), "sales_users")
    assert not warnings(run, "sales_users")
