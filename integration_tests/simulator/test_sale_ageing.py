"""Changes of sales with time alone (hotmart-api.md 6.1): the end of the warranty and of the wait for payment."""

from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, SALE_STATUSES

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
START_MS = NOW_MS - 700 * DAY_MS


@pytest.fixture(name="world")
def small_world() -> World:
    return World(
        seed=5, sales=300, subscriptions=60, students=24, products=8, participants=12, start_ms=START_MS, now_ms=NOW_MS
    )


def switch(simulator: Simulator, **sides: Any) -> None:
    simulator.switches = replace(simulator.switches, **sides)


def listed(simulator: Simulator, client: Client) -> dict[str, dict[str, Any]]:
    """Return the purchase of every sale of the last 730 days by its transaction."""
    end_ms = simulator.world.now_ms
    window = {"start_date": end_ms - 730 * DAY_MS, "end_date": end_ms}
    rows = client.rows(HISTORY, **window, transaction_status=SALE_STATUSES, max_results=500)
    purchases = {row["purchase"]["transaction"]: row["purchase"] for row in rows}
    assert len(purchases) == len(rows)
    return purchases


def test_sales_complete_and_expire_on_time(simulator: Simulator, client: Client) -> None:
    world, moves = simulator.world, simulator.world.sale_moves
    boleto, sold = moves.add_boletos(1)[0], moves.add(1)[0]
    warranty_days = world.sale(moves.known(sold)).product.warranty_days
    world.advance(5 * DAY_MS - 1)
    assert boleto not in moves.age()
    world.advance(1)
    assert boleto in moves.age()
    world.advance(40 * DAY_MS)
    assert sold in moves.age()

    after = listed(simulator, client)
    assert (after[boleto]["status"], after[sold]["status"]) == ("EXPIRED", "COMPLETE")
    assert world.sale(moves.known(boleto)).changed_ms == NOW_MS + 5 * DAY_MS
    assert world.sale(moves.known(sold)).changed_ms == NOW_MS + warranty_days * DAY_MS + 14 * HOUR_MS
    assert not {raw["status"] for raw in after.values()} & {"APPROVED", "PRINTED_BILLET", "WAITING_PAYMENT"}
    assert moves.age() == []


def test_due_changes_are_made_in_order(world: World) -> None:
    world.advance(90 * DAY_MS)
    first, rest = world.sale_moves.age(3), world.sale_moves.age()

    def changed(codes: list[str]) -> list[int]:
        return [world.sale(world.sale_moves.known(code)).changed_ms for code in codes]

    assert len(first) == 3
    assert changed(first) == sorted(changed(first))
    assert max(changed(first)) <= min(changed(rest))


def test_a_sale_approved_again_completes_after_at_least_half_a_day(simulator: Simulator) -> None:
    world = simulator.world
    code = world.charge_back(1, within_days=170)[0]
    world.set_status(code, "APPROVED", world.advance(200 * DAY_MS))
    world.advance(14 * HOUR_MS - 1)
    assert code not in world.sale_moves.age()
    world.advance(1)
    assert code in world.sale_moves.age()


def test_an_extended_warranty_delays_the_completion(simulator: Simulator, client: Client) -> None:
    world, moves = simulator.world, simulator.world.sale_moves
    moves.add(3)
    switch(simulator, warranty="fixed")
    assert moves.extend_warranties(3) == []
    switch(simulator, warranty="some_extended")
    before = listed(simulator, client)
    changed = moves.extend_warranties(3)

    after = listed(simulator, client)
    for code in changed:
        moved_ms = after[code]["warranty_expire_date"] - before[code]["warranty_expire_date"]
        assert moved_ms == 7 * DAY_MS
        sale = world.sale(moves.known(code))
        assert sale.complete_ms >= after[code]["warranty_expire_date"] - DAY_MS
    assert {code for code in before if before[code] != after[code]} == set(changed)
