"""Changes of the simulator's coupons, and the sides of the beliefs about them (hotmart-api.md 0.5, 4.17)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.coupons import expected
from hotmart_simulator.coupons.moves import CouponMoves
from hotmart_simulator.products.moves import ProductMoves
from hotmart_simulator.shapes import problems
from tools.sample import sample

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
COUPONS = "/products/api/v1/coupon/product"
OTHER_PREFIX = "/payments/api/v1/coupon/product"


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


def read(client: Client, prefix: str = COUPONS) -> dict[tuple[int, int], dict[str, Any]]:
    """Return every coupon by the IDs of the product that lists it and of the coupon."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for product in client.simulator.world.products.own:
        path = f"{prefix}/{product.id}"
        answer = client.get(path)
        if answer.status_code == 200 and answer.content:
            rows = client.rows(path, max_results=5)
            assert len({row["id"] for row in rows}) == len(rows)
            found |= {(product.id, row["id"]): row for row in rows}
    return found


def assert_expected(found: dict[tuple[int, int], dict[str, Any]], world: World) -> None:
    """Assert that a complete read returns the expected rows, without repeated keys."""
    kept = list(expected.coupons(world))
    assert len({row.identity for row in kept}) == len(kept)
    assert [problems("coupons", row.record) for row in kept] == [[]] * len(kept)
    pairs = {(row.identity[1], row.record["id"]): row.record for row in kept}
    assert len(pairs) == len(kept)
    assert orjson.dumps(list(found.values())) == orjson.dumps([pairs[key] for key in found])
    assert set(found) == set(pairs)


def ids_of(found: dict[tuple[int, int], dict[str, Any]]) -> set[str]:
    return {str(coupon) for _, coupon in found}


def test_every_change_has_a_plural_name_and_takes_a_count(world: World) -> None:
    moves = CouponMoves(world).named()

    assert set(moves) == {"coupons", "coupon_expiries", "coupon_removals"}
    for move in moves.values():
        assert len(move(2)) == 2


@pytest.mark.parametrize("form", ["one_product", "several_products"])
def test_a_complete_read_equals_the_expected_rows_after_every_change(
    simulator: Simulator, client: Client, world: World, form: Any
) -> None:
    simulator.switches = replace(simulator.switches, coupons_of=form)
    assert_expected(read(client), world)
    for move in CouponMoves(world).named().values():
        move(7)
        assert_expected(read(client), world)


def test_new_coupons_belong_to_products_that_are_not_deleted(client: Client, world: World) -> None:
    new = ProductMoves(world).add(1)
    before = read(client)
    made = CouponMoves(world).add(80, NOW_MS - 4)
    after = read(client)

    assert {key: after[key] for key in before} == before
    added = {key: row for key, row in after.items() if key not in before}
    assert len(added) == 80
    assert ids_of(added) == set(made)
    products = {product_id for product_id, _ in added}
    live = {product.id for product in world.products.own if product.status != "DELETED"}
    assert products <= live
    assert len(products) > len(live) / 2
    assert int(new[0]) in products
    assert {row.get("start_date", NOW_MS - 4) for row in added.values()} == {NOW_MS - 4}


def test_an_account_with_only_deleted_products_gets_no_coupons(world: World) -> None:
    ProductMoves(world).delete(100)

    assert CouponMoves(world).add(3) == []


def test_expired_coupons_stay_listed(client: Client, world: World) -> None:
    before = read(client)
    picked = CouponMoves(world).expire(5)
    after = read(client)

    assert len(set(picked)) == 5
    assert set(after) == set(before)
    assert {str(key[1]) for key in before if before[key] != after[key]} == set(picked)
    for key, row in after.items():
        if str(key[1]) in picked:
            assert (before[key]["status"], row["status"]) == ("valid", "expired")
            assert row.get("active", False) is False
            assert {**row, "status": "valid", "active": True} == {**before[key], "active": True}
    CouponMoves(world).expire(1_000)
    assert {row["status"] for row in read(client).values()} == {"expired"}
    assert CouponMoves(world).expire(1) == []


def test_removed_coupons_are_no_longer_listed(client: Client, world: World) -> None:
    before = read(client)
    picked = CouponMoves(world).remove(5)
    after = read(client)

    assert len(set(picked)) == 5
    assert ids_of(before) - ids_of(after) == set(picked)
    assert after == {key: row for key, row in before.items() if str(key[1]) not in picked}
    assert ids_of(after) == set(CouponMoves(world).remove(1_000))
    assert read(client) == {}
    assert CouponMoves(world).remove(1) == CouponMoves(world).expire(1) == []


def test_a_product_with_all_coupons_removed_returns_no_coupons(
    simulator: Simulator, client: Client, world: World
) -> None:
    product = world.products.own[0]
    assert client.rows(f"{COUPONS}/{product.id}")
    CouponMoves(world).remove(1_000)
    simulator.switches = replace(simulator.switches, no_coupons="empty")

    assert client.get(f"{COUPONS}/{product.id}").content == b""


def test_a_coupon_belongs_to_one_or_several_products(simulator: Simulator, client: Client, world: World) -> None:
    one = read(client)
    assert set(Counter(coupon for _, coupon in one).values()) == {1}
    coupons = world.coupons
    assert set(one) == {(coupons.product(number).id, coupons.id(number)) for number in range(len(coupons))}
    simulator.switches = replace(simulator.switches, coupons_of="several_products")
    several = read(client)

    assert {key: several[key] for key in one} == one
    counts = Counter(coupon for _, coupon in several)
    assert set(counts.values()) == {1, 2, 3}
    assert set(counts) == {coupon for _, coupon in one}
    by_coupon: dict[int, Any] = {}
    for (_, coupon), row in several.items():
        assert by_coupon.setdefault(coupon, row) == row, "a coupon is the same under each of its products"
    key = next(key for key in several if counts[key[1]] > 1)
    assert client.rows(f"{COUPONS}/{key[0]}", code=several[key]["coupon_code"]) == [several[key]]


@pytest.mark.parametrize(
    ("form", "right", "wrong"), [("products", COUPONS, OTHER_PREFIX), ("payments", OTHER_PREFIX, COUPONS)]
)
def test_only_one_path_prefix_returns_coupons(
    simulator: Simulator, client: Client, world: World, form: Any, right: str, wrong: str
) -> None:
    simulator.switches = replace(simulator.switches, coupon_prefix=form)
    assert_expected(read(client, right), world)
    assert read(client, right)
    for product_id in [*(product.id for product in world.products.own), 1]:
        answer = client.get(f"{wrong}/{product_id}")
        assert (answer.status_code, answer.content) == (200, b"")
        assert (client.get(f"{right}/{product_id}").status_code == 404) == (product_id == 1)


@pytest.mark.parametrize(("switch", "side"), [("draft_children", "404"), ("deleted_products", "hidden")])
def test_coupons_of_unavailable_products_are_not_expected(
    simulator: Simulator, client: Client, world: World, switch: Any, side: Any
) -> None:
    before = read(client)
    status = "DRAFT" if switch == "draft_children" else "DELETED"
    silent = {product.id for product in world.products.own if product.status == status}
    simulator.switches = replace(simulator.switches, **{switch: side})

    after = read(client)
    assert silent and {client.get(f"{COUPONS}/{product_id}").status_code for product_id in silent} == {404}
    assert after == {key: row for key, row in before.items() if key[0] not in silent}
    assert_expected(after, world)


@pytest.mark.parametrize("form", ["all", "bare"])
def test_optional_fields_are_in_some_all_or_no_coupons(
    simulator: Simulator, client: Client, world: World, form: Any
) -> None:
    optional = {"active", "start_date"}
    some = [optional & set(row) for row in read(client).values()]
    assert {frozenset(), frozenset(optional)} <= {*map(frozenset, some)}
    simulator.switches = replace(simulator.switches, coupon_fields=form)
    CouponMoves(world).add(5)

    found = read(client)
    assert_expected(found, world)
    assert {frozenset(optional & set(row)) for row in found.values()} == {
        frozenset(optional) if form == "all" else frozenset()
    }
