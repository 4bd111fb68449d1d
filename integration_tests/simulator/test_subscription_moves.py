"""Starts and charges of subscriptions at the four endpoints (hotmart-api.md 4.6 to 4.9)."""

from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS
from integration_tests.simulator.test_subscription_account import NOW_MS, SUBSCRIPTIONS, Account, account, delayed

__all__ = ["account"]  # a fixture


def test_a_trial_is_first_charged_at_its_end(account: Account) -> None:
    codes = account.move("trials", 12)
    account.only(codes[0])
    begun = [account.subscription(code) for code in codes]
    trials = account.client.rows(SUBSCRIPTIONS, accession_date=0, trial="true", max_results=500)

    assert {row["subscriber_code"] for row in trials} == set(codes)
    assert all(row["trial"] for row in begun)
    noons = {row["date_next_charge"] for row in begun if "date_next_charge" in row}
    assert noons == {NOW_MS + 7 * DAY_MS}, "some that are STARTED have no date (5.6)"
    assert account.purchases(codes[0]) == account.charges(codes[0]) == []
    assert account.summary(codes[0])["trial"] is True
    account.world.advance(7 * DAY_MS - 1)
    assert account.move("trial_conversions", 99) == []
    account.world.advance(1)
    assert account.move("trial_conversions", 99) == codes[:1]
    (charge,) = account.charges(codes[0])
    assert charge["purchase"]["order_date"] == begun[0]["accession_date"] + 7 * DAY_MS
    assert charge["trial_info"] == {"trial": True, "trial_period": 7, "trial_end": charge["purchase"]["order_date"]}
    after = account.subscription(codes[0])
    assert (after["status"], after["trial"], after["transaction"]) == (
        "ACTIVE",
        False,
        charge["purchase"]["transaction"],
    )


def test_trials_are_started_or_active(account: Account) -> None:
    codes = account.move("trials", 20)

    assert {account.subscription(code)["status"] for code in codes} == {"STARTED", "ACTIVE"}
    assert {account.summary(code)["lifetime"] for code in codes} == {0}


def test_an_import_is_charged_from_its_next_due_date(account: Account) -> None:
    code = account.one("subscription_imports")
    row = account.subscription(code)

    assert NOW_MS - 900 * DAY_MS <= row["accession_date"] <= NOW_MS - 30 * DAY_MS
    assert (row["status"], account.purchases(code)) == ("ACTIVE", [])
    assert row["accession_date"] - 5_000 < row["request_date"] < row["accession_date"]
    period_ms = row["plan"]["recurrency_period"] * DAY_MS
    assert NOW_MS - DAY_MS < row["date_next_charge"] <= NOW_MS + period_ms
    account.world.advance(period_ms)
    account.move("due_charges", 999)
    first, *_ = account.charges(code)
    assert (first["purchase"]["order_date"] - row["accession_date"]) % period_ms == 0
    assert first["recurrency"]["number"] == (first["purchase"]["order_date"] - row["accession_date"]) // period_ms + 1


def test_a_renewal_charges_due_subscriptions_and_moves_the_next_charge(account: Account) -> None:
    code = account.new()
    account.only(code)
    before = account.subscription(code)

    assert account.move("renewals", 9) == []
    account.world.advance(30 * DAY_MS)
    assert account.move("renewals", 9) == [code]
    assert account.move("renewals", 9) == []
    after, charges = account.subscription(code), account.charges(code)
    assert [row["recurrency"]["number"] for row in charges] == [1, 2]
    assert [row["recurrency"]["is_current_purchase"] for row in charges] == [False, True]
    assert after["transaction"] == charges[1]["purchase"]["transaction"] != before["transaction"]
    assert after["date_next_charge"] - before["date_next_charge"] == 30 * DAY_MS
    assert after["request_date"] == before["request_date"]
    assert account.summary(code)["last_recurrency"]["request_date"] == charges[1]["purchase"]["order_date"]


def test_subscriptions_are_charged_every_period_on_time(account: Account) -> None:
    code = account.new()
    account.only(code)
    begun_ms = account.subscription(code)["accession_date"]
    account.world.advance(95 * DAY_MS)

    assert account.move("due_charges", 1) == [code]
    account.world.subscription_moves.age()
    orders = [row["purchase"]["order_date"] for row in account.charges(code)]
    assert orders == [begun_ms + periods * 30 * DAY_MS for periods in range(4)]
    assert account.world.subscription_moves.age() == []


def test_a_subscription_is_charged_at_most_max_cycles_times(account: Account) -> None:
    while True:
        code = account.new(monthly=False)
        if "max_charge_cycles" in (plan := account.subscription(code)["plan"]):
            break
    account.only(code)
    account.world.advance(20 * plan["recurrency_period"] * DAY_MS)
    account.world.subscription_moves.age()

    assert [row["recurrency_number"] for row in account.purchases(code)] == list(
        range(1, plan["max_charge_cycles"] + 1)
    )
    assert "date_next_charge" not in account.subscription(code)
    assert account.charges(code)[0]["max_cycles"] == plan["max_charge_cycles"]


def test_a_failed_charge_is_retried_daily_until_it_is_paid(account: Account) -> None:
    code = delayed(account)
    failed = account.charges(code)[-1]

    assert failed["purchase"]["status"] == "DELAYED"
    assert "approved_date" not in failed["purchase"]
    assert failed["has_unpaid_recurrency"] is True
    assert failed["recurrency"]["status"] == "NOT_PAID"
    assert failed["recurrency"]["scheduled_retry"] == failed["purchase"]["order_date"] + DAY_MS
    assert account.move("retries") == []
    for _ in range(3):
        account.world.advance(DAY_MS)
        assert account.move("retries") == [code]
    attempts = account.charges(code)[1:]
    assert [row["recurrency"]["number"] for row in attempts] == [2, 2, 2, 2]
    assert [row["recurrency"]["transaction_sequence"] for row in attempts] == [1, 2, 3, 4]
    assert [row["recurrency"]["payment_delays_days"] for row in attempts] == [0, 1, 2, 3]
    assert [row["recurrency"]["has_retry"] for row in attempts] == [False, False, False, True]
    assert [row["status"] for row in account.purchases(code)][1:] == ["OVERDUE"] * 4
    summary = account.summary(code)
    charged_ms = attempts[0]["purchase"]["order_date"]
    assert summary["unpaid_recurrencies"] == [{"number": 2, "charge_date": charged_ms}]
    assert (summary["last_recurrency"]["transaction_number"], summary["last_recurrency"]["status"]) == (4, "NOT_PAID")
    account.world.advance(DAY_MS)
    assert account.move("recoveries") == [code]
    paid = account.charges(code)[-1]
    assert (paid["status"], paid["recurrency"]["status"], paid["recurrency"]["number"]) == ("ACTIVE", "PAID", 2)
    assert (paid["has_unpaid_recurrency"], paid["recurrency"]["payment_delays_days"]) == (False, 4)
    assert "unpaid_recurrencies" not in account.summary(code)


def test_after_seven_attempts_a_subscription_is_overdue(account: Account) -> None:
    code = delayed(account)
    for _ in range(6):
        account.world.advance(DAY_MS + HOUR_MS)
        account.move("retries")

    rows = account.charges(code)
    assert [row["recurrency"]["transaction_sequence"] for row in rows] == [1, 1, 2, 3, 4, 5, 6, 7]
    assert rows[-1]["status"] == account.subscription(code)["status"] == "OVERDUE"
    assert not any(row["recurrency"]["has_retry"] for row in rows)
    account.world.advance(2 * DAY_MS)
    assert account.move("retries") == []
