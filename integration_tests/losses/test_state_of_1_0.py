"""States of version 1.0.0 are still accepted."""

from __future__ import annotations

from typing import Any

import pytest

from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import DAY_MS, Connection, empty_world, old_subscriptions
from tools.harness import NOW_MS, small_world
from tools.rows import difference

NOW = "2026-01-01T00:00:00.000Z"
START = "2022-01-01T00:00:00.000Z"
DATE_RANGE = {"state_type": "date-range", "slices": [{"start": START, "end": NOW}]}
DATED = ("sales_history", "sales_users", "sales_summary", "subscriptions", "subscription_transactions")
CHILDREN = ("subscription_purchases", "club_lessons", "event_participants")


def of_each(field: str, values: list[str]) -> dict[str, Any]:
    """Return a state of version 1.0.0 that holds one date range per members area or event."""
    return {"states": [{"partition": {field: value}, "cursor": DATE_RANGE} for value in values]}


def state_of_1_0(connection: Connection) -> dict[str, Any]:
    """Return the states that version 1.0.0 saves after a complete sync at the start time of the tests."""
    events = [str(event.id) for event in connection.world.tickets.events]
    special = {
        "club_lessons": of_each("subdomain", ["my-school", "second-school"]),
        "event_participants": of_each("event_id", events),
    }
    return {stream: special.get(stream, DATE_RANGE) for stream in connection.streams}


def after_a_sync_of_1_0(connect: Connect, *streams: str) -> Connection:
    """Connect to an account that version 1.0.0 read completely at the start time of the tests."""
    world = small_world(sales=60, subscriptions=20, students=12)
    connection = connect(world, streams)
    connection.warehouse.load(connection.read().messages)
    assert not connection.differences()
    connection.state = state_of_1_0(connection)
    return connection


@pytest.mark.parametrize("stream", [*DATED, *CHILDREN])
def test_a_sync_continues_from_a_state_of_version_1_0(connect: Connect, stream: str) -> None:
    """A sync continues from a state of version 1.0.0, and the next one from the new state. No row is lost."""
    connection = after_a_sync_of_1_0(connect, stream)
    for _ in range(2):
        connection.pass_time(days=8)
        for move, count in {"sales": 4, "refunds": 2, "due_charges": 1_000, "studies": 4, "checkins": 4}.items():
            connection.world.move({move: count})
        connection.pass_time(hours=1)
        connection.sync()
        assert not connection.differences()


def test_a_state_of_version_1_0_is_not_treated_as_empty(connect: Connect) -> None:
    """The last year is re-read once, because a state of version 1.0.0 does not say which sales can still change."""
    connection = after_a_sync_of_1_0(connect, "sales_history")
    connection.pass_time(days=1)

    run = connection.sync()

    oldest = min((row["order_date"] for row in run.records("sales_history") if is_early(row)), default="9")
    assert oldest > "2024-12-31"
    connection.pass_time(days=1)
    run = connection.sync()
    oldest = min((row["order_date"] for row in run.records("sales_history") if is_early(row)), default="9")
    assert oldest > "2025-10-27"


def is_early(row: dict[str, Any]) -> bool:
    """Whether a sale has a status that is not re-read as a late status."""
    return row["purchase"]["status"] in ("APPROVED", "COMPLETE", "EXPIRED", "CANCELLED")


def test_a_gap_in_a_state_of_version_1_0_is_read(connect: Connect) -> None:
    """Version 1.0.0 left out a year that it could not read."""
    connection = after_a_sync_of_1_0(connect, "sales_history")
    first = {"start": START, "end": "2023-12-31T23:59:59.999Z"}
    second = {"start": "2025-01-01T00:00:00.000Z", "end": NOW}
    connection.state = {"sales_history": {"state_type": "date-range", "slices": [first, second]}}
    connection.warehouse.rows["sales_history"].clear()
    connection.pass_time(hours=1)

    run = connection.sync()

    months = {row["order_date"][:4] for row in run.records("sales_history")}
    assert "2024" in months
    of_2024 = [row for row in connection.world.expected("sales_history") if is_of_2024(row.record)]
    assert of_2024
    arrived = [row for row in run.records("sales_history") if row["order_date"].startswith("2024")]
    assert not difference("sales_history", of_2024, arrived)


def is_of_2024(record: dict[str, Any]) -> bool:
    return bool(1_704_067_200_000 <= record["purchase"]["order_date"] < 1_735_689_600_000)


def test_a_gap_of_subscribers_in_a_state_of_version_1_0_is_read(connect: Connect) -> None:
    """Version 1.0.0 left out subscribers with dates between two date ranges. The next sync reads them."""
    world = empty_world()
    old_subscriptions(world, 5, days=700)
    missed = old_subscriptions(world, 5, days=500)
    world.cancel_subscriptions(10, NOW_MS - 100 * DAY_MS)
    connection = connect(world, ["subscription_purchases"])
    connection.warehouse.load(connection.read().messages)
    rows = connection.warehouse.rows["subscription_purchases"]
    for key in [key for key in rows if key[0] in missed]:
        del rows[key]
    around = [
        {"start": START, "end": "2025-09-22T00:00:00.000Z"},
        {"start": "2025-09-24T00:00:00.000Z", "end": NOW},
    ]
    connection.state = {"subscription_purchases": {"state_type": "date-range", "slices": around}}
    connection.pass_time(hours=1)

    connection.sync()

    assert not connection.differences()


def test_a_members_area_missing_in_a_state_of_version_1_0_is_fully_read(connect: Connect) -> None:
    """A state of version 1.0.0 has one members area, and the settings now name a second one."""
    connection = after_a_sync_of_1_0(connect, "club_lessons")
    connection.state["club_lessons"]["states"].pop()
    rows = connection.warehouse.rows["club_lessons"]
    for key in [key for key in rows if key[0] == "second-school"]:
        del rows[key]
    connection.pass_time(days=400)

    connection.sync()

    assert not connection.differences()


def test_subscriptions_that_version_1_0_skipped_are_synced_after_the_update(connect: Connect) -> None:
    """Version 1.0.0 read no subscription that began before the start date. Its state covers the whole range."""
    streams = ["subscriptions", "subscription_purchases"]
    world = empty_world()
    old_subscriptions(world, 20, days=400)
    connection = connect(world, streams, config={"start_date": "2025-06-01"})
    covered = {"start": "2025-06-01T00:00:00.000Z", "end": NOW}
    connection.state = {stream: {"state_type": "date-range", "slices": [covered]} for stream in streams}
    connection.pass_time(hours=1)

    connection.sync()

    assert not connection.differences()
