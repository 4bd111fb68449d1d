"""The records of a sale: amounts, currencies and the parts that switches change (hotmart-api.md 0.5 and 5)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, PRICE_DETAILS_STATUSES
from integration_tests.simulator.conftest import STABLE
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
COMMISSIONS = "/payments/api/v1/sales/commissions"
DETAILS = "/payments/api/v1/sales/price/details"
SUMMARY = "/payments/api/v1/sales/summary"
LISTS = (HISTORY, USERS, COMMISSIONS, DETAILS)
START_MS = NOW_MS - 700 * DAY_MS
EVERYTHING: dict[str, Any] = {
    "start_date": START_MS,
    "end_date": NOW_MS,
    "max_results": 500,
    "transaction_status": PRICE_DETAILS_STATUSES,
}


@pytest.fixture(name="world", scope="module")
def large_world() -> World:
    """An account large enough to contain every rare case. Tests don't change its sales."""
    return World(seed=4, sales=1_500, subscriptions=200, products=12, start_ms=START_MS, now_ms=NOW_MS)


@pytest.fixture(name="records", scope="module")
def by_transaction(world: World) -> dict[str, dict[str, Any]]:
    """Return the four records of each sale, merged by transaction. Tests must not change them."""
    with Simulator(world, STABLE) as simulator, Client(simulator) as client:
        return merged(client)


def merged(client: Client) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in LISTS:
        for row in client.rows(path, **EVERYTHING):
            code = row["purchase"]["transaction"] if path == HISTORY else row["transaction"]
            found.setdefault(code, {})[path] = row
    assert all(set(rows) == set(LISTS) for rows in found.values())
    return found


def switch(simulator: Simulator, **sides: Any) -> None:
    simulator.switches = replace(simulator.switches, **sides)


def cents(amount: dict[str, Any]) -> int:
    return round(amount["value"] * 100)


def test_only_instalments_in_some_currencies_have_a_fee(records: dict[str, dict[str, Any]]) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    for rows in records.values():
        purchase, details = rows[HISTORY]["purchase"], rows[DETAILS]
        currency, several = purchase["price"]["currency_code"], purchase["payment"]["installments_number"] > 1
        seen[currency, several] += 1
        due = several and currency in ("BRL", "MXN") and purchase["price"]["value"] > 0
        assert ("fee" in details) is due
        if due:
            assert details["fee"]["value"] > 0
            assert details["fee"]["currency_code"] == currency
    assert all(seen[currency, True] for currency in ("BRL", "MXN", "USD", "EUR"))


def test_only_sales_in_euros_and_mexican_pesos_have_vat(records: dict[str, dict[str, Any]]) -> None:
    shown: dict[str, set[str]] = {}
    for rows in records.values():
        vat = rows[DETAILS].get("vat")
        form = "absent" if vat is None else "zero" if vat["value"] == 0 else "some"
        shown.setdefault(rows[HISTORY]["purchase"]["price"]["currency_code"], set()).add(form)

    every = {"absent", "zero", "some"}
    assert shown == {"BRL": {"absent"}, "USD": {"absent"}, "EUR": every, "MXN": every}


def test_the_total_is_the_sum_of_base_vat_and_fee(records: dict[str, dict[str, Any]]) -> None:
    for rows in records.values():
        details, price = rows[DETAILS], rows[HISTORY]["purchase"]["price"]
        assert details["total"] == price
        if details["base"]["currency_code"] == price["currency_code"]:
            assert details["real_conversion_rate"] == 1
            parts = [cents(details[name]) for name in ("base", "vat", "fee") if name in details]
            assert sum(parts) == cents(details["total"])
        elif "vat" not in details and "fee" not in details:
            converted = cents(details["base"]) * details["real_conversion_rate"]
            assert converted == pytest.approx(cents(price), abs=4)


def test_amounts_of_a_sale_have_one_or_two_currencies(
    simulator: Simulator, client: Client, records: dict[str, dict[str, Any]]
) -> None:
    def mixed(rows: dict[str, Any]) -> bool:
        return len({rows[DETAILS][name]["currency_code"] for name in ("base", "total")}) > 1

    assert 10 < sum(map(mixed, records.values())) < len(records) / 3
    switch(simulator, price_currencies="one")
    one = merged(client)
    assert not any(map(mixed, one.values()))
    for rows in one.values():
        details = rows[DETAILS]
        assert sum(cents(details[name]) for name in ("base", "vat", "fee") if name in details) == cents(
            details["total"]
        )


def test_commissions_equal_the_converted_price_without_taxes(
    records: dict[str, dict[str, Any]],
) -> None:
    rates: Counter[bool] = Counter()
    for rows in records.values():
        paid, commissions = rows[HISTORY]["purchase"]["price"]["currency_code"], rows[COMMISSIONS]["commissions"]
        keys = {part["commission"].get("currency_code") or part["commission"]["currency_value"] for part in commissions}
        rate = rows[COMMISSIONS]["exchange_rate_currency_payout"]
        assert len(keys) == 1
        assert (keys == {paid}) is (rate == 1)
        if rows[DETAILS]["base"]["currency_code"] == paid:
            gross = cents(rows[DETAILS]["base"]) * rate
            assert sum(cents(part["commission"]) for part in commissions) == pytest.approx(gross * 0.9, abs=2)
        rates[rate == 1] += 1
    assert rates[False] > 20


@pytest.mark.parametrize("side", ["mixed", "currency_code", "currency_value"])
def test_a_switch_sets_the_key_of_the_commission_currency(simulator: Simulator, client: Client, side: str) -> None:
    switch(simulator, commission_currency_key=side)
    keys = {
        key
        for row in client.rows(COMMISSIONS, **EVERYTHING)
        for part in row["commissions"]
        for key in part["commission"]
        if key != "value"
    }

    assert keys == ({"currency_code", "currency_value"} if side == "mixed" else {side})


@pytest.mark.parametrize(("side", "values"), [("mixed", {0.1, 22.9}), ("fraction", {0.1}), ("percent", {22.9})])
def test_a_coupon_value_is_a_fraction_or_a_percentage(
    simulator: Simulator, client: Client, side: str, values: set[float]
) -> None:
    switch(simulator, coupon_value=side)

    assert {row["coupon"]["value"] for row in client.rows(DETAILS, **EVERYTHING) if "coupon" in row} == values


def test_the_summary_adds_up_commissions_or_prices(
    simulator: Simulator, client: Client, records: dict[str, dict[str, Any]]
) -> None:
    commissions: dict[str, list[int]] = {}
    prices: dict[str, list[int]] = {}
    for rows in records.values():
        purchase = rows[HISTORY]["purchase"]
        if purchase["status"] in ("APPROVED", "COMPLETE"):
            add(prices, purchase["price"]["currency_code"], cents(purchase["price"]))
            for part in rows[COMMISSIONS]["commissions"]:
                amount = part["commission"]
                add(commissions, amount.get("currency_code") or amount["currency_value"], cents(amount))
    window = {"start_date": START_MS, "end_date": NOW_MS}

    assert by_currency(client.rows(SUMMARY, **window)) == commissions
    switch(simulator, summary_totals="prices")
    assert by_currency(client.rows(SUMMARY, **window)) == prices
    assert len(commissions) == len(prices) == 4
    assert commissions["BRL"][0] > prices["BRL"][0]


def add(sums: dict[str, list[int]], currency: str, amount_cents: int) -> None:
    total = sums.setdefault(currency, [0, 0])
    total[0] += 1
    total[1] += amount_cents


def by_currency(items: list[dict[str, Any]]) -> dict[str, list[int]]:
    counts = [item["total_items"] for item in items]
    assert counts == sorted(counts, reverse=True)
    return {item["total_value"]["currency_code"]: [item["total_items"], cents(item["total_value"])] for item in items}


def test_a_refund_does_not_change_the_approval_date() -> None:
    world = World(seed=6, sales=300, subscriptions=40, now_ms=NOW_MS)

    def approvals() -> Iterator[tuple[str, int]]:
        for code, raw in keyed(world, "sales_history").items():
            if "approved_date" in raw["purchase"]:
                yield str(code), raw["purchase"]["approved_date"]

    before = dict(approvals())
    assert world.refund(10_000, within_days=3_000)
    assert dict(approvals()) == before


def test_switches_apply_without_a_server() -> None:
    world = World(seed=6, sales=50, switches=Switches(commission_currency_key="currency_value"))

    keys = {
        key for raw in raw_rows(world, "sales_commissions") for part in raw["commissions"] for key in part["commission"]
    }
    assert keys == {"value", "currency_value"}
