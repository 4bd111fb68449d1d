"""Build the marts and compare them with the account."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from integration_tests.analytics.account_process import AccountProcess
from integration_tests.analytics.conftest import Warehouse
from integration_tests.analytics.marts import KEYS, differences, rows_of, tables_in

WITHOUT_UNIT_TESTS: Final = ("--exclude-resource-type", "unit_test")
"""Unit tests have their own input rows, so one run per warehouse is enough."""


def build(warehouse: Warehouse, as_of_ms: int, *options: str, **variables: Any) -> None:
    """Run `dbt build`. Raise `AssertionError` if a test warns."""
    as_of = datetime.fromtimestamp(as_of_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    warehouse.package.run("build", *options, hotmart_as_of=as_of, **variables)
    statuses = warehouse.package.results()
    assert set(statuses.values()) <= {"success", "pass"}, {name: s for name, s in statuses.items() if s == "warn"}


def check(
    warehouse: Warehouse,
    account: AccountProcess,
    as_of_ms: int,
    *options: str,
    absent: Iterable[str] = (),
    empty: Mapping[str, Iterable[str]] | None = None,
    **variables: Any,
) -> dict[str, int]:
    """Build the marts and compare them. Return the number of rows of each.

    Marts in `absent` must not be there, and the columns in `empty` must be null in every row.
    """
    build(warehouse, as_of_ms, *options, **variables)
    marts = KEYS.keys() - set(absent)
    assert tables_in(warehouse.cache) & KEYS.keys() == marts
    counts = {}
    for mart in marts:
        nulls = dict.fromkeys((empty or {}).get(mart, ()))
        found, wanted = rows_of(warehouse.cache, mart), account.truth(mart, as_of_ms)
        counts[mart] = len(wanted)
        told = differences(mart, [{**row, **nulls} for row in wanted], found)
        assert not told, f"{len(told)} differences, such as\n" + "\n".join(told[:12])
    warehouse.cache.get_sql_engine().dispose()
    assert all(counts.values()), counts
    return counts
