"""After an eventful year, lists equal the expected rows, fields don't contradict, and past results are exact."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.row import Row
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, SALE_STATUSES
from hotmart_simulator.subscriptions import expected
from integration_tests.simulator.test_subscription_account import NOW_MS, SUBSCRIPTIONS, Record, small_world
from tools.sample import sample

USUAL = Switches(limit_per_minute=1_000_000, untotalled_order="stable", empty_pages="items", max_window_days=3_000)
SIDES: tuple[dict[str, Any], ...] = (
    {},
    {"subscriber_codes": "shared", "negotiated_recurrences": "row_each"},
    {"reactivation": "new_accession", "transaction_date_filters": "adoption_date"},
    {"currency_rows": "one", "transaction_date_filters": "recurrency_start", "negotiated_recurrences": "row_each"},
    {"next_charge_default": "from_now", "cancellation_default": "last_30_days", "summary_next_charge": "absent"},
    {"last_update": "subscription_too", "transaction_date_filters": "cancellation_date"},
    {"summary_delay_hours": 24, "transactions_delay_hours": 24, "request_date": "last_charge"},
    {"summary_delay_hours": 24 * 40, "reactivation": "new_accession", "subscriber_codes": "shared"},
)


def live(world: World, random: Random) -> Iterator[None]:
    """Advance time in steps of hours to days, with changes of every kind after each step."""
    names = [name for name in world.subscription_moves.named() if name != "due_charges"]
    while True:
        world.advance(random.choice((5 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS, 240 * HOUR_MS)))
        world.subscription_moves.age()
        for name in random.sample(names, 6):
            world.moves[name](random.randint(1, 2))
        world.refund(1)
        world.add_sales(3)
        world.sale_moves.age()
        yield


@pytest.fixture(scope="module", params=sample([1, 2], 2))
def world(request: pytest.FixtureRequest) -> World:
    """An account after forty steps. Tests must not change it."""
    world = small_world(request.param)
    for _, _ in zip(range(40), live(world, Random(request.param)), strict=False):
        pass
    return world


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with Simulator(world, USUAL) as simulator, Client(simulator) as client:
        yield client


def by_identity(rows: Iterator[Row]) -> dict[tuple[object, ...], Record]:
    """Return the records by key. Assert that no key is repeated."""
    listed = list(rows)
    found = {row.identity: row.record for row in listed}
    assert len(found) == len(listed) > 0
    return found


def unordered(records: Iterator[Record]) -> list[str]:
    return sorted(map(repr, records))


@pytest.mark.parametrize("sides", SIDES, ids=lambda sides: ",".join(sides) or "usual")
def test_every_list_equals_the_expected_rows(client: Client, world: World, sides: dict[str, Any]) -> None:
    client.simulator.switches = replace(USUAL, **sides)
    subscriptions = client.rows(SUBSCRIPTIONS, accession_date=0, max_results=500)
    if sides.get("next_charge_default"):  # two queries without these defaults find all rows that can be found
        dates = {"date_next_charge": 0, "end_date_next_charge": 3 * NOW_MS, "max_results": 500}
        assert len(subscriptions) < len(list(expected.subscriptions(world)))
        subscriptions = client.rows(SUBSCRIPTIONS, accession_date=0, cancelation_date=0, **dates)
        subscriptions += [
            row
            for row in client.rows(SUBSCRIPTIONS, accession_date=0, **dates)
            if not row["status"].startswith("CANCELLED")
        ]
    far = {"transaction_date": 0, "end_transaction_date": 3 * NOW_MS, "max_results": 500}
    summaries = client.rows(f"{SUBSCRIPTIONS}/summary", accession_date=0, max_results=500)
    purchases = by_identity(expected.subscription_purchases(world))

    assert unordered(iter(subscriptions)) == unordered(iter(by_identity(expected.subscriptions(world)).values()))
    assert summaries == list(by_identity(expected.subscription_summary(world)).values())
    assert client.rows(f"{SUBSCRIPTIONS}/transactions", **far) == list(
        by_identity(expected.subscription_transactions(world)).values()
    )
    for code in {str(identity[1]) for identity in purchases}:
        rows = client.get(f"{SUBSCRIPTIONS}/{code}/purchases").json()
        assert unordered(rows) == unordered(record for each, record in purchases.items() if each[1] == code)


@pytest.mark.parametrize("sides", SIDES, ids=lambda sides: ",".join(sides) or "usual")
def test_the_date_of_a_row_is_the_date_its_filter_uses(client: Client, world: World, sides: dict[str, Any]) -> None:
    client.simulator.switches = replace(USUAL, **sides)
    rows = list(expected.subscription_transactions(world))
    dates = sorted(row.at_ms for row in rows if row.at_ms is not None)
    window = {"transaction_date": dates[len(dates) // 3], "end_transaction_date": dates[2 * len(dates) // 3]}
    inside = [
        row.record for row in rows if row.at_ms in range(window["transaction_date"], window["end_transaction_date"] + 1)
    ]

    assert client.rows(f"{SUBSCRIPTIONS}/transactions", **window, max_results=500) == inside
    assert 0 < len(inside) < len(rows) == len(dates)


def test_fields_of_different_lists_agree(client: Client) -> None:
    subscriptions = {
        row["subscription_id"]: row for row in client.rows(SUBSCRIPTIONS, accession_date=0, max_results=500)
    }
    summaries = {
        row["subscription_id"]: row
        for row in client.rows(f"{SUBSCRIPTIONS}/summary", accession_date=0, max_results=500)
    }
    sales = client.rows(
        "/payments/api/v1/sales/history",
        start_date=NOW_MS - 2_000 * DAY_MS,
        end_date=client.simulator.world.now_ms,
        transaction_status=SALE_STATUSES,
        max_results=500,
    )
    sale_of = {row["purchase"]["transaction"]: row["purchase"] for row in sales}
    kinds, current = set(), set()
    for row in client.rows(f"{SUBSCRIPTIONS}/transactions", transaction_date=0, max_results=500):
        recurrency, purchase = row["recurrency"], row["purchase"]
        subscription, summary = subscriptions[row["subscription_id"]], summaries[row["subscription_id"]]
        sale = sale_of[purchase["transaction"]]
        kind, number = recurrency["transaction_type"], recurrency["number"]
        kinds.add(kind)
        assert row["status"] == subscription["status"] == summary["status"]
        assert row.get("cancellation_date") == subscription.get("end_accession_date")
        assert row["has_unpaid_recurrency"] == ("unpaid_recurrencies" in summary)
        assert row["last_recurrency_number"] == summary["last_recurrency"]["number"] >= number
        assert row["is_paid_negotiation"] == ("number_list" in recurrency) == (kind == "NEGOTIATION")
        assert row["is_paid_anticipation"] <= (kind == "ANTICIPATION")
        assert ("coupon_code" in row["plan"]) <= (kind == "ANTICIPATION")
        assert recurrency["has_retry"] == ("scheduled_retry" in recurrency)
        assert recurrency["has_retry"] <= (row["status"] == "DELAYED" and row["has_unpaid_recurrency"])
        assert (number, purchase["order_date"]) == (sale["recurrency_number"], sale["order_date"])
        assert purchase.get("approved_date") == sale.get("approved_date")
        assert purchase["price"]["total_value"] == sale["price"]["value"]
        assert row["plan"]["offer"]["key"] == sale["offer"]["code"]
        unpaid = [each["number"] for each in summary.get("unpaid_recurrencies", ())]
        assert recurrency["status"] == "NOT_PAID" or number not in unpaid
        if recurrency["is_current_purchase"]:
            current.add(row["subscription_id"])
            assert purchase["transaction"] == subscription["transaction"]
    assert kinds == {"AUTOMATIC", "NEGOTIATION", "ANTICIPATION", "RECURRING"}
    assert {key for key, row in subscriptions.items() if row["transaction"] in sale_of} == current
    for key, row in subscriptions.items():
        assert (row["trial"], row["accession_date"]) == (summaries[key]["trial"], summaries[key]["accession_date"])


@pytest.mark.parametrize("seed", sample(range(3), 3))
def test_a_delayed_list_equals_the_list_of_that_time(seed: int) -> None:
    world = small_world(seed)
    kept: list[tuple[int, list[Any]]] = []

    def lists() -> list[Any]:
        return [list(expected.subscription_summary(world)), list(expected.subscription_transactions(world))]

    for step, _ in zip(count(), live(world, Random(seed)), strict=False):
        world.switches = USUAL
        kept.append((world.now_ms, lists()))
        for then_ms, answer in kept[-4:]:
            hours = (world.now_ms - then_ms) // HOUR_MS
            world.switches = replace(USUAL, summary_delay_hours=hours, transactions_delay_hours=hours)
            assert lists() == answer
        if step == 20:
            break
    assert kept[0][1] != kept[-1][1]


def test_a_delayed_initial_list_follows_from_its_dates() -> None:
    world = World(seed=2, now_ms=NOW_MS)
    now = {row.identity: row.record for row in expected.subscription_transactions(world)}
    world.switches = replace(USUAL, transactions_delay_hours=24 * 20)
    then = {row.identity: row.record for row in expected.subscription_transactions(world)}
    seen_ms = NOW_MS - 20 * DAY_MS

    assert {key for key, row in now.items() if row["purchase"]["order_date"] <= seen_ms} == set(then)
    assert all(row["last_update"] <= seen_ms for row in then.values())
    changed = [key for key in then if now[key]["last_update"] > seen_ms]
    earlier = {(then[key]["purchase"]["status"], now[key]["purchase"]["status"]) for key in changed}
    assert ("APPROVED", "COMPLETE") in earlier
    assert not {("COMPLETE", "APPROVED"), ("REFUNDED", "COMPLETE")} & earlier
    assert any("cancellation_date" in now[key] and "cancellation_date" not in then[key] for key in then)
