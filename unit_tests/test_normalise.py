"""Values as the schema declares them: UTC times, ids as text, and everything else as Hotmart sent it."""

from __future__ import annotations

import copy
import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader
from hypothesis import given
from hypothesis import strategies as st

from integration_tests.harness import stream_names
from source_hotmart.normalise import SECONDS_BELOW, Surprises, compile_schema

TIME = {"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_with_timezone"}
TEXT = {"type": ["null", "string"]}
NUMBER = {"type": ["null", "number"]}
INTEGER = {"type": ["null", "integer"]}
BOOLEAN = {"type": ["null", "boolean"]}

FIRST_MS = -62_135_596_800_000  # 0001-01-01T00:00:00Z
LAST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z


def record_of(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def normalised(schema: dict[str, Any], value: Any) -> Any:
    """The value of a field after normalisation."""
    return compile_schema(record_of(field=schema), Surprises("things"))({"field": value})["field"]


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
        (0, "1970-01-01T00:00:00.000Z"),
        ("0", "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.000Z"),
        ("-1", "1969-12-31T23:59:59.000Z"),
        (SECONDS_BELOW - 1, "5138-11-16T09:46:39.000Z"),
        (SECONDS_BELOW, "1973-03-03T09:46:40.000Z"),
        (-SECONDS_BELOW, "1966-10-31T14:13:20.000Z"),
        (FIRST_MS, "0001-01-01T00:00:00.000Z"),
        (LAST_MS, "9999-12-31T23:59:59.999Z"),
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
    "sent",
    [
        FIRST_MS - 1,
        LAST_MS + 1,
        10**30,
        -(10**30),
        str(10**30),
        "9" * 5_000,
        1e300,
        "0000-00-00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:59:59-10:00",
        "soon",
        "--5",
        " ",
        "01/05/2024",
        True,
        False,
        {"value": 1_714_564_800_123},
        [1_714_564_800_123],
        [],
    ],
    ids=lambda sent: repr(sent)[:30],
)
def test_what_is_no_time_is_kept_as_sent_and_told(sent, caplog):
    assert normalised(TIME, sent) == sent

    (told,) = caplog.messages
    assert told.startswith("things: Hotmart sent ")
    assert " in field, where a time" in told


@pytest.mark.parametrize(
    ("schema", "sent", "value"),
    [
        (TEXT, "x", "x"),
        (TEXT, "", ""),
        (TEXT, 4168346, "4168346"),
        (TEXT, 0, "0"),
        (TEXT, -5, "-5"),
        (TEXT, 1.5, "1.5"),
        (TEXT, 10**20, "1" + "0" * 20),
        (NUMBER, 197, 197),
        (NUMBER, 197.5, 197.5),
        (NUMBER, 0, 0),
        (INTEGER, 3, 3),
        (BOOLEAN, True, True),
        (BOOLEAN, False, False),
        (TEXT, None, None),
        (NUMBER, None, None),
        (INTEGER, None, None),
        (BOOLEAN, None, None),
        ({"type": ["null", "array"], "items": TEXT}, None, None),
        ({"type": ["null", "array"], "items": TEXT}, [], []),
        ({"type": ["null", "array"], "items": TEXT}, [1, "a", None], ["1", "a", None]),
        (record_of(id=TEXT), None, None),
        (record_of(id=TEXT), {}, {}),
        (record_of(id=TEXT), {"id": 5, "more": 5}, {"id": "5", "more": 5}),
        ({}, {"anything": [1]}, {"anything": [1]}),
        ({}, 5, 5),
    ],
)
def test_a_value_of_its_type_stays_and_a_number_becomes_text_where_text_is_declared(schema, sent, value, caplog):
    result = normalised(schema, sent)

    assert result == value
    assert type(result) is type(value)
    assert not caplog.messages


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        (TEXT, True),
        (TEXT, {"a": 1}),
        (TEXT, ["a"]),
        (NUMBER, "197"),
        (NUMBER, True),
        (NUMBER, {}),
        (INTEGER, "3"),
        (INTEGER, 3.5),
        (INTEGER, False),
        (BOOLEAN, "true"),
        (BOOLEAN, 1),
        (BOOLEAN, 0),
        (record_of(id=TEXT), "x"),
        (record_of(id=TEXT), [{"id": 1}]),
        ({"type": ["null", "array"], "items": TEXT}, "x"),
        ({"type": ["null", "array"], "items": TEXT}, {"0": "x"}),
    ],
    ids=repr,
)
def test_a_value_of_another_type_is_kept_as_sent_and_told(schema, sent, caplog):
    result = normalised(schema, copy.deepcopy(sent))

    assert result == sent
    assert type(result) is type(sent)
    assert len(caplog.messages) == 1


def test_ids_become_text_and_dates_times_at_every_depth():
    schema = record_of(
        users={
            "type": ["null", "array"],
            "items": record_of(user=record_of(id=TEXT, documents={"type": "array", "items": record_of(value=TEXT)})),
        },
        purchase=record_of(payment=record_of(pix_expiration_date=TIME)),
    )

    record = compile_schema(schema, Surprises("things"))(
        {
            "users": [{"user": {"id": 5, "documents": [{"value": 12_345_678_900}]}}, None],
            "purchase": {"payment": {"pix_expiration_date": 1_714_564_800_123}},
        }
    )

    assert record == {
        "users": [{"user": {"id": "5", "documents": [{"value": "12345678900"}]}}, None],
        "purchase": {"payment": {"pix_expiration_date": "2024-05-01T12:00:00.123Z"}},
    }


def test_a_surprise_is_told_once_a_field_however_often_it_comes(caplog):
    convert = compile_schema(record_of(a=NUMBER, b=record_of(c=INTEGER)), Surprises("things"))

    for _ in range(50):
        convert({"a": "x", "b": {"c": "y"}})

    assert sorted(caplog.messages) == [
        "things: Hotmart sent str in a, where a value of type number is declared; the values are kept as sent.",
        "things: Hotmart sent str in b.c, where a value of type integer is declared; the values are kept as sent.",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_surprise_in_a_list_names_the_list_and_not_the_place(caplog):
    convert = compile_schema(record_of(rows={"type": "array", "items": record_of(n=INTEGER)}), Surprises("things"))

    convert({"rows": [{"n": "x"}, {"n": "y"}]})

    (told,) = caplog.messages
    assert " in rows[].n, " in told


def test_a_surprise_never_quotes_the_value(caplog):
    normalised(NUMBER, "ana@example.com")
    normalised(TIME, "ana@example.com")
    normalised(record_of(), "ana@example.com")

    assert len(caplog.messages) == 3
    assert "ana" not in caplog.text


@given(st.integers(FIRST_MS, LAST_MS).filter(lambda ms: abs(ms) >= SECONDS_BELOW))
def test_every_millisecond_comes_back_from_its_text(time_ms):
    text = normalised(TIME, time_ms)

    time = datetime.fromisoformat(text)
    assert text.endswith("Z")
    assert (time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000 == pytest.approx(time_ms, abs=0.5)


@given(st.integers(-SECONDS_BELOW + 1, SECONDS_BELOW - 1).filter(lambda s: FIRST_MS <= s * 1000 <= LAST_MS))
def test_small_numbers_are_seconds(time_s):
    time = datetime.fromisoformat(normalised(TIME, time_s))

    assert time.timestamp() == time_s


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_in_any_zone_is_the_same_moment_in_utc(moment):
    text = normalised(TIME, moment.isoformat())

    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        return
    # The text holds an offset of whole seconds at the finest, as the moment does.
    assert abs((datetime.fromisoformat(text) - expected).total_seconds()) < 0.001


@given(st.lists(st.integers(SECONDS_BELOW, LAST_MS), min_size=2))
def test_texts_of_times_sort_as_the_times_do(times_ms):
    texts = [normalised(TIME, time_ms) for time_ms in sorted(times_ms)]

    assert texts == sorted(texts)


SCHEMAS = {name: ResourceSchemaLoader("source_hotmart").get_schema(name) for name in stream_names()}
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
    """Values that follow a schema, mostly."""
    if "properties" in schema:
        known = {name: like(field) for name, field in schema["properties"].items()}
        return st.fixed_dictionaries({}, optional={**known, "unknown_field": anything}) | anything
    if "items" in schema:
        return st.lists(like(schema["items"]), max_size=2) | anything
    return scalars | anything


@st.composite
def rows(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A stream, and a row that looks more or less like its own."""
    name = draw(st.sampled_from(sorted(SCHEMAS)))
    known = {field: like(schema) for field, schema in SCHEMAS[name]["properties"].items()}
    chosen = draw(st.lists(st.sampled_from(sorted(known)), max_size=5, unique=True))
    row = draw(st.fixed_dictionaries({field: known[field] for field in chosen}))
    return name, row | draw(st.dictionaries(st.text(max_size=5), anything, max_size=2))


def shape(value: Any) -> Any:
    """The fields and the lengths of lists at every depth, without the values."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return None


@given(rows())
def test_no_row_raises_or_loses_a_field(given_row):
    name, row = given_row

    record = compile_schema(SCHEMAS[name], Surprises(name))(copy.deepcopy(row))

    assert shape(record) == shape(row)


@given(rows())
def test_normalising_twice_changes_nothing_more(given_row):
    name, row = given_row
    convert = compile_schema(SCHEMAS[name], Surprises(name))

    once = json.dumps(convert(copy.deepcopy(row)))

    assert json.dumps(convert(json.loads(once))) == once
