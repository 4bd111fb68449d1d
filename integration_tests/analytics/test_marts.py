"""From Hotmart to the marts: PyAirbyte, dbt, and each mart equal to what the simulated account knows, to the cent."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from integration_tests.analytics.account_process import AccountProcess
from integration_tests.analytics.conftest import Warehouse
from integration_tests.analytics.marts import KEYS, differences, rows_of

MOVES = {
    "sales": 30,
    "boleto_payments": 3,
    "refunds": 10,
    "partial_refunds": 4,
    "protests": 4,
    "granted_protests": 2,
    "chargebacks": 6,
    "order_bumps": 3,
    "own_affiliate_sales": 3,
    "subscriptions": 6,
    "renewals": 10,
    "failed_charges": 6,
    "recoveries": 3,
    "negotiations": 2,
    "cancellations": 8,
    "rests": 3,
    "reactivations": 4,
    "trial_conversions": 3,
}
"""What happens between two syncs."""


def now() -> tuple[int, str]:
    """Return the moment up to which marts look: as epoch milliseconds, and as the package's variable."""
    seconds = int(time.time())
    return seconds * 1000, datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def check(warehouse: Warehouse, account: AccountProcess, **variables: Any) -> dict[str, int]:
    """Build the marts and compare them. Return how many rows each one has."""
    as_of_ms, as_of = now()
    warehouse.package.run("build", hotmart_as_of=as_of, **variables)
    statuses = warehouse.package.results()
    assert set(statuses.values()) <= {"success", "pass"}, {name: s for name, s in statuses.items() if s == "warn"}
    counts = {}
    for mart in KEYS:
        found, wanted = rows_of(warehouse.cache, mart), account.truth(mart, as_of_ms)
        counts[mart] = len(wanted)
        told = differences(mart, wanted, found)
        assert not told, f"{len(told)} differences, such as\n" + "\n".join(told[:12])
    warehouse.cache.get_sql_engine().dispose()
    return counts


def test_marts_hold_what_the_account_knows_after_each_of_two_syncs(
    warehouse: Warehouse, account: AccountProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse.sync(account)
    counts = check(warehouse, account)
    assert all(counts.values()), counts

    account.move(MOVES)
    time.sleep(1)  # a sync reads up to the last whole second of Hotmart's clock
    warehouse.sync(account)
    counts = check(warehouse, account)
    with capsys.disabled():
        print(f"\n{type(warehouse.cache).__name__}: equal after two syncs, rows {counts}")  # noqa: T201
