"""The dbt package on warehouses that lack some tables or rows, and with other variables."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import pytest

from integration_tests.analytics.account_process import AccountProcess
from integration_tests.analytics.checks import WITHOUT_UNIT_TESTS, build, check
from integration_tests.analytics.conftest import STREAMS, Warehouse
from integration_tests.analytics.marts import KEYS, rows_of

Filled = tuple[Warehouse, AccountProcess]


class Part(NamedTuple):
    """A part of the streams that a variable switches off, and what the marts lack without it."""

    streams: tuple[str, ...]
    absent: tuple[str, ...] = ()
    empty: tuple[tuple[str, str], ...] = ()
    """Marts and their columns."""


PARTS: Final = {
    "hotmart_using_sales_users": Part(("sales_users",), empty=(("hotmart__reconciliation", "participants_rows"),)),
    "hotmart_using_subscriptions": Part(
        ("subscriptions", "subscription_transactions"),
        absent=("hotmart__subscriptions", "hotmart__subscriptions_monthly"),
        empty=(("hotmart__sales", "subscription_code"), ("hotmart__sales", "given_back_at")),
    ),
    "hotmart_using_members_area": Part(("club_students",), absent=("hotmart__student_progress",)),
}
MINIMUM: Final = ("sales_history", "sales_commissions", "sales_price_details", "sales_summary", "products")


def show(warehouse: Warehouse, schema: str, streams: Iterable[str], condition: str = "true") -> None:
    """Create a schema that has the tables of some streams only, with the rows that fulfil a condition."""
    warehouse.run(
        f"DROP SCHEMA IF EXISTS {schema} CASCADE",
        f"CREATE SCHEMA {schema}",
        *(f"CREATE VIEW {schema}.{name} AS SELECT * FROM hotmart.{name} WHERE {condition}" for name in streams),
    )


def check_without(filled: Filled, as_of_ms: int, switches: Sequence[str], *options: str) -> None:
    """Build and compare the marts where the tables of some parts are absent."""
    warehouse, account = filled
    parts = [PARTS[switch] for switch in switches]
    show(warehouse, "part", set(STREAMS) - {name for part in parts for name in part.streams})
    columns = [place for part in parts for place in part.empty]
    check(
        warehouse,
        account,
        as_of_ms,
        *options,
        absent=[mart for part in parts for mart in part.absent],
        empty={mart: [column for place, column in columns if place == mart] for mart, _ in columns},
        hotmart_schema="part",
        **dict.fromkeys(switches, False),
    )


@pytest.mark.parametrize("switch", PARTS)
@pytest.mark.parametrize("synced", ["DuckDB"], indirect=True)
def test_a_group_of_streams_can_be_disabled(filled: Filled, as_of_ms: int, switch: str) -> None:
    check_without(filled, as_of_ms, [switch])


def test_all_optional_streams_can_be_disabled_and_enabled_later(filled: Filled, as_of_ms: int) -> None:
    warehouse, account = filled
    assert set(STREAMS) - {name for part in PARTS.values() for name in part.streams} == set(MINIMUM)

    check_without(filled, as_of_ms, list(PARTS))

    check(warehouse, account, as_of_ms, *WITHOUT_UNIT_TESTS)


def test_an_initially_empty_account_builds(filled: Filled, as_of_ms: int) -> None:
    warehouse, account = filled
    show(warehouse, "empty", STREAMS, "false")

    build(warehouse, as_of_ms, *WITHOUT_UNIT_TESTS, hotmart_schema="empty")

    assert {mart: rows_of(warehouse.cache, mart) for mart in KEYS} == {mart: [] for mart in KEYS}
    warehouse.cache.get_sql_engine().dispose()
    check(warehouse, account, as_of_ms, *WITHOUT_UNIT_TESTS)


@pytest.mark.parametrize("synced", ["DuckDB"], indirect=True)
def test_the_package_builds_with_other_variables(filled: Filled, as_of_ms: int) -> None:
    warehouse, _ = filled

    build(
        warehouse,
        as_of_ms,
        hotmart_timezone="Asia/Tokyo",
        hotmart_account_ucode="NOBODY",
        hotmart_stalled_after_days=7,
    )

    kinds = {name.partition(".")[0] for name in warehouse.package.results()}
    assert kinds == {"model", "test", "unit_test"}
