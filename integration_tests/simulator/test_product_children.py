"""The simulator's offers, plans and coupons of a product (hotmart-api.md 4.11, 4.12 and 4.17)."""

from base64 import b64decode
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
PRODUCTS = "/products/api/v1/products"
COUPONS = "/products/api/v1/coupon/product"


def own_products(world: World) -> list[dict[str, Any]]:
    return list(raw_rows(world, "products"))


def test_offers_of_every_product_are_read_by_its_ucode(simulator: Simulator, client: Client) -> None:
    found = {
        (product["ucode"], row["code"]): row
        for product in own_products(simulator.world)
        for row in client.rows(f"{PRODUCTS}/{product['ucode']}/offers", max_results=2)
    }

    assert found == keyed(simulator.world, "product_offers")


def test_plans_are_listed_for_subscriptions_and_rejected_for_other_products(
    simulator: Simulator, client: Client
) -> None:
    found: dict[tuple[str, str], Any] = {}
    for product in own_products(simulator.world):
        path = f"{PRODUCTS}/{product['ucode']}/plans"
        if product["is_subscription"]:
            found |= {(product["ucode"], row["code"]): row for row in client.rows(path, max_results=2)}
        else:
            answer = client.get(path)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter")

    assert found == keyed(simulator.world, "product_plans")


def test_sales_refer_to_listed_offers_and_plans(world: World) -> None:
    ucodes = {raw["id"]: raw["ucode"] for raw in raw_rows(world, "products")}
    offers, plans = keyed(world, "product_offers"), keyed(world, "product_plans")
    for raw in raw_rows(world, "sales_history"):
        if raw["product"]["id"] not in ucodes:
            continue
        key, purchase = (ucodes[raw["product"]["id"]], raw["purchase"]["offer"]["code"]), raw["purchase"]
        assert offers[key]["payment_mode"] == purchase["offer"]["payment_mode"]
        assert (key in plans) == purchase["is_subscription"]
    names = {(raw["product"]["ucode"], raw["plan"]["name"]) for raw in raw_rows(world, "subscriptions")}
    assert names <= {(ucode, row["name"]) for (ucode, _), row in plans.items()}


def test_each_product_has_one_main_offer(world: World) -> None:
    main = [ucode for (ucode, _), row in keyed(world, "product_offers").items() if row["is_main_offer"]]

    assert sorted(main) == sorted(raw["ucode"] for raw in raw_rows(world, "products"))


@pytest.mark.parametrize("name", ["offers", "plans"])
def test_a_product_id_instead_of_a_ucode_returns_an_empty_body(simulator: Simulator, client: Client, name: str) -> None:
    product = own_products(simulator.world)[0]
    answer = client.get(f"{PRODUCTS}/{product['id']}/{name}")

    assert (answer.status_code, answer.content) == (200, b"")
    unknown = client.get(f"{PRODUCTS}/00000000-0000-4000-8000-000000000000/{name}")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "keys"), [("offers", {"page", "size"}), ("plans", {"page", "size"}), ("coupons", {"page", "rows"})]
)
def test_a_page_token_is_valid_for_one_product_only(
    simulator: Simulator, client: Client, path: str, keys: set[str]
) -> None:
    products = [product for product in own_products(simulator.world) if product["is_subscription"]]
    one, two = (
        f"{COUPONS}/{product['id']}" if path == "coupons" else f"{PRODUCTS}/{product['ucode']}/{path}"
        for product in products[:2]
    )
    page_info = client.get(one, max_results=1).json()["page_info"]
    token = page_info["next_page_token"]

    assert keys <= set(orjson.loads(b64decode(token)))
    assert "total_results" not in page_info
    assert len(client.get(one, max_results=1, page_token=token).json()["items"]) == 1
    elsewhere = client.get(two, max_results=1, page_token=token)
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (400, "invalid_token")


def test_coupons_are_listed_by_product_id_with_pagination(simulator: Simulator, client: Client) -> None:
    found: dict[str, Any] = {}
    pages = []
    for product in own_products(simulator.world):
        path = f"{COUPONS}/{product['id']}"
        if client.get(path).content:
            pages.append(len(list(client.pages(path))))
            found |= {str(row["id"]): row for row in client.rows(path)}

    assert found == keyed(simulator.world, "coupons")
    assert max(pages) == 2


def test_a_coupon_is_found_by_its_code(simulator: Simulator, client: Client) -> None:
    path = f"{COUPONS}/{own_products(simulator.world)[0]['id']}"
    row = client.rows(path)[3]

    assert client.rows(path, code=row["coupon_code"]) == [row]
    assert client.get(path, code="NONE").json()["items"] == []


def test_a_product_without_coupons_returns_an_empty_list_or_body(simulator: Simulator, client: Client) -> None:
    without = own_products(simulator.world)[1::3]  # the others have some
    contents = {}
    for form in ("mixed", "list", "empty"):
        simulator.switches = replace(simulator.switches, no_coupons=form)
        answers = [client.get(f"{COUPONS}/{product['id']}") for product in without]
        assert {answer.status_code for answer in answers} == {200}
        contents[form] = [answer.content for answer in answers]

    envelope = b'{"items":[],"page_info":{"results_per_page":0}}'
    assert set(contents["list"]) == {envelope}
    assert set(contents["empty"]) == {b""}
    assert contents["mixed"] == [b"" if product["id"] % 2 else envelope for product in without]
    assert set(contents["mixed"]) == {b"", envelope}


def test_coupons_are_rejected_for_a_ucode_or_foreign_product(simulator: Simulator, client: Client) -> None:
    product = own_products(simulator.world)[0]
    wrong = client.get(f"{COUPONS}/{product['ucode']}")

    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_value_parameter")
    assert client.get(f"{COUPONS}/1").status_code == 404


def test_new_coupons_start_at_their_creation() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=5, now_ms=NOW_MS)
    before = keyed(world, "coupons")
    made = world.coupon_moves.add(40, NOW_MS - 9)
    after = keyed(world, "coupons")

    assert set(after) - set(before) == set(made)
    assert {key: after[key] for key in before} == before
    assert {after[key].get("start_date", NOW_MS - 9) for key in made if isinstance(key, str)} == {NOW_MS - 9}
    with pytest.raises(ValueError, match="no products"):
        World(sales=0, subscriptions=0, students=0, products=0, now_ms=NOW_MS).coupon_moves.add(1)
