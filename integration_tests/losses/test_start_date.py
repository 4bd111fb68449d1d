"""Changes of the start date, including subscriptions that began before it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from hotmart_simulator import World
from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import (
    DAY_MS,
    Connection,
    empty_world,
    old_subscriptions,
)
from tools.harness import NOW_MS, small_world, truth
from tools.sample import combinations

EARLY, LATER = "2022-01-01", "2025-12-20"
OF_SALES = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")


def sync_later_and_back(connection: Connection, *days: int) -> None:
    """Sync with the later start date, again after each of these numbers of days, and then with the first start date."""
    connection.config["start_date"] = LATER
    connection.sync()
    for gap in days:
        connection.pass_time(days=gap)
        connection.sync()
    connection.config["start_date"] = EARLY
    connection.pass_time(hours=1)
    connection.sync()


def sold(world: World, status: str, days: int) -> str:
    """Add a sale with a status, ordered this many days before the first sync. Return its transaction."""
    (transaction,) = world.add_sales(1, NOW_MS - days * DAY_MS)
    world.set_status(transaction, status, NOW_MS - days * DAY_MS)
    return transaction


def currency(world: World, transaction: str) -> str:
    """Return the currency of a sale's price."""
    return str(truth(world, "sales_history")[transaction]["purchase"]["price"]["currency_code"])


# Later and back


@pytest.mark.parametrize(
    ("change", "gaps"),
    combinations(
        [("APPROVED", "REFUNDED"), ("WAITING_PAYMENT", "APPROVED"), ("APPROVED", "COMPLETE")], [(), (100, 100)]
    ),
    ids=str,
)
def test_moving_the_start_date_back_reads_changed_sales(
    connect: Connect, change: tuple[str, str], gaps: tuple[int, ...]
) -> None:
    """A sale within the look-back changes after the first sync, when the start date is later than its order.

    By default three of six combinations.
    """
    before, after = change
    world = empty_world()
    transactions = [sold(world, before, days) for days in (20, 40, 60)]
    connection = connect(world, OF_SALES, config={"start_date": EARLY})
    connection.sync()
    connection.pass_time(days=1)
    for transaction in transactions:
        world.set_status(transaction, after)
    connection.pass_time(hours=1)

    sync_later_and_back(connection, *gaps)

    assert not connection.differences()


def test_moving_the_start_date_back_reads_late_refunds(
    connect: Connect,
) -> None:
    """A sale of 300 days ago is refunded after the first sync. The syncs in between do not re-read that far back."""
    world = empty_world()
    transactions = [sold(world, "COMPLETE", days) for days in (100, 200, 300)]
    connection = connect(world, OF_SALES, config={"start_date": EARLY})
    connection.sync()
    connection.pass_time(days=1)
    for transaction in transactions:
        world.set_status(transaction, "REFUNDED")
    connection.pass_time(hours=1)

    sync_later_and_back(connection, 100, 100)

    assert not connection.differences()


@pytest.mark.parametrize("gaps", [(), (200,)], ids=str)
def test_moving_the_start_date_back_reads_changed_monthly_totals(connect: Connect, gaps: tuple[int, ...]) -> None:
    """A sale of half a year ago is refunded after the first sync, which lowers the month's total."""
    world = small_world(sales=120, subscriptions=0, students=0)
    currency_of = {sale: currency(world, sale) for sale in (sold(world, "COMPLETE", 190) for _ in range(20))}
    most, _ = Counter(currency_of.values()).most_common(1)[0]
    transaction = next(sale for sale, name in currency_of.items() if name == most)
    connection = connect(world, ["sales_summary"], config={"start_date": EARLY})
    connection.sync()
    assert not connection.differences()
    connection.pass_time(days=1)
    world.set_status(transaction, "REFUNDED")
    connection.pass_time(hours=1)

    sync_later_and_back(connection, *gaps)

    assert not connection.differences()


def test_moving_the_start_date_back_reads_changed_charges(connect: Connect) -> None:
    """Hotmart filters charges by order date. A charge of 40 days ago is refunded after the first sync."""
    world = empty_world()
    codes = old_subscriptions(world, 20, days=40)
    last = [truth(world, "subscriptions")[code]["transaction"] for code in codes]
    connection = connect(
        world, ["subscription_transactions"], config={"start_date": EARLY}, transaction_date_filters="order_date"
    )
    connection.sync()
    assert not connection.differences()
    connection.pass_time(days=1)
    for transaction in last:
        world.set_status(transaction, "REFUNDED")
    connection.pass_time(hours=1)

    sync_later_and_back(connection, 100, 100)

    assert not connection.differences()


def test_moving_the_start_date_back_reads_charges_in_between(connect: Connect) -> None:
    """Charges are made after the first sync and before the later start date, so no sync in between reads them."""
    world = empty_world()
    old_subscriptions(world, 20, days=200)
    connection = connect(world, ["subscription_transactions"], config={"start_date": EARLY})
    connection.sync()
    connection.pass_time(days=40)
    connection.charge_what_is_due()
    connection.pass_time(days=20)
    connection.config["start_date"] = datetime.fromtimestamp((NOW_MS + 50 * DAY_MS) / 1000, UTC).date().isoformat()
    connection.sync()
    assert connection.difference("subscription_transactions").lost
    connection.pass_time(days=100)
    connection.sync()
    connection.config["start_date"] = EARLY
    connection.pass_time(hours=1)

    connection.sync()

    assert not connection.differences()


@pytest.mark.parametrize("gaps", [(), (40,), (60, 60)], ids=str)
def test_purchases_of_subscribers_older_than_the_later_start_date_are_synced(
    connect: Connect, gaps: tuple[int, ...]
) -> None:
    """Active subscribers who began before the later start date are charged."""
    world = empty_world()
    old_subscriptions(world, 20, days=200)
    connection = connect(world, ["subscription_purchases"], config={"start_date": EARLY})
    connection.sync()
    connection.pass_time(days=35)
    assert connection.charge_what_is_due()
    connection.pass_time(hours=1)

    sync_later_and_back(connection, *gaps)

    assert not connection.differences()


@pytest.mark.parametrize("gaps", [(), (100, 100)], ids=str)
def test_moving_the_start_date_back_reads_purchases_of_ended_subscriptions(
    connect: Connect, gaps: tuple[int, ...]
) -> None:
    """A subscription ended shortly before the later start date, and its last charge is refunded after the first sync.

    With an unchanged start date, the refund lies within the look-back of the end.
    """
    world = empty_world()
    codes = world.add_subscriptions(8, NOW_MS - 30 * DAY_MS)
    world.cancel_subscriptions(8, NOW_MS - 20 * DAY_MS)
    last = [truth(world, "subscriptions")[code]["transaction"] for code in codes]
    connection = connect(world, ["subscription_purchases"], config={"start_date": EARLY})
    connection.sync()
    connection.pass_time(days=1)
    for transaction in last:
        world.set_status(transaction, "REFUNDED")
    connection.pass_time(hours=1)

    sync_later_and_back(connection, *gaps)

    assert not connection.differences()


def test_an_earlier_start_date_reads_everything_since_then(connect: Connect) -> None:
    """The start date is moved to an earlier day for the first time. The next sync reads everything from that day on."""
    world = small_world(sales=120, subscriptions=0, students=0)
    connection = connect(world, OF_SALES, config={"start_date": LATER})
    connection.sync()
    connection.pass_time(days=100)
    connection.config["start_date"] = EARLY

    connection.sync()

    assert not connection.differences()
