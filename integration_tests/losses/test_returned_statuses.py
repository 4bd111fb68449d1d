"""Sales that leave a late status again: the connector re-reads each of them until its status is final."""

from __future__ import annotations

import pytest

from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import DAY_MS, Connection, empty_world
from tools.harness import NOW_MS
from tools.sample import ALL_CASES, combinations

VIEWS = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")

START_DATE = "2024-06-01"
"""Earlier than every sale."""


def sold(connect: Connect, *ages_days: int, **config: object) -> tuple[Connection, list[str]]:
    """Connect to an account with complete sales of these ages, run the first sync, and return their transactions."""
    world = empty_world()
    transactions = [transaction for days in ages_days for transaction in world.add_sales(2, NOW_MS - days * DAY_MS)]
    for transaction in transactions:
        world.set_status(transaction, "COMPLETE")
    connection = connect(world, VIEWS, config={"start_date": START_DATE, **config})
    connection.sync()
    return connection, transactions


def set_status(connection: Connection, transactions: list[str], status: str) -> None:
    """Change sales now, and advance the clock by an hour."""
    for transaction in transactions:
        connection.world.set_status(transaction, status)
    connection.pass_time(hours=1)


@pytest.mark.parametrize(("status", "later_days"), combinations(["CHARGEBACK", "PROTESTED"], [1, 30, 150]))
def test_a_reversed_late_status_is_synced(connect: Connect, status: str, later_days: int) -> None:
    """A sale older than the look-back gets a late status, is delivered with it, and is then approved again.

    By default three of six combinations.
    """
    connection, transactions = sold(connect, 80, 120, 200)
    connection.pass_time(days=1)
    set_status(connection, transactions, status)
    connection.sync()
    assert not connection.differences(), "the sweep did not deliver the late status"
    connection.pass_time(days=later_days)
    set_status(connection, transactions, "APPROVED")
    assert connection.difference("sales_history").stale

    connection.sync()

    assert not connection.differences()


def test_a_reversal_after_many_syncs_is_synced(connect: Connect) -> None:
    """Ten syncs, by default four, read the sale in its late status before it is approved again."""
    connection, transactions = sold(connect, 100)
    connection.pass_time(days=1)
    set_status(connection, transactions, "PROTESTED")
    for _ in range(10 if ALL_CASES else 4):
        connection.pass_time(days=5)
        connection.sync()
    set_status(connection, transactions, "APPROVED")

    connection.sync()

    assert not connection.differences()


def test_a_reversal_of_a_sale_now_older_than_a_year_is_synced(connect: Connect) -> None:
    """A sale of 360 days gets a late status, and is approved again when its order is 380 days old."""
    connection, transactions = sold(connect, 350)
    connection.pass_time(days=10)
    set_status(connection, transactions, "CHARGEBACK")
    connection.sync()
    assert not connection.differences()
    connection.pass_time(days=20)
    set_status(connection, transactions, "APPROVED")

    connection.sync()

    assert not connection.differences()


@pytest.mark.parametrize("status", ["CHARGEBACK", "PROTESTED"])
def test_a_reversal_after_the_look_back_is_synced(connect: Connect, status: str) -> None:
    """A sale gets its late status within the look-back, and is approved again after it."""
    connection, transactions = sold(connect, 50)
    connection.pass_time(days=5)
    set_status(connection, transactions, status)
    connection.sync()
    for _ in range(3):
        connection.pass_time(days=10)
        connection.sync()
    set_status(connection, transactions, "APPROVED")

    connection.sync()

    assert not connection.differences()


def test_a_reversal_of_a_status_read_in_the_first_sync_is_synced(connect: Connect) -> None:
    """The first sync reads a 100-day-old sale as CHARGEBACK. The sale is then approved again."""
    world = empty_world()
    transactions = world.add_sales(3, NOW_MS - 100 * DAY_MS)
    for transaction in transactions:
        world.set_status(transaction, "CHARGEBACK")
    connection = connect(world, VIEWS, config={"start_date": START_DATE})
    connection.sync()
    connection.pass_time(days=3)
    set_status(connection, transactions, "APPROVED")

    connection.sync()

    assert not connection.differences()


def test_a_reversed_sale_is_followed_until_it_is_complete(connect: Connect) -> None:
    """After the reversal the sale is APPROVED for some syncs, and then COMPLETE."""
    connection, transactions = sold(connect, 100)
    connection.pass_time(days=1)
    for status in ("CHARGEBACK", "APPROVED", "COMPLETE"):
        set_status(connection, transactions, status)
        connection.sync()
        connection.pass_time(days=3)
        connection.sync()

    assert not connection.differences()


def test_a_dispute_that_ends_in_a_refund_is_synced(connect: Connect) -> None:
    """A sale older than the look-back is PROTESTED in one sync and REFUNDED in the next."""
    connection, transactions = sold(connect, 100)
    for status in ("PROTESTED", "REFUNDED"):
        connection.pass_time(days=10)
        set_status(connection, transactions, status)
        connection.sync()

    assert not connection.differences()


def test_two_sales_that_swap_statuses_on_one_day_are_synced(connect: Connect) -> None:
    """One sale is charged back when another of the same day is approved again, so the count stays the same."""
    connection, (first, second) = sold(connect, 100)
    connection.pass_time(days=1)
    set_status(connection, [first], "CHARGEBACK")
    connection.sync()
    connection.pass_time(days=1)
    set_status(connection, [first], "APPROVED")
    set_status(connection, [second], "CHARGEBACK")

    connection.sync()

    assert not connection.differences()
