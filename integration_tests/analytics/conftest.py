"""Fixtures: a simulated account, an empty warehouse of each kind, and the dbt package that reads it."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from integration_tests.analytics.account_process import CONNECTOR, AccountProcess
from integration_tests.ecosystem.postgres import USER, PostgresServer
from tools.analytics.package import Package

# PyAirbyte reads these on import: don't query a connector registry and don't send telemetry.
os.environ |= {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}

import airbyte
from airbyte.caches import CacheBase, DuckDBCache, PostgresCache

from integration_tests.analytics.marts import SCHEMA

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
        with pytest.MonkeyPatch.context() as patched:
            for name, value in account.environment.items():
                patched.setenv(name, value)
            source = airbyte.get_source(
                "source-hotmart",
                local_executable=CONNECTOR,
                config={**account.config, **settings},
                install_if_missing=False,
            )
            source.select_streams(list(STREAMS))
            source.read(cache=self.cache, write_strategy=strategy)
        self.cache.get_sql_engine().dispose()  # DuckDB lets one process write at a time

    def run(self, *statements: str) -> None:
        """Run SQL statements and commit them."""
        with self.cache.get_sql_engine().begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        self.cache.get_sql_engine().dispose()


@pytest.fixture
def account() -> Iterator[AccountProcess]:
    """An account with four years of data and every status and role."""
    with AccountProcess(SALES) as running:
        yield running


@pytest.fixture(scope="session")
def as_of_ms() -> int:
    """The marts' current time: one hour after the tests began, so that all changes lie in the past."""
    return int(time.time() + 3_600) * 1000


@pytest.fixture
def duckdb(tmp_path: Path) -> Warehouse:
    """An empty DuckDB file."""
    return in_duckdb(tmp_path)


def in_duckdb(folder: Path) -> Warehouse:
    """Return a DuckDB file."""
    path = folder / "account.duckdb"
    cache = DuckDBCache(db_path=path, schema_name="hotmart", cache_dir=folder / "files")
    return Warehouse(cache, Package("duckdb", folder, {"HOTMART_DUCKDB": str(path)}))


def in_postgres(folder: Path, server: PostgresServer) -> Warehouse:
    """Return the server's database."""
    cache = PostgresCache(
        host="127.0.0.1",
        port=server.port,
        database="postgres",
        username=USER,
        password="trusted",
        schema_name="hotmart",
        cache_dir=folder / "files",
    )
    return Warehouse(cache, Package("postgres", folder, {"HOTMART_POSTGRES_PORT": str(server.port)}))


@pytest.fixture(scope="session", params=["DuckDB", "PostgreSQL"])
def synced(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, AccountProcess]]:
    """A database of each kind that holds the account. A test that changes the account syncs it again."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        account = stack.enter_context(AccountProcess(SALES))
        if request.param == "DuckDB":
            warehouse = in_duckdb(folder)
        else:
            warehouse = in_postgres(folder, stack.enter_context(PostgresServer()))
        warehouse.sync(account)
        yield warehouse, account


@pytest.fixture
def filled(synced: tuple[Warehouse, AccountProcess]) -> tuple[Warehouse, AccountProcess]:
    """The database that holds the account, without marts."""
    warehouse, _ = synced
    warehouse.run(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    return synced
