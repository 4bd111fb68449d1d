"""Values as the schema declares them: UTC times, IDs as text, and everything else unchanged from Hotmart."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader
from hypothesis import given
from hypothesis import strategies as st

from source_hotmart.api.decoding import decode_json
from source_hotmart.records.columns import FieldLog
from source_hotmart.records.conversion import RowConverter
from unit_tests.test_schemas import STREAMS

TIME = {"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_with_timezone"}
TEXT = {"type": ["null", "string"]}
NUMBER = {"type": ["null", "number"]}
INTEGER = {"type": ["null", "integer"]}
BOOLEAN = {"type": ["null", "boolean"]}
TEXTS = {"type": ["null", "array"], "items": TEXT}

FIRST_MS = 100_000_000_000  # 1973-03-03T09:46:40Z
LAST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
FIRST_S = 100_000_000


def record_of(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def converter(**fields: Any) -> RowConverter:
    return RowConverter(record_of(**fields), FieldLog("things"))


def normalised(schema: dict[str, Any], value: Any) -> Any:
    """Return the column value of a field."""
    return converter(field=schema)({"field": value})["field"]


def on_the_wire(schema: dict[str, Any], value: str) -> dict[str, Any]:
    """Return the record of a row with this JSON text as the value of its only field."""
    row, _ = decode_json(f'{{"field": {value}}}'.encode())
    return converter(field=schema)(row)


@pytest.mark.parametrize(
    ("sent", "time"),
    [
        (1_714_564_800_123, "2024-05-01T12:00:00.123Z"),
        (1_714_564_800_000, "2024-05-01T12:00:00.000Z"),
        (1_714_564_800, "2024-05-01T12:00:00.000Z"),
        ("1714564800123", "2024-05-01T12:00:00.123Z"),
        ("1714564800", "2024-05-01T12:00:00.000Z"),
        (1_714_564_800_123.0, "2024-05-01T12:00:00.123Z"),
        (1_714_564_800_123.9, "2024-05-01T12:00:00.123Z"),
        (1_714_564_800.0, "2024-05-01T12:00:00.000Z"),
        (1_714_564_800.5, "2024-05-01T12:00:00.500Z"),
        (0, None),
        ("0", None),
        (0.0, None),
        (100_000_000, "1973-03-03T09:46:40.000Z"),
        (99_999_999_999, "5138-11-16T09:46:39.000Z"),
        (100_000_000_000, "1973-03-03T09:46:40.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ("20240501", "2024-05-01T00:00:00.000Z"),
        (20_240_501, "2024-05-01T00:00:00.000Z"),
        ("20240501123456", "2024-05-01T12:34:56.000Z"),
        ("1969-05-01", "1969-05-01T00:00:00.000Z"),
        ("2024-05-01T12:00:00.123Z", "2024-05-01T12:00:00.123Z"),
        ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00.000Z"),
        ("2024-05-01T12:00:00", "2024-05-01T12:00:00.000Z"),
        ("2024-05-01 12:00:00", "2024-05-01T12:00:00.000Z"),
        ("2024-05-01", "2024-05-01T00:00:00.000Z"),
        ("2024-05-01T09:00:00-03:00", "2024-05-01T12:00:00.000Z"),
        ("2024-05-01T12:00:00.123456Z", "2024-05-01T12:00:00.123Z"),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_written_in_utc_with_milliseconds(sent, time):
    assert normalised(TIME, sent) == time


@pytest.mark.parametrize(
    ("sent", "raw"),
    [
        (-1, "-1"),
        ("-1", "-1"),
        (-62_135_596_800_000, "-62135596800000"),
        (5, "5"),
        ("5", "5"),
        (99_999_999, "99999999"),
        ("20240532", "20240532"),
        ("2024050", "2024050"),
        (0.5, "0.5"),
        (1_714_564_800_123_456, "1714564800123456"),
        (LAST_MS + 1, "253402300800000"),
        (2**64 - 1, "18446744073709551615"),
        (1e300, "1e300"),
        ("9" * 5_000, "9" * 5_000),
        ("0000-00-00", "0000-00-00"),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+10:00", "0001-01-01T00:00:00+10:00"),
        ("9999-12-31T23:59:59-10:00", "9999-12-31T23:59:59-10:00"),
        ("soon", "soon"),
        ("--5", "--5"),
        (" ", " "),
        ("\u0661\u0667\u0661\u0664\u0665\u0666\u0664\u0668\u0660\u0660", None),
        ("01/05/2024", "01/05/2024"),
        (True, "true"),
        (False, "false"),
        ({"value": 1_714_564_800_123}, '{"value":1714564800123}'),
        ([1_714_564_800_123], "[1714564800123]"),
        ({}, "{}"),
        ([], "[]"),
    ],
    ids=lambda sent: repr(sent)[:30],
)
def test_an_invalid_time_is_null_and_kept_in_unparsed_values(sent, raw, caplog):
    record = converter(field=TIME)({"field": sent})

    assert record == {"field": None, "unparsed_values": {"field": sent if raw is None else raw}}
    (told,) = caplog.messages
    assert told.startswith("things: Hotmart sent ")
    assert " in the field field instead of a time" in told


@pytest.mark.parametrize(
    ("schema", "sent", "value"),
    [
        (TEXT, "x", "x"),
        (TEXT, "", ""),
        (TEXT, 4168346, "4168346"),
        (TEXT, 0, "0"),
        (TEXT, -5, "-5"),
        (TEXT, 1.5, "1.5"),
        (TEXT, 1200240.0, "1200240"),
        (TEXT, True, "true"),
        (TEXT, 2**64 - 1, "18446744073709551615"),
        (NUMBER, 197, 197),
        (NUMBER, 197.5, 197.5),
        (NUMBER, 0, 0),
        (NUMBER, "", None),
        (NUMBER, "197", 197),
        (NUMBER, "5.20", 5.2),
        (NUMBER, "-0.5", -0.5),
        (NUMBER, "1e3", 1000),
        (NUMBER, 9.9e28, 9.9e28),
        (INTEGER, 3, 3),
        (INTEGER, "", None),
        (INTEGER, 7.0, 7),
        (INTEGER, "7", 7),
        (INTEGER, "7.0", 7),
        (INTEGER, 2**53 - 1, 2**53 - 1),
        (INTEGER, -(2**53) + 1, -(2**53) + 1),
        (NUMBER, 2**60, 2**60),
        (BOOLEAN, True, True),
        (BOOLEAN, False, False),
        (BOOLEAN, "", None),
        (BOOLEAN, "true", True),
        (BOOLEAN, "false", False),
        (BOOLEAN, "FALSE", False),
        (TEXT, None, None),
        (NUMBER, None, None),
        (INTEGER, None, None),
        (BOOLEAN, None, None),
        (TEXTS, None, None),
        (TEXTS, "", None),
        (TEXTS, [], []),
        (TEXTS, [1, "a", None], ["1", "a", None]),
        (record_of(id=TEXT), None, None),
        (record_of(id=TEXT), "", None),
        (record_of(id=TEXT), {}, {}),
        (record_of(id=TEXT), {"id": 5, "more": 5}, {"id": "5", "more": 5}),
        ({}, {"anything": [1]}, {"anything": [1]}),
        ({}, 5, 5),
    ],
)
def test_a_value_is_converted_if_no_information_is_lost(schema, sent, value, caplog):
    record = converter(field=schema)({"field": sent})

    assert record == {"field": value}
    assert type(record["field"]) is type(value)
    assert not caplog.messages


@pytest.mark.parametrize(
    ("schema", "sent", "raw"),
    [
        (TEXT, {"a": 1}, '{"a":1}'),
        (TEXT, ["a"], '["a"]'),
        (NUMBER, "7 days", "7 days"),
        (NUMBER, "5,20", "5,20"),
        (NUMBER, "007", "007"),
        (NUMBER, " 7", " 7"),
        (NUMBER, "NaN", "NaN"),
        (NUMBER, "1e400", "1e400"),
        (NUMBER, "0.12345678901234567890", "0.12345678901234567890"),
        (NUMBER, "1e99999999999999999999", "1e99999999999999999999"),
        (NUMBER, "9" * 5_000, "9" * 5_000),
        (NUMBER, 1e29, "1e29"),
        (NUMBER, -1e29, "-1e29"),
        (NUMBER, True, "true"),
        (NUMBER, {}, "{}"),
        (INTEGER, "x", "x"),
        (INTEGER, 3.5, "3.5"),
        (INTEGER, "3.5", "3.5"),
        (INTEGER, 2**53, "9007199254740992"),
        (NUMBER, 2**53 + 1, "9007199254740993"),
        (INTEGER, False, "false"),
        (INTEGER, [3], "[3]"),
        (BOOLEAN, "yes", "yes"),
        (BOOLEAN, 1, "1"),
        (BOOLEAN, 0, "0"),
        (record_of(id=TEXT), "x", "x"),
        (record_of(id=TEXT), [{"id": 1}], '[{"id":1}]'),
        (TEXTS, "x", "x"),
        (TEXTS, {"0": "x"}, '{"0":"x"}'),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_misfit_value_is_null_and_kept_in_unparsed_values(schema, sent, raw, caplog):
    record = converter(field=schema)({"field": copy.deepcopy(sent)})

    assert record == {"field": None, "unparsed_values": {"field": raw}}
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("sent", "id_text"),
    [
        ("1200240.0", "1200240"),
        ("1.20024E6", "1200240"),
        ("9007199254740992", "9007199254740992"),
        ("9007199254740993.0", "9007199254740993"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "18446744073709551616"),
        ("18446744073709551617", "18446744073709551617"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1" * 60, "1" * 60),
        ("1" * 5_000, "1" * 5_000),
    ],
)
def test_an_id_keeps_all_its_digits(sent, id_text, caplog):
    assert on_the_wire(TEXT, sent) == {"field": id_text}
    assert on_the_wire(TEXTS, f"[{sent}]") == {"field": [id_text]}
    assert not caplog.messages


@pytest.mark.parametrize("sent", ["1.8446744073709551617E19", "9.007199254740993e15"])
def test_an_inexact_id_is_null_and_kept_in_unparsed_values(sent):
    record = on_the_wire(TEXT, sent)

    assert record["field"] is None
    assert float(record["unparsed_values"]["field"]) == float(sent)


@pytest.mark.parametrize("sent", ["18446744073709551616", "9007199254740993.5", "NaN", "1e999"])
@pytest.mark.parametrize("schema", [NUMBER, INTEGER, TIME, BOOLEAN], ids=["number", "integer", "time", "boolean"])
def test_an_unrepresentable_number_keeps_its_digits_in_unparsed_values(schema, sent):
    assert on_the_wire(schema, sent) == {"field": None, "unparsed_values": {"field": sent}}


def test_unparsed_values_names_the_path_of_each_misfit_value(caplog):
    item = record_of(user=record_of(id=TEXT, documents={"type": "array", "items": record_of(number=INTEGER)}))
    convert = converter(users={"type": ["null", "array"], "items": item}, total=NUMBER)

    record = convert(
        {
            "users": [
                None,
                {"user": {"id": 5, "documents": [{"number": 1}, {"number": "x"}]}},
                {"user": "y"},
                {"user": {"id": 1, "documents": [None, {"number": "z"}]}},
            ],
            "total": "5,20",
        }
    )

    assert record["unparsed_values"] == {
        "users[1].user.documents[1].number": "x",
        "users[2].user": "y",
        "users[3].user.documents[1].number": "z",
        "total": "5,20",
    }
    assert record["users"] == [
        None,
        {"user": {"id": "5", "documents": [{"number": 1}, {"number": None}]}},
        {"user": None},
        {"user": {"id": "1", "documents": [None, {"number": None}]}},
    ]
    assert len(caplog.messages) == 3


@pytest.mark.parametrize("name", ["ID", "Name", "", "id ", "brand_new", "unparsed_values", "additional_fields"])
@pytest.mark.parametrize("value", [{"deep": [1_714_564_800_123, None]}, "x", 5, False, [], None], ids=repr)
def test_an_undeclared_field_is_kept_in_additional_fields(name, value):
    record = converter(id=TEXT)({"id": 5, name: value})

    assert record == {"id": "5", "additional_fields": {name: value}}


def test_at_most_twenty_undeclared_fields_are_logged_once_each(caplog):
    caplog.set_level(logging.INFO)
    convert = converter(id=TEXT)

    for _ in range(3):
        convert({"id": "1", **{f"new_{number:02}": "ana" for number in range(50)}})

    assert len(caplog.messages) == 21
    assert " new_00." in caplog.messages[0]
    assert " new_19." in caplog.messages[19]
    assert " new_" not in caplog.messages[20]
    assert "ana" not in caplog.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [("", '""'), ("a b\n", '"a?b?"'), ("a" * 5_000, f'"{"a" * 40}"'), ("A.b-c_1", "A.b-c_1"), ("\x1b[0m", '"??0m"')],
)
def test_unusual_field_names_are_sanitised_in_the_log(name, shown, caplog):
    caplog.set_level(logging.INFO)

    converter(id=TEXT)({name: 1})

    (told,) = caplog.messages
    assert f" {shown}. " in told


def test_nested_ids_become_text_and_dates_become_timestamps():
    schema = record_of(
        users={
            "type": ["null", "array"],
            "items": record_of(user=record_of(id=TEXT, documents={"type": "array", "items": record_of(value=TEXT)})),
        },
        purchase=record_of(payment=record_of(pix_expiration_date=TIME)),
    )

    record = RowConverter(schema, FieldLog("things"))(
        {
            "users": [{"user": {"id": 5, "documents": [{"value": 12_345_678_900}]}}, None],
            "purchase": {"payment": {"pix_expiration_date": 1_714_564_800_123}},
        }
    )

    assert record == {
        "users": [{"user": {"id": "5", "documents": [{"value": "12345678900"}]}}, None],
        "purchase": {"payment": {"pix_expiration_date": "2024-05-01T12:00:00.123Z"}},
    }


def test_a_misfit_field_is_logged_once(caplog):
    convert = converter(a=NUMBER, b=record_of(c=INTEGER))

    for _ in range(50):
        convert({"a": "x", "b": {"c": "y"}})

    assert sorted(caplog.messages) == [
        "things: Hotmart sent text in the field a instead of a number below 10^29. The field is null in such rows, and "
        "unparsed_values has what was sent.",
        "things: Hotmart sent text in the field b.c instead of an integer below 2^53. The field is null in such rows, "
        "and unparsed_values has what was sent.",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_misfit_list_item_is_logged_without_its_index(caplog):
    convert = converter(rows={"type": "array", "items": record_of(n=INTEGER)})

    convert({"rows": [{"n": "x"}, {"n": "y"}]})

    (told,) = caplog.messages
    assert " in the field rows[].n instead of " in told


def test_misfit_values_are_not_logged(caplog):
    normalised(NUMBER, "ana@example.com")
    normalised(TIME, "ana@example.com")
    normalised(record_of(), "ana@example.com")

    assert len(caplog.messages) == 3
    assert "ana" not in caplog.text


@given(st.integers(FIRST_MS, LAST_MS).filter(lambda ms: len(str(ms)) != 14))
def test_a_timestamp_round_trips_to_the_millisecond(time_ms):
    text = normalised(TIME, time_ms)

    time = datetime.fromisoformat(text)
    assert text.endswith("Z")
    assert (time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000 == pytest.approx(time_ms, abs=0.5)


@given(st.integers(FIRST_S, FIRST_MS - 1))
def test_small_numbers_are_read_as_epoch_seconds(time_s):
    time = datetime.fromisoformat(normalised(TIME, time_s))

    assert time.timestamp() == time_s


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_in_any_zone_is_converted_to_utc(moment):
    text = normalised(TIME, moment.isoformat())

    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        return
    # The UTC offset of the text has a resolution of whole seconds, like that of the time.
    assert abs((datetime.fromisoformat(text) - expected).total_seconds()) < 0.001


@given(st.lists(st.integers(FIRST_MS, LAST_MS).filter(lambda ms: len(str(ms)) != 14), min_size=2))
def test_timestamps_sort_chronologically_as_text(times_ms):
    texts = [normalised(TIME, time_ms) for time_ms in sorted(times_ms)]

    assert texts == sorted(texts)


SCHEMAS = {name: ResourceSchemaLoader("source_hotmart").get_schema(name) for name in STREAMS}
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["", "2024-05-01", "1714564800123", 1_714_564_800_123, "0"])
)
anything = st.recursive(
    scalars,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)


def like(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Generate values that mostly follow a schema."""
    if "properties" in schema:
        known = {name: like(field) for name, field in schema["properties"].items()}
        return st.fixed_dictionaries({}, optional={**known, "unknown_field": anything}) | anything
    if "items" in schema:
        return st.lists(like(schema["items"]), max_size=2) | anything
    return scalars | anything


@st.composite
def rows(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Generate a stream and a row that roughly follows its schema."""
    name = draw(st.sampled_from(sorted(SCHEMAS)))
    known = {field: like(schema) for field, schema in SCHEMAS[name]["properties"].items()}
    chosen = draw(st.lists(st.sampled_from(sorted(known)), max_size=5, unique=True))
    row = draw(st.fixed_dictionaries({field: known[field] for field in chosen}))
    row |= draw(st.dictionaries(st.text(max_size=5), anything, max_size=2))
    return name, decode_json(json.dumps(row).encode())[0]


def conforms(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a strict destination accepts a value: every declared field is null or of its type."""
    types = schema.get("type", [])
    declared = {types} if isinstance(types, str) else {name for name in types if name != "null"}
    if value is None or not declared:
        return True
    if declared == {"object"}:
        fields = schema.get("properties", {})
        return type(value) is dict and all(conforms(item, fields.get(name, {})) for name, item in value.items())
    if declared == {"array"}:
        return type(value) is list and all(conforms(item, schema["items"]) for item in value)
    if schema.get("format") == "date-time":
        return type(value) is str and len(value) == 24 and bool(datetime.fromisoformat(value))
    if declared == {"integer"}:
        return type(value) is int and abs(value) < 2**53
    if declared == {"number"}:
        return type(value) in (int, float) and abs(value) < 1e29
    return type(value) is {"string": str, "boolean": bool}[declared.pop()]


def leaves(value: Any) -> Iterator[Any]:
    """Yield every text and number in a row."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif value is not None and value != "":
        yield value


@given(rows())
def test_any_row_converts_to_a_record_that_matches_its_schema(given_row):
    name, row = given_row

    record = RowConverter(SCHEMAS[name], FieldLog(name))(copy.deepcopy(row))

    assert record.keys() - {"additional_fields", "unparsed_values"} <= SCHEMAS[name]["properties"].keys()
    assert conforms({k: v for k, v in record.items() if k != "unparsed_values"}, SCHEMAS[name])
    ours = {"synced_until"}  # declared, and set after the conversion
    assert record.get("additional_fields", {}).keys() == row.keys() - (SCHEMAS[name]["properties"].keys() - ours)


@given(rows())
def test_no_text_of_a_row_is_lost(given_row):
    name, row = given_row

    record = RowConverter(SCHEMAS[name], FieldLog(name))(copy.deepcopy(row))

    text = json.dumps(record)
    lost = [leaf for leaf in leaves(row) if type(leaf) is str and json.dumps(leaf)[1:-1] not in text]
    assert all(
        leaf in ("0", "2024-05-01", "1714564800123") or json.dumps(leaf)[1:-1] in json.dumps(text) for leaf in lost
    )


@given(rows())
def test_conversion_is_idempotent(given_row):
    name, row = given_row
    convert = RowConverter(SCHEMAS[name], FieldLog(name))
    added = ("additional_fields", "unparsed_values")

    once = json.dumps({name: value for name, value in convert(copy.deepcopy(row)).items() if name not in added})

    assert json.dumps(convert(json.loads(once))) == once
