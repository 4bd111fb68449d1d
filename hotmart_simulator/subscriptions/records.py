"""The records of the subscription endpoints (hotmart-api.md 5.6 and 5.8). All dates epoch ms."""

from typing import Any

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import RATES, money
from hotmart_simulator.common.vocabulary import (
    BILLING_TYPES,
    DAY_MS,
    HOUR_MS,
    PAID_STATUSES,
    PURCHASE_STATUS_OF,
)
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.subscriptions.facts import Contract

RECURRENCY_STATUS_OF = {
    "APPROVED": "PAID",
    "COMPLETE": "PAID",
    "PARTIALLY_REFUNDED": "PAID",
    "PROTESTED": "CLAIMED",
    "REFUNDED": "REFUNDED",
    "CHARGEBACK": "CHARGEBACK",
}


def subscription(contract: Contract) -> dict[str, Any]:
    """subscriptions."""
    plan = contract.plan
    subscriber = contract.subscriber
    shown_plan: dict[str, Any] = {"name": plan.name, "id": plan.id, "recurrency_period": plan.period_days}
    if plan.max_cycles is not None:
        shown_plan["max_charge_cycles"] = plan.max_cycles
    record: dict[str, Any] = {
        "subscriber_code": contract.code,
        "subscription_id": contract.id,
        "status": contract.status,
        "accession_date": contract.accession_ms,
        # 5.6: the request of the first charge comes seconds before the accession.
        "request_date": max(contract.last_charge_ms, contract.accession_ms - 1_000),
        "trial": contract.trial,
        "plan": shown_plan,
        "product": {**contract.product.brief, "ucode": contract.product.ucode},
        "price": {"currency_code": subscriber.currency, "value": money(contract.cents)},
        "subscriber": {"name": subscriber.name, "ucode": subscriber.ucode, "email": subscriber.email},
        "transaction": contract.transaction,
    }
    if contract.end_ms is not None:
        record["end_accession_date"] = contract.end_ms
    if contract.next_charge_ms is not None:
        record["date_next_charge"] = contract.next_charge_ms
    return record


def transaction(account: Account, row: int) -> dict[str, Any]:
    """subscriptions/transactions; `row` is a serial times two, plus one for the second currency."""
    sale = Sale(account, row >> 1)
    contract = Contract(account, sale.subscription)
    bits, subscriber = sale.bits >> 9, contract.subscriber
    paid = sale.status in PAID_STATUSES
    record: dict[str, Any] = {
        "subscription_id": contract.id,
        "subscriber_code": contract.code,
        "last_update": sale.changed_ms,
        "status": contract.status,
        "billing_type": billing_type(sale),
        "adoption_date": contract.accession_ms,
        "last_recurrency_start_date": contract.last_charge_ms,
        "last_recurrency_number": contract.recurrency_number(contract.last_charge_ms),
        "has_unpaid_recurrency": not paid,
        "has_credit_card_change": bits >> 5 & 31 == 0,
        "is_paid_anticipation": bits >> 6 & 63 == 0,
        "is_paid_negotiation": bits >> 7 & 63 == 1,
        "product": contract.product.brief,
        "producer": {"name": contract.product.producer.name},
        "trial_info": _trial(contract),
        "plan": _plan(contract, bits),
        "recurrency": _recurrency(sale, contract, bits),
        "purchase": _purchase(sale, bits, second=bool(row & 1)),
        "subscriber": {"id": subscriber.number, "name": subscriber.name, "email": subscriber.email},
    }
    if contract.end_ms is not None:
        record["cancellation_date"] = contract.end_ms
    if contract.next_charge_ms is not None:
        # 5.6: the same day as in subscriptions, at another time of day.
        record["date_next_charge"] = contract.next_charge_ms // DAY_MS * DAY_MS + DAY_MS - 1_000
    if contract.plan.max_cycles is not None:
        record["max_cycles"] = contract.plan.max_cycles
    if subscriber.number % 3:
        record["subscriber"] |= {"phone": subscriber.phone, "phone_ddd": subscriber.phone_ddd}
    return record


def billing_type(sale: Sale) -> str:
    """How a subscription's charge came about."""
    bits = sale.bits >> 9
    return BILLING_TYPES[0 if bits & 15 else 1 + (bits >> 4 & 1)]


def _trial(contract: Contract) -> dict[str, Any]:
    days = contract.plan.trial_days
    if not contract.trial or days is None:
        return {"trial": contract.trial}
    return {"trial": True, "trial_period": days, "trial_end": contract.accession_ms + days * DAY_MS}


def _plan(contract: Contract, bits: int) -> dict[str, Any]:
    plan = contract.plan
    offer = {"key": plan.offer_code}
    if bits >> 8 & 1:
        offer["code"] = plan.offer_code
    if bits >> 9 & 3 == 0:
        offer["description"] = f"{plan.name} offer"
    shown = {
        "name": plan.name,
        "recurrency_period": plan.period_days,
        "recurrency_type": plan.recurrency_type,
        "offer": offer,
    }
    return shown | {"coupon_code": "SPRING10"} if bits >> 11 & 15 == 0 else shown


def _recurrency(sale: Sale, contract: Contract, bits: int) -> dict[str, Any]:
    number = contract.recurrency_number(sale.order_ms)
    paid = sale.status in PAID_STATUSES
    recurrency: dict[str, Any] = {
        "status": RECURRENCY_STATUS_OF.get(sale.status, "NOT_PAID"),
        "number": number,
        "start_datetime": sale.order_ms - 60_000,
        "payment_delays_days": 0 if paid else bits >> 12 & 7,
        "transaction_type": ("AUTOMATIC", "NEGOTIATION", "ANTICIPATION", "RECURRING")[
            0 if bits >> 13 & 7 else bits >> 16 & 3
        ],
        "transaction_sequence": 1 + (bits >> 18 & 1),
        "is_current_purchase": sale.serial == contract.last_sale,
        "has_retry": not paid and bits >> 19 & 1 == 1,
    }
    if bits >> 20 & 31 == 0 and number > 1:
        recurrency["number_list"] = f"{number - 1}, {number}"
    if recurrency["has_retry"]:
        recurrency["scheduled_retry"] = sale.order_ms + DAY_MS
    return recurrency


def _purchase(sale: Sale, bits: int, *, second: bool) -> dict[str, Any]:
    currency = sale.currency
    purchase: dict[str, Any] = {
        "transaction": sale.transaction,
        "order_date": sale.order_ms,
        "status": PURCHASE_STATUS_OF[sale.status],
        "payment": _payment(sale, bits),
        "installment": {
            "installment_type": (
                "SMART_INSTALLMENT",
                "ONE_TIME_PAYMENT",
                "CONVENTIONAL_INSTALLMENT",
                "SMART_RECOVERY",
            )[bits >> 21 & 3],
            "installment_number": sale.instalments,
        },
        "price": {
            "currency": currency,
            "value": money(sale.list_cents),
            "total_value": money(sale.cents),
        },
        "commission": _commission(sale, second=second),
    }
    if sale.approved_ms is not None:
        purchase["approved_date"] = sale.approved_ms
    return purchase


def _commission(sale: Sale, *, second: bool) -> dict[str, Any]:
    # The second row is in a currency that the first is never in.
    currency = ("USD" if sale.currency != "USD" else "EUR") if second else sale.currency
    rate = RATES[currency] / RATES[sale.currency]
    original_cents = sale.list_cents * 88 // 100
    payout_cents = int(original_cents * rate)
    return {
        "currency": currency,
        "conversion_rate": round(rate, 4) if second else 1,
        "original_value": money(original_cents),
        "original_paid_value": money(original_cents),
        "producer_value": money(payout_cents),
        "producer_paid_value": money(payout_cents),
    }


def _payment(sale: Sale, bits: int) -> dict[str, Any]:
    payment: dict[str, Any] = {"payment_type": sale.payment_type.replace("WALLET", "BALANCE_HOTMART")}
    if "CREDIT_CARD" in sale.method:
        payment["credit_card_flag"] = "VISA" if "VISA" in sale.method else "MC"
    if sale.payment_type == "PIX":
        payment["pix_expiration_date"] = sale.order_ms + 2 * HOUR_MS
    if sale.payment_type == "BILLET":
        payment["billet_expiration_date"] = sale.order_ms + 3 * DAY_MS
        payment["billet_reprint_code"] = f"RP{sale.serial:09d}"
        if bits >> 23 & 1:
            payment["billet_recovery_type"] = ("AUTOMATIC", "MANUAL")[bits >> 24 & 1]
    if sale.status in ("NO_FUNDS", "BLOCKED", "OVERDUE", "CANCELLED"):
        payment["refusal_message"] = "Refused by the bank"
    if sale.status in ("REFUNDED", "CHARGEBACK", "PARTIALLY_REFUNDED"):
        payment["refund_chargeback_date"] = sale.changed_ms  # 4.8: equal to last_update on the live row
    return payment
