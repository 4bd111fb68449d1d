"""The simulator's subscriptions and their charges (hotmart-api.md 4.6 and 4.8)."""

from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"


def transactions(rows: list[dict[str, Any]]) -> list[str]:
    return [row["purchase"]["transaction"] for row in rows]


def test_without_accession_date_only_thirty_days_are_listed(simulator: Simulator, client: Client) -> None:
    rows = client.rows(SUBSCRIPTIONS, max_results=500)
    everything = client.rows(SUBSCRIPTIONS, max_results=500, accession_date=0)

    assert rows
    assert all(row["accession_date"] >= NOW_MS - 30 * DAY_MS for row in rows)
    assert {row["subscriber_code"]: row for row in everything} == keyed(simulator.world, "subscriptions")


def test_end_accession_date_filters_by_accession_or_cancellation(simulator: Simulator, client: Client) -> None:
    middle_ms = NOW_MS - 400 * DAY_MS
    everything = client.rows(SUBSCRIPTIONS, accession_date=0, max_results=500)
    by_accession = client.rows(SUBSCRIPTIONS, accession_date=0, end_accession_date=middle_ms, max_results=500)
    simulator.switches = Switches(end_accession_filters="cancellation")
    by_end = client.rows(SUBSCRIPTIONS, accession_date=0, end_accession_date=middle_ms, max_results=500)

    assert by_accession == [row for row in everything if row["accession_date"] <= middle_ms]
    assert by_end == [row for row in everything if row.get("end_accession_date", NOW_MS) <= middle_ms]
    assert by_accession
    assert by_end


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("product_id", ("product", "id")),
        ("plan", ("plan", "name")),
        ("plan_id", ("plan", "id")),
        ("status", ("status",)),
        ("subscriber_code", ("subscriber_code",)),
        ("transaction", ("transaction",)),
        ("subscriber_email", ("subscriber", "email")),
    ],
)
def test_filters_of_subscriptions_return_matching_rows(client: Client, name: str, field: tuple[str, ...]) -> None:
    everything = client.rows(SUBSCRIPTIONS, accession_date=0, max_results=500)

    def value(row: Any) -> Any:
        for part in field:
            row = row[part]
        return row

    wanted = value(everything[3])
    kept = [row for row in everything if value(row) == wanted]
    assert client.rows(SUBSCRIPTIONS, accession_date=0, max_results=500, **{name: wanted}) == kept


def test_cancellation_and_next_charge_dates_filter_subscriptions(client: Client) -> None:
    everything = client.rows(SUBSCRIPTIONS, accession_date=0, max_results=500)
    year_ago = NOW_MS - 365 * DAY_MS
    cancelled = client.rows(SUBSCRIPTIONS, accession_date=0, cancelation_date=year_ago, max_results=500)
    due = client.rows(SUBSCRIPTIONS, accession_date=0, date_next_charge=year_ago, max_results=500)

    assert cancelled == [row for row in everything if row.get("end_accession_date", 0) >= year_ago]
    assert due == [row for row in everything if year_ago <= row.get("date_next_charge", 0) <= NOW_MS]
    assert cancelled
    assert due


def test_a_product_without_subscriptions_is_not_found(simulator: Simulator, client: Client) -> None:
    one_off = next(raw["id"] for raw in raw_rows(simulator.world, "products") if not raw["is_subscription"])

    assert client.get(SUBSCRIPTIONS, product_id=one_off).status_code == 404


def test_transactions_are_listed_by_ascending_adoption_date(simulator: Simulator, client: Client) -> None:
    rows = client.rows(TRANSACTIONS, transaction_date=0, max_results=500)
    listed = {(row["purchase"]["transaction"], row["purchase"]["commission"]["currency"]): row for row in rows}

    assert [row["adoption_date"] for row in rows] == sorted(row["adoption_date"] for row in rows)
    assert listed == keyed(simulator.world, "subscription_transactions")
    assert len(listed) == len(rows)


def test_some_charges_have_a_row_in_a_second_currency(simulator: Simulator, client: Client) -> None:
    rows = client.rows(TRANSACTIONS, transaction_date=0, max_results=500)
    simulator.switches = Switches(currency_rows="one")
    single = client.rows(TRANSACTIONS, transaction_date=0, max_results=500)

    assert len(set(transactions(rows))) == len(single) < len(rows)
    assert transactions(single) == list(dict.fromkeys(transactions(rows)))
    assert len(keyed(simulator.world, "subscription_transactions")) == len(single)


def test_transaction_date_filters_by_last_update_or_order_date(simulator: Simulator, client: Client) -> None:
    window = {"transaction_date": NOW_MS - 200 * DAY_MS, "end_transaction_date": NOW_MS - 100 * DAY_MS}

    def inside(at_ms: int) -> bool:
        return window["transaction_date"] <= at_ms <= window["end_transaction_date"]

    everything = client.rows(TRANSACTIONS, transaction_date=0, max_results=500)
    by_update = client.rows(TRANSACTIONS, **window, max_results=500)
    simulator.switches = Switches(transaction_date_filters="order_date")
    by_order = client.rows(TRANSACTIONS, **window, max_results=500)

    assert by_update == [row for row in everything if inside(row["last_update"])]
    assert by_order == [row for row in everything if inside(row["purchase"]["order_date"])]
    assert by_update != by_order


def test_without_dates_transactions_of_thirty_days_are_listed(client: Client) -> None:
    everything = client.rows(TRANSACTIONS, transaction_date=0, max_results=500)
    recent = client.rows(TRANSACTIONS, max_results=500)
    old = everything[0]["purchase"]["transaction"]

    assert recent == [row for row in everything if row["last_update"] >= NOW_MS - 30 * DAY_MS]
    assert client.rows(TRANSACTIONS, transaction=old) == [
        row for row in everything if row["purchase"]["transaction"] == old
    ]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("subscriber_code", ("subscriber_code",)),
        ("billing_type", ("billing_type",)),
        ("subscription_status", ("status",)),
        ("recurrency_status", ("recurrency", "status")),
        ("purchase_status", ("purchase", "status")),
        ("product_id", ("product", "id")),
        ("offer_code", ("plan", "offer", "key")),
        ("subscriber_email", ("subscriber", "email")),
    ],
)
def test_filters_of_transactions_return_matching_rows(client: Client, name: str, field: tuple[str, ...]) -> None:
    everything = client.rows(TRANSACTIONS, transaction_date=0, max_results=500)

    def value(row: Any) -> Any:
        for part in field:
            row = row[part]
        return row

    wanted = value(everything[5])
    kept = [row for row in everything if value(row) == wanted]
    assert client.rows(TRANSACTIONS, transaction_date=0, max_results=500, **{name: wanted}) == kept
    assert 0 < len(kept) < len(everything)
