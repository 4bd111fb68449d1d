"""Parents that Hotmart rejects neither fail later syncs nor prevent others from being read."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from hotmart_simulator import Call, Fault
from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import DAY_MS, LESSONS, PURCHASES, Connection, empty_world
from tools.harness import NOW_MS, Run
from tools.sample import combinations

PATTERN_OF = {"club_lessons": LESSONS, "subscription_purchases": PURCHASES}
PLACE_OF = {"club_lessons": 1, "subscription_purchases": 0}
# A 404 for a subscriber means that there are no purchases (reference 4.9), so it is not an error.
REFUSALS = pytest.mark.parametrize(
    ("stream", "status"), [("club_lessons", 403), ("club_lessons", 404), ("subscription_purchases", 403)]
)


def connected(connect: Connect, stream: str, parents: int, workers: int = 1) -> tuple[Connection, list[str]]:
    """Connect to an account with this many unchanged parents, and return their IDs in reading order."""
    at_rest_ms = [NOW_MS - (100 + number) * DAY_MS for number in range(parents)]
    if stream == "club_lessons":
        world = empty_world(subdomains=("my-school",))
        for number, at_ms in enumerate(at_rest_ms):  # all have visited, so none is re-read
            world.student_moves.join(1, at_ms)
            world.setting.record("student.studied", number, at_ms)
        connection = connect(world, [stream], subdomains=("my-school",))
    else:
        world = empty_world()
        for at_ms in at_rest_ms:
            world.add_subscriptions(1, at_ms - DAY_MS)
            world.cancel_subscriptions(1, at_ms)
        connection = connect(world, [stream])
    connection.read()
    ids = asked_once_each(connection, stream)
    assert len(ids) == parents
    connection.config["num_workers"] = workers
    return connection, ids


def refuse(connection: Connection, stream: str, ids: Collection[str], status: int) -> Fault:
    """Make Hotmart answer requests for some parents with a status until `times` is 0."""
    refused = set(ids)

    def is_of_them(call: Call) -> bool:
        return call.path.split("/")[-2] in refused

    fault = Fault(kind=status, path=PATTERN_OF[stream], where=is_of_them, times=None, error="not_found")
    return connection.simulator.add_fault(fault)


def parents_of_lost(connection: Connection, stream: str) -> set[str]:
    """Return the parents whose rows the destination lacks. Assert that no row is stale or surplus."""
    found = connection.difference(stream)
    assert not found.stale + found.surplus
    return {key[PLACE_OF[stream]] for key in found.lost}


def asked_once_each(connection: Connection, stream: str) -> list[str]:
    """Return each requested parent once, in the order of its first request."""
    return list(dict.fromkeys(connection.asked(PATTERN_OF[stream])))


@pytest.mark.parametrize("place", [0, 17])
@REFUSALS
def test_one_rejected_parent_does_not_fail_later_syncs(connect: Connect, stream: str, status: int, place: int) -> None:
    """One parent of 40 is rejected in every sync. Syncs on the following days have nothing else to read."""
    connection, ids = connected(connect, stream, 40, workers=10)
    refuse(connection, stream, [ids[place]], status)
    first = connection.sync()
    assert first.statuses == {stream: "COMPLETE"}
    assert parents_of_lost(connection, stream) == {ids[place]}

    for _ in range(4):
        connection.pass_time(days=100)
        run = connection.sync()
        assert run.statuses == {stream: "COMPLETE"}

    assert parents_of_lost(connection, stream) == {ids[place]}


def test_a_rejected_student_is_logged_in_each_sync(connect: Connect) -> None:
    """The log of each sync names the student whose lessons are missing, and the sync succeeds."""
    connection, ids = connected(connect, "club_lessons", 40, workers=10)
    refuse(connection, "club_lessons", [ids[0]], 403)
    for _ in range(3):
        run = connection.sync()
        assert any(ids[0] in line for line in run.logs.splitlines() if line.startswith("WARN"))
        connection.pass_time(days=100)


@REFUSALS
def test_rows_of_a_parent_that_is_accepted_again_are_synced(connect: Connect, stream: str, status: int) -> None:
    """A parent without new dates is rejected for some syncs and then accepted."""
    connection, ids = connected(connect, stream, 40)
    fault = refuse(connection, stream, ids[3:4], status)
    for _ in range(3):
        connection.sync(may_fail=True)
        connection.pass_time(days=100)
    assert parents_of_lost(connection, stream) == set(ids[3:4])
    fault.times = 0

    connection.sync()

    assert not connection.differences()


@pytest.mark.parametrize(("stream", "status"), combinations(list(PATTERN_OF), [403, 404]))
def test_many_consecutive_rejected_parents_do_not_block_the_others(connect: Connect, stream: str, status: int) -> None:
    """Of 200 parents, 25 consecutive ones are rejected. The first sync reads all others.

    By default two of four combinations.
    """
    connection, ids = connected(connect, stream, 200)
    refused = ids[40:65]
    refuse(connection, stream, refused, status)

    connection.sync(may_fail=True)

    assert parents_of_lost(connection, stream) == set(refused)


def test_new_students_are_synced_despite_many_rejected_ones(connect: Connect) -> None:
    """The rejected students are requested again on the next day, and that day's new students still arrive."""
    connection, ids = connected(connect, "club_lessons", 200)
    refused = ids[40:65]
    refuse(connection, "club_lessons", refused, 404)
    connection.sync(may_fail=True)
    for _ in range(3):
        connection.pass_time(days=1)
        connection.world.student_moves.join(3)
        connection.world.student_moves.study(3)
        connection.pass_time(hours=1)
        connection.sync(may_fail=True)
        assert parents_of_lost(connection, "club_lessons") == set(refused)


def test_previously_rejected_parents_are_requested_last(connect: Connect) -> None:
    """A sync requests the students that the previous sync could not read after all others."""
    connection, ids = connected(connect, "club_lessons", 60)
    refused = set(ids[:5])
    refuse(connection, "club_lessons", refused, 403)
    connection.sync(may_fail=True)
    connection.pass_time(days=1)
    connection.world.student_moves.study(20)
    connection.pass_time(hours=1)
    connection.sync(may_fail=True)

    asked = asked_once_each(connection, "club_lessons")

    assert refused <= set(asked)
    places = [place for place, student in enumerate(asked) if student in refused]
    assert len(asked) > 20
    assert places == list(range(len(asked) - len(places), len(asked)))


@pytest.mark.parametrize("stream", list(PATTERN_OF))
def test_a_failed_parent_is_requested_by_the_next_sync(connect: Connect, stream: str) -> None:
    """One parent answers 500 in one sync. The next sync, months later, reads it although its dates are old."""
    connection, ids = connected(connect, stream, 40)
    fault = refuse(connection, stream, ids[17:18], 500)
    first = connection.sync(may_fail=True)
    assert first.statuses == {stream: "INCOMPLETE"}
    assert parents_of_lost(connection, stream) == {ids[17]}
    fault.times = 0
    connection.pass_time(days=200)

    connection.sync()

    assert not connection.differences()


def test_only_the_failed_parent_is_read_again(connect: Connect) -> None:
    """The sync after a failure requests the failed subscriber, but not others of the same days."""
    connection, ids = connected(connect, "subscription_purchases", 60)
    fault = refuse(connection, "subscription_purchases", ids[17:18], 500)
    connection.sync(may_fail=True)
    fault.times = 0
    connection.pass_time(hours=1)

    connection.sync()

    assert asked_once_each(connection, "subscription_purchases") == [ids[17]]


@pytest.mark.parametrize("stream", list(PATTERN_OF))
def test_an_endpoint_failing_for_all_parents_is_read_by_the_next_sync(connect: Connect, stream: str) -> None:
    """Every request answers 500, so the sync stops early. The next one reads all parents."""
    connection, ids = connected(connect, stream, 60)
    fault = refuse(connection, stream, ids, 500)
    first = connection.sync(may_fail=True)
    assert first.statuses == {stream: "INCOMPLETE"}
    assert len(asked_once_each(connection, stream)) < 60
    fault.times = 0
    connection.pass_time(days=100)

    connection.sync()

    assert not connection.differences()


def test_an_endpoint_rejecting_all_parents_fails_the_stream(connect: Connect) -> None:
    """Lessons are forbidden for all students from the start, which indicates a missing permission."""
    connection, ids = connected(connect, "club_lessons", 40)
    fault = refuse(connection, "club_lessons", ids, 403)
    first: Run = connection.sync(may_fail=True)
    assert first.statuses == {"club_lessons": "INCOMPLETE"}
    fault.times = 0
    connection.pass_time(days=100)

    connection.sync()

    assert not connection.differences()
