"""End-to-end test with PyAirbyte and dbt: each mart equals what the simulated account knows, to the cent."""

import time
from datetime import UTC, datetime

import pytest

from integration_tests.analytics.account_process import AccountProcess
from integration_tests.analytics.checks import WITHOUT_UNIT_TESTS, check
from integration_tests.analytics.conftest import Warehouse
from integration_tests.analytics.marts import rows_of

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
"""Changes made between two syncs."""


def let_pass(account: AccountProcess) -> dict[str, list[str]]:
    """Apply changes and wait until a sync can see them: syncs read up to the last full second of Hotmart's clock."""
    moved = account.move(MOVES)
    time.sleep(1)
    return moved


def test_marts_equal_the_account_after_each_of_two_syncs(
    filled: tuple[Warehouse, AccountProcess], as_of_ms: int, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse, account = filled
    check(warehouse, account, as_of_ms)

    let_pass(account)
    warehouse.sync(account)
    counts = check(warehouse, account, as_of_ms, *WITHOUT_UNIT_TESTS)
    with capsys.disabled():
        print(f"\n{type(warehouse.cache).__name__}: equal to the cent after two syncs, rows {counts}")  # noqa: T201


@pytest.mark.parametrize("personal_data", [{"mode": "hash", "key": "9f2c4e6a8b0d1f3a5c7e"}, {"mode": "drop"}])
def test_marts_need_no_personal_data(
    duckdb: Warehouse, account: AccountProcess, as_of_ms: int, personal_data: dict[str, str]
) -> None:
    duckdb.sync(account, personal_data=personal_data)

    check(duckdb, account, as_of_ms, *WITHOUT_UNIT_TESTS)

    names = {row["buyer_name"] for row in rows_of(duckdb.cache, "hotmart__sales")}
    assert names == {None} if personal_data["mode"] == "drop" else all(len(name or "0" * 64) == 64 for name in names)


def test_append_mode_records_when_a_status_was_first_seen(
    duckdb: Warehouse, account: AccountProcess, as_of_ms: int
) -> None:
    duckdb.sync(account, "append")
    check(duckdb, account, as_of_ms, *WITHOUT_UNIT_TESTS, hotmart_append_mode=True)
    moved = let_pass(account)
    began_at = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    duckdb.sync(account, "append")

    check(duckdb, account, as_of_ms, *WITHOUT_UNIT_TESTS, hotmart_append_mode=True)

    changes = [row for row in rows_of(duckdb.cache, "hotmart__sale_status_changes") if row["previous_status"]]
    last_statuses = {row["transaction_id"]: row["status"] for row in account.truth("hotmart__sales", as_of_ms)}
    assert {row["transaction_id"]: row["status"] for row in changes}.items() <= last_statuses.items()
    assert {row["transaction_id"] for row in changes if row["status"] == "CHARGEBACK"} == set(moved["chargebacks"])
    assert all(row["first_seen_at"] >= began_at for row in changes)
