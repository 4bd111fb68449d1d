"""Offers and plans of a product (hotmart-api.md 5.11 and 5.12). The record of a product is `Product.raw`."""

from typing import Any

from hotmart_simulator.common.money import money
from hotmart_simulator.coupons.records import coupon as coupon  # for the keyed lists of hotmart_simulator/expected.py
from hotmart_simulator.products import facts
from hotmart_simulator.products.state import Offer, Plan, Product

ACCOUNT_CURRENCY = "BRL"


def offers(product: Product) -> list[dict[str, Any]]:
    """Return the rows of products/{ucode}/offers."""
    records = []
    for place, offer in enumerate(facts.offers(product)):
        bits = int(offer.code, 16)
        record: dict[str, Any] = {
            "code": offer.code,
            "price": {"value": money(offer.price_cents), "currency_code": ACCOUNT_CURRENCY},
            "payment_mode": offer.payment_mode,
            "is_currency_conversion_enabled": bits & 1 == 0,
            "is_smart_recovery_enabled": facts.has_smart_recovery(offer),
            "is_main_offer": place == 0,
        }
        if bits & 12:
            record["name"] = ("Launch", "Regular", "Last call")[place] if place < 3 else f"Offer {place + 1}"
        if bits & 48:
            record["description"] = "" if bits & 16 else "For a short time"
        records.append(record)
    return records


def plans(product: Product, instalments: list[Offer] | None = None) -> list[dict[str, Any]]:
    """Return the rows of products/{ucode}/plans. `instalments` are the offers of a one-off product that have a plan.

    The code is that of the plan's offer (6.6).
    """
    records = [_plan(plan) for plan in (*product.plans, *product.later_plans)]
    return records + [_instalment_plan(offer) for offer in instalments or ()]


def _plan(plan: Plan) -> dict[str, Any]:
    record = _any_plan(Offer(plan.offer_code, "SUBSCRIPTION", plan.price_cents), plan.name, plan.recurrency_type)
    bits = int(plan.offer_code, 16)
    if bits & 12:
        record["max_installments"] = 1 + bits % 12
    if plan.trial_days is not None:
        record["trial_period"] = plan.trial_days
    return record


def _instalment_plan(offer: Offer) -> dict[str, Any]:
    """Smart Installment charges monthly, Smart Recovery collects one payment in parts."""
    if offer.payment_mode == "SMART_INSTALLMENT":
        return {**_any_plan(offer, "Smart Installment", "MONTHLY"), "max_installments": 12}
    return _any_plan(offer, "Smart Recovery", "SINGLE_INSTALLMENT")


def _any_plan(offer: Offer, name: str, periodicity: str) -> dict[str, Any]:
    bits = int(offer.code, 16)
    record: dict[str, Any] = {
        "code": offer.code,
        "name": name,
        "price": {"value": money(offer.price_cents), "currency_code": ACCOUNT_CURRENCY},
        "periodicity": periodicity,
        "payment_mode": facts.PLAN_MODES.get(offer.payment_mode, offer.payment_mode),
        "is_subscription_recovery_enabled": bits & 1 == 0,
        "is_switch_plan_enabled": bits & 2 == 0,
    }
    if bits & 48:
        record["description"] = "" if bits & 16 else f"{name} access"
    return record
