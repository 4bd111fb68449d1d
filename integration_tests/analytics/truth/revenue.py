"""Revenue by month of approval, product and currency."""

from collections import Counter, defaultdict
from typing import Any, Final

from hotmart_simulator import World
from hotmart_simulator.sales import records
from integration_tests.analytics.truth.forms import amount, cents_of, month
from integration_tests.analytics.truth.listed import (
    RECEIVED,
    WITHOUT_DETAILS,
    listed_sales,
    mine_cents,
    newest_names,
    paid_to,
)

KINDS: Final = {
    "APPROVED": None,
    "COMPLETE": None,
    "REFUNDED": "refunded",
    "PARTIALLY_REFUNDED": "partially_refunded",
    "CHARGEBACK": "charged_back",
    "PROTESTED": "disputed",
}
COUNTS: Final = ("sales", "paid_out_sales", *(f"{kind}_sales" for kind in KINDS.values() if kind))
AMOUNTS: Final = (
    *("gross", "gross_without_interest", "interest", "tax", "hotmart_fee"),
    *(f"{kind}_gross" for kind in KINDS.values() if kind),
)


def revenue_monthly(world: World, as_of_ms: int) -> list[dict[str, Any]]:
    """Return hotmart__revenue_monthly. `as_of_ms` is ignored."""
    sums: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for sale in listed_sales(world):
        if sale.status not in RECEIVED:
            continue
        assert sale.approved_ms is not None and sale.status not in WITHOUT_DETAILS
        place = month(sale.approved_ms), str(sale.product.id)
        priced = sums[*place, sale.currency]
        kind = KINDS[sale.status]
        if kind:
            priced[f"{kind}_sales"] += 1
            priced[f"{kind}_gross"] += sale.cents
            continue
        fee = records.history(sale)["purchase"].get("hotmart_fee", {}).get("total", 0)
        priced["sales"] += 1
        priced["gross"] += sale.cents
        priced["gross_without_interest"] += sale.cents - sale.interest_cents
        priced["interest"] += sale.interest_cents
        priced["tax"] += sale.vat_cents
        priced["hotmart_fee"] += cents_of(fee) or 0
        currency, parts = paid_to(sale)
        paid_out = sums[*place, currency]
        paid_out["paid_out_sales"] += 1
        paid_out["mine"] += mine_cents(sale)
        paid_out["others"] += sum(cents for _, is_mine, cents in parts if not is_mine)
    names = newest_names(world)
    return [
        {
            "month_on": month_on,
            "product_id": product_id,
            "product_name": names[product_id],
            "currency_code": currency,
            **{name: found[name] for name in COUNTS},
            **{f"{name}_amount": amount(found[name]) for name in AMOUNTS},
            "my_earned_amount": amount(found["mine"]),
            "others_commission_amount": amount(found["others"]),
        }
        for (month_on, product_id, currency), found in sums.items()
    ]
