"""A simulated account in its own process, and PyAirbyte's sync of it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.ecosystem.postgres import USER, PostgresServer
from tools.demo.simulator_process import SimulatorProcess

# PyAirbyte reads these on import: don't query a connector registry and don't send telemetry.
os.environ |= {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}

from airbyte.caches import CacheBase, DuckDBCache, PostgresCache

SCHEMA = "hotmart"

ROOT = Path(__file__).parent.parent.parent
CONNECTOR = ROOT / os.environ.get("VENV", ".venv") / "bin" / "source-hotmart"
"""The connector and the simulator run in their own environment, as they do for users."""


@pytest.fixture
def hotmart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorProcess]:
    """An account with four years of data and 600 sales, which the connector uses in place of Hotmart."""
    with SimulatorProcess(600, tmp_path / "simulator.log", python=CONNECTOR.with_name("python")) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        yield simulator


@pytest.fixture(params=["DuckDB", "PostgreSQL"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CacheBase]:
    """An empty database of each kind."""
    if request.param == "DuckDB":
        yield DuckDBCache(db_path=tmp_path / "account.duckdb", schema_name=SCHEMA, cache_dir=tmp_path / "files")
        return
    with PostgresServer() as server:
        yield PostgresCache(
            host="127.0.0.1",
            port=server.port,
            database="postgres",
            username=USER,
            password="trusted",
            schema_name=SCHEMA,
            cache_dir=tmp_path / "files",
        )
