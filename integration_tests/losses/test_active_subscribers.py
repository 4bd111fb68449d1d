"""New charges of active subscribers. `request_date` is the creation date, so none of a subscription's dates changes."""

from __future__ import annotations

import pytest

from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import (
    DAY_MS,
    PURCHASES,
    Connection,
    codes_where,
    empty_world,
    old_subscriptions,
    period_of,
)
from tools.harness import NOW_MS, truth

STREAM = "subscription_purchases"


def subscribed(connect: Connect, days: int = 200, count: int = 40, **changes: str) -> Connection:
    """Connect to an account with subscriptions that began this many days ago, and run the first sync."""
    world = empty_world()
    old_subscriptions(world, count, days)
    connection = connect(world, [STREAM], **changes)
    connection.sync()
    assert not connection.differences()
    return connection


def assert_all_arrived(connection: Connection, *codes: str) -> None:
    """Assert that rows of these subscribers are missing from the destination before the sync, and none after it."""
    found = connection.difference(STREAM)
    changed = {key[0] for key in [*found.lost, *found.stale]}
    assert set(codes) <= changed, "the test changed nothing"
    connection.sync()
    assert not connection.differences()


@pytest.mark.parametrize("days", [11, 40, 130])
def test_new_charges_of_active_subscribers_are_synced(connect: Connect, days: int) -> None:
    """Active subscribers who began 200 days ago are charged between two syncs that are this many days apart."""
    connection = subscribed(connect)
    connection.pass_time(days=days)
    charged = connection.charge_what_is_due()
    connection.pass_time(hours=1)

    assert set(codes_where(connection.world, lambda row: period_of(row) == 30)) <= set(charged)
    assert_all_arrived(connection, *charged)


@pytest.mark.parametrize("late_days", [0, 20])
def test_the_second_charge_of_a_yearly_subscriber_is_synced(connect: Connect, late_days: int) -> None:
    """A yearly subscriber is charged for the second year. The next sync runs at once or weeks later."""
    connection = subscribed(connect, days=340)
    yearly = set(codes_where(connection.world, lambda row: period_of(row) == 360))
    connection.pass_time(days=21)
    charged = yearly & set(connection.charge_what_is_due())
    connection.pass_time(days=late_days)

    assert charged
    assert_all_arrived(connection, *charged)


def test_syncs_every_two_weeks_for_half_a_year_read_every_charge(connect: Connect) -> None:
    """Syncs run every two weeks for half a year, and each one delivers all charges made so far."""
    connection = subscribed(connect, count=20)
    for _ in range(13):
        connection.pass_time(days=14)
        connection.charge_what_is_due()
        connection.sync()
        assert not connection.differences()


def test_a_yearly_subscriber_with_no_charge_due_is_not_requested(connect: Connect) -> None:
    """A yearly subscriber who was charged 200 days ago cannot have been charged since yesterday."""
    connection = subscribed(connect)
    yearly = set(codes_where(connection.world, lambda row: period_of(row) == 360))
    connection.pass_time(days=1)
    connection.sync()

    assert yearly
    assert not yearly & set(connection.asked(PURCHASES))


def test_hourly_syncs_do_not_request_every_monthly_subscriber(connect: Connect) -> None:
    """Hourly syncs over half a day request a fraction of the active subscribers each time."""
    connection = subscribed(connect, count=60)
    connection.config["lookback_days"] = 2
    connection.sync()
    calls = 0
    for _ in range(12):
        connection.pass_time(hours=1)
        connection.charge_what_is_due()
        connection.sync()
        calls += len(connection.asked(PURCHASES))

    assert not connection.differences()
    assert calls < 12 * 60 / 2


@pytest.mark.parametrize("move", ["recoveries", "negotiations"])
def test_a_late_payment_between_two_syncs_is_synced(connect: Connect, move: str) -> None:
    """A subscriber who is DELAYED or OVERDUE in one sync has paid and is ACTIVE in the next."""
    connection = subscribed(connect)
    connection.pass_time(days=40)
    failed = set(connection.world.subscription_moves.fail(12))
    connection.sync()
    connection.pass_time(days=20)
    paid = {code for code in connection.world.move({move: 12})[move] if isinstance(code, str)}
    connection.pass_time(days=1)

    assert paid & failed
    assert set(codes_where(connection.world, lambda row: row["status"] == "ACTIVE")) >= paid
    assert_all_arrived(connection, *paid)


def test_a_paid_boleto_of_an_overdue_subscription_is_synced(connect: Connect) -> None:
    """A boleto of an OVERDUE subscription is paid, and the subscription's status stays OVERDUE."""
    connection = subscribed(connect)
    connection.world.subscription_moves.fail(12)
    connection.sync()
    connection.pass_time(days=70)
    paid = [code for code in connection.world.move({"overdue_payments": 12})["overdue_payments"] if code]
    connection.pass_time(days=1)

    assert paid
    assert_all_arrived(connection, *map(str, paid))


def test_a_late_payment_after_many_syncs_is_synced(connect: Connect) -> None:
    """A subscriber stays in arrears for some syncs and pays long after the failed charge."""
    connection = subscribed(connect)
    connection.pass_time(days=40)
    failed = set(connection.world.subscription_moves.fail(12))
    connection.sync()
    for _ in range(3):  # still in arrears, nothing new
        connection.pass_time(days=1)
        connection.sync()
    connection.pass_time(days=80)
    paid = set(map(str, connection.world.move({"recoveries": 12})["recoveries"]))
    connection.pass_time(days=5)

    assert paid & failed
    assert_all_arrived(connection, *paid)


def test_the_first_charge_after_a_long_trial_is_synced(connect: Connect) -> None:
    """A subscription that began as a trial 80 days ago is STARTED in one sync, and charged and ACTIVE in the next."""
    world = empty_world()
    trials = world.subscription_moves.add_trials(20, NOW_MS - 80 * DAY_MS)
    connection = connect(world, [STREAM])
    connection.sync()
    started = set(codes_where(world, lambda row: row["status"] == "STARTED"))
    connection.pass_time(days=1)
    converted = world.move({"trial_conversions": 20})["trial_conversions"]
    connection.pass_time(hours=1)

    assert set(trials) >= set(converted)
    assert started & set(converted)
    assert_all_arrived(connection, *map(str, converted))


def test_a_refund_of_a_recent_charge_is_synced(connect: Connect) -> None:
    """The last charge of a monthly subscriber is 20 days old in the first sync and refunded before the second."""
    world = empty_world()
    old_subscriptions(world, days=200)
    connection = connect(world, [STREAM])
    monthly = codes_where(world, lambda row: period_of(row) == 30)
    connection.sync()
    last = {code: truth(world, "subscriptions")[code]["transaction"] for code in monthly}
    connection.pass_time(days=1)
    for transaction in last.values():
        world.set_status(transaction, "REFUNDED")
    connection.pass_time(hours=1)

    assert_all_arrived(connection, *monthly)


def test_a_chargeback_within_the_look_back_is_synced(connect: Connect) -> None:
    """A charge is delivered by one sync and refunded before the next, within the look-back of its order date."""
    connection = subscribed(connect)
    connection.pass_time(days=31)
    connection.charge_what_is_due()
    connection.sync()
    sold = truth(connection.world, "subscriptions")
    recent = codes_where(connection.world, lambda row: period_of(row) == 30)
    connection.pass_time(days=20)
    for code in recent:
        connection.world.set_status(sold[code]["transaction"], "CHARGEBACK")
    connection.pass_time(hours=1)

    assert_all_arrived(connection, *recent)


def test_a_charge_paid_before_it_is_due_is_synced(connect: Connect) -> None:
    """Subscribers pay the next recurrence early, so the next charge date moves away from today."""
    connection = subscribed(connect)
    connection.pass_time(days=3)
    ahead = connection.world.move({"anticipations": 20})["anticipations"]
    connection.pass_time(hours=1)

    assert ahead
    assert_all_arrived(connection, *map(str, ahead))


def test_charges_of_a_reactivated_subscription_are_synced(connect: Connect) -> None:
    """Subscriptions that were cancelled long ago are reactivated and charged. Their dates stay the same."""
    world = empty_world()
    old_subscriptions(world, days=300)
    world.cancel_subscriptions(10, NOW_MS - 120 * DAY_MS)
    connection = connect(world, [STREAM])
    connection.sync()
    connection.pass_time(days=90)
    back = world.move({"reactivations": 10})["reactivations"]
    connection.pass_time(hours=1)

    charged = {key[0] for key in connection.difference(STREAM).lost}
    assert charged & set(back)
    assert_all_arrived(connection, *charged)


def test_charges_of_an_inactive_subscription_are_synced(connect: Connect) -> None:
    """A subscription is INACTIVE for months and is still charged."""
    world = empty_world()
    old_subscriptions(world, days=200)
    world.move({"rests": 15})
    connection = connect(world, [STREAM], inactive="is_charged")
    connection.sync()
    inactive = set(codes_where(world, lambda row: row["status"] == "INACTIVE"))
    connection.pass_time(days=40)
    charged = inactive & set(connection.charge_what_is_due())
    connection.pass_time(hours=1)

    assert charged
    assert_all_arrived(connection, *charged)


def test_a_charge_before_a_change_to_a_longer_plan_is_synced(connect: Connect) -> None:
    """A subscriber is charged and then changes the plan, so the next charge minus the period is not the last charge."""
    connection = subscribed(connect)
    connection.pass_time(days=31)
    charged = set(connection.charge_what_is_due())
    connection.pass_time(days=1)
    before = truth(connection.world, "subscriptions")
    switched = set(map(str, connection.world.move({"plan_switches": 30})["plan_switches"]))
    connection.pass_time(hours=1)
    after = truth(connection.world, "subscriptions")
    longer = {code for code in charged & switched if period_of(after[code]) > period_of(before[code])}

    assert longer
    assert_all_arrived(connection, *longer)
