"""A whole account, read completely and then again: every key once, typed, with all expected changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import jsonschema_rs
import pytest

from conftest import Tell
from hotmart_simulator import Simulator, World
from source_hotmart.catalog import CLASSES
from tools.harness import (
    NOW_MS,
    Connector,
    VirtualClock,
    Warehouse,
    stream_names,
    truth,
)
from tools.rows import difference, key_of
from tools.sample import ALL_CASES

pytestmark = pytest.mark.long

START_MS = 1_640_995_200_000
DAY_MS = 86_400_000
SALES_STREAMS = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """An account of the size that the connector promises to read completely, in the full check. A parameter can reduce
    the sales. By default it has an eighth of that."""
    share = 1 if ALL_CASES else 8
    return World(
        seed=11,
        sales=getattr(request, "param", 20_000) // share,
        subscriptions=500 // share,
        students=150 // share,
        products=100 // share,
        start_ms=START_MS,
        now_ms=NOW_MS,
    )


def schemas(connector: Connector) -> dict[str, Mapping[str, Any]]:
    (message,) = connector.run("discover").of_type("CATALOG")
    return {stream["name"]: stream["json_schema"] for stream in message["catalog"]["streams"]}


def fields_of(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Return the declared fields that are not empty in this value."""
    if isinstance(value, dict):
        for name, field in schema.get("properties", {}).items():
            if value.get(name) is not None:
                yield f"{path}{name}"
                yield from fields_of(value[name], field, f"{path}{name}.")
    elif isinstance(value, list):
        for item in value:
            yield from fields_of(item, schema.get("items", {}), path)


def declared_fields(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}{name}"
        yield from declared_fields(field, f"{path}{name}.")
        yield from declared_fields(field.get("items", {}), f"{path}{name}.")


def raw_fields(value: Any, path: str = "") -> Iterator[str]:
    """Return the fields that are not empty in a record as Hotmart sends it."""
    if isinstance(value, dict):
        for name, item in value.items():
            if item is not None:
                yield f"{path}{name}"
                yield from raw_fields(item, f"{path}{name}.")
    elif isinstance(value, list):
        for item in value:
            yield from raw_fields(item, path)


def calls_told(sync: str, hotmart: Simulator) -> str:
    """Return the number of requests of a sync by stream. Other requests (access token, events) are under their path."""
    patterns = {f"/{re.sub(r'{.*?}', '*', cls.endpoint)}": name for name, cls in CLASSES.items()}
    calls = Counter(
        next((name for pattern, name in patterns.items() if fnmatchcase(call.path, pattern)), call.path)
        for call in hotmart.calls
    )
    return f"calls of the {sync}: {calls.total()}: " + ", ".join(f"{name} {count}" for name, count in calls.items())


def test_every_record_is_unique_and_matches_its_schema(
    connector: Connector, hotmart: Simulator, world: World, tell: Tell
) -> None:
    declared = schemas(connector)
    hotmart.reset_log()

    run = connector.read()

    assert run.exit_code == 0, run.sentences
    assert set(run.statuses.values()) == {"COMPLETE"}
    counts = {}
    for stream in stream_names():
        records = run.records(stream)
        expected = world.expected(stream)
        keys = Counter(key_of(stream, record) for record in records)
        assert not [key for key, times in keys.items() if times > 1]
        # Other streams are read in between, so a subscription may be a day older.
        is_older = stream == "subscription_summary"
        assert not difference(stream, expected, records, after_increments=is_older)
        validator = jsonschema_rs.Draft7Validator(dict(declared[stream]), validate_formats=True)
        assert not [error.message for record in records for error in validator.iter_errors(record)][:3]
        seen = {field for record in records for field in fields_of(record, declared[stream])}
        sent = {field for row in expected for field in raw_fields(row.record)}
        assert not [field for field in declared_fields(declared[stream]) if field in sent and field not in seen]
        assert sent <= {field for record in records for field in raw_fields(record)}
        counts[stream] = len(records)
    statuses = Counter(record["purchase"]["status"] for record in run.records("sales_history"))
    assert len(statuses) == 17
    tell("rows of the first sync: " + ", ".join(f"{stream} {count}" for stream, count in counts.items()))
    tell(f"sale statuses: {dict(statuses)}")
    tell(calls_told("first sync", hotmart))


@pytest.mark.parametrize("world", [6_000], indirect=True)
def test_a_second_sync_reads_changes_and_the_look_back(
    connector: Connector,
    hotmart: Simulator,
    world: World,
    clock: VirtualClock,
    tell: Tell,
) -> None:
    warehouse = Warehouse()
    first = connector.read()
    warehouse.load(first.messages)
    clock.advance(days=3)
    new = world.add_sales(40, (NOW_MS + DAY_MS, NOW_MS + 2 * DAY_MS))
    refunded = world.change_status(25, ("APPROVED", "COMPLETE"), "REFUNDED", NOW_MS + DAY_MS, seed=3)
    cancelled = world.cancel_subscriptions(10, NOW_MS + DAY_MS)

    hotmart.reset_log()

    second = connector.read(state=first.state)
    warehouse.load(second.messages)

    assert second.exit_code == 0, second.sentences
    tell(calls_told("second sync", hotmart))
    held = truth(world, "sales_history")
    ordered_ms = {key: row["purchase"]["order_date"] for key, row in held.items()}
    year_ms, lookback_ms = NOW_MS - 365 * DAY_MS, NOW_MS - 65 * DAY_MS
    came = {key_of("sales_history", record): record for record in second.records("sales_history")}
    assert set(new) <= set(came)
    assert {key for key in refunded if ordered_ms[key] >= year_ms} <= set(came)
    assert {key for key in held if ordered_ms[key] > lookback_ms} <= set(came)
    late = {"REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK", "PROTESTED"}
    for key, record in came.items():
        assert ordered_ms[key] > lookback_ms or record["purchase"]["status"] in late
    beyond_promise = {key for key in refunded if ordered_ms[key] < year_ms}
    for key, row in warehouse.rows["sales_history"].items():
        assert key in beyond_promise or row["purchase"]["status"] == held[key]["purchase"]["status"]
    for key in cancelled:
        assert warehouse.rows["subscriptions"][key]["status"] == "CANCELLED_BY_CUSTOMER"
    for stream in stream_names():
        rows = warehouse.rows[stream].values()
        found = difference(stream, world.expected(stream), rows, after_increments=True)
        assert not found.lost, found
        assert not found.surplus, found
        if stream in ("sales_history", "sales_price_details"):
            assert set(found.stale) <= beyond_promise, found
        elif stream == "sales_summary":
            assert all(month < "2025-01-01" for month, _ in found.stale), found
        else:
            assert not found.stale, found
