"""The records of subscriptions and of their charges (hotmart-api.md 5.6 and 5.8). All dates are epoch ms."""

from typing import Any

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import RATES, money
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, PURCHASE_STATUS_OF
from hotmart_simulator.products.state import Plan
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.subscriptions.charges import RECURRENCY_STATUS_OF, Charge, Histories, History
from hotmart_simulator.subscriptions.facts import COUPONS, Contract

LAST_SECOND_MS = DAY_MS - 1_000
"""23:59:59 of a day: the time of date_next_charge everywhere but in subscriptions (5.6)."""


def subscription(contract: Contract) -> dict[str, Any]:
    """Return a record of subscriptions."""
    plan, subscriber, switches = contract.plan, contract.subscriber, contract.account.switches
    shown_plan: dict[str, Any] = {"name": plan.name, "id": plan.id, "recurrency_period": plan.period_days}
    if plan.max_cycles is not None:
        shown_plan["max_charge_cycles"] = plan.max_cycles
    created_ms = contract.created_ms
    record: dict[str, Any] = {
        "subscriber_code": contract.code,
        "subscription_id": contract.id,
        "status": contract.status,
        "accession_date": contract.accession_ms,
        "request_date": created_ms
        if switches.request_date == "creation"
        else max(contract.last_charge_ms, contract.accession_ms - 1_000),
        "trial": contract.in_trial,
        "plan": shown_plan,
        "product": {**contract.product.brief, "ucode": contract.product.ucode},
        "price": {"currency_code": subscriber.currency, "value": money(contract.cents)},
        "subscriber": {"name": subscriber.name, "ucode": subscriber.ucode, "email": subscriber.email},
        "transaction": contract.transaction,
    }
    if contract.end_ms is not None:
        record["end_accession_date"] = contract.end_ms
    next_charge_ms = contract.next_charge_ms()
    if next_charge_ms is not None:
        record["date_next_charge"] = next_charge_ms
    return record


def transaction(account: Account, row: int, place: int = 0, histories: Histories | None = None) -> dict[str, Any]:
    """Return a record of subscriptions/transactions.

    `row` is a serial times two, plus one for the second currency. `place` is 1 and more for the recurrences that a
    negotiation settles, where each has a row of its own (switch `negotiated_recurrences`).
    """
    serial = row >> 1
    history = (histories or Histories(account)).of(account.sales.subscription_of[serial])
    charge = history.listed(serial)
    sale = history.sale(charge)
    number = charge.numbers[place - 1] if place else charge.number
    common = history.common
    if common is None:
        common = history.common = _common(history)
    record = {
        **common,
        "last_update": history.updated_ms(charge),
        "has_credit_card_change": number > 1 and "CREDIT_CARD" in sale.method and sale.bits >> 14 & 15 == 0,
        "is_paid_anticipation": charge.kind == "ANTICIPATION" and charge.is_paid,
        "is_paid_negotiation": charge.kind == "NEGOTIATION" and charge.is_paid,
        "recurrency": _recurrency(history, charge, sale, number),
        "purchase": _purchase(history.contract.billing_type, charge, sale, second=bool(row & 1)),
    }
    if charge.kind == "ANTICIPATION" or history.has_other_plans:
        record["plan"] = _plan(history.contract, history.plan_of(charge), charge)
    return record


def _common(history: History) -> dict[str, Any]:
    """Return the values that all charges of a subscription share."""
    contract = history.contract
    subscriber = contract.subscriber
    common: dict[str, Any] = {
        "subscription_id": contract.id,
        "subscriber_code": contract.code,
        "status": contract.status,
        "billing_type": contract.billing_type,
        "adoption_date": contract.accession_ms,
        "last_recurrency_start_date": history.start_ms(history.reached),
        "last_recurrency_number": history.reached,
        "has_unpaid_recurrency": bool(history.unpaid),
        "product": contract.product.brief,
        "producer": {"name": contract.product.producer.name},
        "plan": _plan(contract, contract.plan),
        "trial_info": _trial(contract),
        "subscriber": {"id": subscriber.number, "name": subscriber.name, "email": subscriber.email},
    }
    if contract.end_ms is not None:
        common["cancellation_date"] = contract.end_ms
    next_charge_ms = contract.next_charge_ms(history.reached)
    if next_charge_ms is not None:
        common["date_next_charge"] = next_charge_ms // DAY_MS * DAY_MS + LAST_SECOND_MS
    if contract.plan.max_cycles is not None:
        common["max_cycles"] = contract.plan.max_cycles
    if subscriber.number % 3:
        common["subscriber"] |= {"phone": subscriber.phone, "phone_ddd": subscriber.phone_ddd}
    return common


def _trial(contract: Contract) -> dict[str, Any]:
    """Return the length of the trial, also after its end."""
    days = contract.trial_days
    if not days:
        return {"trial": False}
    return {"trial": True, "trial_period": days, "trial_end": contract.began_ms + days * DAY_MS}


def _plan(contract: Contract, plan: Plan, charge: Charge | None = None) -> dict[str, Any]:
    """Return a plan. The code of a coupon is in its offer, and only an anticipation has it a second time (0.5)."""
    offer = {"key": plan.offer_code}
    if contract.billing_type != "SUBSCRIPTION":
        offer["code"] = f"{plan.name} offer"  # 0.5: the offer's name on one-off products
    elif contract.coupon is not None:
        offer["code"] = contract.coupon
    if contract.bits >> 57 & 3 == 0:
        offer["description"] = f"{plan.name} offer"
    shown: dict[str, Any] = {
        "name": plan.name,
        "recurrency_period": plan.period_days,
        "recurrency_type": plan.recurrency_type,
        "offer": offer,
    }
    if charge is not None and charge.kind == "ANTICIPATION" and charge.serial % 4:
        shown["coupon_code"] = contract.coupon or COUPONS[0]
    return shown


def _recurrency(history: History, charge: Charge, sale: Sale, number: int) -> dict[str, Any]:
    start_ms = history.start_ms(number)
    # From the start of the recurrence to the payment, or to the attempt that failed.
    delay_ms = (charge.order_ms if sale.approved_ms is None else sale.approved_ms) - start_ms
    recurrency: dict[str, Any] = {
        "status": RECURRENCY_STATUS_OF.get(charge.status, "NOT_PAID"),
        "number": number,
        "start_datetime": start_ms,
        sale.account.switches.payment_delay_key: delay_ms // DAY_MS if delay_ms > 0 else 0,
        "transaction_type": _transaction_type(charge, sale),
        "transaction_sequence": charge.sequence,
        "is_current_purchase": history.is_last(charge),
        "has_retry": False,
    }
    if charge.kind == "NEGOTIATION" and charge.is_paid:
        recurrency["number_list"] = ", ".join(map(str, charge.numbers))
    if history.has_retry(charge):
        recurrency["has_retry"] = True
        recurrency["scheduled_retry"] = charge.order_ms + DAY_MS
    return recurrency


def _transaction_type(charge: Charge, sale: Sale) -> str:
    """Return the type of the charge. The docs' example has a fourth type, for some automatic renewals (5.8)."""
    if charge.kind == "ANTICIPATION" or (charge.kind == "NEGOTIATION" and charge.is_paid):
        return charge.kind
    is_renewal = sale.bits >> 22 & 3 == 0 and charge.number > 1 and charge.sequence == 1
    return "RECURRING" if is_renewal and sale.account.switches.transaction_types == "recurring_too" else "AUTOMATIC"


def _purchase(billing_type: str, charge: Charge, sale: Sale, *, second: bool) -> dict[str, Any]:
    paid_at_once = "ONE_TIME_PAYMENT" if sale.instalments == 1 else "CONVENTIONAL_INSTALLMENT"
    purchase: dict[str, Any] = {
        "transaction": sale.transaction,
        "order_date": sale.order_ms,
        "status": PURCHASE_STATUS_OF[charge.status],
        "payment": _payment(charge, sale),
        "installment": {
            "installment_type": paid_at_once if billing_type == "SUBSCRIPTION" else billing_type,
            "installment_number": sale.instalments,
        },
        "price": {
            "currency": sale.currency,
            "value": money(sale.list_cents),
            "total_value": money(sale.cents),
        },
        "commission": _commission(sale, second=second),
    }
    if sale.approved_ms is not None:
        purchase["approved_date"] = sale.approved_ms
    return purchase


def commission_currency(sale: Sale, *, second: bool) -> str:
    """Return the currency of the commission. The second row always has another currency than the first."""
    return ("USD" if sale.currency != "USD" else "EUR") if second else sale.currency


def _commission(sale: Sale, *, second: bool) -> dict[str, Any]:
    currency = commission_currency(sale, second=second)
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


def _payment(charge: Charge, sale: Sale) -> dict[str, Any]:
    payment: dict[str, Any] = {"payment_type": sale.payment_type.replace("WALLET", "BALANCE_HOTMART")}
    if "CREDIT_CARD" in sale.method:
        payment["credit_card_flag"] = "VISA" if "VISA" in sale.method else "MC"
    if sale.payment_type == "PIX":
        payment["pix_expiration_date"] = sale.order_ms + 2 * HOUR_MS
    if sale.payment_type == "BILLET":
        payment["billet_expiration_date"] = sale.order_ms + 3 * DAY_MS
        payment["billet_reprint_code"] = f"RP{sale.serial:09d}"
        if sale.bits >> 32 & 1:
            payment["billet_recovery_type"] = ("AUTOMATIC", "MANUAL")[sale.bits >> 33 & 1]
    if charge.status in ("NO_FUNDS", "BLOCKED", "OVERDUE", "CANCELLED"):
        payment["refusal_message"] = "Refused by the bank"
    if charge.status in ("REFUNDED", "CHARGEBACK", "PARTIALLY_REFUNDED"):
        payment["refund_chargeback_date"] = charge.changed_ms  # 4.8: equal to last_update on the live row
    return payment
