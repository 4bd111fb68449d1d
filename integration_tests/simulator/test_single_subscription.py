"""Changes of one subscription or charge that a test names."""

from typing import Any

import pytest

from hotmart_simulator import Call, Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"


@pytest.fixture(name="world")
def small_world() -> World:
    return World(seed=5, sales=300, subscriptions=60, students=40, products=16, now_ms=NOW_MS)


def subscription(world: World, code: str) -> dict[str, Any]:
    return next(raw for raw in raw_rows(world, "subscriptions") if raw["subscriber_code"] == code)


def charges(world: World, code: str) -> list[dict[str, Any]]:
    rows = [raw for raw in raw_rows(world, "subscription_transactions") if raw["subscriber_code"] == code]
    return sorted(rows, key=lambda raw: (raw["purchase"]["order_date"], raw["purchase"]["transaction"]))


def transactions(world: World, code: str) -> list[str]:
    return list(dict.fromkeys(raw["purchase"]["transaction"] for raw in charges(world, code)))


def test_a_charge_continues_a_monthly_subscription(world: World) -> None:
    code = world.begin_subscription(NOW_MS - 200 * DAY_MS, period_days=30)
    record = subscription(world, code)

    assert (record["status"], record["plan"]["recurrency_period"]) == ("ACTIVE", 30)
    assert record["accession_date"] == NOW_MS - 200 * DAY_MS
    assert len(transactions(world, code)) == 7
    assert record["date_next_charge"] // DAY_MS == (NOW_MS + 10 * DAY_MS) // DAY_MS
    with pytest.raises(ValueError, match="is due at"):
        world.charge_subscription(code)
    world.advance(11 * DAY_MS)
    new = world.charge_subscription(code)

    assert transactions(world, code)[-1] == new
    assert len(transactions(world, code)) == 8
    assert charges(world, code)[-1]["recurrency"]["number"] == 8
    assert subscription(world, code)["request_date"] == record["request_date"]
    assert subscription(world, code)["date_next_charge"] > world.now_ms


def test_a_period_without_a_plan_is_rejected(world: World) -> None:
    code = world.begin_subscription(NOW_MS - 400 * DAY_MS, period_days=360)

    assert subscription(world, code)["plan"]["recurrency_period"] == 360
    assert len(transactions(world, code)) == 2
    with pytest.raises(ValueError, match="no plan has a period of 31 days"):
        world.begin_subscription(NOW_MS, period_days=31)


@pytest.mark.parametrize("status", ["OVERDUE", "DELAYED"])
def test_a_paid_boleto_does_not_change_the_subscription_status(world: World, status: str) -> None:
    code = world.begin_subscription(NOW_MS - 200 * DAY_MS)
    world.advance(11 * DAY_MS)
    failed = world.charge_subscription(code, status="OVERDUE")
    world.set_subscription_status(code, status)
    before = subscription(world, code)
    world.advance(2 * DAY_MS)
    paid = world.pay_boleto(code)

    assert paid != failed
    assert subscription(world, code) == {**before, "transaction": paid} | {
        "date_next_charge": subscription(world, code)["date_next_charge"]
    }
    assert subscription(world, code)["status"] == status
    with pytest.raises(ValueError, match="is unpaid"):
        world.pay_boleto(code)


def test_a_started_subscription_stays_started_when_its_boleto_is_paid(world: World) -> None:
    code = world.begin_subscription(NOW_MS - DAY_MS)
    (first,) = transactions(world, code)
    world.set_status(first, "PRINTED_BILLET")
    world.set_subscription_status(code, "STARTED")
    world.advance(DAY_MS)

    assert world.pay_boleto(code) == first
    assert world.status_of(first) == "APPROVED"
    assert subscription(world, code)["status"] == "STARTED"


def test_an_unknown_code_or_status_is_rejected(world: World) -> None:
    code = world.begin_subscription(NOW_MS - 10 * DAY_MS)

    with pytest.raises(KeyError):
        world.charge_subscription("AAAA0000")
    with pytest.raises(ValueError, match="PAID is none of"):
        world.charge_subscription(code, status="PAID")
    with pytest.raises(ValueError, match="PAUSED is none of"):
        world.set_subscription_status(code, "PAUSED")


def test_a_late_update_can_appear_between_pages(world: World) -> None:
    code = world.begin_subscription(NOW_MS - 200 * DAY_MS)
    last = transactions(world, code)[-1]
    query = {"transaction_date": NOW_MS - 250 * DAY_MS, "end_transaction_date": NOW_MS - DAY_MS, "max_results": 20}
    switches = Switches(untotalled_order="stable", empty_pages="items")
    with Simulator(world, switches) as simulator, Client(simulator) as client:
        whole = client.rows(TRANSACTIONS, **query)

        def refund(call: Call) -> None:
            if call.path == TRANSACTIONS and call.get("page_token"):
                simulator.before_call = None
                world.set_status(last, "REFUNDED", at_ms=world.now_ms - 5 * HOUR_MS)

        simulator.before_call = refund
        client.rows(TRANSACTIONS, **query)

        assert last in {row["purchase"]["transaction"] for row in whole}
        assert last not in {row["purchase"]["transaction"] for row in client.rows(TRANSACTIONS, **query)}
        moved = charges(world, code)[-1]
        assert (moved["purchase"]["status"], moved["last_update"]) == ("REFUNDED", NOW_MS - 5 * HOUR_MS)


def test_a_chargeback_and_a_dispute_of_an_old_sale_are_reversed(world: World) -> None:
    old = next(key for key, raw in keyed(world, "sales_history").items() if raw["purchase"]["status"] == "COMPLETE")
    for status in ("CHARGEBACK", "PROTESTED"):
        world.set_status(old, status)
        assert keyed(world, "sales_history")[old]["purchase"]["status"] == status
        world.advance(DAY_MS)
        world.set_status(old, "APPROVED")
        assert keyed(world, "sales_history")[old]["purchase"]["status"] == "APPROVED"
