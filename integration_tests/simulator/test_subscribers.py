"""The simulator's summaries and purchases of subscriptions (hotmart-api.md 4.7 and 4.9)."""

from collections import Counter
from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
SUMMARY = "/payments/api/v1/subscriptions/summary"


def purchases_path(code: str) -> str:
    return f"/payments/api/v1/subscriptions/{code}/purchases"


@pytest.fixture(name="moving")
def moving_world() -> World:
    """An account of the test's own, which it can change."""
    return World(seed=5, sales=600, subscriptions=100, students=0, products=12, now_ms=NOW_MS)


def test_all_summaries_are_listed_by_ascending_accession_date(simulator: Simulator, client: Client) -> None:
    rows = client.rows(SUMMARY, accession_date=0, max_results=50)

    assert {row["subscriber_code"]: row for row in rows} == keyed(simulator.world, "subscription_summary")
    assert [row["accession_date"] for row in rows] == sorted(row["accession_date"] for row in rows)


def test_without_accession_date_summaries_of_thirty_days_are_listed(simulator: Simulator, client: Client) -> None:
    rows = client.rows(SUMMARY, max_results=500)

    assert {row["subscriber_code"]: row for row in rows} == keyed(
        simulator.world, "subscription_summary", start_ms=NOW_MS - 30 * DAY_MS
    )
    assert 0 < len(rows) < 20


def test_filters_of_summaries_return_matching_rows(simulator: Simulator, client: Client) -> None:
    everything = client.rows(SUMMARY, accession_date=0, max_results=500)
    row = everything[40]
    until = client.rows(SUMMARY, accession_date=0, end_accession_date=row["accession_date"], max_results=500)

    assert until == everything[:41]
    assert client.rows(SUMMARY, accession_date=0, subscriber_code=row["subscriber_code"]) == [row]
    of_product = client.rows(SUMMARY, accession_date=0, product_id=row["product"]["id"], max_results=500)
    assert of_product == [each for each in everything if each["product"] == row["product"]]
    due = client.rows(SUMMARY, accession_date=0, date_next_charge=NOW_MS, max_results=500)
    assert due == [each for each in everything if each.get("date_next_charge", 0) >= NOW_MS]


def test_the_lifetime_ends_today_or_at_the_cancellation(world: World) -> None:
    for row in keyed(world, "subscription_summary").values():
        begun_ms, status = row["accession_date"], row["status"]
        if status in ("ACTIVE", "DELAYED"):
            assert row["lifetime"] == (NOW_MS - begun_ms) // DAY_MS
        elif status in ("INACTIVE", "STARTED"):
            assert row["lifetime"] == 0
        elif status == "OVERDUE":
            assert row["lifetime"] <= (NOW_MS - begun_ms) // DAY_MS
        else:
            assert row["lifetime"] == (row["end_accession_date"] - begun_ms) // DAY_MS


def test_a_summary_matches_the_subscription_and_its_sales(world: World) -> None:
    subscriptions, sales = keyed(world, "subscriptions"), keyed(world, "sales_history")
    purchases: dict[str, list[dict[str, Any]]] = {code: [] for code in subscriptions}
    for (code, _), row in keyed(world, "subscription_purchases").items():
        purchases[code].append(row)
    unpaid = 0
    for code, row in keyed(world, "subscription_summary").items():
        same = ("status", "accession_date", "end_accession_date", "trial", "subscription_id")
        assert all(row.get(name) == subscriptions[code].get(name) for name in same)
        # 5.6: the same day, at noon in subscriptions and at its last second in the summary.
        noon_ms = subscriptions[code].get("date_next_charge")
        assert row.get("date_next_charge") == (None if noon_ms is None else noon_ms + 12 * HOUR_MS - 1_000)
        last = row["last_recurrency"]
        attempts = [each for each in purchases[code] if each["recurrency_number"] == last["number"]]
        assert attempts[-1]["transaction"] == subscriptions[code]["transaction"]
        assert last["transaction_number"] == len(attempts)
        assert last["request_date"] == sales[attempts[-1]["transaction"]]["purchase"]["order_date"]
        for each in row.get("unpaid_recurrencies", ()):
            unpaid += 1
            missed = [one for one in purchases[code] if one["recurrency_number"] == each["number"]]
            assert missed
            assert not any("approved_date" in one for one in missed)
    assert unpaid


def test_summaries_can_be_a_day_behind(moving: World) -> None:
    before = keyed(moving, "subscription_summary")
    moving.advance(20 * HOUR_MS)
    cancelled = moving.cancel_subscriptions(3)
    begun = moving.add_subscriptions(2)
    sold = moving.add_sales(30)
    with Simulator(moving, Switches(summary_delay_hours=20)) as simulator, Client(simulator) as client:
        late = {row["subscriber_code"]: row for row in client.rows(SUMMARY, accession_date=0, max_results=500)}
        simulator.switches = Switches()
        fresh = {row["subscriber_code"]: row for row in client.rows(SUMMARY, accession_date=0, max_results=500)}

    assert (len(cancelled), len(begun), len(sold)) == (3, 2, 30)
    assert late == before
    assert fresh == keyed(moving, "subscription_summary")
    assert {code for code in fresh if fresh[code]["status"] != late.get(code, fresh[code])["status"]} == set(cancelled)
    assert set(fresh) - set(late) == set(begun)


def test_purchases_are_an_array_of_the_sales_of_a_subscription(simulator: Simulator, client: Client) -> None:
    world = simulator.world
    sales, truth = keyed(world, "sales_history"), keyed(world, "subscription_purchases")
    found: dict[tuple[str, str], Any] = {}
    for code in keyed(world, "subscriptions"):
        answer = client.get(purchases_path(code)).json()
        assert isinstance(answer, list)
        assert [row["recurrency_number"] for row in answer] == sorted(row["recurrency_number"] for row in answer)
        found |= {(code, row["transaction"]): row for row in answer}

    assert found == truth
    assert {key[1] for key in truth} == {key for key, raw in sales.items() if raw["purchase"]["is_subscription"]}
    for (_, transaction), row in truth.items():
        sale = sales[transaction]["purchase"]
        assert (row["status"], row["price"]) == (sale["status"], sale["price"])
        assert row.get("approved_date") == sale.get("approved_date")
        assert row["recurrency_number"] == sale["recurrency_number"]


def test_a_recurrence_can_have_several_payment_attempts() -> None:
    rows = keyed(World(seed=2, now_ms=NOW_MS), "subscription_purchases")
    attempts = Counter((code, row["recurrency_number"]) for (code, _), row in rows.items())
    overdue = [row for row in rows.values() if row["status"] == "OVERDUE"]

    assert max(attempts.values()) >= 3
    assert overdue
    assert not any("approved_date" in row for row in overdue)


def test_purchases_have_their_own_payment_method_names() -> None:
    rows = list(raw_rows(World(seed=2, now_ms=NOW_MS), "subscription_purchases"))
    methods, types = {row["payment_method"] for row in rows}, {row["payment_type"] for row in rows}

    assert {"VISA_CREDIT_CARD", "MASTERCARD_CREDIT_CARD", "PIX", "BILLET", "HOTMART"} <= methods
    assert not any(method.startswith("CREDIT_CARD") for method in methods)
    assert {"HOTMART_BALANCE", "CREDIT_CARD", "PIX"} <= types
    assert "WALLET" not in types


def test_a_purchase_follows_its_sale_and_its_warranty_ends(moving: World) -> None:
    code = moving.add_subscriptions(1)[0]
    transaction = keyed(moving, "subscriptions")[code]["transaction"]
    with Simulator(moving) as simulator, Client(simulator) as client:
        bought = client.get(purchases_path(code)).json()
        moving.advance(40 * DAY_MS)
        old = client.get(purchases_path(code)).json()
        moving.set_status(transaction, "REFUNDED")
        refunded = client.get(purchases_path(code)).json()

    assert [(row["transaction"], row["status"]) for row in bought] == [(transaction, "APPROVED")]
    assert [row["under_warranty"] for row in (*bought, *old, *refunded)] == [True, False, False]
    assert [row["status"] for row in refunded] == ["REFUNDED"]


@pytest.mark.parametrize("code", ["ABCDEFGH", "00000000", "x", "12345678901"])
def test_an_unknown_subscriber_is_not_found(client: Client, code: str) -> None:
    answer = client.get(purchases_path(code))

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_subscription_without_sales_has_no_purchases() -> None:
    world = World(sales=0, subscriptions=3, now_ms=NOW_MS)
    with Simulator(world) as simulator, Client(simulator) as client:
        answers = [client.get(purchases_path(code)).json() for code in keyed(world, "subscriptions")]

    assert answers == [[], [], []]
    assert {row["last_recurrency"]["number"] for row in raw_rows(world, "subscription_summary")} == {1}
