"""Sums of sales by month (UTC) and currency, next to Hotmart's own totals."""

from collections import Counter, defaultdict
from typing import Any

from hotmart_simulator import World
from hotmart_simulator.sales.expected import summary
from integration_tests.analytics.truth.forms import amount, cents_of, utc_month
from integration_tests.analytics.truth.listed import WITHOUT_DETAILS, listed_sales, paid_to


def reconciliation(world: World, as_of_ms: int) -> list[dict[str, Any]]:
    """Return hotmart__reconciliation. `as_of_ms` is ignored."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for sale in listed_sales(world):
        month_on = utc_month(sale.order_ms)
        own = found[month_on, sale.currency]
        own["history"] += 1
        own["details"] += sale.status not in WITHOUT_DETAILS
        if sale.status in ("APPROVED", "COMPLETE"):
            own["sales"] += 1
            own["prices"] += sale.cents
            currency, parts = paid_to(sale)
            found[month_on, currency]["commissions"] += len(parts)
            found[month_on, currency]["paid_out"] += sum(cents for _, _, cents in parts)
    for row in summary(world):
        total = row.record["total_value"]
        own = found[str(row.identity[1]), total["currency_code"]]
        own["items"] = row.record["total_items"]
        own["total"] = cents_of(total["value"]) or 0
    return [
        {
            "month_on": month_on,
            "currency_code": currency,
            "hotmart_items": own["items"],
            "hotmart_total_amount": amount(own["total"]),
            "sales": own["sales"],
            "prices_amount": amount(own["prices"]),
            "commissions": own["commissions"],
            "commissions_amount": amount(own["paid_out"]),
            "history_rows": own["history"],
            "commissions_rows": own["history"],
            "price_details_rows": own["details"],
            "participants_rows": own["history"],
            "difference_as_commissions_amount": amount(own["paid_out"] - own["total"]),
            "difference_as_prices_amount": amount(own["prices"] - own["total"]),
            "agrees_as_commissions": (own["items"], own["total"]) == (own["commissions"], own["paid_out"]),
            "agrees_as_prices": (own["items"], own["total"]) == (own["sales"], own["prices"]),
        }
        for (month_on, currency), own in found.items()
    ]
