"""The connector's primary keys, and the row comparison that all other tests use."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from hotmart_simulator import World
from hotmart_simulator.common.row import Row
from tools.harness import Connector, small_world, stream_names
from tools.rows import KEYS, PARENT_FIELDS, PROMOTED_FIELDS, STALE_FIELDS, by_key, difference, value_at

ORDER_MS = 1_714_564_800_123
ORDER_ISO = "2024-05-01T12:00:00.123Z"


@pytest.fixture
def world() -> World:
    return small_world()


def sale(number: int = 1, **purchase: Any) -> Row:
    """Return a sale as Hotmart sends it."""
    record = {
        "product": {"id": 100 + number, "name": "Course 1"},
        "buyer": {"name": "Ana Example", "ucode": ""},
        "purchase": {
            "transaction": f"HP{number}",
            "order_date": ORDER_MS,
            "approved_date": None,
            "status": "APPROVED",
            "price": {"value": 10.5, "currency_code": "BRL"},
            **purchase,
        },
    }
    return Row(("sale", number), record)


def delivered(row: Row) -> dict[str, Any]:
    """Return the same sale as the connector delivers it."""
    record = deepcopy(row.record)
    record["product"]["id"] = str(record["product"]["id"])
    record["purchase"]["order_date"] = ORDER_ISO
    return {**record, "id": record["purchase"]["transaction"], "order_date": ORDER_ISO, "synced_until": ORDER_ISO}


def place(record: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Return the object that contains a field, and the field's name in it."""
    parent, _, name = path.rpartition(".")
    return value_at(record, parent) if parent else record, name


def charge(serial: int, value: float) -> Row:
    """Return one of several charges with the same transaction and currency."""
    commission = {"value": value, "currency": "USD"}
    record = {"subscriber_code": "ABC", "purchase": {"transaction": "HP1", "commission": commission}}
    return Row(("charge", serial, "USD"), record)


def delivered_charge(row: Row) -> dict[str, Any]:
    return {**row.record, "id": "HP1", "commission_currency": "USD", "recurrency_number": 0}


# Keys


def test_discover_returns_the_documented_primary_keys(connector: Connector) -> None:
    (message,) = connector.run("discover").of_type("CATALOG")

    offered = {stream["name"]: stream["source_defined_primary_key"] for stream in message["catalog"]["streams"]}
    assert offered == {stream: [[name] for name in names] for stream, names in KEYS.items()}


def test_every_stream_is_in_the_table_of_primary_keys() -> None:
    assert list(KEYS) == stream_names()
    assert {*PARENT_FIELDS, *PROMOTED_FIELDS, *STALE_FIELDS} <= set(KEYS)


# Differences that must be found


def test_a_lost_row_is_a_difference() -> None:
    found = difference("sales_history", [sale(1), sale(2)], [delivered(sale(1))])

    assert (found.lost, found.stale, found.surplus) == (["HP2"], [], [])
    assert str(found) == "sales_history: 1 lost (such as HP2)"


def test_a_surplus_row_is_a_difference() -> None:
    found = difference("sales_history", [sale(1)], [delivered(sale(1)), delivered(sale(2))])

    assert (found.lost, found.stale, found.surplus) == ([], [], ["HP2"])


def test_a_duplicate_row_is_a_difference() -> None:
    found = difference("sales_history", [sale(1)], [delivered(sale(1)), delivered(sale(1))])

    assert (found.lost, found.stale, found.surplus) == ([], [], ["HP1"])


def test_one_missing_charge_of_two_with_one_key_is_lost() -> None:
    charges = [charge(1, 5.25), charge(2, 7.75)]

    found = difference("subscription_transactions", charges, [delivered_charge(charges[0])])

    assert (found.lost, found.stale, found.surplus) == ([("HP1", "USD", "0")], [], [])


def test_one_missing_charge_of_two_equal_ones_is_lost() -> None:
    charges = [charge(1, 5.25), charge(2, 5.25)]

    found = difference("subscription_transactions", charges, [delivered_charge(charges[0])])

    assert found.lost == [("HP1", "USD", "0")]


def test_rows_with_a_shared_key_cannot_be_looked_up_by_key() -> None:
    with pytest.raises(ValueError, match="two rows of subscription_transactions have the key"):
        by_key("subscription_transactions", [charge(1, 5.25), charge(2, 7.75)])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("purchase.status", "REFUNDED"),
        ("purchase.price.value", 10.51),
        ("purchase.price.value", "10.5"),
        ("purchase.order_date", "2024-05-01T12:00:00.124Z"),
        ("order_date", "2024-05-01T12:00:00.122Z"),
        ("buyer.name", "ana example"),
        ("product.id", "1010"),
    ],
    ids=["nested value", "amount", "text for a number", "nested date", "date", "text", "id"],
)
def test_a_changed_value_is_a_difference(path: str, value: Any) -> None:
    record = delivered(sale())
    holder, name = place(record, path)
    holder[name] = value

    found = difference("sales_history", [sale()], [record])

    assert (found.lost, found.stale, found.surplus) == ([], ["HP1"], [])


@pytest.mark.parametrize("path", ["buyer", "buyer.name", "purchase.price.currency_code", "order_date"])
def test_a_dropped_field_is_a_difference(path: str) -> None:
    record = delivered(sale())
    holder, name = place(record, path)
    del holder[name]

    assert difference("sales_history", [sale()], [record]).stale == ["HP1"]


def test_an_added_field_is_a_difference() -> None:
    record = delivered(sale())
    record["purchase"]["tracking"] = {"source": "unknown"}

    assert difference("sales_history", [sale()], [record]).stale == ["HP1"]


def test_a_row_under_another_parent_is_a_difference() -> None:
    row = Row(("product_offers", 7, "the-ucode", "abc"), {"code": "abc"})
    record = {"code": "abc", "product_id": "7", "product_ucode": "the-ucode"}

    assert not difference("product_offers", [row], [record])
    assert difference("product_offers", [row], [{**record, "product_id": "8"}]).stale == [("the-ucode", "abc")]
    assert difference("product_offers", [row], [{**record, "product_ucode": "x"}]).lost == [("the-ucode", "abc")]


def test_a_documented_stale_field_is_ignored_after_an_incremental_sync() -> None:
    row = charge(1, 5.25)
    row.record["status"] = "ACTIVE"
    record = delivered_charge(row) | {"status": "OVERDUE"}

    assert difference("subscription_transactions", [row], [record])
    assert not difference("subscription_transactions", [row], [record], after_increments=True)
    record["subscriber_code"] = "DEF"
    assert difference("subscription_transactions", [row], [record], after_increments=True)


def test_an_added_month_is_surplus_only_with_sales() -> None:
    month = {"month": "2024-05-01", "currency_code": "BRL", "total_value": {"value": 0, "currency_code": "BRL"}}

    assert not difference("sales_summary", [], [{**month, "total_items": 0}])
    assert difference("sales_summary", [], [{**month, "total_items": 1}]).surplus == [("2024-05-01", "BRL")]


# Equal values


def test_rows_in_another_order_are_equal() -> None:
    sales = [sale(number) for number in range(1, 6)]

    found = difference("sales_history", sales, [delivered(row) for row in reversed(sales)])

    assert not found
    assert str(found) == "sales_history: equal"


@pytest.mark.parametrize(
    ("sent", "came"),
    [
        ({"approved_date": ORDER_MS}, {"approved_date": ORDER_ISO}),
        ({"approved_date": ORDER_MS}, {"approved_date": "2024-05-01T09:00:00.123-03:00"}),
        ({"approved_date": ORDER_ISO}, {"approved_date": ORDER_MS}),
        ({"payment_id": 12}, {"payment_id": "12"}),
        ({"approved_date": None}, {}),
        ({"external_code": ""}, {"external_code": None}),
        ({"is_subscription": False}, {"is_subscription": False}),
        ({"fee": 10}, {"fee": 10.0}),
        ({"commission": {"currency_value": "BRL"}}, {"commission": {"currency_value": "BRL", "currency_code": "BRL"}}),
    ],
    ids=["epoch", "offset", "ISO", "id", "null", "empty", "boolean", "whole amount", "spelling"],
)
def test_equivalent_values_are_equal(sent: dict[str, Any], came: dict[str, Any]) -> None:
    record = delivered(sale())
    record["purchase"] |= came

    assert not difference("sales_history", [sale(**sent)], [record])
