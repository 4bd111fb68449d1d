"""The start date and subscriptions: those that had not ended by then are read, with their charges."""

from __future__ import annotations

from typing import Any

import pytest

from hotmart_simulator import World
from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import DAY_MS, SUBSCRIPTIONS, empty_world, old_subscriptions
from tools.harness import small_world, truth
from tools.rows import difference

LATER = "2025-12-20"
LATER_MS = 1_766_188_800_000


def not_ended_before(world: World, stream: str, start_ms: int) -> list[Any]:
    """Return the rows of a stream that belong to subscriptions that had not ended before the start date."""
    ended = {
        code
        for code, row in truth(world, "subscriptions").items()
        if "end_accession_date" in row and row["end_accession_date"] < start_ms
    }
    assert ended
    if stream == "subscription_purchases":
        return [row for row in world.expected(stream) if row.identity[1] not in ended]
    return [row for row in world.expected(stream) if row.record["subscriber_code"] not in ended]


@pytest.mark.parametrize("stream", ["subscriptions", "subscription_summary", "subscription_purchases"])
@pytest.mark.parametrize("page_cap", [None, 7])
def test_subscriptions_active_at_the_start_date_are_synced(connect: Connect, stream: str, page_cap: int | None) -> None:
    """Subscriptions that began before the start date and are active on it arrive. Ended ones do not."""
    world = small_world(sales=200, subscriptions=150, students=0)
    connection = connect(world, [stream], config={"start_date": "2025-06-01"}, page_cap=page_cap)

    run = connection.sync()

    wanted = not_ended_before(world, stream, 1_748_736_000_000)
    assert len(wanted) < len(world.expected(stream))
    assert not difference(stream, wanted, run.records(stream))


def test_a_subscription_that_ended_on_the_start_date_is_synced(connect: Connect) -> None:
    """A subscription that ended in the first millisecond of the start date arrives. One that ended a millisecond
    earlier does not."""
    world = empty_world()
    world.add_subscriptions(1, LATER_MS - 50 * DAY_MS)
    world.cancel_subscriptions(1, LATER_MS)
    world.add_subscriptions(1, LATER_MS - 60 * DAY_MS)
    world.cancel_subscriptions(1, LATER_MS - 1)
    connection = connect(world, ["subscriptions"], config={"start_date": LATER})

    run = connection.sync()

    assert [row["accession_date"][:10] for row in run.records("subscriptions")] == ["2025-10-31"]


def test_a_cancellation_of_a_subscription_older_than_the_start_date_is_synced(connect: Connect) -> None:
    """An active subscription older than the start date is cancelled, and the next sync shows it."""
    world = empty_world()
    old_subscriptions(world, 20)
    connection = connect(world, ["subscriptions", "subscription_purchases"], config={"start_date": LATER})
    connection.sync()
    connection.pass_time(days=30)
    world.cancel_subscriptions(5)
    connection.charge_what_is_due()
    connection.pass_time(hours=1)

    connection.sync()

    assert not connection.differences()


def test_the_list_of_subscriptions_needs_one_request_per_page(connect: Connect) -> None:
    """Reading the whole list takes one request per page, even with a start date of last month."""
    world = empty_world()
    old_subscriptions(world, 60, days=1_000)
    connection = connect(world, ["subscriptions"], config={"start_date": LATER}, page_cap=20)

    connection.sync()

    assert not connection.differences()
    calls = [
        call for call in connection.simulator.calls if call.path == SUBSCRIPTIONS and call.get("max_results") != "1"
    ]
    assert len(calls) <= 4


def test_a_subscription_list_rejected_as_one_date_range_is_read_in_parts(connect: Connect) -> None:
    """Hotmart rejects a range of more than a year for subscriptions. Those of three years ago still arrive."""
    world = empty_world()
    for days in (100, 500, 900, 1_300):
        old_subscriptions(world, 6, days)
    connection = connect(world, ["subscriptions"], config={"start_date": LATER}, max_subscription_window_days=365)

    connection.sync()

    assert not connection.differences()
