"""Parents that are listed late with old dates, and lists of parents that are wrong once."""

from __future__ import annotations

import pytest

from hotmart_simulator import Call, Fault
from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import (
    DAY_MS,
    LESSONS,
    PURCHASES,
    STUDENTS,
    SUBSCRIPTIONS,
    Connection,
    empty_world,
    old_subscriptions,
)
from tools.harness import NOW_MS


def charged_later(connection: Connection, codes: list[str]) -> None:
    """Assert that the destination lacks rows of every one of these subscriptions."""
    lost = {key[0] for key in connection.difference("subscription_purchases").lost}
    assert set(codes) <= lost, "the test changed nothing"


@pytest.mark.parametrize("selected", [(), ("subscriptions",)], ids=["children only", "parents as well"])
def test_charges_of_subscriptions_listed_late_are_synced(connect: Connect, selected: tuple[str, ...]) -> None:
    """Forty subscriptions appear in the second sync, with dates long before the first one."""
    world = empty_world()
    old_subscriptions(world, 1)
    connection = connect(world, [*selected, "subscription_purchases"])
    connection.sync()
    connection.pass_time(days=1)
    late = world.add_subscriptions(40, NOW_MS - 400 * DAY_MS)
    connection.charge_what_is_due()
    connection.pass_time(hours=1)
    charged_later(connection, late)

    connection.sync()

    assert not connection.differences()


def test_late_subscriptions_of_days_already_read_are_synced(connect: Connect) -> None:
    """The late subscriptions began on the same days as known ones, so only the count or the names reveal them."""
    world = empty_world()
    world.add_subscriptions(60, NOW_MS - 400 * DAY_MS)
    world.cancel_subscriptions(60, NOW_MS - 300 * DAY_MS)
    connection = connect(world, ["subscription_purchases"])
    connection.sync()
    connection.pass_time(days=1)
    late = world.add_subscriptions(3, NOW_MS - 400 * DAY_MS)
    world.cancel_subscriptions(3, NOW_MS - 300 * DAY_MS)
    connection.pass_time(hours=1)
    charged_later(connection, late)

    connection.sync()

    assert not connection.differences()


def test_a_late_subscription_needs_few_requests(connect: Connect) -> None:
    """One subscription is listed late with old dates. The sync does not re-read all others."""
    world = empty_world()
    for days in range(300, 700, 4):
        world.add_subscriptions(1, NOW_MS - days * DAY_MS)
    world.cancel_subscriptions(100, NOW_MS - 200 * DAY_MS)
    connection = connect(world, ["subscription_purchases"])
    connection.sync()
    assert len(connection.asked(PURCHASES)) == 100
    connection.pass_time(days=1)
    (late,) = world.add_subscriptions(1, NOW_MS - 500 * DAY_MS)
    world.cancel_subscriptions(1, NOW_MS - 300 * DAY_MS)
    connection.pass_time(hours=1)

    connection.sync()

    assert late in connection.asked(PURCHASES)
    assert len(connection.asked(PURCHASES)) <= 50
    connection.pass_time(days=1)
    connection.sync()
    assert not connection.asked(PURCHASES), "what is read and at rest is asked for again"


@pytest.mark.parametrize("entered", [False, True], ids=["never entered", "entered long ago"])
def test_lessons_of_students_listed_late_are_synced(connect: Connect, entered: bool) -> None:
    """Students appear in the second sync, with a purchase and possibly a last access more than a year ago."""
    world = empty_world(students=30)
    connection = connect(world, ["club_students", "club_lessons"])
    connection.sync()
    connection.pass_time(days=1)
    first = world.members_areas.student_count
    late = set(world.student_moves.join(20, NOW_MS - 500 * DAY_MS))
    for number in range(first, first + 20) if entered else ():
        world.setting.record("student.studied", number, NOW_MS - 400 * DAY_MS)
    connection.pass_time(hours=1)
    assert late <= {key[:2] for key in connection.difference("club_lessons").lost}

    connection.sync()

    assert not connection.difference("club_lessons")


def test_tickets_of_a_product_that_becomes_an_event_are_synced(connect: Connect) -> None:
    """A product becomes an event in the second sync, with tickets that were updated a year ago."""
    world = empty_world()
    connection = connect(world, ["event_participants"])
    connection.sync()
    connection.pass_time(days=1)
    product = next(each for each in world.products.own if not each.is_event)
    product.raw["format"] = "ETICKET"
    first = len(world.tickets.updated_of)
    for number in range(first, first + 5):
        world.setting.record("ticket.issued", number, NOW_MS - 365 * DAY_MS, (product.number, "SOLD"))
    connection.pass_time(hours=1)
    assert len(connection.difference("event_participants").lost) == 5

    connection.sync()

    assert not connection.difference("event_participants")


# Lists of parents that are wrong once


def is_first_page_of_rows(call: Call) -> bool:
    """Whether a request asks for the first rows of a list, not only for a count."""
    return call.get("page_token") is None and call.get("max_results") != "1"


def spoil(connection: Connection, stream: str, kind: str, times: int | None) -> Fault:
    """Make the first page of the list of parents wrong this many times: empty with a total of 0, or without later
    pages."""
    path = SUBSCRIPTIONS if stream == "subscription_purchases" else STUDENTS
    return connection.simulator.add_fault(Fault(kind=kind, path=path, where=is_first_page_of_rows, times=times))


def connected(connect: Connect, stream: str) -> Connection:
    """Connect to an account with 20 parents that have old dates, in a list of several pages."""
    if stream == "subscription_purchases":
        world = empty_world()
        old_subscriptions(world, 20)
        return connect(world, [stream], page_cap=7)
    world = empty_world(subdomains=("my-school",))
    for number in range(20):
        world.student_moves.join(1, NOW_MS - (300 + number) * DAY_MS)
        world.setting.record("student.studied", number, NOW_MS - (200 + number) * DAY_MS)
    return connect(world, [stream], page_cap=7, subdomains=("my-school",))


def change_parents(connection: Connection, stream: str) -> None:
    """Add or change a row for most parents, and advance the clock by more than the look-back."""
    if stream == "subscription_purchases":
        connection.charge_what_is_due()
    else:
        connection.world.student_moves.study(15)
    connection.pass_time(days=70)
    assert connection.difference(stream)


BOTH = pytest.mark.parametrize("stream", ["subscription_purchases", "club_lessons"])
KINDS = pytest.mark.parametrize("kind", ["empty_list", "no_page_info"])
TIMES = pytest.mark.parametrize("times", [1, None], ids=["once", "all through the sync"])


@TIMES
@KINDS
@BOTH
def test_parents_missing_in_the_first_sync_are_read_by_the_next_one(
    connect: Connect, stream: str, kind: str, times: int | None
) -> None:
    """In the first sync, the list of parents is empty or ends after a page. The next sync runs months later."""
    connection = connected(connect, stream)
    spoil(connection, stream, kind, times)
    connection.sync(may_fail=True)
    connection.simulator.clear_faults()
    connection.pass_time(days=100)

    connection.sync()

    assert not connection.differences()


@TIMES
@KINDS
@BOTH
def test_changes_missed_in_an_incomplete_list_are_read_next_sync(
    connect: Connect, stream: str, kind: str, times: int | None
) -> None:
    """The list of parents is empty or ends after a page in one sync. Their changes are old in the next one."""
    connection = connected(connect, stream)
    connection.sync()
    connection.pass_time(days=35)
    change_parents(connection, stream)
    spoil(connection, stream, kind, times)
    connection.sync(may_fail=True)
    connection.simulator.clear_faults()
    connection.pass_time(days=100)

    connection.sync()

    assert not connection.differences()


@KINDS
@BOTH
def test_new_parents_missed_in_an_incomplete_list_are_read_next_sync(connect: Connect, stream: str, kind: str) -> None:
    """New parents begin long before a sync whose list of parents is always empty or ends after a page."""
    connection = connected(connect, stream)
    connection.sync()
    connection.pass_time(days=10)
    if stream == "subscription_purchases":
        connection.world.add_subscriptions(5)
        connection.world.cancel_subscriptions(5)
    else:
        connection.world.student_moves.join(5)
    connection.pass_time(days=70)
    spoil(connection, stream, kind, None)
    connection.sync(may_fail=True)
    connection.simulator.clear_faults()
    connection.pass_time(days=100)

    connection.sync()

    assert not connection.differences()


@KINDS
@BOTH
def test_a_temporary_fault_in_the_list_does_not_reread_all_parents(connect: Connect, stream: str, kind: str) -> None:
    """After a temporary fault in the list, the next syncs do not repeatedly request unchanged parents."""
    connection = connected(connect, stream)
    connection.sync()
    connection.pass_time(days=1)
    spoil(connection, stream, kind, 1)
    connection.sync(may_fail=True)
    connection.simulator.clear_faults()
    for _ in range(2):
        connection.pass_time(hours=1)
        connection.sync()

    assert len(connection.asked(PURCHASES if stream == "subscription_purchases" else LESSONS)) <= 15
