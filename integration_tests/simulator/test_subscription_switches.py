"""Each side of the open questions about subscriptions changes the responses (hotmart-api.md 4.6 to 4.9, 8)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from integration_tests.simulator.test_subscription_account import NOW_MS, SUBSCRIPTIONS, Account, Record, account

__all__ = ["account"]  # a fixture

SUMMARY = f"{SUBSCRIPTIONS}/summary"
TRANSACTIONS = f"{SUBSCRIPTIONS}/transactions"


def switch(client: Client, **sides: Any) -> None:
    client.simulator.switches = replace(client.simulator.switches, **sides)


def all_subscriptions(client: Client, **query: Any) -> list[Record]:
    return client.rows(SUBSCRIPTIONS, accession_date=0, max_results=500, **query)


def all_charges(client: Client, **query: Any) -> list[Record]:
    return client.rows(TRANSACTIONS, transaction_date=0, end_transaction_date=2 * NOW_MS, max_results=500, **query)


def test_the_request_date_is_the_creation_or_last_charge_date(account: Account) -> None:
    client, code = account.client, account.new()
    account.only(code)
    account.world.advance(30 * DAY_MS)
    account.move("renewals", 9)
    created = account.subscription(code)
    switch(client, request_date="last_charge")
    moved = account.subscription(code)

    assert 1_000 <= created["accession_date"] - created["request_date"] <= 4_000
    assert moved["request_date"] == account.charges(code)[-1]["purchase"]["order_date"] == NOW_MS + 30 * DAY_MS
    assert {name for name in moved if moved[name] != created[name]} == {"request_date"}


def test_a_default_next_charge_filter_lists_only_future_charges(account: Account) -> None:
    everything = all_subscriptions(account.client)
    switch(account.client, next_charge_default="from_now")
    default = all_subscriptions(account.client)

    assert default == [row for row in everything if row.get("date_next_charge", 0) >= NOW_MS]
    assert 0 < len(default) < len(everything)
    dated = all_subscriptions(account.client, date_next_charge=0, end_date_next_charge=2 * NOW_MS)
    assert dated == [row for row in everything if "date_next_charge" in row]


def test_a_default_cancellation_filter_lists_30_days(account: Account) -> None:
    account.move("cancellations", 2)
    account.world.advance(30 * DAY_MS)
    everything = all_subscriptions(account.client)
    switch(account.client, cancellation_default="last_30_days")
    default = all_subscriptions(account.client)
    recent_ms = account.world.now_ms - 30 * DAY_MS

    assert default == [row for row in everything if row.get("end_accession_date", recent_ms) >= recent_ms]
    assert sum("end_accession_date" in row for row in default) >= 2
    assert len(default) < len(everything)
    old = all_subscriptions(account.client, cancelation_date=0)
    assert old == [row for row in everything if "end_accession_date" in row]


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        (SUBSCRIPTIONS, "accession_date", "end_accession_date"),
        (SUMMARY, "accession_date", "end_accession_date"),
        (TRANSACTIONS, "transaction_date", "end_transaction_date"),
    ],
)
def test_a_date_range_that_is_too_long_can_be_rejected(account: Account, path: str, start: str, end: str) -> None:
    long = {start: NOW_MS - 731 * DAY_MS, end: NOW_MS}
    assert account.client.get(path, **long).status_code == 200
    switch(account.client, max_subscription_window_days=730)

    answer = account.client.get(path, **long)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter")
    assert account.client.get(path, **{**long, end: NOW_MS - DAY_MS}).status_code == 200


def test_a_product_without_subscriptions_can_return_an_empty_list(account: Account) -> None:
    one_off = next(product for product in account.world.products.own if not product.is_subscription)
    assert account.client.get(SUBSCRIPTIONS, accession_date=0, product_id=one_off.id).status_code == 404
    switch(account.client, product_without_subscriptions="empty")

    answer = account.client.get(SUBSCRIPTIONS, accession_date=0, product_id=one_off.id)
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_two_subscriptions_of_one_subscriber_can_share_a_code(account: Account) -> None:
    own = all_subscriptions(account.client)
    purchases = {row["subscriber_code"]: account.purchases(row["subscriber_code"]) for row in own}
    switch(account.client, subscriber_codes="shared")
    shared = all_subscriptions(account.client)
    summaries = account.client.rows(SUMMARY, accession_date=0, max_results=500)
    counts = Counter(row["subscriber_code"] for row in shared)

    assert max(Counter(row["subscriber_code"] for row in own).values()) == 1
    assert set(counts.values()) == {1, 2}
    assert Counter(row["subscriber_code"] for row in summaries) == counts
    assert Counter(row["subscriber_code"] for row in all_charges(account.client)).keys() <= counts.keys()
    code_of = {row["subscription_id"]: row["subscriber_code"] for row in own}
    for code in (code for code, count in counts.items() if count == 2):
        both = [row for row in shared if row["subscriber_code"] == code]
        assert len({row["subscriber"]["email"] for row in both}) == 1
        codes = [code_of[row["subscription_id"]] for row in both]
        together = account.purchases(code)
        assert {row["transaction"] for row in together} == {r["transaction"] for c in codes for r in purchases[c]}
        numbers = [row["recurrency_number"] for row in together]
        assert numbers == sorted(numbers)
        (other,) = set(codes) - {code}
        assert account.client.get(f"{SUBSCRIPTIONS}/{other}/purchases").status_code == 404
        assert len(account.client.rows(SUMMARY, accession_date=0, subscriber_code=code)) == 2


DATES: dict[str, Callable[[Record], int | None]] = {
    "last_update": lambda row: row["last_update"],
    "order_date": lambda row: row["purchase"]["order_date"],
    "approved_date": lambda row: row["purchase"].get("approved_date"),
    "adoption_date": lambda row: row["adoption_date"],
    "recurrency_start": lambda row: row["recurrency"]["start_datetime"],
    "cancellation_date": lambda row: row.get("cancellation_date"),
}


@pytest.mark.parametrize("side", DATES)
def test_the_date_range_of_charges_filters_one_of_six_dates(account: Account, side: str) -> None:
    everything = all_charges(account.client)
    switch(account.client, transaction_date_filters=side)
    found, others = 0, set(DATES) - {side}
    # Just after some of the orders, so that an approval seconds later is on the other side.
    cuts = sorted(row["purchase"]["order_date"] + 1 for row in everything)[::7]
    for start_ms, end_ms in pairwise(cuts):
        query = {"transaction_date": start_ms, "end_transaction_date": end_ms, "max_results": 500}
        rows = account.client.rows(TRANSACTIONS, **query)

        def inside(row: Record, name: str, first_ms: int = start_ms, last_ms: int = end_ms) -> bool:
            date_ms = DATES[name](row)
            return first_ms <= (row["purchase"]["order_date"] if date_ms is None else date_ms) <= last_ms

        assert rows == [row for row in everything if inside(row, side)]
        found += len(rows)
        others -= {name for name in others if rows != [row for row in everything if inside(row, name)]}
    assert found
    assert not others, "each side differs from every other one"


def test_a_subscription_change_can_update_last_update_of_its_charges(account: Account) -> None:
    code = account.new()
    account.only(code)
    account.world.advance(30 * DAY_MS)
    account.move("renewals", 9)
    account.world.advance(DAY_MS)
    account.move("cancellations", 9)
    before = account.charges(code)
    switch(account.client, last_update="subscription_too")
    after = account.charges(code)

    assert [row["last_update"] for row in before] == [NOW_MS, NOW_MS + 30 * DAY_MS]
    assert [row["last_update"] for row in after] == [NOW_MS + 31 * DAY_MS] * 2
    assert [{**row, "last_update": 0} for row in after] == [{**row, "last_update": 0} for row in before]
    recent = account.client.rows(TRANSACTIONS, transaction_date=account.world.now_ms - 1, subscriber_code=code)
    assert len(recent) == len(account.client.rows(TRANSACTIONS, transaction_date=0, subscriber_code=code)) >= 2


def test_a_negotiation_can_have_a_row_for_each_recurrence(account: Account) -> None:
    single = all_charges(account.client)
    (settled,) = {row["purchase"]["transaction"] for row in single if "number_list" in row["recurrency"]}
    code = next(row["subscriber_code"] for row in single if row["purchase"]["transaction"] == settled)
    bought = account.purchases(code)
    switch(account.client, negotiated_recurrences="row_each")
    several = all_charges(account.client)

    def of(rows: list[Record]) -> list[Record]:
        return [row for row in rows if row["purchase"]["transaction"] == settled]

    (row,) = [row for row in of(single) if row["purchase"]["commission"]["conversion_rate"] == 1]
    numbers = [int(number) for number in row["recurrency"]["number_list"].split(", ")]
    for currency in {row["purchase"]["commission"]["currency"] for row in of(single)}:
        same = [row for row in of(several) if row["purchase"]["commission"]["currency"] == currency]
        assert [row["recurrency"]["number"] for row in same] == numbers
    assert len(several) - len(single) == len(of(single))
    assert [row for row in several if row not in of(several)] == [row for row in single if row not in of(single)]
    more = [row["recurrency_number"] for row in account.purchases(code) if row["transaction"] == settled]
    assert more == numbers
    assert len(account.purchases(code)) == len(bought) + len(numbers) - 1


def test_a_switch_removes_the_default_date_range_of_the_summary(account: Account) -> None:
    everything = account.client.rows(SUMMARY, accession_date=0, max_results=500)
    recent = account.client.rows(SUMMARY, max_results=500)
    switch(account.client, summary_default_window="none")

    assert account.client.rows(SUMMARY, max_results=500) == everything
    assert len(recent) < len(everything)


def test_the_summary_can_lack_the_next_charge(account: Account) -> None:
    before = account.client.rows(SUMMARY, accession_date=0, max_results=500)
    switch(account.client, summary_next_charge="absent")
    after = account.client.rows(SUMMARY, accession_date=0, max_results=500)

    assert any("date_next_charge" in row for row in before)
    assert after == [{name: row[name] for name in row if name != "date_next_charge"} for row in before]


def test_the_summary_can_reject_alphanumeric_codes(account: Account) -> None:
    code = next(
        row["subscriber_code"] for row in all_subscriptions(account.client) if not row["subscriber_code"].isdigit()
    )
    assert account.summary(code)
    switch(account.client, summary_code_filter="integer")

    answer = account.client.get(SUMMARY, accession_date=0, subscriber_code=code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_value_parameter")
    assert account.client.rows(SUMMARY, accession_date=0, subscriber_code="12345678") == []
    assert account.client.rows(SUMMARY, accession_date=0)


def test_a_switch_removes_the_undocumented_transaction_type(account: Account) -> None:
    before = Counter(row["recurrency"]["transaction_type"] for row in all_charges(account.client))
    switch(account.client, transaction_types="documented")
    after = Counter(row["recurrency"]["transaction_type"] for row in all_charges(account.client))

    assert set(before) == {"AUTOMATIC", "NEGOTIATION", "ANTICIPATION", "RECURRING"}
    assert after == before - Counter(RECURRING=before["RECURRING"]) + Counter(AUTOMATIC=before["RECURRING"])


def test_a_switch_renames_the_payment_delay_field(account: Account) -> None:
    before = all_charges(account.client)
    switch(account.client, payment_delay_key="payment_delay_days")
    after = all_charges(account.client)

    assert [row["recurrency"]["payment_delays_days"] for row in before] == [
        row["recurrency"]["payment_delay_days"] for row in after
    ]
    assert not any("payment_delays_days" in row["recurrency"] for row in after)


def test_purchases_can_have_the_documented_flag(account: Account) -> None:
    code = account.new()
    assert all("purchase_subscription" not in row for row in account.purchases(code))
    switch(account.client, purchase_subscription="present")

    assert [row["purchase_subscription"] for row in account.purchases(code)] == [True]


def test_charges_can_be_a_day_behind(account: Account) -> None:
    code = account.new()
    account.only(code)
    account.world.advance(30 * DAY_MS)
    before = all_charges(account.client, subscriber_code=code)
    account.move("renewals", 9)
    account.world.set_status(before[0]["purchase"]["transaction"], "REFUNDED")
    account.move("rests", 9)
    account.world.advance(DAY_MS - 1)
    fresh = all_charges(account.client, subscriber_code=code)
    switch(account.client, transactions_delay_hours=24)
    late = all_charges(account.client, subscriber_code=code)
    account.world.advance(1)

    assert late == before
    assert [row["purchase"]["status"] for row in before] != [row["purchase"]["status"] for row in fresh]
    assert len(fresh) > len(late)
    assert all_charges(account.client, subscriber_code=code) == fresh
