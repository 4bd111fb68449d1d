"""Syncs that are killed and resumed, and the rows that their states cover."""

from __future__ import annotations

from typing import Any

import pytest

from hotmart_simulator import Fault
from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import (
    DAY_MS,
    PURCHASES,
    codes_where,
    empty_world,
    old_subscriptions,
    pass_seconds_per_call,
    period_of,
    states_of,
)
from tools.harness import NOW_MS, Run, loaded, small_world
from tools.rows import difference
from tools.sample import combinations

CHILDREN = ("subscription_purchases", "club_lessons", "event_participants")


def cuts(run: Run, at_most: int) -> list[int]:
    """Return evenly spaced positions in the output of a run, including its beginning and end."""
    count = len(run.messages)
    step = max(1, count // at_most)
    return [*range(0, count, step), count]


def committed(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages that a destination has committed when the source is killed: all up to the last state."""
    places = [place for place, message in enumerate(messages) if message["type"] == "STATE"]
    return messages[: places[-1] + 1] if places else []


@pytest.mark.parametrize(("stream", "workers"), combinations(CHILDREN, [1, 4]))
def test_resuming_a_killed_first_sync_loses_no_row(connect: Connect, stream: str, workers: int) -> None:
    """Only the output up to a state of the first sync is kept. The next sync runs when all dates are old.

    By default each stream with one of two numbers of workers.
    """
    world = small_world(sales=0, subscriptions=20, students=20, products=60)
    connection = connect(world, [stream], config={"num_workers": workers})
    pass_seconds_per_call(connection, 3)
    first = connection.read()
    assert states_of(first)[stream] >= 2
    connection.simulator.before_call = None
    connection.pass_time(days=400)
    for cut in cuts(first, 6):
        connection.state = {}
        connection.warehouse.rows.clear()
        connection.keep(committed(first.messages[:cut]))
        connection.sync()
        assert not connection.differences(), f"killed after message {cut}"


@pytest.mark.parametrize("stream", CHILDREN)
def test_resuming_a_killed_incremental_sync_loses_no_row(connect: Connect, stream: str) -> None:
    """The second of three syncs is killed. It was to deliver new charges, late parents, lessons and check-ins."""
    world = small_world(sales=0, subscriptions=0, students=20, products=12)
    old_subscriptions(world, 20)
    connection = connect(world, [stream])
    connection.sync()
    before, rows = connection.state, dict(connection.warehouse.rows[stream])
    connection.pass_time(days=35)
    connection.charge_what_is_due()
    world.add_subscriptions(5, NOW_MS - 300 * DAY_MS)
    world.student_moves.study(10)
    world.student_moves.join(5, NOW_MS - 300 * DAY_MS)
    world.ticket_moves.check_in(10)
    connection.pass_time(hours=1)
    pass_seconds_per_call(connection, 6)
    second = connection.read(before)
    connection.simulator.before_call = None
    connection.pass_time(days=100)
    for cut in cuts(second, 6):
        connection.state = before
        connection.warehouse.rows[stream] = dict(rows)
        connection.keep(committed(second.messages[:cut]))
        connection.sync()
        assert not connection.differences(), f"killed after message {cut}"


def test_resuming_a_killed_sales_sync_loses_no_row(connect: Connect) -> None:
    """A sync with new sales, late refunds and a gap is killed. The next one runs months later."""
    world = small_world(sales=60, subscriptions=0, students=0)
    refunded = world.add_sales(3, NOW_MS - 200 * DAY_MS)
    paid = world.add_sales(3, NOW_MS - 30 * DAY_MS)
    for transaction in paid:
        world.set_status(transaction, "WAITING_PAYMENT")
    connection = connect(world, ["sales_history"], config={"start_date": "2024-01-01"}, page_cap=10)
    connection.sync()
    before, rows = connection.state, dict(connection.warehouse.rows["sales_history"])
    connection.pass_time(days=3)
    for transaction in refunded:
        world.set_status(transaction, "REFUNDED")
    for transaction in paid:
        world.set_status(transaction, "APPROVED")
    world.add_sales(5)
    connection.pass_time(hours=1)
    connection.config["start_date"] = "2022-01-01"
    pass_seconds_per_call(connection, 6)
    second = connection.read(before)
    connection.simulator.before_call = None
    connection.pass_time(days=150)
    for cut in cuts(second, 6):
        connection.state = before
        connection.warehouse.rows["sales_history"] = dict(rows)
        connection.keep(committed(second.messages[:cut]))
        connection.sync()
        assert not connection.differences(), f"killed after message {cut}"


@pytest.mark.parametrize("stream", ["subscription_purchases", "club_lessons", "event_participants", "sales_history"])
def test_records_are_emitted_before_the_state_that_covers_them(connect: Connect, stream: str) -> None:
    """A sync that continues from the last state of a killed one requests nothing that was already emitted."""
    world = small_world(sales=40, subscriptions=20, students=20, products=30)
    connection = connect(world, [stream], config={"num_workers": 4})
    pass_seconds_per_call(connection, 6)
    first = connection.read()
    connection.simulator.before_call = None
    states = [place for place, message in enumerate(first.messages) if message["type"] == "STATE"]
    for place in states[:: len(states) // 6 + 1]:
        kept = Run(first.messages[: place + 1], 0)
        rest = connection.read(kept.state)
        rows = loaded(kept, rest).rows[stream].values()
        assert not difference(stream, world.expected(stream), rows, after_increments=True)


def test_a_failed_parent_stays_in_the_state_across_killed_syncs(connect: Connect) -> None:
    """The request for a subscriber fails, and the next two syncs are killed before reading it. The third reads it."""
    world = empty_world()
    old_subscriptions(world, 30)
    connection = connect(world, ["subscription_purchases"])
    victim = codes_where(world, lambda row: period_of(row) == 360)[0]
    fault = Fault(kind=500, path=PURCHASES.replace("*", victim), times=None)
    connection.simulator.add_fault(fault)
    connection.sync(may_fail=True)
    for _ in range(2):
        connection.pass_time(days=40)
        run = connection.read(connection.state)
        connection.keep(committed(run.messages[: len(run.messages) // 2]))
    fault.times = 0
    connection.pass_time(days=40)

    connection.sync()

    assert not connection.differences()
