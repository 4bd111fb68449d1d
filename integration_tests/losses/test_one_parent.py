"""An error response for one parent does not fail the stream."""

from __future__ import annotations

from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator, World
from integration_tests.losses.reads import PRODUCTS, complete, tiny_world, up_to_date
from tools.harness import Connector, VirtualClock, loaded, switches
from tools.rows import difference

EVENTS = "/events/api/v1"


@pytest.fixture
def world() -> World:
    """Students of every role, and several events."""
    return tiny_world(products=30, students=40, participants=40)


def stable(**sides: Any) -> Any:
    """Return these switches, with every list in a stable order."""
    return switches(untotalled_order="stable", **sides)


def test_rejected_lessons_of_staff_do_not_fail_the_stream(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """The lessons of owners and administrators answer 403, in the first and in a later sync."""
    everyone = len(world.expected("club_lessons"))
    hotmart.switches = stable(lessons_of_staff="refused")
    assert len(world.expected("club_lessons")) < everyone

    first = connector.read(["club_students", "club_lessons"])
    clock.advance(days=1)
    second = connector.read(["club_students", "club_lessons"], state=first.state)

    complete(first, world, "club_students", "club_lessons")
    assert second.exit_code == 0, second.sentences
    assert second.statuses["club_lessons"] == "COMPLETE"


@pytest.mark.parametrize("status", [400, 403, 404])
def test_participants_of_an_event_with_rejected_info_are_synced(
    connector: Connector, hotmart: Simulator, world: World, status: int
) -> None:
    """`/info` is forbidden for one event, but its participants are not."""
    event_id = world.expected("event_participants")[0].record["product"]["id"]
    fault = hotmart.add_fault(Fault(kind=status, path=f"{EVENTS}/{event_id}/info", times=None))

    run = connector.read(["event_participants"])

    assert fault.fired
    complete(run, world, "event_participants")


def test_participants_of_unpublished_events_are_synced(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """`/info` answers 404 for every unpublished event, in the first and in a later sync."""
    hotmart.switches = stable(event_info="published_only")

    first = connector.read(["event_participants"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    world.move({"participants": 4, "ticket_refunds": 4})
    clock.advance(hours=1)
    second = connector.read(["event_participants"], state=first.state)

    assert (first.exit_code, second.exit_code) == (0, 0), first.sentences + second.sentences
    rows = loaded(first, second).rows["event_participants"].values()
    assert not difference("event_participants", world.expected("event_participants"), rows)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_rejected_participants_of_one_event_do_not_fail_the_stream(
    connector: Connector, hotmart: Simulator, world: World, status: int
) -> None:
    """The participants of one event are forbidden, as they may be for a draft. Those of all others arrive."""
    rows = world.expected("event_participants")
    refused_id = rows[0].record["product"]["id"]
    hotmart.add_fault(Fault(kind=status, path=f"{EVENTS}/{refused_id}/participants", times=None))

    run = connector.read(["event_participants"])

    others = [row for row in rows if row.record["product"]["id"] != refused_id]
    assert others
    assert run.exit_code == 0, run.sentences
    assert not difference("event_participants", others, run.records("event_participants"))


@pytest.mark.parametrize("stream", ["product_offers", "product_plans", "coupons"])
def test_rejected_children_of_drafts_do_not_fail_the_stream(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """Offers, plans and coupons of draft products answer 404."""
    hotmart.switches = stable(draft_children="404")
    drafts = [row.record["id"] for row in world.expected("products") if row.record["status"] == "DRAFT"]
    assert drafts

    complete(connector.read([stream]), world, stream)


def test_rejected_offers_of_one_product_do_not_fail_the_stream(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """The offers of one product answer 404. Those of all others arrive."""
    refused = world.expected("products")[0].record["ucode"]
    hotmart.add_fault(Fault(kind=404, path=f"{PRODUCTS}/{refused}/offers", times=None))

    run = connector.read(["product_offers"])

    others = [row for row in world.expected("product_offers") if row.identity[2] != refused]
    assert run.exit_code == 0, run.sentences
    assert not difference("product_offers", others, run.records("product_offers"))


@pytest.mark.parametrize("days_between", [1, 2, 4])
def test_lessons_of_a_student_with_a_delayed_access_date_are_synced(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, days_between: int
) -> None:
    """`last_access_date` is three days behind, and students take lessons between syncs."""
    hotmart.switches = stable(last_access_date="days_late")
    streams = ["club_students", "club_lessons"]
    runs = [connector.read(streams)]
    for number in range(4):
        clock.advance(days=days_between)
        world.now_ms = clock.now_ms
        if number == 0:
            world.move({"studies": 8})
        clock.advance(seconds=1)
        runs.append(connector.read(streams, state=runs[-1].state))

    found = up_to_date(world, loaded(*runs), "club_lessons")
    assert not found, str(found)
