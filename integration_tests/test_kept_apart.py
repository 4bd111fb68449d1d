"""Values from Hotmart that fit no column are kept in separate columns, and no row is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airbyte_cdk.models import SyncMode

from hotmart_simulator import Call, Fault, World
from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.errors import HotmartError
from source_hotmart.config.form import Config
from source_hotmart.streams.api import Api
from source_hotmart.streams.products import Products
from tools.harness import NOW_MS, Connector, Run, small_world, stream_names
from tools.rows import difference

ADDED = ("additional_fields", "unparsed_values")
HASH = {"mode": "hash", "key": "a key of this test alone"}
MODES = pytest.mark.parametrize("mode", [{"mode": "keep"}, HASH, {"mode": "drop"}], ids=["keep", "hash", "drop"])
MAIL = "ana@example.com"

PATHS = {
    "sales_history": "/payments/api/v1/sales/history",
    "sales_users": "/payments/api/v1/sales/users",
    "sales_summary": "/payments/api/v1/sales/summary",
    "subscriptions": "/payments/api/v1/subscriptions",
    "subscription_transactions": "/payments/api/v1/subscriptions/transactions",
    "subscription_purchases": "/payments/api/v1/subscriptions/*/purchases",
    "products": "/products/api/v1/products",
    "product_offers": "/products/api/v1/products/*/offers",
    "coupons": "/products/api/v1/coupon/product/*",
    "club_students": "/club/api/v1/users",
    "club_modules": "/club/api/v1/modules",
    "club_pages": "/club/api/v*/modules/*/pages",
    "club_lessons": "/club/api/v1/users/*/lessons",
    "event_participants": "/events/api/v1/*/participants",
}
FILLED = [
    ("sales_history", "id"),
    ("sales_history", "order_date"),
    ("sales_users", "synced_until"),
    ("sales_summary", "month"),
    ("sales_summary", "currency_code"),
    ("subscriptions", "synced_until"),
    ("subscription_transactions", "id"),
    ("subscription_transactions", "commission_currency"),
    ("subscription_transactions", "recurrency_number"),
    ("subscription_purchases", "subscriber_code"),
    ("subscription_purchases", "synced_until"),
    ("product_offers", "product_ucode"),
    ("product_offers", "product_id"),
    ("coupons", "product_id"),
    ("club_students", "subdomain"),
    ("club_students", "plus_access_type"),
    ("club_modules", "subdomain"),
    ("club_pages", "module_id"),
    ("club_lessons", "user_id"),
    ("event_participants", "id"),
    ("event_participants", "current_update"),
    ("event_participants", "event"),
    ("event_participants", "event_id"),
]
"""Fields that the connector fills from nested fields, from the parent or from the time of the sync."""


@pytest.fixture
def world() -> World:
    return small_world()


def is_for_rows(call: Call) -> bool:
    """Whether a request asks for rows, not for a check."""
    return call.get("max_results") not in ("1", "10")


def spoil(connector: Connector, stream: str, name: str, value: str, *, keys: tuple[str, ...] = ()) -> None:
    """Send this JSON text as a field of these rows, or of the first row of each page."""
    fault = Fault(
        kind="raw_value", path=PATHS[stream], times=None, field_name=name, value=value, keys=keys, where=is_for_rows
    )
    connector.simulator.add_fault(fault)


def with_apart(run: Run, stream: str, column: str) -> list[dict[str, Any]]:
    """Return the records with values in the columns for unparsed values or additional fields."""
    return [record for record in run.records(stream) if column in record]


def assert_complete(run: Run, world: World, stream: str) -> None:
    assert run.exit_code == 0, run.sentences
    rows = [{name: value for name, value in row.items() if name not in ADDED} for row in run.records(stream)]
    found = difference(stream, world.expected(stream), rows)
    assert not found, str(found)


@pytest.mark.parametrize("stream", stream_names())
def test_every_stream_declares_both_extra_columns(connector, stream):
    (message,) = connector.run("discover").of_type("CATALOG")
    schemas = {each["name"]: each["json_schema"]["properties"] for each in message["catalog"]["streams"]}

    for column in ADDED:
        assert schemas[stream][column]["type"] == ["null", "object"]
        assert "x-personal" not in schemas[stream][column]


@pytest.mark.parametrize("stream", stream_names())
def test_valid_records_have_no_extra_columns(connector, world, stream):
    run = connector.read([stream])

    assert run.records(stream)
    assert not [record for record in run.records(stream) if set(ADDED) & record.keys()]
    assert not [message for message in run.of_type("RECORD") if message["record"].get("meta")]


@pytest.mark.parametrize(("stream", "name"), FILLED)
def test_a_field_with_the_name_of_a_filled_column_is_not_lost(connector, world, stream, name):
    spoil(connector, stream, name, '"another"')

    run = connector.read([stream])

    assert_complete(run, world, stream)
    found = with_apart(run, stream, "additional_fields")
    assert found
    assert all(record["additional_fields"] == {name: "another"} for record in found)
    told = [line for line in run.logs.splitlines() if f" {name}. " in line]
    assert len(told) == 1


@pytest.mark.parametrize("name", ["ID", "Name", "brand_new", "."])
def test_an_undeclared_field_does_not_overwrite_another_column(connector, world, name):
    """The name "." equals the path of an empty name inside an object with an empty name."""
    spoil(connector, "products", name, '"another"')

    run = connector.read(["products"])

    assert_complete(run, world, "products")
    (record,) = with_apart(run, "products", "additional_fields")
    assert record["additional_fields"] == ({"": {"": "another"}} if name == "." else {name: "another"})
    assert sum("undeclared field" in line for line in run.logs.splitlines()) == 1
    assert "another" not in run.logs


def test_every_changed_record_is_marked_in_the_protocol(connector, world):
    keys = tuple(row.record["purchase"]["transaction"] for row in world.expected("sales_history")[::7])
    spoil(connector, "sales_history", "purchase.price.value", '"5,20"', keys=keys)
    spoil(connector, "sales_history", "purchase.approved_date", '"soon"', keys=keys)

    run = connector.read(["sales_history"])

    assert run.exit_code == 0
    changed = {
        message["record"]["data"]["id"]: message["record"]["meta"]["changes"]
        for message in run.of_type("RECORD")
        if message["record"].get("meta")
    }
    paths = ["purchase.approved_date", "purchase.price.value"]
    assert changed.keys() == set(keys)
    for changes in changed.values():
        assert sorted(change["field"] for change in changes) == paths
        assert {(change["change"], change["reason"]) for change in changes} == {
            ("NULLED", "SOURCE_SERIALIZATION_ERROR")
        }
    for record in run.records("sales_history"):
        if record["id"] in keys:
            assert record["unparsed_values"] == dict(zip(paths, ("soon", "5,20"), strict=True))
            assert record["purchase"]["price"]["value"] is record["purchase"]["approved_date"] is None
    assert run.logs.count("The field is null in such rows") == 2


def test_ids_of_any_length_stay_distinct(connector, world):
    products = world.expected("products")
    ids = [str(2**64 + number) for number in range(3)]
    for row, sent in zip(products, [*ids, "77.0"], strict=False):
        key = row.record["id"]
        connector.simulator.add_fault(Fault(kind="raw_key", path=PATHS["products"], times=None, keys=[key], value=sent))

    run = connector.read(["products"])

    assert run.exit_code == 0
    found = [record["id"] for record in run.records("products")]
    assert len(found) == len(set(found)) == len(products)
    assert {*ids, "77"} < set(found)


def test_an_id_with_a_zero_fraction_becomes_an_integer_string(connector, world):
    key = world.expected("sales_history")[5].record["purchase"]["transaction"]
    spoil(connector, "sales_history", "product.id", "1200240.0", keys=(key,))

    run = connector.read(["sales_history"])

    (sale,) = [record for record in run.records("sales_history") if record["id"] == key]
    assert sale["product"]["id"] == "1200240"


@pytest.mark.parametrize("sent", ['"caf\xe9"', r'"a\ud83d"', "1.8446744073709551617E19"])
def test_a_row_with_an_unreliable_key_is_not_emitted(connector, world, sent):
    good, bad = world.expected("products")[1:], world.expected("products")[0]
    connector.simulator.add_fault(
        Fault(kind="raw_key", path=PATHS["products"], times=None, keys=[bad.record["id"]], value=sent)
    )

    run = connector.read(["products"])

    assert run.exit_code == 1
    found = difference("products", good, run.records("products"))
    assert not found, str(found)
    assert "products: Hotmart sent 1 row with" in run.sentences
    assert "caf" not in run.output


class FaultyProducts(Products):
    """Products with a fault in the conversion of one row."""

    name = "products"
    bad_id = ""

    def transform_row(self, row: dict[str, Any]) -> None:
        if str(row["id"]) == self.bad_id:
            raise RuntimeError(f"this text names {MAIL}")


def test_a_conversion_error_of_one_row_loses_no_other_row(connector, world, caplog):
    config = Config.from_mapping(connector.config)
    stream = FaultyProducts(Api(config, HotmartAuthenticator(config), now_ms=NOW_MS))
    *good, bad = world.expected("products")
    stream.bad_id = str(bad.record["id"])
    records: list[dict[str, Any]] = []

    with pytest.raises(HotmartError) as caught:
        records.extend(stream.read_records(SyncMode.full_refresh))

    found = difference("products", good, records)
    assert not found, str(found)
    sentence = str(caught.value)
    assert sentence.startswith(
        "products: Hotmart sent 1 row that could not be converted (RuntimeError in transform_row"
    )
    assert MAIL not in sentence + caplog.text


@MODES
def test_personal_data_is_hidden_in_extra_columns(connector, world, mode):
    keys = [row.record["purchase"]["transaction"] for row in world.expected("sales_history")[:4]]
    for key, (name, value) in zip(
        keys,
        {
            "buyer": f'"{MAIL}"',
            "buyer.email": f'["{MAIL}"]',
            "purchase.price.value": '"5,20"',
            "brand_new": f'{{"deep":["{MAIL}"]}}',
        }.items(),
        strict=True,
    ):
        spoil(connector, "sales_history", name, value, keys=(key,))
    connector.config["personal_data"] = mode

    run = connector.read(["sales_history"])

    assert run.exit_code == 0
    rows = {record["id"]: record for record in run.records("sales_history")}
    is_kept = mode["mode"] == "keep"
    assert (MAIL in json.dumps(run.of_type("RECORD"))) == is_kept
    assert MAIL not in run.logs
    assert rows[keys[2]]["unparsed_values"] == {"purchase.price.value": "5,20"}
    assert (rows[keys[0]]["unparsed_values"]["buyer"] is None) == (mode["mode"] == "drop")
    assert (rows[keys[1]]["unparsed_values"]["buyer.email"] is None) == (mode["mode"] == "drop")
    assert ("additional_fields" in rows[keys[3]]) == (mode["mode"] != "drop")


@MODES
def test_undeclared_fields_are_hidden_in_streams_without_personal_data(connector, world, mode):
    spoil(connector, "products", "producer_mail", f'"{MAIL}"')
    connector.config["personal_data"] = mode

    run = connector.read(["products"])

    assert run.exit_code == 0
    assert (MAIL in run.output) == (mode["mode"] == "keep")


def test_a_value_dropped_in_hash_mode_is_not_kept_in_extra_columns(connector, world):
    transaction = world.expected("subscription_transactions")[0].record["purchase"]["transaction"]
    spoil(connector, "subscription_transactions", "subscriber.phone_ddd", '["31 secret"]', keys=(transaction,))
    connector.config["personal_data"] = HASH

    run = connector.read(["subscription_transactions"])

    rows = [record for record in run.records("subscription_transactions") if "unparsed_values" in record]
    assert rows
    assert [row["unparsed_values"] for row in rows] == [{"subscriber.phone_ddd": None}] * len(rows)
