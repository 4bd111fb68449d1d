"""Filters have default values when they are not sent. The connector must also request the rows that these defaults
hide."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from integration_tests.losses.reads import DAY_MS, HISTORY, complete, tiny_world, up_to_date
from tools.harness import NOW_MS, Connector, VirtualClock, Warehouse, switches
from tools.rows import difference

TICKETS = [
    {"tickets_by_default": "confirmed"},
    {"ticket_types_by_default": "paid"},
    {"checkins_by_default": "pending"},
    {"tickets_by_default": "confirmed", "ticket_types_by_default": "paid", "checkins_by_default": "pending"},
]
SUBSCRIPTIONS = [
    {"subscriptions_by_default": "active"},
    {"next_charge_default": "from_now"},
    {"cancellation_default": "last_30_days"},
]


@pytest.fixture
def world() -> World:
    """Tickets, subscriptions and products of several kinds and statuses."""
    return tiny_world(products=26, participants=60, subscriptions=40)


def stable(**sides: Any) -> Any:
    """Return these switches, with every list in a stable order."""
    return switches(untotalled_order="stable", **sides)


@pytest.mark.parametrize("sides", TICKETS, ids=str)
def test_tickets_of_every_status_type_and_checkin_are_synced(
    connector: Connector, hotmart: Simulator, world: World, sides: dict[str, str]
) -> None:
    """Without filters, the tickets of an event are limited to confirmed, paid or not checked in."""
    hotmart.switches = stable(**sides)

    complete(connector.read(["event_participants"]), world, "event_participants")


@pytest.mark.parametrize("sides", TICKETS, ids=str)
def test_a_refunded_ticket_is_updated(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, sides: dict[str, str]
) -> None:
    """Tickets are refunded, charged back and checked in between two syncs. The default filter hides them."""
    hotmart.switches = stable(**sides)
    warehouse = Warehouse()
    first = connector.read(["event_participants"])
    clock.advance(hours=12)
    world.now_ms = clock.now_ms
    changed = world.move({"ticket_refunds": 4, "ticket_chargebacks": 2, "checkins": 4})
    clock.advance(hours=12)

    second = connector.read(["event_participants"], state=first.state)

    assert all(changed.values())
    for run in (first, second):
        assert run.exit_code == 0, run.sentences
        warehouse.load_sync(run)
    found = up_to_date(world, warehouse, "event_participants")
    assert not found, str(found)


def test_hidden_tickets_are_detected_once_per_sync(connector: Connector, hotmart: Simulator, world: World) -> None:
    """The default hides nothing. Detecting this takes a few requests per sync, not a few per event."""
    hotmart.switches = stable()
    connector.read(["event_participants"])
    events = {call.path for call in hotmart.calls if call.path.endswith("/participants")}

    asked = [call for call in hotmart.calls if call.path in events and call.get("page_token") is None]

    assert len(events) >= 2
    assert all(call.get("ticket_type") == "ALL" and call.get("checkin_status") == "ALL" for call in asked)
    assert len(asked) <= len(events) + 8


@pytest.mark.parametrize("sides", SUBSCRIPTIONS, ids=str)
def test_subscriptions_of_every_status_and_date_are_synced(
    connector: Connector, hotmart: Simulator, world: World, sides: dict[str, str]
) -> None:
    """Without filters, only active subscriptions are listed, or those with a next charge or a recent cancellation."""
    hotmart.switches = stable(**sides)

    complete(connector.read(["subscriptions", "subscription_purchases"]), world, "subscriptions")


@pytest.mark.parametrize("sides", SUBSCRIPTIONS, ids=str)
def test_purchases_of_subscriptions_hidden_by_default_are_synced(
    connector: Connector, hotmart: Simulator, world: World, sides: dict[str, str]
) -> None:
    """The subscriptions are read only as a parent of purchases, and the default filter hides some of them."""
    hotmart.switches = stable(**sides)

    run = connector.read(["subscription_purchases"])

    assert run.exit_code == 0, run.sentences
    # No filter finds a subscription without a next charge date if Hotmart always filters by that date.
    codes = {row.record["subscriber_code"] for row in world.expected("subscriptions")}
    rows = [row for row in world.expected("subscription_purchases") if row.identity[1] in codes]
    found = difference("subscription_purchases", rows, run.records("subscription_purchases"))
    assert not found, str(found)


def test_a_cancelled_subscription_is_updated(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Subscriptions end between two syncs. Without a status filter, only active ones are listed."""
    hotmart.switches = stable(subscriptions_by_default="active")
    warehouse = Warehouse()
    first = connector.read(["subscriptions"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    assert world.cancel_subscriptions(4)

    second = connector.read(["subscriptions"], state=first.state)

    for run in (first, second):
        warehouse.load_sync(run)
    found = up_to_date(world, warehouse, "subscriptions")
    assert not found, str(found)


@pytest.mark.parametrize("stream", ["products", "product_offers", "product_plans", "coupons", "event_participants"])
def test_products_of_every_status_are_synced_with_their_children(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """Without a status filter, only active products are listed."""
    hotmart.switches = stable(products_by_default="active")

    complete(connector.read([stream]), world, stream)


@pytest.mark.parametrize("no_plans", ["400", "list", "empty"])
def test_plans_of_instalment_products_are_synced(
    connector: Connector, hotmart: Simulator, world: World, no_plans: str
) -> None:
    """Products with Smart Instalment have plans even if `is_subscription` is false."""
    hotmart.switches = stable(plans_of="instalments_too", no_plans=no_plans)

    complete(connector.read(["product_plans"]), world, "product_plans")


def test_products_without_plans_do_not_fail_the_stream(connector: Connector, hotmart: Simulator, world: World) -> None:
    """Only subscriptions have plans. All other products answer 400."""
    hotmart.switches = stable(plans_of="subscriptions", no_plans="400")

    complete(connector.read(["product_plans"]), world, "product_plans")


@pytest.mark.parametrize("stream", ["sales_history", "sales_users", "sales_commissions"])
def test_sales_of_every_role_are_synced(connector: Connector, hotmart: Simulator, world: World, stream: str) -> None:
    """Without `commission_as`, only sales as a producer are listed."""
    hotmart.switches = stable(roles_by_default="producer_only")

    complete(connector.read([stream]), world, stream)


@pytest.mark.parametrize("stream", ["sales_history", "sales_users"])
def test_unpaid_sales_of_every_role_are_synced(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """Without `commission_as`, only sales as a producer are listed. All sales in other roles have expired."""
    purchases = [row.record["purchase"] for row in world.expected("sales_history")]
    for purchase in purchases:
        if purchase["commission_as"] != "PRODUCER":
            world.set_status(purchase["transaction"], "EXPIRED")
    hotmart.switches = stable(roles_by_default="producer_only")

    complete(connector.read([stream]), world, stream)


def test_sales_of_a_role_are_synced_if_their_preflight_request_fails(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """The request for one sale as a co-producer fails in every retry, and the account has none as an affiliate."""
    hotmart.switches = stable(roles_by_default="producer_only")
    for role, kind, times in (("COPRODUCER", 503, 7), ("AFFILIATE", "empty_list", None)):
        asks_for_one = partial(asks_for_one_sale_as, role)
        hotmart.add_fault(Fault(kind=kind, path=HISTORY, times=times, where=asks_for_one))

    complete(connector.read(["sales_history"]), world, "sales_history")


def asks_for_one_sale_as(role: str, call: Call) -> bool:
    """Whether a request asks for a page of few sales in a role."""
    return call.get("commission_as") == role and call.get("max_results") == "10"


def test_sales_of_every_role_are_synced_in_later_syncs(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Without `commission_as`, only sales as a producer are listed. Some sales are refunded between two syncs."""
    hotmart.switches = stable(roles_by_default="producer_only")
    warehouse = Warehouse()
    first = connector.read(["sales_history"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    assert world.change_status(20, "COMPLETE", "REFUNDED", ordered=(NOW_MS - 360 * DAY_MS, NOW_MS))

    second = connector.read(["sales_history"], state=first.state)

    for run in (first, second):
        warehouse.load_sync(run)
    found = up_to_date(world, warehouse, "sales_history")
    assert not found, str(found)
