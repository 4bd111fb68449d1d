"""The summary of a subscription and its purchases (hotmart-api.md 5.7 and 5.9). Dates: epoch ms."""

from typing import Any, NamedTuple

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import money
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.subscriptions.charges import History
from hotmart_simulator.subscriptions.records import LAST_SECOND_MS

UNDER_WARRANTY = ("APPROVED", "COMPLETE", "PROTESTED")


def summary(account: Account, index: int, seen_ms: int) -> dict[str, Any]:
    """Return a record of subscriptions/summary as of `seen_ms`."""
    history = History(account, index, None if seen_ms >= account.now_ms else seen_ms)
    contract = history.contract
    plan, subscriber = contract.plan, contract.subscriber
    record: dict[str, Any] = {
        "subscriber_code": contract.code,
        "subscription_id": contract.id,
        "status": contract.status,
        "lifetime": _lifetime_days(history, seen_ms),
        "accession_date": contract.accession_ms,
        "trial": contract.trial_days > 0 and history.reached == 0,
        "plan": {"name": plan.name, "recurrency_period": plan.period_days},
        "product": contract.product.brief,
        "offer": {"code": plan.offer_code},
        "last_recurrency": _last_recurrency(history),
        "subscriber": {"id": subscriber.number, "name": subscriber.name, "email": subscriber.email},
    }
    if contract.end_ms is not None:
        record["end_accession_date"] = contract.end_ms
    date_ms = _next_charge_ms(history)
    if date_ms is not None and account.switches.summary_next_charge == "present":
        record["date_next_charge"] = date_ms
    if history.unpaid:
        record["unpaid_recurrencies"] = [
            {"number": number, "charge_date": history.attempts(number)[0].order_ms} for number in history.unpaid
        ]
    return record


def next_charge_ms(account: Account, index: int, at_ms: int | None = None) -> int | None:
    """Return the date of the next charge in the summary of a moment, None for now."""
    return _next_charge_ms(History(account, index, at_ms))


def _next_charge_ms(history: History) -> int | None:
    """Return the last second of the day (5.6)."""
    noon_ms = history.contract.next_charge_ms(history.reached)
    return None if noon_ms is None else noon_ms // DAY_MS * DAY_MS + LAST_SECOND_MS


def _lifetime_days(history: History, seen_ms: int) -> int:
    """Return the days up to today, to the cancellation or to the expiry, 0 for one that never ran (5.7)."""
    contract = history.contract
    if contract.status in ("INACTIVE", "STARTED"):
        return 0
    until_ms = seen_ms
    if contract.end_ms is not None:
        until_ms = contract.end_ms
    elif contract.status == "OVERDUE" and history.expiry_ms is not None:
        until_ms = history.expiry_ms
    return max(0, until_ms - contract.accession_ms) // DAY_MS


def _last_recurrency(history: History) -> dict[str, Any]:
    contract = history.contract
    attempts = history.attempts(history.reached)
    if not attempts:  # its charge was made before the account's first sale, or not yet
        return {
            "number": 1,
            "request_date": contract.accession_ms,
            "status": "NOT_PAID" if contract.status == "STARTED" else "PAID",
            "transaction_number": history.reached,
            "billing_type": contract.billing_type,
        }
    return {
        "number": history.reached,
        "request_date": attempts[-1].order_ms,
        "status": attempts[-1].recurrency_status,
        "transaction_number": len(attempts),
        "billing_type": contract.billing_type,
    }


class Purchase(NamedTuple):
    """One row of a subscription's purchases: a sale, and the recurrence of the row."""

    sale: Sale
    number: int


def purchases(account: Account, index: int) -> list[Purchase]:
    """Return the purchases of a subscription, ascending by recurrence (3.7).

    By the switch `negotiated_recurrences` there is one for each recurrence that a negotiation settles.
    """
    history, has_row_each = History(account, index), account.switches.negotiated_recurrences == "row_each"
    rows = []
    for charge in history.charges:
        numbers = charge.settled if has_row_each and charge.settled else (charge.number,)
        rows += [Purchase(history.sale(charge), number) for number in numbers]
    return sorted(rows, key=lambda row: (row.number, row.sale.order_ms))


def purchase(account: Account, sale: Sale, number: int | None = None) -> dict[str, Any]:
    """Return a record of subscriptions/{subscriber_code}/purchases. Sales spell payment methods differently.

    `number` is the recurrence, by default the highest one that the sale pays for.
    """
    record: dict[str, Any] = {
        "transaction": sale.transaction,
        "payment_engine": "HotPay",
        "status": sale.status,
        "price": {"value": money(sale.cents), "currency_code": sale.currency},
        "payment_type": sale.payment_type.replace("WALLET", "HOTMART_BALANCE"),
        "payment_method": _method(sale.method),
        "recurrency_number": sale.recurrency if number is None else number,
        "under_warranty": False,
    }
    if sale.approved_ms is not None:
        record["approved_date"] = sale.approved_ms
        record["under_warranty"] = sale.status in UNDER_WARRANTY and account.now_ms < sale.warranty_expire_ms
    if account.switches.purchase_subscription == "present":
        record["purchase_subscription"] = True
    return record


def _method(method: str) -> str:
    """Return the method as purchases spell it: CREDIT_CARD_VISA is VISA_CREDIT_CARD."""
    card = method.removeprefix("CREDIT_CARD_")
    return method if card == method else f"{card}_CREDIT_CARD"
