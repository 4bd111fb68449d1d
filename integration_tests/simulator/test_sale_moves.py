"""The life cycle of a sale (hotmart-api.md 6.1): each change happens, is visible over HTTP and changes nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, MINUTE_MS, SALE_STATUSES

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
START_MS = NOW_MS - 700 * DAY_MS
SIDES: dict[str, Any] = {
    "sale_products": "some_missing",
    "sale_deletions": "some",
    "transaction_codes": "some_suffixed",
}


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


def test_every_change_has_a_name_a_count_and_an_effect(simulator: Simulator, client: Client) -> None:
    switch(simulator, **SIDES)
    moves = simulator.world.sale_moves.named()
    for name, move in moves.items():
        if name == "ageings":
            simulator.world.advance(40 * DAY_MS)
        moves["protests"](2 if name.endswith("_protests") else 0)
        before = listed(simulator, client)
        assert list(move(0)) == []
        assert listed(simulator, client) == before, name
        changed = list(move(2))
        after = listed(simulator, client)
        assert len(changed) == len(set(changed)) == 2, name
        differing = {code for code in before.keys() | after.keys() if before.get(code) != after.get(code)}
        mains = {code.removesuffix("C1") for code in changed} if name == "order_bumps" else set()
        assert differing <= {*changed, *mains}, name
        assert differing, name


def test_a_change_without_a_candidate_does_nothing() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=0, now_ms=NOW_MS)
    needs_a_sale = {
        "boleto_payments",
        "boleto_expirations",
        "pre_order_payments",
        "own_affiliate_sales",
        "refunds",
        "partial_refunds",
        "protests",
        "dropped_protests",
        "granted_protests",
        "chargebacks",
        "returned_chargebacks",
        "extended_warranties",
        "deletions",
        "ageings",
    }
    world.switches = replace(world.switches, **SIDES)
    moves = world.sale_moves.named()

    assert {name: list(moves[name](3)) for name in needs_a_sale} == {name: [] for name in needs_a_sale}
    assert world.ledger.version == 0


def test_a_boleto_is_approved_when_it_is_paid(simulator: Simulator, client: Client) -> None:
    world, moves = simulator.world, simulator.world.sale_moves
    code = moves.add_boletos(1)[0]
    printed = listed(simulator, client)[code]
    assert (printed["status"], printed["payment"]["type"]) == ("PRINTED_BILLET", "BILLET")
    assert not {"approved_date", "warranty_expire_date"} & set(printed)
    paid_ms = world.advance(3 * DAY_MS)

    assert code in moves.pay_boletos(10_000)
    paid = listed(simulator, client)[code]
    assert (paid["status"], paid["order_date"], paid["approved_date"]) == ("APPROVED", NOW_MS, paid_ms)
    assert paid["warranty_expire_date"] > paid_ms + 7 * DAY_MS
    world.set_status(code, "REFUNDED", world.advance(9 * DAY_MS))
    assert listed(simulator, client)[code]["approved_date"] == paid_ms


def test_a_boleto_due_to_expire_is_not_paid(simulator: Simulator) -> None:
    code = simulator.world.sale_moves.add_boletos(1)[0]
    simulator.world.advance(5 * DAY_MS)

    assert code not in simulator.world.sale_moves.pay_boletos(10_000)
    assert code in simulator.world.sale_moves.expire_boletos(10_000)
    assert simulator.world.status_of(code) == "EXPIRED"


def test_a_paid_pre_order_keeps_its_order_date(simulator: Simulator, client: Client) -> None:
    world, moves = simulator.world, simulator.world.sale_moves
    code = moves.add_pre_orders(1)[0]
    assert listed(simulator, client)[code]["status"] == "PRE_ORDER"
    paid_ms = world.advance(60 * DAY_MS)
    assert code in moves.pay_pre_orders(10_000)

    paid = listed(simulator, client)[code]
    assert (paid["status"], paid["order_date"], paid["approved_date"]) == ("APPROVED", NOW_MS, paid_ms)


def test_a_protest_ends_in_a_refund_or_an_approval(simulator: Simulator, client: Client) -> None:
    moves = simulator.world.sale_moves
    moves.add(4)
    before = listed(simulator, client)
    protested = moves.protest(4)
    assert {before[code]["status"] for code in protested} == {"APPROVED"}
    dropped, granted = moves.drop_protests(2), moves.grant_protests(10_000)

    after = listed(simulator, client)
    assert set(protested) <= {*dropped, *granted}
    assert {after[code]["status"] for code in dropped} == {"APPROVED"}
    assert {after[code]["status"] for code in granted} == {"REFUNDED"}
    for code in protested:
        assert after[code]["approved_date"] == before[code]["approved_date"]


def test_chargebacks_and_protests_are_reversed_or_final(simulator: Simulator) -> None:
    moves = simulator.world.sale_moves
    moves.add(6)
    charged_back, protested = moves.charge_back(2, within_days=0), moves.protest(2)
    switch(simulator, chargebacks="final")
    assert (moves.return_chargebacks(10_000), moves.drop_protests(10_000)) == ([], [])
    switch(simulator, chargebacks="come_back")

    assert set(charged_back) <= set(moves.return_chargebacks(10_000))
    assert set(protested) <= set(moves.drop_protests(10_000))
    assert {simulator.world.status_of(code) for code in (*charged_back, *protested)} == {"APPROVED"}


@pytest.mark.parametrize("days", [32, 180, 365])
def test_a_switch_sets_the_maximum_age_of_chargebacks(simulator: Simulator, client: Client, days: int) -> None:
    switch(simulator, latest_chargeback_days=days)
    before = listed(simulator, client)
    changed = simulator.world.charge_back(10_000)

    paid = {code: raw for code, raw in before.items() if raw["status"] in ("APPROVED", "COMPLETE")}
    assert set(changed) == {code for code, raw in paid.items() if raw["order_date"] >= NOW_MS - days * DAY_MS}
    assert changed


def test_a_partial_refund_sets_the_status_partially_refunded(simulator: Simulator) -> None:
    changed = simulator.world.sale_moves.refund_partially(3)

    assert {simulator.world.status_of(code) for code in changed} == {"PARTIALLY_REFUNDED"}


def test_late_sales_are_listed_after_their_order_date(simulator: Simulator, client: Client) -> None:
    world = simulator.world
    before, made = set(listed(simulator, client)), world.sale_moves.add_late(20)
    at_once = {code: raw["order_date"] for code, raw in listed(simulator, client).items() if code not in before}
    world.advance(HOUR_MS)
    after = {code: raw["order_date"] for code, raw in listed(simulator, client).items() if code not in before}

    assert len(at_once) == 10
    assert set(after) == set(made)
    assert all(NOW_MS - 6 * HOUR_MS <= order_ms <= NOW_MS - MINUTE_MS for order_ms in after.values())
    asked = world.sale_moves.add_late(1, NOW_MS - 5, shown_ms=NOW_MS + 2 * HOUR_MS)[0]
    assert asked not in listed(simulator, client)
    world.advance(HOUR_MS)
    assert listed(simulator, client)[asked]["order_date"] == NOW_MS - 5


def test_imported_sales_are_old_and_complete(simulator: Simulator, client: Client) -> None:
    made = simulator.world.sale_moves.import_old(40, (NOW_MS - 600 * DAY_MS, NOW_MS - DAY_MS))
    sales = listed(simulator, client)

    for code in made:
        age_ms = NOW_MS - sales[code]["order_date"]
        assert DAY_MS <= age_ms <= 600 * DAY_MS
        assert sales[code]["status"] == "COMPLETE" or age_ms < 31 * DAY_MS
    assert {sales[code]["status"] for code in made} == {"APPROVED", "COMPLETE"}
    assert len({sales[code]["order_date"] for code in made}) == 40
    old = simulator.world.sale_moves.import_old(30)
    ages = [NOW_MS - client.rows(HISTORY, transaction=code)[0]["purchase"]["order_date"] for code in old]
    assert 30 * DAY_MS <= min(ages) <= max(ages) <= 900 * DAY_MS
    assert max(ages) > 365 * DAY_MS


def test_a_recent_import_is_listed_with_the_delay_of_a_new_sale(simulator: Simulator, client: Client) -> None:
    switch(simulator, new_sales="minutes_later")
    recent, old = simulator.world.sale_moves.import_old(1, NOW_MS)[0], simulator.world.sale_moves.import_old(1)[0]
    assert client.rows(HISTORY, transaction=recent) == []
    assert len(client.rows(HISTORY, transaction=old)) == 1
    simulator.world.advance(10 * MINUTE_MS)

    assert listed(simulator, client)[recent]["status"] == "APPROVED"


def test_a_charge_keeps_its_price_after_a_plan_switch(simulator: Simulator, client: Client) -> None:
    before = listed(simulator, client)
    assert simulator.world.move({"plan_switches": 10})["plan_switches"]
    after = listed(simulator, client)

    assert {code: after[code] for code in before} == before


def test_deleted_sales_are_removed_from_every_list(simulator: Simulator, client: Client) -> None:
    assert simulator.world.sale_moves.delete(3) == []
    switch(simulator, sale_deletions="some")
    before = listed(simulator, client)
    gone = simulator.world.sale_moves.delete(3)

    assert set(before) - set(listed(simulator, client)) == set(gone)
    assert len(gone) == 3
    for code in gone:
        assert "approved_date" not in before[code]
        assert before[code]["is_subscription"] is False
        for name in ("history", "users", "commissions"):
            assert client.rows(f"/payments/api/v1/sales/{name}", transaction=code) == []
    with pytest.raises(KeyError):
        simulator.world.status_of(gone[0])
