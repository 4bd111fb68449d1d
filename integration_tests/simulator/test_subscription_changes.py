"""Settlements, changes and ends of subscriptions at the four endpoints (hotmart-api.md 4.6 to 4.9, 6.1)."""

from dataclasses import replace

import pytest

from hotmart_simulator import World
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS
from integration_tests.simulator.test_subscription_account import NOW_MS, Account, account, delayed

__all__ = ["account"]  # a fixture


def test_a_negotiation_settles_several_recurrences_with_one_payment(account: Account) -> None:
    code = delayed(account)
    account.world.advance(31 * DAY_MS)
    account.move("due_charges", 99)
    unpaid = [each["number"] for each in account.summary(code)["unpaid_recurrencies"]]
    before = len(account.charges(code))

    assert unpaid == [2, 3]
    assert account.move("recoveries") == []
    assert account.move("negotiations") == [code]
    *_, paid = charges = account.charges(code)
    assert len(charges) == before + 1
    assert paid["recurrency"]["number_list"] == "2, 3"
    assert (paid["recurrency"]["number"], paid["recurrency"]["transaction_type"]) == (3, "NEGOTIATION")
    assert [row["is_paid_negotiation"] for row in charges] == [False] * before + [True]
    assert [row["has_unpaid_recurrency"] for row in charges] == [False] * (before + 1)
    assert "unpaid_recurrencies" not in account.summary(code)
    assert account.subscription(code)["status"] == "ACTIVE"


def test_a_negotiation_of_one_recurrence_also_settles_the_next(account: Account) -> None:
    code = delayed(account)
    due_ms = account.subscription(code)["date_next_charge"]

    assert account.move("negotiations") == [code]
    assert account.charges(code)[-1]["recurrency"]["number_list"] == "2, 3"
    assert account.subscription(code)["date_next_charge"] == due_ms + 30 * DAY_MS
    account.world.advance(31 * DAY_MS)
    assert account.world.subscription_moves.age() == []


def test_an_anticipation_pays_the_next_recurrence_before_it_is_due(account: Account) -> None:
    codes = [account.new() for _ in range(3)]
    account.only(codes[0])
    before = account.subscription(codes[0])

    assert account.move("anticipations", 9) == [codes[0]]
    first, second = account.charges(codes[0])
    assert (second["recurrency"]["number"], second["recurrency"]["transaction_type"]) == (2, "ANTICIPATION")
    assert (first["is_paid_anticipation"], second["is_paid_anticipation"]) == (False, True)
    assert account.subscription(codes[0])["date_next_charge"] == before["date_next_charge"] + 30 * DAY_MS
    assert account.sale(second["purchase"]["transaction"])["recurrency_number"] == 2


def test_a_subscription_can_stay_overdue_after_a_paid_boleto(account: Account) -> None:
    code = delayed(account)
    account.set_status(code, "OVERDUE")

    assert account.summary(code)["unpaid_recurrencies"]
    account.only(code)
    assert account.move("overdue_payments", 9) == [code]
    assert account.subscription(code)["status"] == "OVERDUE"
    assert "unpaid_recurrencies" not in account.summary(code)
    assert [row["status"] for row in account.purchases(code)] == ["APPROVED", "OVERDUE", "APPROVED"]
    assert account.move("overdue_payments", 9) == []


def test_a_paid_boleto_of_a_started_subscription_is_approved(account: Account) -> None:
    code = account.new()
    account.only(code)
    transaction = account.charges(code)[0]["purchase"]["transaction"]
    account.world.set_status(transaction, "PRINTED_BILLET")
    account.set_status(code, "STARTED")
    assert account.summary(code)["unpaid_recurrencies"] == [{"number": 1, "charge_date": NOW_MS}]
    account.world.advance(2 * DAY_MS)

    assert account.move("overdue_payments") == [code]
    (row,) = account.purchases(code)
    assert (row["transaction"], row["status"], row["approved_date"]) == (transaction, "APPROVED", NOW_MS + 2 * DAY_MS)
    assert account.charges(code)[0]["recurrency"]["payment_delays_days"] == 2
    assert account.subscription(code)["status"] == "STARTED"


@pytest.mark.parametrize(
    ("move", "status"),
    [
        ("cancellations", "CANCELLED_BY_CUSTOMER"),
        ("seller_cancellations", "CANCELLED_BY_SELLER"),
        ("admin_cancellations", "CANCELLED_BY_ADMIN"),
    ],
)
def test_customers_sellers_and_admins_cancel_subscriptions(account: Account, move: str, status: str) -> None:
    code = account.new()
    account.only(code)
    due_ms = account.subscription(code)["date_next_charge"]
    account.world.advance(5 * DAY_MS)

    assert account.move(move, 9) == [code]
    row, summary = account.subscription(code), account.summary(code)
    assert (row["status"], row["end_accession_date"]) == (status, NOW_MS + 5 * DAY_MS)
    assert row["date_next_charge"] == due_ms, "the last day of access (5.6)"
    account.world.advance(90 * DAY_MS)
    assert account.summary(code)["lifetime"] == summary["lifetime"] == 5
    assert account.world.subscription_moves.age() == []
    assert account.charges(code)[0]["cancellation_date"] == row["end_accession_date"]


def test_the_fifth_unpaid_recurrence_cancels_a_subscription(account: Account) -> None:
    code = delayed(account)
    failed_ms = account.charges(code)[-1]["purchase"]["order_date"]
    account.world.advance(120 * DAY_MS - 1)

    assert account.move("expiries") == []
    account.world.advance(1)
    assert account.move("expiries") == [code]
    row = account.subscription(code)
    assert (row["status"], row["end_accession_date"]) == ("CANCELLED_BY_ADMIN", failed_ms + 120 * DAY_MS)
    assert [each["number"] for each in account.summary(code)["unpaid_recurrencies"]] == [2, 3, 4, 5, 6]


def test_a_subscription_in_arrears_is_cancelled_over_time(account: Account) -> None:
    code = delayed(account)
    account.world.advance(400 * DAY_MS)
    account.world.subscription_moves.age()

    assert account.subscription(code)["status"] == "CANCELLED_BY_ADMIN"
    assert [row["recurrency_number"] for row in account.purchases(code)] == [1, 2, 3, 4, 5, 6]


def test_a_reactivation_after_the_paid_period_charges_at_once(account: Account) -> None:
    code = account.new()
    account.only(code)
    begun = account.subscription(code)
    account.move("cancellations", 9)
    account.world.advance(100 * DAY_MS)
    while account.subscription(code)["status"] != "ACTIVE":
        assert account.move("reactivations")
    row, charges = account.subscription(code), account.charges(code)

    assert "end_accession_date" not in row
    assert {row[name] - begun[name] for name in ("accession_date", "request_date")} == {0}
    assert [each["recurrency"]["number"] for each in charges] == [1, 2]
    assert charges[1]["purchase"]["order_date"] == NOW_MS + 100 * DAY_MS
    assert row["date_next_charge"] == NOW_MS + 130 * DAY_MS
    account.only(code)
    account.world.advance(30 * DAY_MS)
    assert account.move("renewals", 9) == [code]
    assert account.charges(code)[-1]["recurrency"]["number"] == 3


def test_a_reactivation_within_the_paid_period_charges_nothing(account: Account) -> None:
    code = account.new()
    account.only(code)
    due_ms = account.subscription(code)["date_next_charge"]
    account.move("cancellations", 9)
    account.world.advance(HOUR_MS)
    while account.subscription(code)["status"] != "ACTIVE":
        assert account.move("reactivations")

    assert len(account.charges(code)) == 1
    assert account.subscription(code)["date_next_charge"] == due_ms


def test_a_switch_changes_the_accession_date_on_reactivation(account: Account) -> None:
    simulator = account.client.simulator
    simulator.switches = replace(simulator.switches, reactivation="new_accession")
    code = account.new()
    begun = account.subscription(code)
    account.only(code)
    account.move("cancellations", 9)
    account.world.advance(100 * DAY_MS)
    while account.subscription(code)["status"] != "ACTIVE":
        assert account.move("reactivations")
    row = account.subscription(code)

    assert (row["accession_date"], row["request_date"]) == (NOW_MS + 100 * DAY_MS, begun["request_date"])
    assert {each["adoption_date"] for each in account.charges(code)} == {row["accession_date"]}
    recent = account.client.rows("/payments/api/v1/subscriptions")
    assert code in {each["subscriber_code"] for each in recent}
    old = account.client.rows("/payments/api/v1/subscriptions", accession_date=0, end_accession_date=NOW_MS)
    assert code not in {each["subscriber_code"] for each in old}


def test_a_plan_switch_keeps_the_price_of_earlier_charges(account: Account) -> None:
    code = account.new()
    account.only(code)
    before = account.subscription(code)

    assert account.move("plan_switches", 9) == [code]
    after = account.subscription(code)
    assert {after[name] == before[name] for name in ("plan", "price")} == {False}
    assert after["date_next_charge"] == before["date_next_charge"]
    account.world.advance(30 * DAY_MS)
    assert account.move("renewals", 9) == [code]
    first, second = account.charges(code)
    assert [row["plan"]["name"] for row in (first, second)] == [before["plan"]["name"], after["plan"]["name"]]
    assert [row["purchase"]["price"]["value"] for row in (first, second)] == [
        row["price"]["value"] for row in (before, after)
    ]
    for charge in (first, second):
        sale = account.sale(charge["purchase"]["transaction"])
        assert sale["offer"]["code"] == charge["plan"]["offer"]["key"]
        assert sale["price"]["value"] == charge["purchase"]["price"]["total_value"]
    period_ms = after["plan"]["recurrency_period"] * DAY_MS
    assert account.subscription(code)["date_next_charge"] == before["date_next_charge"] + period_ms


def test_an_inactive_subscription_is_charged_only_by_a_switch(account: Account) -> None:
    simulator = account.client.simulator
    code = account.new()
    account.only(code)
    assert account.move("rests", 9) == [code]
    account.world.advance(40 * DAY_MS)

    assert account.world.subscription_moves.age() == account.move("renewals", 9) == []
    assert (account.subscription(code)["status"], account.summary(code)["lifetime"]) == ("INACTIVE", 0)
    simulator.switches = replace(simulator.switches, inactive="is_charged")
    assert account.world.subscription_moves.age() == [code]
    assert len(account.charges(code)) == 2
    assert account.subscription(code)["status"] == "INACTIVE"


def test_a_change_without_candidates_does_nothing() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=4, now_ms=NOW_MS)
    moves = world.subscription_moves.named()

    assert len(moves) == 19
    begin = ("subscriptions", "trials", "subscription_imports")
    assert {name: list(move(5)) for name, move in moves.items() if name not in begin} == {
        name: [] for name in moves if name not in begin
    }
