"""Rare kinds of sales, initially present or created by changes, over HTTP."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, PRICE_DETAILS_STATUSES, SALE_STATUSES

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
COMMISSIONS = "/payments/api/v1/sales/commissions"
DETAILS = "/payments/api/v1/sales/price/details"
LISTS = (HISTORY, USERS, COMMISSIONS, DETAILS)
START_MS = NOW_MS - 700 * DAY_MS
EVERYTHING: dict[str, Any] = {"start_date": START_MS, "end_date": NOW_MS, "max_results": 500}


@pytest.fixture(name="world")
def small_world() -> World:
    return World(
        seed=2, sales=300, subscriptions=60, students=24, products=8, participants=12, start_ms=START_MS, now_ms=NOW_MS
    )


def switch(simulator: Simulator, **sides: Any) -> None:
    simulator.switches = replace(simulator.switches, **sides)


def by_code(client: Client, path: str) -> dict[str, dict[str, Any]]:
    rows = client.rows(path, **EVERYTHING, transaction_status=PRICE_DETAILS_STATUSES)
    found = {(row["purchase"] if path == HISTORY else row)["transaction"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_each_rare_kind_occurs_in_about_one_sale_in_fifty() -> None:
    world = World(seed=3, sales=20_000, subscriptions=3_000, now_ms=NOW_MS)
    found: Counter[str] = Counter()
    for serial in range(20_000):
        sale = world.sale(serial)
        assert sale.traits.is_free is (sale.list_cents == 0)
        found["free"] += sale.traits.is_free
        found["no product"] += not sale.traits.has_product
        found["no producer"] += not sale.traits.has_producer
        found["order bump"] += sale.traits.main >= 0
        found["co-producers"] += len(sale.coproducers) == 2
        found["roles"] += len(sale.roles) == 2

    assert {name: 1 / 70 < count / 20_000 < 1 / 30 for name, count in found.items()} == dict.fromkeys(found, True)
    assert len(found) == 6


def test_a_free_sale_has_price_0_in_every_list(simulator: Simulator, client: Client) -> None:
    made = simulator.world.sale_moves.add_free(2)
    history, commissions, details = (by_code(client, path) for path in (HISTORY, COMMISSIONS, DETAILS))
    free = {code for code, row in history.items() if row["purchase"]["price"]["value"] == 0}

    assert set(made) < free
    for code in free:
        purchase = history[code]["purchase"]
        assert "hotmart_fee" not in purchase
        assert purchase["payment"]["installments_number"] == 1
        assert {part["commission"]["value"] for part in commissions[code]["commissions"]} == {0}
        assert (details[code]["base"]["value"], details[code]["total"]["value"]) == (0, 0)
        assert purchase["is_subscription"] is False


@pytest.mark.parametrize("lacking", ["product", "producer"])
def test_a_switch_removes_the_product_or_producer_of_some_sales(
    simulator: Simulator, client: Client, lacking: str
) -> None:
    add = getattr(simulator.world.sale_moves, f"add_without_{lacking}")
    assert add(2) == []
    assert all(lacking in row for row in by_code(client, HISTORY).values())
    switch(simulator, sale_products="some_missing")
    made = add(2)
    rows = {path: by_code(client, path) for path in LISTS}

    without = {code for code, row in rows[HISTORY].items() if lacking not in row}
    assert set(made) < without
    assert len(without) < len(rows[HISTORY]) / 10
    for path in LISTS if lacking == "product" else ():
        lacking_here = {code for code, row in rows[path].items() if "product" not in row}
        assert without <= lacking_here
        assert lacking_here == without or path == DETAILS


def test_a_sale_without_a_product_object_is_found_by_product_id(simulator: Simulator, client: Client) -> None:
    switch(simulator, sale_products="some_missing")
    code = simulator.world.sale_moves.add_without_product(1)[0]
    product_id = simulator.world.sale(simulator.world.sale_moves.known(code)).product.id

    assert len(client.rows(HISTORY, transaction=code, product_id=product_id)) == 1
    assert client.rows(HISTORY, transaction=code, product_id=product_id + 1) == []


def test_a_sale_without_a_buyer_has_no_buyer_object(simulator: Simulator, client: Client) -> None:
    made = simulator.world.sale_moves.add_without_buyer(2)
    history = by_code(client, HISTORY)

    assert all("buyer" not in history[code] for code in made)
    assert sum("buyer" in row for row in history.values()) > len(history) * 0.9


def test_a_sale_of_two_coproducers_lists_both(simulator: Simulator, client: Client) -> None:
    made = simulator.world.sale_moves.add_coproduced(2)
    users, commissions = by_code(client, USERS), by_code(client, COMMISSIONS)

    def coproducers(parts: list[dict[str, Any]], role: str) -> list[str]:
        return [part["user"]["ucode"] for part in parts if part[role] == "COPRODUCER"]

    both = {code for code, row in users.items() if len(coproducers(row["users"], "role")) == 2}
    assert set(made) < both
    for code in both:
        named = coproducers(users[code]["users"], "role")
        assert len(set(named)) == 2
        assert coproducers(commissions[code]["commissions"], "source") == named


def test_the_account_sells_its_own_product_as_its_affiliate(simulator: Simulator, client: Client) -> None:
    made = simulator.world.sale_moves.add_own_affiliate(3)
    users, history = by_code(client, USERS), by_code(client, HISTORY)
    owner = simulator.world.people.owner.ucode

    for code in made:
        roles = [part["role"] for part in users[code]["users"] if part["user"]["ucode"] == owner]
        assert roles == ["PRODUCER", "AFFILIATE"]
        assert history[code]["purchase"]["commission_as"] == "PRODUCER"
    switch(simulator, transactions_per_sale="row_per_role")
    assert [len(client.rows(HISTORY, transaction=code)) for code in made] == [2, 2, 2]


def test_transactions_of_order_bumps_can_have_a_suffix(simulator: Simulator, client: Client) -> None:
    digits = client.rows(HISTORY, **EVERYTHING, transaction_status=SALE_STATUSES)
    assert all(row["purchase"]["transaction"][2:].isdigit() for row in digits)
    switch(simulator, transaction_codes="some_suffixed")
    made = simulator.world.sale_moves.add_order_bumps(2)
    assert all(code.endswith("C1") and code[2:-2].isdigit() for code in made)

    rows = {path: by_code(client, path) for path in LISTS}
    history = rows[HISTORY]
    bumps = [code for code in history if not code[2:].isdigit()]
    assert set(made) < set(bumps)
    for code in bumps:
        main, bump = (history[name]["purchase"] for name in (code.removesuffix("C1"), code))
        assert code.endswith("C1")
        for name in ("order_date", "payment"):
            assert bump[name] == main[name]
        assert client.rows(USERS, transaction=code)[0]["users"][-1] == rows[USERS][code.removesuffix("C1")]["users"][-1]
        assert [client.rows(path, transaction=code) for path in LISTS] == [[rows[path][code]] for path in LISTS]
        assert simulator.world.status_of(code) == bump["status"]
    assert len(history) == len(rows[USERS]) == len(rows[COMMISSIONS]) == len(rows[DETAILS])


def test_a_transaction_with_an_unknown_suffix_is_not_found(simulator: Simulator, client: Client) -> None:
    world = simulator.world
    plain, _ = world.add_sales(2)
    old_codes = {row["purchase"]["transaction"] for row in client.rows(HISTORY, **EVERYTHING)}
    switch(simulator, transaction_codes="some_suffixed")
    replaced = old_codes - {row["purchase"]["transaction"] for row in client.rows(HISTORY, **EVERYTHING)}

    assert replaced
    for code in (f"{plain}C1", f"{plain}C2", "HP0000000000C1", "C1", *replaced):
        assert client.rows(HISTORY, transaction=code) == []
    assert len(client.rows(HISTORY, transaction=plain)) == 1


def test_a_deleted_order_bump_is_not_found(simulator: Simulator, client: Client) -> None:
    switch(simulator, transaction_codes="some_suffixed", sale_deletions="some")
    bump = simulator.world.sale_moves.add_order_bumps(1)[0]
    simulator.world.set_status(bump, "CANCELLED")
    assert bump in simulator.world.sale_moves.delete(10_000)

    assert client.rows(HISTORY, transaction=bump) == []
    assert len(client.rows(HISTORY, transaction=bump.removesuffix("C1"))) == 1


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_status_occurs_in_one_off_sales_of_a_small_account(seed: int) -> None:
    world = World(seed=seed, sales=150, subscriptions=30, students=1, products=8, now_ms=NOW_MS)
    sales = [world.sale(serial) for serial in range(150)]

    assert {sale.status for sale in sales if sale.subscription < 0} == set(SALE_STATUSES)
    assert world.sale_moves.age() == [], "nothing is due to change when the account begins"


def test_an_order_bump_is_paid_if_its_main_sale_is() -> None:
    large = World(seed=3, sales=5_000, subscriptions=500, now_ms=NOW_MS)
    unpaid = 0
    for serial in range(5_000):
        bump = large.sale(serial)
        if bump.traits.main >= 0:
            main = large.sale(bump.traits.main)
            assert (bump.approved_ms is None) == (main.approved_ms is None)
            unpaid += bump.approved_ms is None
    assert unpaid > 3
