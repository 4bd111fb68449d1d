"""The records of the sales endpoints (hotmart-api.md 5.1 to 5.5). Dates: epoch ms; money: currency units."""

from typing import Any

from hotmart_simulator.common.money import RATES, money
from hotmart_simulator.common.people import Person
from hotmart_simulator.sales.facts import Sale


def history(sale: Sale) -> dict[str, Any]:
    """sales/history."""
    bits, product, currency = sale.bits, sale.product, sale.currency
    record: dict[str, Any] = {"product": product.brief}
    thin = bits >> 52 & 127
    if thin > 2:
        buyer = sale.buyer
        record["buyer"] = {"name": buyer.name, "ucode": buyer.ucode, "email": buyer.email}
    elif thin == 2:
        record["buyer"] = {"name": sale.buyer.name}
    record["producer"] = {"name": product.producer.name, "ucode": product.producer.ucode}
    purchase: dict[str, Any] = {
        "transaction": sale.transaction,
        "order_date": sale.order_ms,
        "status": sale.status,
        "is_subscription": sale.subscription >= 0,
        "commission_as": product.role,
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
        if bits >> 36 & 15:
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


def tracking_of(sale: Sale) -> dict[str, str] | None:
    """The codes of the link a sale came by; four in ten sales have none."""
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
    """sales/users."""
    product = sale.product
    members = [{"role": "PRODUCER", "user": product.producer.user}]
    if product.coproducer is not None:
        members.append({"role": "COPRODUCER", "user": product.coproducer.user})
    if sale.affiliate is not None:
        members.append({"role": "AFFILIATE", "user": sale.affiliate.user})
    members.append({"role": "BUYER", "user": sale.buyer.user})
    return {"transaction": sale.transaction, "product": product.brief, "users": members}


def commissions(sale: Sale) -> dict[str, Any]:
    """sales/commissions."""
    bits, product = sale.bits, sale.product
    net_cents = sale.list_cents * 90 // 100
    # 5.4: the docs call the key of the currency `currency_value`, live answers `currency_code`.
    currency_key = "currency_code" if bits >> 34 & 31 else "currency_value"

    def part(source: str, person: Person, cents: int) -> dict[str, Any]:
        user = {"ucode": person.ucode, "name": person.name}
        if bits >> 39 & 15:
            user["email"] = person.email
        return {
            "source": source,
            "commission": {"value": money(cents), currency_key: sale.currency},
            "user": user,
        }

    parts, left_cents = [], net_cents
    if product.coproducer is not None:
        parts.append(part("COPRODUCER", product.coproducer, net_cents // 4))
        left_cents -= net_cents // 4
    if sale.affiliate is not None:
        parts.append(part("AFFILIATE", sale.affiliate, net_cents // 3))
        left_cents -= net_cents // 3
    if bits >> 43 & 31 == 0:
        parts.append(part("ADDON", product.producer, net_cents // 50))
        left_cents -= net_cents // 50
    parts.insert(0, part("PRODUCER", product.producer, left_cents))
    home = product.producer.currency
    rate: float = 1 if home == sale.currency else round(RATES[home] / RATES[sale.currency], 4)
    return {
        "transaction": sale.transaction,
        "product": product.brief,
        "exchange_rate_currency_payout": rate,
        "commissions": parts,
    }


def price_details(sale: Sale) -> dict[str, Any]:
    """sales/price/details; each amount has its own currency."""
    bits, currency = sale.bits, sale.currency
    abroad = currency != "BRL" and bits >> 35 & 1
    base_currency = "BRL" if abroad else currency
    base_cents = int(sale.list_cents / RATES[currency]) if abroad else sale.list_cents
    record: dict[str, Any] = {
        "transaction": sale.transaction,
        "base": {"value": money(base_cents), "currency_code": base_currency},
        "total": {"value": money(sale.cents), "currency_code": currency},
        "real_conversion_rate": round(1 / RATES[currency], 4) if abroad else 1,
    }
    if bits >> 45 & 31:
        record["product"] = sale.product.brief
    if bits >> 50 & 3:
        vat_cents = 0 if bits >> 50 & 3 == 1 else base_cents // 20
        record["vat"] = {"value": money(vat_cents), "currency_code": base_currency}
    if sale.has_fee:
        record["fee"] = {"value": money(sale.fee_cents), "currency_code": currency}
    if bits >> 54 & 7 == 0:
        # 5.5: a fraction by the text, a percentage by the example.
        record["coupon"] = {"code": f"SPRING{bits % 4}0", "value": 22.9 if bits >> 57 & 3 == 0 else 0.1}
    return record


def summary(count: int, cents: int, currency: str) -> dict[str, Any]:
    """sales/summary: one per currency."""
    return {"total_items": count, "total_value": {"value": money(cents), "currency_code": currency}}
