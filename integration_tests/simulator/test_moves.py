"""The simulator's account changes in known ways, and the server shows each change at once."""

from itertools import pairwise
from typing import Any

import pytest

from hotmart_simulator import Call, Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import (
    DAY_MS,
    SALE_STATUSES,
)
from hotmart_simulator.expected import LISTS as STREAMS
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"


@pytest.fixture(name="world")
def small_world() -> World:
    return World(seed=5, sales=600, subscriptions=100, students=60, products=12, now_ms=NOW_MS)


def fingerprint(world: World) -> dict[str, Any]:
    return {stream: keyed(world, stream) for stream in STREAMS}


def test_new_sales_are_dated_now_or_in_a_date_range(world: World) -> None:
    before = keyed(world, "sales_history")
    now = world.add_sales(4)
    moment = world.add_sales(2, NOW_MS - 5)
    older = world.add_sales(30, (NOW_MS - 900 * DAY_MS, NOW_MS - 800 * DAY_MS))
    after = keyed(world, "sales_history")

    assert len(after) == len(before) + 36
    assert {key: after[key] for key in before} == before, "nothing else has changed"
    assert {after[key]["purchase"]["order_date"] for key in now} == {NOW_MS}
    assert {after[key]["purchase"]["order_date"] for key in moment} == {NOW_MS - 5}
    for key in older:
        assert NOW_MS - 900 * DAY_MS <= after[key]["purchase"]["order_date"] <= NOW_MS - 800 * DAY_MS
    dates = [raw["purchase"]["order_date"] for raw in after.values()]
    assert all(one <= two for one, two in pairwise(dates))
    assert any(after[key]["purchase"]["is_subscription"] for key in older)
    assert all(
        key in {k[0] for k in keyed(world, "subscription_transactions")}
        for key in older
        if after[key]["purchase"]["is_subscription"]
    )


def test_a_changed_sale_keeps_its_date_and_updates_its_subscription_transaction(world: World) -> None:
    charges = keyed(world, "subscription_transactions")
    before = next(raw for raw in charges.values() if raw["purchase"]["status"] == "COMPLETE")
    key, currency = before["purchase"]["transaction"], before["purchase"]["commission"]["currency"]
    order_ms = keyed(world, "sales_history")[key]["purchase"]["order_date"]
    world.set_status(key, "REFUNDED", NOW_MS - 7)
    sale = keyed(world, "sales_history")[key]["purchase"]
    charge = keyed(world, "subscription_transactions")[key, currency]

    assert (sale["status"], sale["order_date"]) == ("REFUNDED", order_ms)
    assert (charge["last_update"], before["last_update"] < NOW_MS - 7) == (NOW_MS - 7, True)
    assert charge["purchase"]["payment"]["refund_chargeback_date"] == NOW_MS - 7
    assert charge["recurrency"]["status"] == "REFUNDED"
    assert world.status_of(key) == "REFUNDED"


def test_an_unknown_status_or_transaction_is_rejected(world: World) -> None:
    key = str(next(iter(keyed(world, "sales_history"))))

    with pytest.raises(ValueError, match="REFUND is none of APPROVED"):
        world.set_status(key, "REFUND", NOW_MS)
    with pytest.raises(KeyError):
        world.set_status("HP0000000000", "REFUNDED", NOW_MS)
    with pytest.raises(ValueError, match="cannot move horses"):
        world.move({"horses": 1})


def test_only_the_given_number_of_sales_changes(world: World) -> None:
    before = keyed(world, "sales_history")
    window = (NOW_MS - 300 * DAY_MS, NOW_MS - 200 * DAY_MS)
    changed = world.change_status(5, ("COMPLETE",), "CHARGEBACK", NOW_MS, seed=9, ordered=window)
    after = keyed(world, "sales_history")

    assert len(set(changed)) == 5
    assert {key for key in before if before[key] != after[key]} == set(changed)
    for key in changed:
        assert (before[key]["purchase"]["status"], after[key]["purchase"]["status"]) == (
            "COMPLETE",
            "CHARGEBACK",
        )
        assert window[0] <= after[key]["purchase"]["order_date"] <= window[1]


def test_refunds_are_limited_to_recent_paid_sales(world: World) -> None:
    paid = {
        key
        for key, raw in keyed(world, "sales_history", start_ms=NOW_MS - 60 * DAY_MS).items()
        if raw["purchase"]["status"] in ("APPROVED", "COMPLETE")
    }

    assert set(world.refund(10_000)) == paid
    assert world.refund(1) == []


def test_cancelled_subscriptions_end_now(world: World) -> None:
    codes = world.cancel_subscriptions(6, NOW_MS - 3)
    truth = keyed(world, "subscriptions")

    assert len(set(codes)) == 6
    for code in codes:
        assert truth[code]["status"] == "CANCELLED_BY_CUSTOMER"
        assert truth[code]["end_accession_date"] == NOW_MS - 3


def test_a_new_subscription_has_its_first_sale(world: World) -> None:
    sales, codes = keyed(world, "sales_history"), world.add_subscriptions(3, NOW_MS - 100 * DAY_MS)
    truth, after = keyed(world, "subscriptions"), keyed(world, "sales_history")

    assert {truth[code]["transaction"] for code in codes} == set(after) - set(sales)
    assert {truth[code]["accession_date"] for code in codes} == {NOW_MS - 100 * DAY_MS}
    assert {truth[code]["status"] for code in codes} == {"ACTIVE"}


def test_time_passes_only_on_request(world: World) -> None:
    before = fingerprint(world)

    assert world.advance(90 * DAY_MS) == world.now_ms == NOW_MS + 90 * DAY_MS
    after = fingerprint(world)
    with_the_day = {stream for stream in STREAMS if after[stream] != before[stream]}
    assert with_the_day == {"subscription_summary", "subscription_purchases"}, "lifetimes and warranties"
    for stream, field in (("subscription_summary", "lifetime"), ("subscription_purchases", "under_warranty")):
        for raw in (*before[stream].values(), *after[stream].values()):
            del raw[field]
        assert after[stream] == before[stream]
    key = world.add_sales(1)[0]
    assert keyed(world, "sales_history")[key]["purchase"]["order_date"] == world.now_ms


def test_the_server_shows_changes_at_once(world: World) -> None:
    everything = {
        "start_date": NOW_MS - 700 * DAY_MS,
        "transaction_status": SALE_STATUSES,
        "max_results": 500,
    }
    with Simulator(world) as simulator, Client(simulator) as client:
        client.rows(TRANSACTIONS, transaction_date=0)
        world.add_sales(20, (NOW_MS - 600 * DAY_MS, NOW_MS))
        world.refund(5)
        world.cancel_subscriptions(3)
        world.add_subscriptions(2)
        sales = {row["purchase"]["transaction"]: row for row in client.rows(HISTORY, **everything)}
        charges = client.rows(TRANSACTIONS, transaction_date=0, max_results=500)

        assert sales == keyed(world, "sales_history", start_ms=NOW_MS - 700 * DAY_MS)
        assert charges == list(raw_rows(world, "subscription_transactions"))
        assert [row["adoption_date"] for row in charges] == sorted(row["adoption_date"] for row in charges)
        for key, raw in keyed(world, "sales_history").items():
            if raw["purchase"]["is_subscription"] and raw["purchase"]["order_date"] == NOW_MS:
                assert client.rows(TRANSACTIONS, transaction=key)


def test_a_hook_changes_the_account_between_pages(world: World) -> None:
    with Simulator(world, Switches(page_cap=10)) as simulator, Client(simulator) as client:

        def sell(call: Call) -> None:
            if call.get("page_token") is not None:
                world.add_sales(1)

        simulator.before_call = sell
        totals = [page["page_info"]["total_results"] for page in client.pages(HISTORY, max_results=10)]

    assert totals[0] + len(totals) - 1 == totals[-1]
    assert len(set(totals)) == len(totals)


def test_the_account_changes_every_n_requests(world: World) -> None:
    with Simulator(world) as simulator, Client(simulator) as client:
        simulator.move_every(3, {"sales": 2, "refunds": 1})
        for _ in range(7):
            client.get(HISTORY)

        assert [sorted(move) for move in simulator.moves] == [["refunds", "sales"]] * 2
        assert [len(move["sales"]) for move in simulator.moves] == [2, 2]
        simulator.move_every(0, {})
        for _ in range(3):
            client.get(HISTORY)
        assert len(simulator.moves) == 2


def test_follow_clock_advances_the_account_with_the_clock(world: World) -> None:
    with (
        Simulator(world, clock=lambda: NOW_MS / 1000 + 60, follow_clock=True) as simulator,
        Client(simulator) as client,
    ):
        assert client.get(HISTORY, end_date=NOW_MS + 60_000).status_code == 200
        assert client.get(HISTORY, end_date=NOW_MS + 60_001).status_code == 400
