"""Fixtures: a simulated account, an empty warehouse of each kind, and the dbt package that reads it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration_tests.analytics.account_process import CONNECTOR, AccountProcess
from integration_tests.ecosystem.postgres import USER, PostgresServer
from tools.analytics.package import Package

# PyAirbyte reads these on import: don't query a connector registry and don't send telemetry.
os.environ |= {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}

import airbyte
from airbyte.caches import CacheBase, DuckDBCache, PostgresCache

STREAMS = (
    "sales_history",
    "sales_users",
    "sales_commissions",
    "sales_price_details",
    "sales_summary",
    "subscriptions",
    "subscription_transactions",
    "products",
    "club_students",
)
"""Streams that the dbt package reads."""
SALES = 800


@dataclass(frozen=True)
class Warehouse:
    """A database that PyAirbyte fills and dbt builds marts in."""

    cache: CacheBase
    package: Package

    def sync(self, account: AccountProcess, strategy: str = "auto", **settings: Any) -> None:
        """Sync the account into the database. `settings` are merged into the connector's settings."""
        source = airbyte.get_source(
            "source-hotmart",
            local_executable=CONNECTOR,
            config={**account.config, **settings},
            install_if_missing=False,
        )
        source.select_streams(list(STREAMS))
        source.read(cache=self.cache, write_strategy=strategy)
        self.cache.get_sql_engine().dispose()  # DuckDB lets one process write at a time


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[AccountProcess]:
    """An account with four years of data and every status and role."""
    with AccountProcess(SALES) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def duckdb(tmp_path: Path) -> Warehouse:
    """A DuckDB file."""
    path = tmp_path / "account.duckdb"
    cache = DuckDBCache(db_path=path, schema_name="hotmart", cache_dir=tmp_path / "files")
    return Warehouse(cache, Package("duckdb", tmp_path, {"HOTMART_DUCKDB": str(path)}))


@pytest.fixture(params=["DuckDB", "PostgreSQL"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path, duckdb: Warehouse) -> Iterator[Warehouse]:
    """An empty database of each kind."""
    if request.param == "DuckDB":
        yield duckdb
        return
    with PostgresServer() as server:
        cache = PostgresCache(
            host="127.0.0.1",
            port=server.port,
            database="postgres",
            username=USER,
            password="trusted",
            schema_name="hotmart",
            cache_dir=tmp_path / "files",
        )
        yield Warehouse(cache, Package("postgres", tmp_path, {"HOTMART_POSTGRES_PORT": str(server.port)}))
