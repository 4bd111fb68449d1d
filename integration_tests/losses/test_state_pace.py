"""The number, size and frequency of states."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import codes_where, empty_world, pass_seconds_per_call, states_of
from tools.harness import small_world

CHILDREN = ("subscription_purchases", "club_lessons", "event_participants")


@pytest.mark.parametrize("stream", CHILDREN)
@pytest.mark.parametrize("seconds", [0, 0.5])
def test_the_number_of_states_depends_on_the_elapsed_time(connect: Connect, stream: str, seconds: float) -> None:
    """Requests take no time, or half a second each. A stream emits at most one state every few seconds, plus one."""
    world = small_world(sales=0, subscriptions=80, students=80, products=120)
    connection = connect(world, [stream], config={"num_workers": 4})
    pass_seconds_per_call(connection, seconds)
    began_ms = connection.clock.now_ms

    run = connection.sync()

    elapsed_s = (connection.clock.now_ms - began_ms) / 1000
    assert 1 <= states_of(run)[stream] <= elapsed_s / 4 + 2


def test_a_long_sync_emits_states_while_it_reads(connect: Connect) -> None:
    """Students take five seconds each. States cover the lessons of those already read long before the end."""
    connection = connect(empty_world(students=100), ["club_lessons"])
    pass_seconds_per_call(connection, 5)

    run = connection.sync()

    covered = Counter(json.dumps(message["state"]["stream"]["stream_state"]) for message in run.of_type("STATE"))
    assert len(covered) >= 4


@pytest.mark.parametrize(
    ("stream", "full_refresh"),
    [
        ("club_lessons", False),
        ("club_lessons", True),
        ("subscription_purchases", False),
        ("subscription_purchases", True),
        ("product_offers", True),
    ],
)
def test_a_long_sync_emits_a_state_about_every_minute(connect: Connect, stream: str, full_refresh: bool) -> None:
    """Requests take half a minute each, in both sync modes. A platform stops a sync after an hour without a state."""
    world = small_world(sales=0, subscriptions=60, students=60, products=60)
    connection = connect(world, [stream])
    pass_seconds_per_call(connection, 30)
    began_ms = connection.clock.now_ms

    run = connection.read(full_refresh=full_refresh)

    minutes = (connection.clock.now_ms - began_ms) / 60_000
    assert run.exit_code == 0, run.sentences
    assert minutes > 20
    assert states_of(run)[stream] >= minutes / 2


@pytest.mark.parametrize("full_refresh", [False, True], ids=["incremental", "full refresh"])
def test_parents_without_rows_still_produce_states(connect: Connect, full_refresh: bool) -> None:
    """A hundred students have no lessons, at half a minute each, so for almost an hour only states can be emitted."""
    connection = connect(empty_world(students=100, modules=0), ["club_lessons"])
    pass_seconds_per_call(connection, 30)
    began_ms = connection.clock.now_ms

    run = connection.read(full_refresh=full_refresh)

    minutes = (connection.clock.now_ms - began_ms) / 60_000
    assert minutes > 45
    assert not run.of_type("RECORD")
    assert states_of(run)["club_lessons"] >= minutes / 2


def test_the_states_of_many_events_stay_small(connect: Connect) -> None:
    """Events that were all read at the same time share one entry, so the state needs a few bytes per event."""
    world = small_world(sales=0, subscriptions=0, students=0, products=400, participants=40)
    connection = connect(world, ["event_participants"])

    run = connection.sync()

    events = len(world.tickets.events)
    assert events >= 40
    assert len(json.dumps(run.state["event_participants"])) < 1_000 + 40 * events
    written = sum(len(json.dumps(message)) for message in run.of_type("STATE"))
    assert written < 4_000 + 80 * events


def test_the_state_of_many_students_and_subscribers_stays_small(connect: Connect) -> None:
    """The state does not list unchanged parents."""
    streams = ["subscription_purchases", "club_lessons"]
    connection = connect(small_world(sales=0, subscriptions=150, students=150), streams)
    moving = codes_where(connection.world, lambda row: row["status"] in ("DELAYED", "OVERDUE", "STARTED"))

    run = connection.sync()

    for stream in streams:
        assert len(json.dumps(run.state[stream])) < 4_000 + 20 * len(moving)
