"""Every row of the lists of subscriptions that a complete read can return now, under the account's switches."""

from collections.abc import Iterator

from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.common.vocabulary import HOUR_MS
from hotmart_simulator.subscriptions import records, subscriber_records
from hotmart_simulator.subscriptions.charge_rows import ChargeRows
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.listing import begun_between, is_reachable


def subscriptions(account: Account) -> Iterator[Row]:
    """Yield subscriptions, ascending by accession, which is the date that the filter uses."""
    for index in begun_between(account, 0, None):
        contract = Contract(account, index)
        if is_reachable(contract, account.switches):
            yield Row(("subscriptions", index), records.subscription(contract), contract.accession_ms)


def subscription_summary(account: Account) -> Iterator[Row]:
    """Yield subscriptions/summary as of the moment that it shows, ascending by accession."""
    delay_ms = account.switches.summary_delay_hours * HOUR_MS
    seen_ms = account.now_ms - delay_ms
    for index in begun_between(account, 0, seen_ms, seen_ms if delay_ms else None):
        record = subscriber_records.summary(account, index, seen_ms)
        yield Row(("subscription_summary", index), record, record["accession_date"])


def subscription_transactions(account: Account) -> Iterator[Row]:
    """Yield subscriptions/transactions. The identity holds subscription, sale, currency and recurrence."""
    rows = ChargeRows(account)
    for row in rows.find(0, 2**63 - 1):
        yield Row(rows.identity(row), rows.record(row), rows.date_ms(row))


def subscription_purchases(account: Account) -> Iterator[Row]:
    """Yield the purchases of every subscription. The identity holds the subscriber code, sale and recurrence."""
    for index in account.subscriptions.by_accession:
        code = Contract(account, index).code
        for sale, number in subscriber_records.purchases(account, index):
            record = subscriber_records.purchase(account, sale, number)
            yield Row(("subscription_purchases", code, index, sale.serial, number), record)
