"""Changes of the simulator's products, and their effect on every list."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.row import Row
from hotmart_simulator.common.vocabulary import DAY_MS, PRODUCT_STATUSES
from hotmart_simulator.products import expected, facts
from hotmart_simulator.products.moves import ProductMoves
from hotmart_simulator.shapes import problems
from unit_tests.simulator.lookup import keyed

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
PRODUCTS = "/products/api/v1/products"
HISTORY = "/payments/api/v1/sales/history"
READ_SWITCHES = Switches(limit_per_minute=1_000_000, untotalled_order="stable", empty_pages="items")


@pytest.fixture(name="small")
def small_world() -> World:
    """An account as small as those of the flips."""
    return World(
        seed=4, sales=120, subscriptions=30, students=24, products=8, coupons=60, participants=12, now_ms=NOW_MS
    )


@pytest.fixture(name="shop")
def client_of_small(small: World) -> Iterator[Client]:
    with Simulator(small, READ_SWITCHES) as simulator, Client(simulator) as client:
        yield client


def listed(shop: Client) -> dict[int, dict[str, Any]]:
    """Return every product of every status, by ID."""
    rows = [row for status in PRODUCT_STATUSES for row in shop.rows(PRODUCTS, status=status, max_results=3)]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


def children(shop: Client, name: str) -> list[dict[str, Any]]:
    """Return every offer or plan of the listed products that have rows."""
    rows = []
    for product in listed(shop).values():
        path = f"{PRODUCTS}/{product['ucode']}/{name}"
        answer = shop.get(path)
        if answer.status_code == 200:
            rows += shop.rows(path, max_results=2)
        else:
            assert (name, answer.status_code) == ("plans", 400)
    return rows


def text_of(rows: Sequence[dict[str, Any]]) -> list[bytes]:
    return sorted(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows)


def assert_expected(found: Sequence[dict[str, Any]], rows: Iterator[Row]) -> None:
    """Assert that a complete read returns the expected rows, without repeated keys."""
    kept = list(rows)
    assert len({row.identity for row in kept}) == len(kept)
    assert [problems(str(row.identity[0]), row.record) for row in kept] == [[]] * len(kept)
    assert text_of(found) == text_of([row.record for row in kept])


def changed(before: dict[int, dict[str, Any]], after: dict[int, dict[str, Any]]) -> set[str]:
    return {str(key) for key in before if before[key] != after[key]}


def test_every_change_has_a_plural_name_and_takes_a_count(small: World) -> None:
    moves = ProductMoves(small).named()

    assert set(moves) == {
        "products",
        "product_renames",
        "product_status_changes",
        "warranty_changes",
        "product_deletions",
        "published_drafts",
        "offers",
    }
    for move in moves.values():
        assert len(move(1)) == 1


def test_a_complete_read_equals_the_expected_rows_after_every_change(small: World, shop: Client) -> None:
    for move in ProductMoves(small).named().values():
        move(2)
        assert_expected(list(listed(shop).values()), expected.products(small))
        assert_expected(children(shop, "offers"), expected.product_offers(small))
        assert_expected(children(shop, "plans"), expected.product_plans(small))


def test_identities_of_children_contain_their_product(small: World) -> None:
    products = {(product.id, product.ucode) for product in small.products.own}

    for rows in (expected.product_offers(small), expected.product_plans(small)):
        assert {row.identity[1:3] for row in rows} <= products


def test_new_products_have_children_and_no_sales(small: World, shop: Client) -> None:
    before, sales = listed(shop), keyed(small, "sales_history")
    one_off, recurring = small.products.one_off, small.products.recurring
    made = ProductMoves(small).add(12, NOW_MS - 5)
    after = listed(shop)

    assert {str(key) for key in set(after) - set(before)} == set(made)
    assert changed(before, after) == set()
    assert {after[int(key)]["created_at"] for key in made} == {NOW_MS - 5}
    assert {after[int(key)]["status"] for key in made} == {"ACTIVE", "DRAFT"}
    assert small.products.one_off is one_off and small.products.recurring is recurring
    assert keyed(small, "sales_history") == sales
    for key in made:
        product = after[int(key)]
        assert len(shop.rows(f"{PRODUCTS}/{product['ucode']}/offers")) == 3
        plans = shop.get(f"{PRODUCTS}/{product['ucode']}/plans")
        assert plans.status_code == (200 if product["is_subscription"] else 400)
    assert any(after[int(key)]["is_subscription"] for key in made)
    assert len({raw["ucode"] for raw in after.values()}) == len(after)


def test_a_product_can_be_added_to_an_empty_account() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=0, now_ms=NOW_MS)
    made = ProductMoves(world).add(2)

    assert [str(row.record["id"]) for row in expected.products(world)] == made


def test_sales_keep_the_old_name_of_a_renamed_product(small: World, shop: Client) -> None:
    before, sales = listed(shop), shop.rows(HISTORY, start_date=NOW_MS - 300 * DAY_MS)
    picked = ProductMoves(small).rename(3)
    after = listed(shop)

    assert len(set(picked)) == 3
    assert changed(before, after) == set(picked)
    for key in picked:
        old, new = before[int(key)], after[int(key)]
        assert new == {**old, "name": f"{old['name']}, edition 2"}
    assert sales
    assert shop.rows(HISTORY, start_date=NOW_MS - 300 * DAY_MS) == sales
    ProductMoves(small).rename(100)
    names = {raw["name"] for raw in listed(shop).values()}
    assert any(name.endswith(", edition 3") for name in names)


def test_a_product_status_changes_to_a_valid_next_status(small: World, shop: Client) -> None:
    before = listed(shop)
    picked = ProductMoves(small).change_status(100)
    after = listed(shop)

    assert changed(before, after) == set(picked)
    still = {"DRAFT", "DELETED"}
    assert {raw["status"] for key, raw in before.items() if str(key) not in picked} == still
    for key in picked:
        old, new = before[int(key)]["status"], after[int(key)]["status"]
        assert (old == "ACTIVE") == (new in ("PAUSED", "CHANGES_PENDING_ON_PRODUCT"))
        assert new not in still


def test_old_sales_keep_their_warranty_period(small: World, shop: Client) -> None:
    before, sales = listed(shop), keyed(small, "sales_history")
    picked = ProductMoves(small).change_warranty(100)
    after = listed(shop)

    assert changed(before, after) == set(picked) == {str(k) for k, raw in before.items() if raw["status"] != "DELETED"}
    assert {after[int(key)]["warranty_period"] for key in picked} <= {7, 15, 30}
    assert keyed(small, "sales_history") == sales


@pytest.mark.parametrize("form", ["listed", "hidden"])
def test_a_deleted_product_stays_listed_or_disappears_with_its_children(small: World, shop: Client, form: Any) -> None:
    small.switches = Switches(deleted_products=form, untotalled_order="stable", empty_pages="items")
    before = listed(shop)
    picked = ProductMoves(small).delete(2)
    after = listed(shop)

    gone = {str(key) for key in set(before) - set(after)}
    assert gone == (set(picked) if form == "hidden" else set())
    for key in picked:
        product = before[int(key)]
        assert form == "hidden" or after[int(key)] == {**product, "status": "DELETED"}
        status = 404 if form == "hidden" else 200
        assert shop.get(f"{PRODUCTS}/{product['ucode']}/offers").status_code == status
        assert shop.get(f"/products/api/v1/coupon/product/{key}").status_code == status
    assert_expected(list(after.values()), expected.products(small))
    assert_expected(children(shop, "offers"), expected.product_offers(small))
    everything = ProductMoves(small).delete(100)
    assert everything and ProductMoves(small).delete(1) == []


def test_publishing_makes_drafts_active(small: World, shop: Client) -> None:
    before = listed(shop)
    drafts = {str(key) for key, raw in before.items() if raw["status"] == "DRAFT"}
    assert drafts
    assert set(ProductMoves(small).publish(100)) == drafts
    after = listed(shop)

    assert changed(before, after) == drafts
    assert {after[int(key)]["status"] for key in drafts} == {"ACTIVE"}
    assert ProductMoves(small).publish(1) == []


def test_a_new_offer_of_a_subscription_has_a_plan(small: World, shop: Client) -> None:
    offers, plans, sales = children(shop, "offers"), children(shop, "plans"), keyed(small, "sales_history")
    picked = ProductMoves(small).add_offer(100)
    more_offers, more_plans = children(shop, "offers"), children(shop, "plans")

    products = listed(shop)
    assert set(picked) == {str(key) for key, raw in products.items() if raw["status"] != "DELETED"}
    subscriptions = {key for key in picked if products[int(key)]["is_subscription"]}
    assert len(more_offers) == len(offers) + len(picked)
    assert len(more_plans) == len(plans) + len(subscriptions)
    assert set(text_of(offers)) < set(text_of(more_offers))
    assert set(text_of(plans)) < set(text_of(more_plans))
    assert len({row["code"] for row in more_offers}) == len(more_offers)
    assert {row["code"] for row in more_plans} <= {row["code"] for row in more_offers}
    assert sum(row["is_main_offer"] for row in more_offers) == sum(row["is_main_offer"] for row in offers)
    assert keyed(small, "sales_history") == sales
    assert set(ProductMoves(small).add_offer(100)) == set(picked)
    for product in small.products.own:
        codes = [offer.code for offer in facts.offers(product)]
        names = [plan.name for plan in (*product.plans, *product.later_plans)]
        assert len(set(codes)) == len(codes) == (5 if str(product.id) in picked else 3)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "move", [ProductMoves.rename, ProductMoves.change_status, ProductMoves.publish, ProductMoves.add_offer]
)
def test_a_change_without_a_candidate_does_nothing(move: Callable[[ProductMoves, int], list[str]]) -> None:
    world = World(sales=0, subscriptions=0, students=0, products=0, now_ms=NOW_MS)

    assert move(ProductMoves(world), 3) == []


def test_accounts_with_equal_seeds_change_equally(small: World) -> None:
    twin = World(
        seed=4, sales=120, subscriptions=30, students=24, products=8, coupons=60, participants=12, now_ms=NOW_MS
    )
    for one, two in zip(ProductMoves(small).named().values(), ProductMoves(twin).named().values(), strict=True):
        assert one(2) == two(2)
    assert list(expected.product_offers(small)) == list(expected.product_offers(twin))
    assert list(expected.products(small)) == list(expected.products(twin))
