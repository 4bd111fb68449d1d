"""Faults of single rows: selected by position or primary key, in the record or in the bytes sent."""

import math
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator
from hotmart_simulator.client import Client

HISTORY = "/payments/api/v1/sales/history"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = f"{SUBSCRIPTIONS}/transactions"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
LISTS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    (HISTORY, {}, ("purchase", "transaction")),
    (TRANSACTIONS, {}, ("purchase", "transaction")),
    (SUBSCRIPTIONS, {"accession_date": 0}, ("subscriber_code",)),
    (PRODUCTS, {}, ("id",)),
    (STUDENTS, {"subdomain": "my-school"}, ("user_id",)),
]


def value(row: Any, name: tuple[str, ...]) -> Any:
    for part in name:
        row = None if row is None else row.get(part)
    return row


def keys(client: Client, path: str, query: dict[str, Any], key: tuple[str, ...]) -> list[Any]:
    return [value(row, key) for row in client.rows(path, max_results=4, **query)]


@pytest.mark.parametrize(("path", "query", "key"), LISTS)
def test_a_fault_with_a_key_affects_only_that_row_on_any_page(
    simulator: Simulator, client: Client, path: str, query: dict[str, Any], key: tuple[str, ...]
) -> None:
    good = keys(client, path, query, key)
    bad = good[5]
    for kind in ("null_row", "null_key", "no_key"):
        fault = simulator.add_fault(Fault(kind=kind, path=path, keys=[str(bad)], times=None))
        for _ in range(2):
            assert keys(client, path, query, key) == [None if each == bad else each for each in good]
        assert fault.fired == 2
        simulator.clear_faults()
    assert keys(client, path, query, key) == good


def test_null_rows_null_keys_and_missing_keys_differ(simulator: Simulator, client: Client) -> None:
    bad = [value(row, ("purchase", "transaction")) for row in client.get(HISTORY).json()["items"][:3]]
    simulator.add_fault(Fault(kind="null_row", keys=bad[:1]))
    simulator.add_fault(Fault(kind="null_key", keys=bad[1:2]))
    simulator.add_fault(Fault(kind="no_key", keys=bad[2:]))
    rows = client.get(HISTORY).json()["items"]

    assert rows[0] is None
    assert rows[1]["purchase"]["transaction"] is None
    assert "transaction" not in rows[2]["purchase"]
    assert rows[3]["purchase"]["transaction"]


def test_a_row_can_be_selected_by_its_position(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="null_row", path=HISTORY, row=2))

    assert [row is None for row in client.get(HISTORY).json()["items"]].index(True) == 2
    assert None not in client.get(HISTORY).json()["items"]


def test_a_row_fault_does_not_suppress_other_faults(simulator: Simulator, client: Client) -> None:
    bad = client.get(HISTORY).json()["items"][0]["purchase"]["transaction"]
    simulator.add_fault(Fault(kind="null_row", keys=[bad], times=None))
    simulator.add_fault(Fault(kind=502, path=HISTORY))
    simulator.add_fault(Fault(kind="no_page_info", path=HISTORY))

    assert client.get(HISTORY).status_code == 502
    second, third = client.get(HISTORY).json(), client.get(HISTORY).json()
    assert second["items"][0] is third["items"][0] is None
    assert "page_info" not in second
    assert "page_info" in third


def test_a_row_fault_can_affect_one_parent_only(simulator: Simulator, client: Client) -> None:
    one, two = (row["subscriber_code"] for row in client.rows(SUBSCRIPTIONS, accession_date=0)[:2])
    path = f"{SUBSCRIPTIONS}/{one}/purchases"
    simulator.add_fault(Fault(kind="null_row", path=path, row=0, times=None))

    assert client.get(path).json()[0] is None
    assert None not in client.get(f"{SUBSCRIPTIONS}/{two}/purchases").json()


def test_a_row_fault_can_affect_some_queries_only(simulator: Simulator, client: Client) -> None:
    def is_large(call: Call) -> bool:
        return call.get("max_results") != "1"

    bad = client.get(HISTORY).json()["items"][0]["purchase"]["transaction"]
    simulator.add_fault(Fault(kind="null_row", keys=[bad], times=None, where=is_large))

    assert client.get(HISTORY, max_results=1).json()["items"][0] is not None
    assert client.get(HISTORY, max_results=2).json()["items"][0] is None


@pytest.mark.parametrize(("raw", "is_it"), [("NaN", math.isnan), ("1e999", math.isinf), ("-Infinity", math.isinf)])
def test_a_raw_value_inserts_an_invalid_json_number(simulator: Simulator, client: Client, raw: str, is_it: Any) -> None:
    bad = client.rows(HISTORY)[5]["purchase"]["transaction"]
    fault = Fault(kind="raw_value", value=raw, field_name="purchase.price.value", keys=[bad], times=None)
    simulator.add_fault(fault)
    for path, query, key in LISTS[1:]:
        last = client.get(path, **query).json()["items"][-1]
        simulator.add_fault(Fault(kind="raw_value", value=raw, path=path, keys=[value(last, key)], times=None))

    rows = client.rows(HISTORY)  # Python's own parser takes these words
    numbers = [row["purchase"]["price"]["value"] for row in rows]
    assert [is_it(number) for number in numbers].index(True) == 5
    assert sum(map(is_it, numbers)) == 1
    for path, query, _ in LISTS:
        assert f":{raw}" in client.get(path, **query).text, path


@pytest.mark.parametrize(
    ("raw", "sent"),
    [('"Jo\xe3o"', b'"Jo\xe3o"'), ('"one\ntwo"', b'"one\ntwo"'), ('"tab\tand \x01"', b'"tab\tand \x01"')],
)
def test_a_raw_value_inserts_an_invalid_byte(simulator: Simulator, client: Client, raw: str, sent: bytes) -> None:
    good = client.get(STUDENTS, subdomain="my-school").content
    bad = client.get(STUDENTS, subdomain="my-school").json()["items"][3]["user_id"]
    simulator.add_fault(Fault(kind="raw_value", value=raw, path=STUDENTS, keys=[bad], times=None))
    spoiled = client.get(STUDENTS, subdomain="my-school").content

    assert spoiled.count(b'"name":' + sent) == 1
    name = client.get(STUDENTS, subdomain="my-school", max_results=3).json()["items"][0]["name"]
    assert name.encode() in good
    assert b"raw value" not in spoiled


def test_only_row_faults_accept_keys() -> None:
    with pytest.raises(ValueError, match="a fault of kind 502 has no keys"):
        Fault(kind=502, keys=["HP1"])
