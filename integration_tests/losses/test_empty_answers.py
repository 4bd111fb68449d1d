"""Responses that normally mean "no rows" and can also be a fault."""

from __future__ import annotations

import pytest

from hotmart_simulator import Fault, Simulator, World
from integration_tests.losses.reads import PRODUCTS, complete, tiny_world, warnings
from tools.harness import Connector, switches

PLANS = f"{PRODUCTS}/*/plans"
COUPONS = "/*/api/v1/coupon/product/*"


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Twelve products, three of them subscriptions."""
    return tiny_world(**{**getattr(request, "param", {})})


def subscription_products(world: World) -> list[str]:
    """Return the UUIDs of the products that have plans."""
    return [row.record["ucode"] for row in world.expected("products") if row.record["is_subscription"]]


def test_a_temporary_400_loses_no_plan(connector: Connector, hotmart: Simulator, world: World) -> None:
    """Each subscription product answers 400 `invalid_parameter` for its plans once, as Hotmart is known to do."""
    for ucode in subscription_products(world):
        path = f"{PRODUCTS}/{ucode}/plans"
        hotmart.add_fault(Fault(kind=400, error="invalid_parameter", path=path))

    complete(connector.read(["product_plans"]), world, "product_plans")


def test_a_400_for_the_plans_of_every_product_fails_the_stream(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """All three subscription products answer 400 `invalid_parameter` for their plans."""
    assert len(subscription_products(world)) >= 3
    hotmart.add_fault(Fault(kind=400, error="invalid_parameter", path=PLANS, times=None))

    run = connector.read(["product_plans", "product_offers"])

    assert run.exit_code == 1
    assert run.statuses == {"product_plans": "INCOMPLETE", "product_offers": "COMPLETE"}
    assert "product_plans" in run.sentences


def test_a_400_for_the_plans_of_one_product_means_no_plans(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """One of three subscription products has no plans and always answers 400."""
    first, *_ = subscription_products(world)
    hotmart.add_fault(Fault(kind=400, error="invalid_parameter", path=f"{PRODUCTS}/{first}/plans", times=None))

    run = connector.read(["product_plans"])

    assert run.exit_code == 0, run.sentences
    others = {row.identity[2] for row in world.expected("product_plans")} - {first}
    assert {record["product_ucode"] for record in run.records("product_plans")} == others


def test_an_empty_body_for_every_product_fails_the_stream(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """All products answer an empty body for their coupons at both addresses, as a wrong address does."""
    hotmart.add_fault(Fault(kind="empty200", path=COUPONS, times=None))

    run = connector.read(["coupons", "product_offers"])

    assert run.exit_code == 1
    assert run.statuses == {"coupons": "INCOMPLETE", "product_offers": "COMPLETE"}
    assert "If none of the products has rows yet, deselect this stream until one has." in run.sentences


@pytest.mark.parametrize("prefix", ["products", "payments"])
@pytest.mark.parametrize("no_coupons", ["mixed", "list", "empty"])
def test_coupons_are_synced_from_either_endpoint(
    connector: Connector, hotmart: Simulator, world: World, prefix: str, no_coupons: str
) -> None:
    """One of two addresses returns coupons. The other answers an empty body for every product."""
    hotmart.switches = switches(coupon_prefix=prefix, no_coupons=no_coupons)

    complete(connector.read(["coupons"]), world, "coupons")


def test_a_temporary_empty_body_loses_no_coupon(connector: Connector, hotmart: Simulator, world: World) -> None:
    """Each product answers an empty body for its coupons once."""
    for product_id in {row.identity[1] for row in world.expected("coupons")}:
        hotmart.add_fault(Fault(kind="empty200", path=f"/products/api/v1/coupon/product/{product_id}"))

    complete(connector.read(["coupons"]), world, "coupons")


@pytest.mark.parametrize("world", [{"coupons": 0}], ids=["no_coupons"], indirect=True)
def test_an_account_without_coupons_does_not_fail_the_stream(connector: Connector, hotmart: Simulator) -> None:
    """No product has a coupon, and each answers with an empty list."""
    hotmart.switches = switches(no_coupons="list")

    run = connector.read(["coupons"])

    assert run.exit_code == 0, run.sentences
    assert not run.records("coupons")


def test_a_404_for_every_subscriber_explains_that_no_rows_may_exist(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """No subscriber of a new account may have been charged yet, which looks like an endpoint that is gone."""
    hotmart.add_fault(Fault(kind=404, error="not_found", path="/payments/api/v1/subscriptions/*/purchases", times=None))

    run = connector.read(["subscription_purchases"])

    assert run.exit_code == 1
    assert "If none of the subscribers has rows yet, deselect this stream until one has." in run.sentences


def test_a_list_without_page_info_is_logged_once(connector: Connector, hotmart: Simulator, world: World) -> None:
    """The tickets of each event are requested once more for each hidden status, never with `page_info`."""
    hotmart.switches = switches(tickets_by_default="confirmed")
    hotmart.add_fault(Fault(kind="no_page_info", path="/events/api/v1/*/participants", times=None))

    run = connector.read(["event_participants"])

    named = [line for line in warnings(run, "event_participants") if "event_participants: Rows of event" in line]
    assert named
    assert len(set(named)) == len(named)
    assert all("Hotmart sent no reliable count of the rows" in line for line in named)
