"""One row per sale."""

from typing import Any

from hotmart_simulator import World
from hotmart_simulator.sales import records
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.subscriptions.facts import Contract
from integration_tests.analytics.truth.forms import amount, cents_of, day, moment
from integration_tests.analytics.truth.listed import (
    GROUPS,
    RECEIVED,
    WITHOUT_DETAILS,
    listed_sales,
    mine_cents,
    paid_to,
)

GIVEN_BACK = frozenset(("REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK"))


def sales(world: World, as_of_ms: int) -> list[dict[str, Any]]:
    """Return hotmart__sales. `as_of_ms` is ignored."""
    return [_order(sale) | _price(sale) | _commissions(sale) | _origin(sale) for sale in listed_sales(world)]


def _order(sale: Sale) -> dict[str, Any]:
    is_charge = sale.subscription >= 0
    return {
        "transaction_id": sale.transaction,
        "status": sale.status,
        "status_group": GROUPS[sale.status],
        "was_paid": sale.status in RECEIVED,
        "ordered_at": moment(sale.order_ms),
        "ordered_on": day(sale.order_ms),
        "approved_at": moment(sale.approved_ms),
        "approved_on": day(sale.approved_ms),
        "warranty_ends_at": None if sale.approved_ms is None else moment(sale.warranty_expire_ms),
        "given_back_at": moment(sale.changed_ms) if is_charge and sale.status in GIVEN_BACK else None,
        "product_id": str(sale.product.id),
        "offer_code": sale.offer_code,
        "payment_mode": sale.offer_mode,
        "payment_type": sale.payment_type,
        "payment_method": sale.method,
        "installments": sale.instalments,
        "is_subscription": is_charge,
        "subscription_code": Contract(sale.account, sale.subscription).code if is_charge else None,
        "recurrence_number": sale.recurrency,
    }


def _price(sale: Sale) -> dict[str, Any]:
    shown = records.history(sale)["purchase"].get("hotmart_fee", {})
    details = None if sale.status in WITHOUT_DETAILS else records.price_details(sale)
    coupon = (details or {}).get("coupon", {})
    return {
        "currency_code": sale.currency,
        "gross_amount": amount(sale.cents),
        "interest_amount": amount(sale.interest_cents) if details else None,
        "gross_without_interest_amount": amount(sale.cents - sale.interest_cents) if details else None,
        "tax_amount": amount(sale.vat_cents) if details else None,
        "base_amount": amount(cents_of(details["base"]["value"])) if details else None,
        "base_currency_code": details["base"]["currency_code"] if details else None,
        "hotmart_fee_amount": amount(cents_of(shown.get("total"))),
        "hotmart_fee_currency_code": shown.get("currency_code"),
        "coupon_code": coupon.get("code"),
        # The reference describes a fraction in its text, but its example shows a percentage (5.5).
        "coupon_share": {22.9: "0.2290", 0.1: "0.1000", None: None}[coupon.get("value")],
    }


def _commissions(sale: Sale) -> dict[str, Any]:
    currency, parts = paid_to(sale)
    mine = mine_cents(sale)

    def of(source: str) -> str | None:
        return amount(sum(cents for name, _, cents in parts if name == source))

    return {
        "my_role": sale.role,
        "commission_currency_code": currency,
        "my_commission_amount": amount(mine),
        "my_earned_amount": amount(mine if GROUPS[sale.status] == "paid" else 0),
        "others_commission_amount": amount(sum(cents for _, _, cents in parts) - mine),
        "producer_commission_amount": of("PRODUCER"),
        "coproducers_commission_amount": of("COPRODUCER"),
        "affiliates_commission_amount": of("AFFILIATE"),
        "addon_commission_amount": of("ADDON"),
    }


def _origin(sale: Sale) -> dict[str, Any]:
    buyer = records.history(sale).get("buyer", {})
    tracking = records.tracking_of(sale) or {}
    return {
        "buyer_ucode": buyer["ucode"].upper() if "ucode" in buyer else None,
        "tracking_src": tracking.get("source"),
        "tracking_sck": tracking.get("source_sck"),
        "tracking_external_code": tracking.get("external_code"),
        **{f"derived_utm_{part}": None for part in ("source", "medium", "campaign", "content", "term")},
    }
