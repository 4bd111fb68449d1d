"""What is told of one subscription: its summary and its purchases (hotmart-api.md 5.7 and 5.9). Dates: epoch ms."""

from typing import Any

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import money
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.records import RECURRENCY_STATUS_OF, billing_type

UNDER_WARRANTY = ("APPROVED", "COMPLETE", "PROTESTED")


def summary(account: Account, index: int, seen_ms: int) -> dict[str, Any]:
    """subscriptions/summary, with what had happened by `seen_ms`."""
    contract = Contract(account, index)
    charges = [
        sale
        for sale in (Sale(account, serial) for serial in account.subscriptions.charges(index))
        if sale.order_ms <= seen_ms
    ]
    end_ms = contract.end_ms if contract.end_ms is None or contract.end_ms <= seen_ms else None
    # Cancelled since: until then it ran.
    status = "ACTIVE" if end_ms != contract.end_ms else contract.status
    next_charge_ms = contract.next_charge_after(charges[-1].order_ms if charges else contract.accession_ms)
    by_recurrence: dict[int, list[Sale]] = {}
    for sale in charges:
        by_recurrence.setdefault(contract.recurrency_number(sale.order_ms), []).append(sale)
    plan, subscriber = contract.plan, contract.subscriber
    record: dict[str, Any] = {
        "subscriber_code": contract.code,
        "subscription_id": contract.id,
        "status": status,
        "lifetime": _lifetime_days(contract, status, next_charge_ms, seen_ms),
        "accession_date": contract.accession_ms,
        "trial": contract.trial,
        "plan": {"name": plan.name, "recurrency_period": plan.period_days},
        "product": contract.product.brief,
        "offer": {"code": plan.offer_code},
        "last_recurrency": _last_recurrency(contract, by_recurrence, seen_ms),
        "subscriber": {"id": subscriber.number, "name": subscriber.name, "email": subscriber.email},
    }
    if end_ms is not None:
        record["end_accession_date"] = end_ms
    if next_charge_ms is not None:
        record["date_next_charge"] = next_charge_ms
    unpaid = [
        {"number": number, "charge_date": sales[0].order_ms}
        for number, sales in by_recurrence.items()
        if all(_recurrency_status(sale, seen_ms) == "NOT_PAID" for sale in sales)
    ]
    if unpaid:
        record["unpaid_recurrencies"] = unpaid
    return record


def _lifetime_days(contract: Contract, status: str, next_charge_ms: int | None, seen_ms: int) -> int:
    """Up to today, the cancellation or the expiry; none for one that never ran (5.7)."""
    if status in ("INACTIVE", "STARTED"):
        return 0
    until_ms = seen_ms
    if contract.end_ms is not None:
        until_ms = min(seen_ms, contract.end_ms)
    elif status == "OVERDUE" and next_charge_ms is not None:
        until_ms = min(seen_ms, next_charge_ms)
    return max(0, until_ms - contract.accession_ms) // DAY_MS


def _last_recurrency(contract: Contract, by_recurrence: dict[int, list[Sale]], seen_ms: int) -> dict[str, Any]:
    if not by_recurrence:  # its charge was made before the account's sales begin
        return {
            "number": 1,
            "request_date": contract.accession_ms,
            "status": "PAID",
            "transaction_number": 1,
            "billing_type": "SUBSCRIPTION",
        }
    number, sales = next(reversed(by_recurrence.items()))
    last = sales[-1]
    return {
        "number": number,
        "request_date": last.order_ms,
        "status": _recurrency_status(last, seen_ms),
        "transaction_number": len(sales),
        "billing_type": billing_type(last),
    }


def _recurrency_status(sale: Sale, seen_ms: int) -> str:
    status = RECURRENCY_STATUS_OF.get(sale.status, "NOT_PAID")
    # Changed since: what it was then is not kept, only whether it had been paid.
    return "PAID" if sale.changed_ms > seen_ms and status != "NOT_PAID" else status


def purchase(account: Account, sale: Sale) -> dict[str, Any]:
    """subscriptions/{subscriber_code}/purchases; ways to pay are spelled in another way than in the sales."""
    contract = Contract(account, sale.subscription)
    record: dict[str, Any] = {
        "transaction": sale.transaction,
        "payment_engine": "HotPay",
        "status": sale.status,
        "price": {"value": money(sale.cents), "currency_code": sale.currency},
        "payment_type": sale.payment_type.replace("WALLET", "HOTMART_BALANCE"),
        "payment_method": _method(sale.method),
        "recurrency_number": contract.recurrency_number(sale.order_ms),
        "under_warranty": False,
    }
    if sale.approved_ms is not None:
        record["approved_date"] = sale.approved_ms
        record["under_warranty"] = sale.status in UNDER_WARRANTY and account.now_ms < sale.warranty_expire_ms
    if sale.bits >> 59 & 7 == 0:  # documented, not seen
        record["purchase_subscription"] = True
    return record


def _method(method: str) -> str:
    """CREDIT_CARD_VISA is VISA_CREDIT_CARD here."""
    card = method.removeprefix("CREDIT_CARD_")
    return method if card == method else f"{card}_CREDIT_CARD"
