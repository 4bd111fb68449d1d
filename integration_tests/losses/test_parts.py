"""Date ranges that are split by Hotmart's count. If one part lacks rows, the next sync re-reads the whole range."""

from __future__ import annotations

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from integration_tests.losses.reads import (
    DAY_MS,
    HISTORY,
    VIEWS,
    complete,
    counts_only,
    date_range,
    up_to_date,
    warnings,
)
from tools.harness import NOW_MS, Connector, Run, VirtualClock, loaded, switches

DAYS = 170
SALES = 2_100
"""From 2,000 rows on, the connector determines the rows per page. With 50 rows per page, this makes two parts."""
USERS = "sales_users"


@pytest.fixture
def world() -> World:
    """Sales of less than 180 days, which are one date range."""
    return World(
        seed=7,
        sales=SALES,
        subscriptions=0,
        students=0,
        products=3,
        coupons=0,
        participants=0,
        modules=1,
        start_ms=NOW_MS - DAYS * DAY_MS,
        now_ms=NOW_MS,
    )


@pytest.fixture(autouse=True)
def small_pages(hotmart: Simulator, connector: Connector) -> None:
    """Send 50 rows per page, with totals in every view."""
    hotmart.switches = switches(page_cap=50, totals="everywhere")
    connector.config["start_date"] = "2025-07-15"


def first_part(call: Call) -> bool:
    """Whether a request asks for the first page of the older half of the sales."""
    dates = date_range(call)
    return (
        dates is not None
        and not counts_only(call)
        and call.get("page_token") is None
        and len(call.all("transaction_status")) > 10
        and dates[0] <= NOW_MS - (DAYS - 10) * DAY_MS
        and 10 * DAY_MS < dates[1] - dates[0] < 100 * DAY_MS
    )


def a_day_later(connector: Connector, clock: VirtualClock, run: Run, streams: list[str]) -> Run:
    """Run the next sync a day later, without faults."""
    connector.simulator.clear_faults()
    clock.advance(days=1)
    connector.simulator.world.now_ms = clock.now_ms
    return connector.read(streams, state=run.state)


@pytest.mark.parametrize("streams", [["sales_history"], ["sales_history", USERS]], ids=["one", "two"])
def test_a_wrong_first_page_of_a_part_loses_no_sale(
    connector: Connector, hotmart: Simulator, world: World, streams: list[str]
) -> None:
    """Hotmart sends the first page of one part once without `page_info`, so without a next-page token."""
    wrong = hotmart.add_fault(Fault(kind="no_page_info", path=VIEWS[streams[-1]], where=first_part))

    run = connector.read(streams)

    assert wrong.fired
    complete(run, world, *streams)


def test_a_part_that_stays_wrong_is_read_by_the_next_sync(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Hotmart sends the first page of one part without `page_info` in the whole first sync."""
    hotmart.add_fault(Fault(kind="no_page_info", path=HISTORY, times=None, where=first_part))
    first = connector.read(["sales_history"])
    assert up_to_date(world, loaded(first), "sales_history").lost

    second = a_day_later(connector, clock, first, ["sales_history"])

    assert second.exit_code == 0, second.sentences
    assert not up_to_date(world, loaded(first, second), "sales_history")


def test_all_parts_of_a_short_range_are_read_again(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Hotmart counts more sales than it lists. A sale older than the look-back changes before the next sync."""
    hotmart.add_fault(Fault(kind="wrong_total", value=50, path=HISTORY, times=None, where=counts_only))
    first = connector.read(["sales_history"], config={**connector.config, "num_workers": 1})
    (old,) = world.change_status(
        1, "COMPLETE", "EXPIRED", ordered=(NOW_MS - DAYS * DAY_MS, NOW_MS - (DAYS - 20) * DAY_MS)
    )

    second = a_day_later(connector, clock, first, ["sales_history"])

    assert second.exit_code == 0, second.sentences
    assert old in {record["id"] for record in second.records("sales_history")}
    assert not up_to_date(world, loaded(first, second), "sales_history")


def test_a_view_selected_later_is_compared_with_hotmarts_count(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """The date ranges of users differ from those of the history, and one part is sent once without `page_info`."""
    history = connector.read(["sales_history"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    wrong = hotmart.add_fault(Fault(kind="no_page_info", path=VIEWS[USERS], where=first_part))

    run = connector.read(["sales_history", USERS], state=history.state)

    assert wrong.fired
    complete(run, world, USERS)
    assert not warnings(run, USERS)


def test_missing_rows_of_a_view_selected_later_are_logged(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """The date ranges of users differ from those of the history, and Hotmart counts more users than it lists."""
    history = connector.read(["sales_history"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    hotmart.add_fault(Fault(kind="wrong_total", value=50, path=VIEWS[USERS], times=None, where=counts_only))

    run = connector.read(["sales_history", USERS], state=history.state)

    assert run.exit_code == 0, run.sentences
    assert not up_to_date(world, loaded(run), USERS)
    assert warnings(run, USERS)
