"""Requests that precede the reading of sales: a failed or incomplete response must not lose a sale."""

from __future__ import annotations

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from integration_tests.losses.reads import DAY_MS, HISTORY, VIEWS, complete, counts_only, tiny_world, warnings
from tools.harness import NOW_MS, Connector, switches

PRICE_DETAILS = VIEWS["sales_price_details"]


@pytest.fixture
def world() -> World:
    """Sales of every status over four years."""
    return tiny_world(sales=90, subscriptions=10)


def asks_for_complete(call: Call) -> bool:
    """Whether a request counts the sales of several statuses, or of COMPLETE alone."""
    statuses = call.all("transaction_status")
    return counts_only(call) and (len(statuses) > 1 or statuses == ["COMPLETE"])


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_status_with_a_failed_preflight_request_is_still_read(
    connector: Connector, hotmart: Simulator, world: World, status: int
) -> None:
    """Hotmart fails to count COMPLETE sales, alone or with others, but lists them."""
    hotmart.add_fault(Fault(kind=status, path=HISTORY, times=None, where=asks_for_complete))

    run = connector.read(["sales_history"])

    complete(run, world, "sales_history")
    assert not [line for line in warnings(run, "sales_history") if "rejects the status" in line]


def test_a_failed_preflight_request_for_17_statuses_skips_none(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """Price details accept all 17 statuses, and the first request that counts them fails."""
    for status_left_out in ("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION"):
        world.add_sales(2, NOW_MS - 100 * DAY_MS, status=status_left_out)
    hotmart.switches = switches(accepted_on_price_details="all_17")
    hotmart.add_fault(
        Fault(
            kind=502,
            path=PRICE_DETAILS,
            where=lambda call: counts_only(call) and len(call.all("transaction_status")) == 17,
        )
    )

    complete(connector.read(["sales_price_details"]), world, "sales_price_details")


@pytest.mark.parametrize("totals", ["on_sales", "nowhere"])
@pytest.mark.parametrize("view", ["history", "users"])
def test_ignored_statuses_are_detected_if_most_sales_are_unpaid(
    connector: Connector, hotmart: Simulator, world: World, view: str, totals: str
) -> None:
    """A view returns only the sales of the first status, and there are more of these than with the default filter."""
    for number, row in enumerate(world.expected("sales_users")):
        if number % 3:
            world.set_status(row.record["transaction"], "STARTED")
    sides = {f"statuses_on_{view}": "first"}
    hotmart.switches = switches(**sides, **({"totals": totals} if totals == "nowhere" else {}))

    complete(connector.read([f"sales_{view}"]), world, f"sales_{view}")


@pytest.mark.parametrize("kind", ["no_key", "null_key"])
def test_a_newest_sale_without_a_key_does_not_fail_a_view(
    connector: Connector, hotmart: Simulator, world: World, kind: str
) -> None:
    """The first row that Hotmart lists for each role has no transaction."""
    hotmart.add_fault(
        Fault(kind=kind, path=HISTORY, times=None, where=lambda call: call.get("commission_as") is not None)
    )

    complete(connector.read(["sales_history", "sales_users"]), world, "sales_history", "sales_users")
