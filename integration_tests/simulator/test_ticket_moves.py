"""Changes of the simulator's tickets (hotmart-api.md 4.18)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import TICKET_STATUSES
from hotmart_simulator.events import expected
from hotmart_simulator.events.moves import TicketMoves
from hotmart_simulator.products.moves import ProductMoves
from hotmart_simulator.shapes import problems
from tools.sample import sample

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
LATER_MS = NOW_MS + 60_000
PRODUCTS = "/products/api/v1/products"
Tickets = dict[str, dict[str, Any]]


@pytest.fixture(name="world", params=sample([1, 2, 3], 3))
def small_world(request: pytest.FixtureRequest) -> World:
    """Accounts as small as those of the flips, where every side must be visible."""
    return World(seed=request.param, sales=120, subscriptions=30, students=24, products=8, participants=12)


@pytest.fixture(name="simulator")
def stable_simulator(world: World) -> Iterator[Simulator]:
    with Simulator(
        world, Switches(limit_per_minute=1_000_000, untotalled_order="stable", empty_pages="items")
    ) as simulator:
        yield simulator


def path_of(event_id: object, name: str = "participants") -> str:
    return f"/events/api/v1/{event_id}/{name}"


def event_ids(client: Client) -> list[int]:
    rows = client.rows(PRODUCTS, format="ETICKET")
    return [row["id"] for row in rows]


def read(client: Client, **query: Any) -> Tickets:
    """Return the tickets of every event by ID. Assert that none is repeated."""
    rows = [row for event_id in event_ids(client) for row in client.rows(path_of(event_id), max_results=5, **query)]
    found = {str(row["eticket"]["id"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def read_by_status(client: Client) -> Tickets:
    """Return every ticket that a client finds if it sets each filter."""
    found: Tickets = {}
    for status in TICKET_STATUSES:
        found |= read(client, ticket_status=status, ticket_type="ALL", checkin_status="ALL")
    return found


def assert_expected(found: Tickets, world: World) -> None:
    """Assert that a complete read returns the expected rows, without repeated keys."""
    kept = list(expected.event_participants(world))
    assert len({row.identity for row in kept}) == len(kept)
    assert [problems("event_participants", row.record) for row in kept] == [[]] * len(kept)
    assert found == {str(row.record["eticket"]["id"]): row.record for row in kept}
    assert {row.at_ms for row in kept} == {row["eticket"]["current_update"] for row in found.values()}


def changed(before: Tickets, after: Tickets) -> set[str]:
    return {key for key in before if before[key] != after[key]}


def test_a_complete_read_equals_the_expected_rows_after_every_change(client: Client, world: World) -> None:
    moves = TicketMoves(world).named()
    assert set(moves) == {
        "checkins",
        "participants",
        "ticket_refunds",
        "ticket_chargebacks",
        "ticket_cancellations",
        "ticket_transfers",
    }
    for move in moves.values():
        assert len(move(1)) == 1
        assert_expected(read(client), world)
        assert_expected(read_by_status(client), world)


@pytest.mark.parametrize(
    ("move", "old", "new"),
    [
        (TicketMoves.refund, {"SOLD"}, {"REFUNDED"}),
        (TicketMoves.charge_back, {"SOLD"}, {"CHARGEBACK"}),
        (TicketMoves.cancel, {"SOLD", "INVITE"}, {"EXCLUDED", "INVITE_CANCELED"}),
    ],
)
def test_a_status_change_updates_only_status_and_update_date(
    client: Client,
    world: World,
    move: Callable[[TicketMoves, int, int], list[str]],
    old: set[str],
    new: set[str],
) -> None:
    before = read(client)
    picked = move(TicketMoves(world), 100, LATER_MS)
    after = read(client)

    candidates = {key for key, row in before.items() if row["eticket"]["ticket_status"] in old}
    if old == {"SOLD"}:
        candidates = {key for key in candidates if before[key]["eticket"]["ticket_type"] == "PAID"}
    assert set(picked) == changed(before, after) == candidates
    assert picked
    assert {after[key]["eticket"]["ticket_status"] for key in picked} == new
    for key in picked:
        ticket = after[key]["eticket"]
        invited = before[key]["eticket"]["ticket_status"] == "INVITE"
        assert (ticket["ticket_status"] == "INVITE_CANCELED") == invited
        same = ("ticket_status", "current_update", "is_blocked")
        assert {name: value for name, value in ticket.items() if name not in same} == {
            name: value for name, value in before[key]["eticket"].items() if name not in same
        }
        assert (ticket["current_update"], ticket["is_blocked"]) == (LATER_MS, True)
        assert {**after[key], "eticket": {}} == {**before[key], "eticket": {}}
    assert read(client, last_update=LATER_MS) == {key: after[key] for key in picked}
    assert move(TicketMoves(world), 1, LATER_MS) == []


def test_a_transfer_changes_the_participant_and_keeps_the_buyer(client: Client, world: World) -> None:
    before = read(client)
    picked = TicketMoves(world).transfer(3, LATER_MS)
    after = read(client)

    assert len(set(picked)) == 3
    assert changed(before, after) == set(picked)
    for key in picked:
        row = after[key]
        assert row["participant"]["id"] not in {old["participant"]["id"] for old in before.values()}
        assert row["participant"]["name"] and row["participant"]["email"]
        assert (row["buyer"], row["lot"]) == (before[key]["buyer"], before[key]["lot"])
        assert row["eticket"] == {**before[key]["eticket"], "current_update": LATER_MS}
    TicketMoves(world).transfer(100, LATER_MS)
    again = read(client)
    ids = [row["participant"]["id"] for row in again.values() if row["participant"]["id"] is not None]
    assert len(set(ids)) == len(ids)
    assert all(again[key]["participant"]["id"] != after[key]["participant"]["id"] for key in picked)


def test_a_late_change_does_not_move_the_update_date_back(client: Client, world: World) -> None:
    TicketMoves(world).transfer(100, LATER_MS)
    picked = TicketMoves(world).refund(100, NOW_MS)

    after = read(client)
    assert picked and {after[key]["eticket"]["current_update"] for key in picked} == {LATER_MS}


def test_new_tickets_are_confirmed_and_belong_to_existing_events(client: Client, world: World) -> None:
    ProductMoves(world).add(12)
    before = read(client)
    made = TicketMoves(world).add(40, LATER_MS)
    after = read(client)

    assert set(after) - set(before) == set(made)
    assert changed(before, after) == set()
    rows = [after[key] for key in made]
    assert {row["eticket"]["ticket_status"] for row in rows} == {"SOLD", "INVITE"}
    assert {row["eticket"]["current_update"] for row in rows} == {LATER_MS}
    assert {row["eticket"]["checkin_status"] for row in rows} == {"PENDING"}
    assert {row["product"]["id"] for row in rows} == set(event_ids(client))
    assert len(event_ids(client)) == 3, "two of the new products are events"
    lots = [client.get(path_of(event_id, "info")).json()["lots"] for event_id in event_ids(client)]
    assert all(any(row["lot"] in lot for lot in lots) for row in rows)
    assert len({lot["id"] for each in lots for lot in each}) == 9
    ProductMoves(world).delete(100)
    assert TicketMoves(world).add(1) == []


def test_a_ticket_keeps_its_type(client: Client, world: World) -> None:
    TicketMoves(world).add(30)
    before = read(client)
    TicketMoves(world).cancel(100)
    after = read(client)

    types = {row["eticket"]["ticket_status"]: row["eticket"]["ticket_type"] for row in after.values()}
    assert types["INVITE_CANCELED"] == "FREE"
    assert [row["eticket"]["ticket_type"] for row in after.values()] == [
        row["eticket"]["ticket_type"] for row in before.values()
    ]


def test_a_change_without_a_ticket_does_nothing() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=2, now_ms=NOW_MS)
    moves = TicketMoves(world).named()

    assert [move(3) for name, move in moves.items() if name != "participants"] == [[]] * 5


def test_an_account_of_two_events_has_one_unpublished() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=16, now_ms=NOW_MS)

    assert [event.status for event in world.tickets.events] == ["PAUSED", "ACTIVE"]


def test_no_event_is_a_subscription_in_a_large_account() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=200, now_ms=NOW_MS)

    assert len(world.tickets.events) > 16
    assert not any(event.is_subscription for event in world.tickets.events)


@pytest.mark.parametrize("form", ["listed", "hidden"])
def test_a_deleted_event_stays_available_or_disappears(simulator: Simulator, client: Client, form: Any) -> None:
    simulator.switches = replace(simulator.switches, deleted_products=form)
    ids = event_ids(client)
    ProductMoves(simulator.world).delete(100)

    for path in (path_of(event_id, name) for event_id in ids for name in ("info", "participants")):
        assert client.get(path).status_code == (200 if form == "listed" else 404)
    assert_expected(read(client), simulator.world)
    assert (read(client) == {}) == (form == "hidden")
