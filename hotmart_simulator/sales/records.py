"""The records of the sales endpoints (hotmart-api.md 5.1 to 5.5). Dates are epoch ms, money is in currency units."""

from typing import Any

from hotmart_simulator.common.money import RATES, money
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.sales.payouts import payout, shares


def history(sale: Sale) -> dict[str, Any]:
    """Return a record of sales/history."""
    bits, product, currency, traits = sale.bits, sale.product, sale.currency, sale.traits
    record: dict[str, Any] = {}
    _name_product(record, sale)
    thin = bits >> 52 & 127 if traits.has_buyer else 0
    if thin > 2:
        buyer = sale.buyer
        record["buyer"] = {"name": buyer.name, "ucode": buyer.ucode, "email": buyer.email}
    elif thin == 2:
        record["buyer"] = {"name": sale.buyer.name}
    if traits.has_producer or sale.account.switches.sale_products == "as_documented":
        record["producer"] = {"name": product.producer.name, "ucode": product.producer.ucode}
    purchase: dict[str, Any] = {
        "transaction": sale.transaction,
        "order_date": sale.order_ms,
        "status": sale.status,
        "is_subscription": sale.subscription >= 0,
        "commission_as": sale.role,
        "price": {"value": money(sale.cents), "currency_code": currency},
        "payment": {
            "method": sale.method,
            "installments_number": sale.instalments,
            "type": sale.payment_type,
        },
        "offer": {"payment_mode": sale.offer_mode, "code": sale.offer_code},
    }
    if sale.recurrency is not None:
        purchase["recurrency_number"] = sale.recurrency
    if sale.approved_ms is not None:
        purchase["approved_date"] = sale.approved_ms
        purchase["warranty_expire_date"] = sale.warranty_expire_ms
        if bits >> 36 & 15 and not traits.is_free:
            cents = sale.list_cents
            fixed = int(100 * RATES[currency])
            purchase["hotmart_fee"] = {
                "total": money(cents * 99 // 1000 + fixed),
                "fixed": money(fixed),
                "base": money(cents),
                "percentage": 9.9,
                "currency_code": currency,
            }
    tracking = tracking_of(sale)
    if tracking:
        purchase["tracking"] = tracking
    record["purchase"] = purchase
    return record


def _name_product(record: dict[str, Any], sale: Sale) -> None:
    """Add the product. Under the switch some sales lack it in every view."""
    if sale.traits.has_product or sale.account.switches.sale_products == "as_documented":
        record["product"] = sale.product.brief


def tracking_of(sale: Sale) -> dict[str, str] | None:
    """Return the tracking codes of a sale's link. Four in ten sales have none."""
    bits = sale.bits >> 11
    if bits % 5 < 2:
        return None
    tracking = {}
    if bits & 0x30:
        tracking["source"] = ("newsletter", "instagram", "launch")[bits % 3]
    if bits & 0x40:
        tracking["source_sck"] = f"sck{bits >> 7 & 31}"
    if bits & 0x3000 == 0:
        tracking["external_code"] = f"x{bits >> 14 & 255}"
    return tracking or None


def users(sale: Sale) -> dict[str, Any]:
    """Return a record of sales/users."""
    members = [{"role": "PRODUCER", "user": sale.product.producer.user}]
    members += [{"role": "COPRODUCER", "user": coproducer.user} for coproducer in sale.coproducers]
    if sale.affiliate is not None:
        members.append({"role": "AFFILIATE", "user": sale.affiliate.user})
    members.append({"role": "BUYER", "user": sale.buyer.user})
    record: dict[str, Any] = {"transaction": sale.transaction}
    _name_product(record, sale)
    record["users"] = members
    return record


def commissions(sale: Sale) -> dict[str, Any]:
    """Return a record of sales/commissions."""
    currency, rate = payout(sale)
    currency_key, has_email = _currency_key(sale), sale.bits >> 39 & 15
    parts = []
    for source, person, cents in shares(sale, rate):
        user = {"ucode": person.ucode, "name": person.name}
        if has_email:
            user["email"] = person.email
        parts.append({"source": source, "commission": {"value": money(cents), currency_key: currency}, "user": user})
    record: dict[str, Any] = {"transaction": sale.transaction}
    _name_product(record, sale)
    record["exchange_rate_currency_payout"] = rate
    record["commissions"] = parts
    return record


def _currency_key(sale: Sale) -> str:
    """Return the key of the currency: `currency_value` in the docs, `currency_code` in real responses (5.4)."""
    wanted = sale.account.switches.commission_currency_key
    if wanted != "mixed":
        return wanted
    return "currency_code" if sale.bits >> 34 & 31 else "currency_value"


def price_details(sale: Sale) -> dict[str, Any]:
    """Return a record of sales/price/details. Each amount has its own currency, and `total` is what the buyer paid."""
    bits, currency, switches = sale.bits, sale.currency, sale.account.switches
    # The offer's currency is the real, but the sale was abroad.
    abroad = currency != "BRL" and bits >> 35 & 1 and switches.price_currencies == "some_mixed"
    base = money(int(sale.list_cents / RATES[currency])) if abroad else money(sale.list_cents)
    record: dict[str, Any] = {
        "transaction": sale.transaction,
        "base": {"value": base, "currency_code": "BRL" if abroad else currency},
        "total": {"value": money(sale.cents), "currency_code": currency},
        "real_conversion_rate": RATES[currency] if abroad else 1,
    }
    if bits >> 45 & 31:
        _name_product(record, sale)
    if sale.has_vat:
        record["vat"] = {"value": money(sale.vat_cents), "currency_code": currency}
    if sale.interest_cents:
        record["fee"] = {"value": money(sale.interest_cents), "currency_code": currency}
    if bits >> 54 & 7 == 0:
        # 5.5: the text says a fraction, the example a percentage.
        is_percent = bits >> 57 & 3 == 0 if switches.coupon_value == "mixed" else switches.coupon_value == "percent"
        record["coupon"] = {"code": f"SPRING{bits % 4}0", "value": 22.9 if is_percent else 0.1}
    return record


def summary(items: int, cents: int, currency: str) -> dict[str, Any]:
    """Return a record of sales/summary: one per currency."""
    return {"total_items": items, "total_value": {"value": money(cents), "currency_code": currency}}
