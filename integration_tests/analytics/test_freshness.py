"""`dbt source freshness` on tables as PyAirbyte writes them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration_tests.analytics.account_process import AccountProcess
from integration_tests.analytics.conftest import STREAMS, Warehouse
from tools.analytics.package import PROJECT, DbtFailed, Package

Filled = tuple[Warehouse, AccountProcess]
ALL_FRESH = dict.fromkeys(STREAMS, "pass")
STALE = {**dict.fromkeys(STREAMS, "warn"), "sales_summary": "error"}
"""Sales can stop for weeks, so only the totals that every sync renews show that the syncs have stopped."""
FAR_EAST = {"TZ": "Pacific/Kiritimati", "PGTZ": "Pacific/Kiritimati"}
"""A time zone 14 hours ahead of UTC."""


def freshness(package: Package, **variables: Any) -> dict[str, str]:
    """Run `dbt source freshness` and return the status of each stream."""
    try:
        package.run("source freshness", **variables)
    except DbtFailed as failed:
        assert "ERROR STALE" in str(failed)
    return {name.rpartition(".")[2]: status for name, status in package.freshness().items()}


def read_at(warehouse: Warehouse, moment: str) -> None:
    """Create the schema `copied` with tables that were read at another moment."""
    warehouse.run(
        "DROP SCHEMA IF EXISTS copied CASCADE",
        "CREATE SCHEMA copied",
        *(f"CREATE TABLE copied.{name} AS SELECT * FROM hotmart.{name}" for name in STREAMS),
        *(f"UPDATE copied.{name} SET _airbyte_extracted_at = {moment}" for name in STREAMS),
    )


def test_streams_are_fresh_after_a_sync(filled: Filled) -> None:
    warehouse, _ = filled

    assert freshness(warehouse.package) == ALL_FRESH


def test_streams_of_a_daily_sync_are_fresh_in_every_time_zone(filled: Filled) -> None:
    warehouse, _ = filled
    read_at(warehouse, "_airbyte_extracted_at - interval '30 hours'")
    package = replace(warehouse.package, environment={**warehouse.package.environment, **FAR_EAST})

    assert freshness(package, hotmart_schema="copied") == ALL_FRESH


def test_old_streams_are_stale(filled: Filled) -> None:
    warehouse, _ = filled
    read_at(warehouse, "timestamp '2024-01-31 12:00:00'")

    assert freshness(warehouse.package, hotmart_schema="copied") == STALE


@pytest.mark.parametrize("synced", ["DuckDB"], indirect=True)
def test_a_project_sets_its_own_thresholds(filled: Filled, tmp_path: Path) -> None:
    warehouse, _ = filled
    read_at(warehouse, "timestamp '2024-01-31 12:00:00'")
    package = replace(warehouse.package, folder=tmp_path, project=PROJECT)
    package.run("deps")

    assert freshness(package, hotmart_schema="copied") == dict.fromkeys(STREAMS, "error")


@pytest.mark.parametrize("synced", ["DuckDB"], indirect=True)
def test_streams_that_are_not_synced_are_skipped(filled: Filled) -> None:
    warehouse, _ = filled
    minimum = ("sales_history", "sales_commissions", "sales_price_details", "sales_summary", "products")
    warehouse.run(
        "CREATE SCHEMA minimum",
        *(f"CREATE VIEW minimum.{name} AS SELECT * FROM hotmart.{name}" for name in minimum),
    )

    found = freshness(
        warehouse.package,
        hotmart_schema="minimum",
        hotmart_using_sales_users=False,
        hotmart_using_subscriptions=False,
        hotmart_using_members_area=False,
    )

    assert found == dict.fromkeys(minimum, "pass")
