"""The sides of the beliefs about products, offers and plans (hotmart-api.md 4.10 to 4.12)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import PRODUCT_STATUSES
from hotmart_simulator.products import expected
from hotmart_simulator.shapes import problems
from tools.sample import sample
from unit_tests.simulator.lookup import raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
PRODUCTS = "/products/api/v1/products"


@pytest.fixture(name="world", params=sample([1, 2, 3], 3))
def small_world(request: pytest.FixtureRequest) -> World:
    """Accounts as small as those of the flips, where every side must be visible."""
    return World(seed=request.param, sales=120, subscriptions=30, students=24, products=8, now_ms=NOW_MS)


@pytest.fixture(name="simulator")
def stable_simulator(world: World) -> Iterator[Simulator]:
    with Simulator(
        world, Switches(limit_per_minute=1_000_000, untotalled_order="stable", empty_pages="items")
    ) as simulator:
        yield simulator


def test_without_a_status_all_or_only_active_products_are_listed(simulator: Simulator, client: Client) -> None:
    every = client.rows(PRODUCTS)
    by_status = {status: client.rows(PRODUCTS, status=status) for status in PRODUCT_STATUSES}
    expected_rows = list(expected.products(simulator.world))
    simulator.switches = replace(simulator.switches, products_by_default="active")

    assert sorted(row["id"] for rows in by_status.values() for row in rows) == sorted(row["id"] for row in every)
    assert client.rows(PRODUCTS) == by_status["ACTIVE"] == [row for row in every if row["status"] == "ACTIVE"]
    assert {status: client.rows(PRODUCTS, status=status) for status in PRODUCT_STATUSES} == by_status
    assert len(by_status["ACTIVE"]) < len(every)
    other = next(row for row in every if row["status"] != "ACTIVE")
    assert client.rows(PRODUCTS, id=other["id"]) == []
    assert client.rows(PRODUCTS, id=other["id"], status=other["status"]) == [other]
    assert list(expected.products(simulator.world)) == expected_rows, "every status can still be asked for"


def test_deleted_products_are_listed_or_hidden_with_their_children(simulator: Simulator, client: Client) -> None:
    every = client.rows(PRODUCTS)
    deleted = client.rows(PRODUCTS, status="DELETED")
    offers = [f"{PRODUCTS}/{row['ucode']}/offers" for row in deleted]
    assert deleted and all(client.rows(path) for path in offers)
    simulator.switches = replace(simulator.switches, deleted_products="hidden")

    assert client.rows(PRODUCTS) == [row for row in every if row not in deleted]
    assert client.rows(PRODUCTS, status="DELETED") == []
    assert {client.get(path).status_code for path in offers} == {404}
    assert [row.record for row in expected.products(simulator.world)] == client.rows(PRODUCTS)
    gone = {row["id"] for row in deleted}
    assert not gone & {row.identity[1] for row in expected.product_offers(simulator.world)}


def test_only_subscriptions_or_also_instalment_products_have_plans(simulator: Simulator, client: Client) -> None:
    def plans() -> dict[str, list[dict[str, Any]]]:
        found = {}
        for row in products:
            path = f"{PRODUCTS}/{row['ucode']}/plans"
            answer = client.get(path)
            if answer.status_code == 200:
                found[row["ucode"]] = client.rows(path, max_results=2)
            else:
                assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter")
        return found

    products = client.rows(PRODUCTS)
    before = plans()
    assert set(before) == {row["ucode"] for row in products if row["is_subscription"]}
    simulator.switches = replace(simulator.switches, plans_of="instalments_too")
    after = plans()

    assert {key: after[key] for key in before} == before
    assert [row for rows in after.values() for row in rows] == [
        row.record for row in expected.product_plans(simulator.world)
    ]
    offers = {row["ucode"]: client.rows(f"{PRODUCTS}/{row['ucode']}/offers") for row in products}
    smart = {
        ucode
        for ucode, rows in offers.items()
        if any(row["is_smart_recovery_enabled"] or row["payment_mode"] == "SMART_INSTALLMENT" for row in rows)
    }
    assert set(after) == set(before) | smart
    assert not [found for rows in after.values() for row in rows for found in problems("product_plans", row)]
    added = {ucode: rows for ucode, rows in after.items() if ucode not in before}
    assert added
    for ucode, rows in added.items():
        codes = {row["code"]: row["payment_mode"] for row in offers[ucode]}
        for row in rows:
            assert (row["payment_mode"] == "SMART_INSTALLMENT") == (codes[row["code"]] == "SMART_INSTALLMENT")
            assert row["periodicity"] in ("MONTHLY", "SINGLE_INSTALLMENT")


def test_a_one_off_product_without_smart_offers_never_has_plans() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=60, now_ms=NOW_MS)
    world.switches = Switches(plans_of="instalments_too")
    having = {row.identity[1] for row in expected.product_plans(world)}

    assert 0 < len(having) < 60


@pytest.mark.parametrize("form", ["400", "list", "empty"])
def test_a_product_without_plans_is_rejected_or_returns_no_rows(
    simulator: Simulator, client: Client, form: Any
) -> None:
    simulator.switches = replace(simulator.switches, no_plans=form)
    for row in client.rows(PRODUCTS):
        answer = client.get(f"{PRODUCTS}/{row['ucode']}/plans")
        if row["is_subscription"]:
            assert len(answer.json()["items"]) == 3
        elif form == "400":
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter")
        else:
            assert answer.status_code == 200
            assert answer.content == b"" if form == "empty" else answer.json()["items"] == []


@pytest.mark.parametrize("name", ["offers", "plans"])
def test_a_product_id_instead_of_a_ucode_returns_nothing_or_500(
    simulator: Simulator, client: Client, name: str
) -> None:
    path = f"{PRODUCTS}/{client.rows(PRODUCTS)[0]['id']}/{name}"
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, b"")
    simulator.switches = replace(simulator.switches, numeric_ucode="500")

    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (500, {"error": "internal_error"})


def test_children_of_drafts_are_listed_or_not_found(simulator: Simulator, client: Client) -> None:
    drafts = client.rows(PRODUCTS, status="DRAFT")
    paths = [f"{PRODUCTS}/{row['ucode']}/{name}" for row in drafts for name in ("offers", "plans")]
    paths += [f"/products/api/v1/coupon/product/{row['id']}" for row in drafts]
    every = [list(rows(simulator.world)) for rows in (expected.product_offers, expected.product_plans)]
    assert drafts
    assert {client.get(path).status_code for path in paths} <= {200, 400}
    simulator.switches = replace(simulator.switches, draft_children="404")

    assert {client.get(path).status_code for path in paths} == {404}
    assert client.rows(PRODUCTS, status="DRAFT") == drafts
    ids = {row["id"] for row in drafts}
    for before, rows in zip(every, (expected.product_offers, expected.product_plans), strict=True):
        assert list(rows(simulator.world)) == [row for row in before if row.identity[1] not in ids]
    assert any(row.identity[1] in ids for row in every[0])


def test_only_own_or_also_coproduced_products_are_listed(simulator: Simulator, client: Client) -> None:
    sales = {
        row["product"]["id"]
        for row in raw_rows(simulator.world, "sales_history")
        if row["purchase"]["commission_as"] == "COPRODUCER"
    }
    own = client.rows(PRODUCTS)
    foreign = simulator.world.products.coproduced
    assert sales and sales <= {product.id for product in foreign}
    for product in foreign:
        assert client.get(f"{PRODUCTS}/{product.ucode}/offers").status_code == 404
        assert client.get(f"/products/api/v1/coupon/product/{product.id}").status_code == 404
    before = len(list(expected.product_offers(simulator.world)))
    simulator.switches = replace(simulator.switches, products_listed="coproduced_too")

    every = client.rows(PRODUCTS)
    assert every[: len(own)] == own
    assert {row["id"] for row in every[len(own) :]} == {product.id for product in foreign}
    assert [row.record for row in expected.products(simulator.world)] == every
    assert not [found for row in every for found in problems("products", row)]
    for product in foreign:
        assert len(client.rows(f"{PRODUCTS}/{product.ucode}/offers")) == 3
        assert client.get(f"{PRODUCTS}/{product.ucode}/plans").status_code == 400
        assert client.get(f"/products/api/v1/coupon/product/{product.id}").status_code == 200
    assert len(list(expected.product_offers(simulator.world))) == before + 3 * len(foreign)
