"""Offers, plans and coupons of a product (hotmart-api.md 5.11, 5.12 and 5.17). Dates: epoch ms."""

from typing import Any

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import money
from hotmart_simulator.products.state import Product

ACCOUNT_CURRENCY = "BRL"


def offers(product: Product) -> list[dict[str, Any]]:
    """products/{ucode}/offers: what sales name as their offer, for a subscription the offers of its plans."""
    sold = [(plan.offer_code, "SUBSCRIPTION", plan.price_cents) for plan in product.plans] or [
        (code, mode, product.price_cents) for code, mode in product.offers
    ]
    records = []
    for place, (code, mode, cents) in enumerate(sold):
        bits = int(code, 16)
        record: dict[str, Any] = {
            "code": code,
            "price": {"value": money(cents), "currency_code": ACCOUNT_CURRENCY},
            "payment_mode": mode,
            "is_currency_conversion_enabled": bits & 1 == 0,
            "is_smart_recovery_enabled": bits & 2 == 0,
            "is_main_offer": place == 0,
        }
        if bits & 12:
            record["name"] = ("Launch", "Regular", "Last call")[place]
        if bits & 48:
            record["description"] = "" if bits & 16 else "For a short time"
        records.append(record)
    return records


def plans(product: Product) -> list[dict[str, Any]]:
    """products/{ucode}/plans; the code is that of the plan's offer (6.6)."""
    records = []
    for plan in product.plans:
        bits = int(plan.offer_code, 16)
        record: dict[str, Any] = {
            "code": plan.offer_code,
            "name": plan.name,
            "price": {"value": money(plan.price_cents), "currency_code": ACCOUNT_CURRENCY},
            "periodicity": plan.recurrency_type,
            "payment_mode": "ASSINATURA",
            "is_subscription_recovery_enabled": bits & 1 == 0,
            "is_switch_plan_enabled": bits & 2 == 0,
        }
        if bits & 48:
            record["description"] = "" if bits & 16 else f"{plan.name} access"
        if bits & 12:
            record["max_installments"] = 1 + bits % 12
        if plan.trial_days is not None:
            record["trial_period"] = plan.trial_days
        records.append(record)
    return records


def coupon(account: Account, number: int) -> dict[str, Any]:
    """coupon/product/{product_id}."""
    bits = account.coupons.bits(number)
    percent = 5 + bits % 10 * 5
    record: dict[str, Any] = {
        "id": account.coupons.id(number),
        "coupon_code": f"{('SPRING', 'SUMMER', 'WELCOME', 'BACK')[bits >> 8 & 3]}{percent}N{number}",
        "discount": percent / 100,
        "status": "valid" if bits >> 12 & 7 else "expired",
        "time_zone": {
            "id": "America/Sao_Paulo",
            "offset": "-03:00",
            "name": "BRT",
            "description": "Sao Paulo",
        },
    }
    if bits >> 16 & 3:
        record["active"] = record["status"] == "valid"
    if bits >> 18 & 3:
        record["start_date"] = account.coupons.start_of[number]
    return record
