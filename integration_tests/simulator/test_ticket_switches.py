"""The sides of the beliefs about events and their tickets (hotmart-api.md 4.18)."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product as pairs_of
from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.events.moves import TicketMoves
from hotmart_simulator.products.moves import ProductMoves
from integration_tests.simulator.test_ticket_moves import PRODUCTS, assert_expected, path_of, read, read_by_status
from tools.sample import sample


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


def test_without_a_status_all_or_only_confirmed_tickets_are_listed(simulator: Simulator, client: Client) -> None:
    every = read(client)
    simulator.switches = replace(simulator.switches, tickets_by_default="confirmed")

    confirmed = {key: row for key, row in every.items() if row["eticket"]["ticket_status"] in ("SOLD", "INVITE")}
    assert read(client) == confirmed != every
    assert_expected(read_by_status(client), simulator.world)


@pytest.mark.parametrize(
    ("switch", "side", "field", "value"),
    [
        ("ticket_types_by_default", "paid", "ticket_type", "PAID"),
        ("checkins_by_default", "pending", "checkin_status", "PENDING"),
    ],
)
def test_without_a_filter_all_tickets_or_one_kind_are_listed(
    simulator: Simulator, client: Client, switch: Any, side: Any, field: str, value: str
) -> None:
    every = read(client)
    simulator.switches = replace(simulator.switches, **{switch: side})

    ones = {key: row for key, row in every.items() if row["eticket"][field] == value}
    assert read(client) == ones != every
    others = {row["eticket"][field] for row in every.values()} - {value}
    assert others
    for other in others:
        assert set(read(client, **{field: other})) == {
            key for key, row in every.items() if row["eticket"][field] == other
        }
    assert read(client, **{field: "ALL"}) == every
    some = next(row for key, row in every.items() if key not in ones)
    assert read(client, id_eticket=some["eticket"]["id"]) == {}
    assert_expected(read_by_status(client), simulator.world)


def test_type_and_checkin_filters_are_independent(simulator: Simulator, client: Client) -> None:
    every = read(client)
    simulator.switches = replace(simulator.switches, ticket_types_by_default="paid", checkins_by_default="pending")
    kinds = [(row["eticket"]["ticket_type"], row["eticket"]["checkin_status"]) for row in every.values()]

    for ticket_type, checkin in pairs_of(("PAID", "FREE", "ALL"), ("PENDING", "PARTIAL", "CONCLUDED", "ALL")):
        rows = read(client, ticket_type=ticket_type, checkin_status=checkin)
        assert len(rows) == sum(ticket_type in (kind[0], "ALL") and checkin in (kind[1], "ALL") for kind in kinds)


def test_info_is_available_for_every_or_only_published_events(simulator: Simulator, client: Client) -> None:
    ProductMoves(simulator.world).add(12)
    status_of = {row["id"]: row["status"] for row in client.rows(PRODUCTS, format="ETICKET")}
    assert {client.get(path_of(event_id, "info")).status_code for event_id in status_of} == {200}
    before = read(client)
    simulator.switches = replace(simulator.switches, event_info="published_only")

    assert "PAUSED" in status_of.values()
    for event_id, status in status_of.items():
        answer = client.get(path_of(event_id, "info"))
        assert answer.status_code == (200 if status == "ACTIVE" else 404)
    assert read(client) == before, "participants are listed all the same"


@pytest.mark.parametrize(("form", "kind"), [("number", int), ("text", str)])
def test_phone_numbers_have_one_or_several_types(
    simulator: Simulator, client: Client, form: Any, kind: type[int | str]
) -> None:
    def phones() -> list[Any]:
        rows = read(client).values()
        guests = [row["participant"]["phone"] for row in rows if row["participant"]["id"] is not None]
        return guests + [row["buyer"]["phone"] for row in rows if "phone" in row["buyer"]]

    TicketMoves(simulator.world).add(40)
    before = phones()
    assert {type(phone) for phone in before} == {int, str, type(None)}
    simulator.switches = replace(simulator.switches, ticket_phones=form)

    assert {type(phone) for phone in phones()} == {kind}
    assert all(old is None or str(old) == str(new) for old, new in zip(before, phones(), strict=True))
    assert_expected(read(client), simulator.world)
