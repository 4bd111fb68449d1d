"""The four views of a sale describe the same sales, although each view has its own list."""

from __future__ import annotations

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from integration_tests.losses.reads import (
    DAY_MS,
    VIEWS,
    claims_to_be_complete,
    complete,
    keys,
    tiny_world,
    up_to_date,
    warnings,
)
from tools.harness import NOW_MS, Connector, VirtualClock, loaded, switches
from tools.rows import difference

COMMISSIONS = VIEWS["sales_commissions"]


@pytest.fixture
def world() -> World:
    """Sales of the last 300 days. Commissions omit some of them from a date range."""
    return tiny_world(sales=150, start_ms=NOW_MS - 300 * DAY_MS)


def is_lookup(call: Call) -> bool:
    """Whether a request asks for the commissions of one sale."""
    return call.path == COMMISSIONS and call.get("transaction") is not None


def left_out(hotmart: Simulator, world: World) -> set[str]:
    """Make commissions omit sales from every date range, and return their transactions."""
    hotmart.switches = switches(late_commissions="some_missing")
    codes = [row.record["transaction"] for row in world.expected("sales_commissions")]
    numbers = [(code, serial) for code in codes if (serial := world.sales.serial(code)) is not None]
    sales = {code: world.sale(serial) for code, serial in numbers}
    return {code for code, sale in sales.items() if sale.status == "COMPLETE" and sale.bits % 23 < 3}


@pytest.mark.parametrize("streams", [["sales_history", "sales_commissions"], list(VIEWS)], ids=["two", "four"])
def test_sales_missing_from_one_view_are_looked_up_by_transaction(
    connector: Connector, hotmart: Simulator, world: World, streams: list[str]
) -> None:
    """Commissions omit COMPLETE sales from every date range and count, and return each by its transaction."""
    missing = left_out(hotmart, world)

    run = connector.read(streams)

    assert len(missing) > 3
    complete(run, world, *streams)
    assert missing <= {call.get("transaction") for call in hotmart.calls if is_lookup(call)}
    assert sum(is_lookup(call) for call in hotmart.calls) <= len(missing) + 3


def test_sales_present_in_all_views_are_not_looked_up(connector: Connector, hotmart: Simulator, world: World) -> None:
    """All views agree, except for sales in statuses that price details do not have."""
    run = connector.read(list(VIEWS))

    complete(run, world, *VIEWS)
    assert not [call for call in hotmart.calls if call.get("transaction")]
    assert not [line for stream in VIEWS for line in warnings(run, stream)]


@pytest.mark.parametrize("kind", ["empty_list", 404])
def test_sales_that_stay_missing_are_logged_as_a_warning(
    connector: Connector, hotmart: Simulator, world: World, kind: int | str
) -> None:
    """Commissions omit sales from every date range, and don't return them by transaction either."""
    missing = left_out(hotmart, world)
    hotmart.add_fault(Fault(kind=kind, path=COMMISSIONS, times=None, where=lambda call: is_lookup(call)))

    run = connector.read(["sales_history", "sales_commissions"])

    assert run.exit_code == 0, run.sentences
    assert not difference("sales_history", world.expected("sales_history"), run.records("sales_history"))
    found = difference("sales_commissions", world.expected("sales_commissions"), run.records("sales_commissions"))
    assert (set(found.lost), found.stale, found.surplus) == (missing, [], [])
    lines = [line for line in warnings(run, "sales_commissions") if line.startswith("WARN sales_commissions")]
    named = [line for line in lines if any(code in line for code in missing)]
    assert named
    assert max(sum(code in line for code in missing) for line in named) <= 10
    assert not claims_to_be_complete(run)


def test_a_sale_missing_from_one_view_is_synced_incrementally(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Nothing is missing in the first sync. Commissions omit sales in the following incremental sync."""
    first = connector.read(["sales_history", "sales_commissions"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    world.add_sales(60, (NOW_MS, clock.now_ms), status="COMPLETE")
    missing = left_out(hotmart, world) - {record["transaction"] for record in first.records("sales_commissions")}

    second = connector.read(["sales_history", "sales_commissions"], state=first.state)

    assert missing
    assert second.exit_code == 0, second.sentences
    assert missing <= set(keys(second, "sales_commissions"))
    assert not up_to_date(world, loaded(first, second), "sales_commissions")
