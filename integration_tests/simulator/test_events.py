"""The simulator's events and their participants (hotmart-api.md 4.18)."""

from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import TICKET_STATUSES
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z


def event_ids(world: World) -> list[int]:
    return [raw["id"] for raw in raw_rows(world, "products") if raw["format"] == "ETICKET"]


def info_path(event_id: int | str) -> str:
    return f"/events/api/v1/{event_id}/info"


def participants_path(event_id: int | str) -> str:
    return f"/events/api/v1/{event_id}/participants"


@pytest.fixture(name="moving")
def moving_world() -> World:
    """An account of the test's own, which it can change."""
    return World(seed=5, sales=10, subscriptions=0, students=0, products=6, participants=90, now_ms=NOW_MS)


@pytest.mark.parametrize(("products", "least"), [(6, 1), (24, 2), (30, 2)])
def test_every_account_has_events_and_none_is_a_subscription(products: int, least: int) -> None:
    world = World(sales=0, subscriptions=0, students=0, products=products, now_ms=NOW_MS)
    events = [raw for raw in raw_rows(world, "products") if raw["format"] == "ETICKET"]

    assert len(events) >= least
    assert not any(raw["is_subscription"] for raw in events)


def test_participants_of_every_event_have_pages_and_a_total(simulator: Simulator, client: Client) -> None:
    found: dict[str, dict[str, Any]] = {}
    for event_id in event_ids(simulator.world):
        pages = list(client.pages(participants_path(event_id)))
        rows = [row for page in pages for row in page["items"]]
        assert {page["page_info"]["total_results"] for page in pages} == {len(rows)}
        assert {row["product"]["id"] for row in rows} == {event_id}
        found |= {str(row["eticket"]["id"]): row for row in rows}

    assert found == keyed(simulator.world, "event_participants")


def test_every_participant_has_one_of_the_lots_of_the_event(simulator: Simulator, client: Client) -> None:
    for event_id in event_ids(simulator.world):
        info = client.get(info_path(event_id)).json()
        rows = client.rows(participants_path(event_id))
        assert info == simulator.world.event_info(str(event_id))
        assert info["start_event_date"] < info["end_event_date"]
        assert all(row["lot"] in info["lots"] and row["product"] == info["product"] for row in rows)
        lot = info["lots"][1]["id"]
        assert client.rows(participants_path(event_id), id_lot=lot) == [r for r in rows if r["lot"]["id"] == lot]


def test_a_product_that_is_not_an_event_is_not_found(simulator: Simulator, client: Client) -> None:
    other = next(raw for raw in raw_rows(simulator.world, "products") if raw["format"] != "ETICKET")
    for event_id in (other["id"], other["ucode"], 1):
        for path in (info_path(event_id), participants_path(event_id)):
            assert (client.get(path).status_code, client.get(path).json()["error"]) == (404, "not_found")


def test_last_update_filters_by_a_minimum_date(simulator: Simulator, client: Client) -> None:
    path = participants_path(event_ids(simulator.world)[0])
    rows = client.rows(path)
    stamps = sorted(row["eticket"]["current_update"] for row in rows)
    since_ms = stamps[len(stamps) // 2]

    assert client.rows(path, last_update=since_ms) == [
        row for row in rows if row["eticket"]["current_update"] >= since_ms
    ]
    assert len(client.rows(path, last_update=stamps[-1])) == 1
    assert client.rows(path, last_update=stamps[-1] + 1) == []


def test_filters_of_participants_return_matching_rows(simulator: Simulator, client: Client) -> None:
    path = participants_path(event_ids(simulator.world)[0])
    rows = client.rows(path)
    row = next(row for row in rows if row["participant"]["email"])
    ticket = row["eticket"]

    def found(**query: Any) -> list[dict[str, Any]]:
        return client.rows(path, **query)

    assert found(id_eticket=ticket["id"]) == found(ticket_qr_code=ticket["ticket_qr_code"]) == [row]
    assert row in found(buyer_email=row["buyer"]["email"])
    assert row in found(participant_email=row["participant"]["email"].upper())
    for name in ("ticket_type", "checkin_status", "ticket_status"):
        assert found(**{name: ticket[name]}) == [each for each in rows if each["eticket"][name] == ticket[name]]
    assert found(ticket_type="ALL", checkin_status="ALL") == rows


def test_refunded_tickets_are_listed_by_default_or_on_request(simulator: Simulator, client: Client) -> None:
    paths = [participants_path(event_id) for event_id in event_ids(simulator.world)]

    def statuses(**query: Any) -> set[str]:
        return {row["eticket"]["ticket_status"] for path in paths for row in client.rows(path, **query)}

    assert statuses() == set(TICKET_STATUSES)
    simulator.switches = replace(simulator.switches, tickets_by_default="confirmed")
    assert statuses() == {"SOLD", "INVITE"}
    assert statuses(ticket_status="REFUNDED") == {"REFUNDED"}


def test_a_phone_number_is_text_a_number_or_null(world: World) -> None:
    rows = raw_rows(world, "event_participants")
    phones = [row[who].get("phone") for row in rows for who in ("buyer", "participant")]

    assert {type(phone) for phone in phones} == {str, int, type(None)}


def test_checking_in_updates_the_ticket_and_its_update_date(moving: World) -> None:
    before = keyed(moving, "event_participants")
    changed = moving.ticket_moves.check_in(6, NOW_MS - 2)
    after = keyed(moving, "event_participants")

    assert len(set(changed)) == 6
    assert {key for key in before if before[key] != after[key]} == set(changed)
    order = ("PENDING", "PARTIAL", "CONCLUDED")
    for key in changed:
        old, new = before[key]["eticket"], after[key]["eticket"]
        assert order.index(old["checkin_status"]) < order.index(new["checkin_status"])
        assert new["current_update"] == NOW_MS - 2
        assert new["ticket_status"] in ("SOLD", "INVITE")
    while moving.ticket_moves.check_in(100):
        pass
    done = {row["eticket"]["checkin_status"] for row in raw_rows(moving, "event_participants")}
    assert done == {"PENDING", "CONCLUDED"}, "who was refunded does not check in"


def test_new_participants_are_listed_last_with_the_current_date(moving: World) -> None:
    before = keyed(moving, "event_participants")
    made = moving.ticket_moves.add(3)
    after = keyed(moving, "event_participants")

    assert list(after) == [*before, *made]
    assert {key: after[key] for key in before} == before
    assert {after[key]["eticket"]["current_update"] for key in made} == {NOW_MS}
    assert keyed(moving, "event_participants", start_ms=NOW_MS).keys() >= set(made)


def test_an_account_without_events_has_no_participants() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=2, now_ms=NOW_MS)

    assert keyed(world, "event_participants") == {}
    with pytest.raises(ValueError, match="no events"):
        world.ticket_moves.add(1)
