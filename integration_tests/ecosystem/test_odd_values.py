"""Rows with odd values: PyAirbyte loads every row of a stream, and no value that Hotmart sent is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import airbyte
import pytest
from airbyte.caches import CacheBase

from integration_tests.ecosystem.conftest import CONNECTOR
from integration_tests.ecosystem.odd_values import ODD_VALUES, Odd
from integration_tests.ecosystem.tables import Tables
from tools.demo.simulator_process import SimulatorProcess
from tools.rows import key_of, sent

PATHS = {
    "products": "/products/api/v1/products",
    "sales_history": "/payments/api/v1/sales/history",
    "sales_price_details": "/payments/api/v1/sales/price/details",
}


@pytest.fixture
def hotmart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorProcess]:
    """An account with one row for each odd value."""
    with SimulatorProcess(
        60, tmp_path / "simulator.log", python=CONNECTOR.with_name("python"), products=60
    ) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        yield simulator


def in_database(value: Any) -> Any:
    """Return a record's value as a table row holds it."""
    if isinstance(value, str) and value.endswith("Z"):
        return datetime.fromisoformat(value)
    return value


def plain(value: Any) -> Any:
    """Return a table's value as the record had it."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return float(value) if isinstance(value, Decimal) else value


def test_every_row_with_an_odd_value_loads(cache: CacheBase, hotmart: SimulatorProcess) -> None:
    odd_by_key: dict[str, dict[Any, Odd]] = defaultdict(dict)
    expected = {stream: hotmart.expected(stream) for stream in PATHS}
    for odd in ODD_VALUES:
        row = expected[odd.stream][len(odd_by_key[odd.stream])]
        key = key_of(odd.stream, sent(odd.stream, row))
        hotmart.add_fault(
            kind="raw_value", path=PATHS[odd.stream], times=None, keys=[key], field_name=odd.name, value=odd.sent
        )
        odd_by_key[odd.stream][key] = odd
    source = airbyte.get_source(
        "source-hotmart", local_executable=CONNECTOR, config=hotmart.config, install_if_missing=False
    )
    source.select_streams(list(PATHS))

    source.read(cache=cache)

    for stream, odd_values in odd_by_key.items():
        rows: dict[Any, Mapping[str, Any]] = {key_of(stream, row): row for row in Tables(cache).rows(stream)}
        assert len(rows) == len(expected[stream])
        for key, odd in odd_values.items():
            loaded = rows[key]
            assert loaded["unparsed_values"] == (None if odd.unparsed is None else {odd.name: odd.unparsed}), odd
            assert loaded["additional_fields"] == (odd.additional or None), odd
            if not odd.additional:
                assert plain(loaded[odd.name]) == in_database(odd.column), odd
        untouched = [row for key, row in rows.items() if key not in odd_values]
        assert untouched
        assert all(row["unparsed_values"] is row["additional_fields"] is None for row in untouched)
