"""PyAirbyte reads an account into a database twice, and the tables match Hotmart."""

import sys
from collections.abc import Mapping
from typing import Any

import airbyte
import pytest
from airbyte.caches import CacheBase

from integration_tests.ecosystem.agreement import as_record
from integration_tests.ecosystem.conftest import CONNECTOR
from integration_tests.ecosystem.tables import Tables
from tools.demo.changes import MOVES
from tools.demo.simulator_process import SimulatorProcess
from tools.rows import HeldRow, difference, key_of

TYPES: Mapping[str, frozenset[str]] = {
    "date-time": frozenset({"TIMESTAMP", "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE"}),
    "date": frozenset({"DATE"}),
    "boolean": frozenset({"BOOLEAN"}),
    "integer": frozenset({"BIGINT"}),
    "number": frozenset({"NUMERIC", "DECIMAL(38,9)"}),
    "string": frozenset({"VARCHAR", "CHARACTER VARYING", "TEXT"}),
    "object": frozenset({"JSON", "JSONB"}),
    "array": frozenset({"JSON", "JSONB"}),
}
"""Column types that DuckDB and PostgreSQL may use for a declared field."""


def kind_of(field: Mapping[str, Any]) -> str:
    """Return the one declared type of a field besides null."""
    declared = field["type"]
    (kind,) = {declared} - {"null"} if isinstance(declared, str) else set(declared) - {"null"}
    return str(field.get("format", kind)) if kind == "string" else str(kind)


def test_tables_match_hotmart_after_each_of_two_reads(
    cache: CacheBase, hotmart: SimulatorProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    source = airbyte.get_source(
        "source-hotmart", local_executable=CONNECTOR, config=hotmart.config, install_if_missing=False
    )
    source.check()
    source.select_all_streams()
    tables = Tables(cache)

    for number, moves in enumerate(({}, MOVES), start=1):
        hotmart.move(moves)
        result = source.read(cache=cache)
        told = []

        for stream in source.discovered_catalog.streams:
            declared = stream.json_schema["properties"]
            columns = tables.columns(stream.name)
            assert columns.keys() == declared.keys(), f"{stream.name}: columns of other names"
            wrong = {name: kind for name, kind in columns.items() if kind.upper() not in TYPES[kind_of(declared[name])]}
            assert not wrong, f"{stream.name}: columns of an unforeseen type"

            rows = [as_record(row) for row in tables.rows(stream.name)]
            keys = {key_of(stream.name, row) for row in rows}
            assert len(keys) == len(rows), f"{stream.name}: a key is there twice"
            expected = [
                HeldRow(identity, {name: value for name, value in record.items() if name in columns})
                for identity, record in hotmart.expected(stream.name)
            ]
            # Between the read and the comparison, a subscription may age by a day and a warranty may end.
            is_ageing = stream.name in ("subscription_summary", "subscription_purchases")
            after_increments = number == 2 or is_ageing
            found = difference(stream.name, expected, rows, after_increments=after_increments)
            assert not found, found
            told.append(f"{stream.name} {len(rows):,}")
        with capsys.disabled():
            sys.stdout.write(
                f"\nPyAirbyte into {type(cache).__name__}, read {number}: {result.processed_records:,} records came; "
                f"tables with so many rows say what Hotmart holds: {', '.join(told)}\n"
            )
