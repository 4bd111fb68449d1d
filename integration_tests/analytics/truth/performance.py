"""Orders by product and order month, and their outcomes."""

from collections import Counter, defaultdict
from typing import Any

from hotmart_simulator import World
from integration_tests.analytics.truth.forms import month, share
from integration_tests.analytics.truth.listed import GROUPS, RECEIVED, listed_sales, newest_names


def product_performance(world: World, as_of_ms: int) -> list[dict[str, Any]]:
    """Return hotmart__product_performance. `as_of_ms` is ignored."""
    orders: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for sale in listed_sales(world):
        orders[month(sale.order_ms), str(sale.product.id)][sale.status] += 1
    names = newest_names(world)
    rows = []
    for (month_on, product_id), by_status in orders.items():
        groups: Counter[str] = Counter()
        for status, count in by_status.items():
            groups[GROUPS[status]] += count
        all_orders, received = by_status.total(), sum(by_status[status] for status in RECEIVED)
        rows.append(
            {
                "order_month_on": month_on,
                "product_id": product_id,
                "product_name": names[product_id],
                "orders": all_orders,
                "ever_paid_orders": received,
                "paid_orders": groups["paid"],
                "pending_orders": groups["pending"],
                "lost_orders": groups["lost"],
                "refunded_orders": by_status["REFUNDED"],
                "partially_refunded_orders": by_status["PARTIALLY_REFUNDED"],
                "charged_back_orders": by_status["CHARGEBACK"],
                "payment_rate": share(received, all_orders),
                "refund_rate": share(groups["refunded"], received),
                "chargeback_rate": share(groups["charged_back"], received),
            }
        )
    return rows
