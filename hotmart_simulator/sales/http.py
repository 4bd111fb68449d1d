"""The five sales endpoints (hotmart-api.md 4.0 to 4.5)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import PAYMENT_TYPES, ROLES, SALE_STATUSES
from hotmart_simulator.sales import records as sales
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.sales.payouts import totals
from hotmart_simulator.sales.selection import selection
from hotmart_simulator.sales.views import View
from hotmart_simulator.server.endpoint import (
    PAGING,
    Desk,
    Matches,
    PagedEndpoint,
    paged,
    refuse_heavy,
)
from hotmart_simulator.server.parameters import Asked, Parameter, number, one_of, text

SALES: Final = "/payments/api/v1/sales"
COMMON: Final[Mapping[str, Parameter]] = {
    **PAGING,
    "product_id": Parameter(number),
    "start_date": Parameter(number),
    "end_date": Parameter(number),
    "transaction": Parameter(text),
    # A view can accept fewer, which `filters.statuses` checks.
    "transaction_status": Parameter(one_of(SALE_STATUSES), repeats=True),
}
PAYMENT_TYPE: Final = Parameter(one_of(PAYMENT_TYPES))
ROLE: Final = Parameter(one_of(ROLES))
TEXT: Final = Parameter(text)


def finder(view: View, render: Callable[[Sale], dict[str, Any]]) -> Callable[[Desk, Asked], Matches]:
    """Return a function that finds a view's records: one per row of the query."""

    def find(desk: Desk, asked: Asked) -> Matches:
        found = selection(view, desk, asked)
        fields = asked.get("select")

        def records(offset: int, rows: int) -> list[dict[str, Any]]:
            made = [render(sale) for sale in found.page(offset, rows)]
            return made if fields is None else [selected(record, fields.split(",")) for record in made]

        return Matches(found.total, records, found.window_ms)

    return find


def summary(desk: Desk, asked: Asked) -> Matches:
    """Return one item per currency over the whole date range, the currency with most items first."""
    found = selection("summary", desk, asked)
    # A query is heavy by the number of sales that it adds up, and not by the number of returned items.
    refuse_heavy(desk.switches, asked, found.total, found.window_ms)
    sums = totals(found.page(0, found.total), desk.switches)
    ranked = sorted(sums.items(), key=lambda item: (-item[1].items, item[0]))
    items = [sales.summary(total.items, total.cents, currency) for currency, total in ranked]
    return Matches(len(items), lambda offset, rows: items[offset : offset + rows], found.window_ms)


def selected(record: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Return the fields with these dotted names. Unknown names return nothing (3.6)."""
    cut: dict[str, Any] = {}
    for name in fields:
        *parents, last = name.split(".")
        source: Any = record
        for parent in parents:
            source = source.get(parent) if isinstance(source, dict) else None
        if not isinstance(source, dict) or last not in source:
            continue
        target = cut
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = source[last]
    return cut


def endpoint(
    name: str,
    more: Mapping[str, Parameter],
    find: Callable[[Desk, Asked], Matches],
    *,
    key: tuple[str, ...] = ("transaction",),
    date: tuple[str, ...] = (),
    tampered: tuple[str, ...] = ("product", "name"),
) -> PagedEndpoint:
    """Return the endpoint with the parameters that all five have, and with its own."""
    return PagedEndpoint(
        path=f"{SALES}/{name}",
        parameters={**COMMON, **more},
        answer=paged,
        key=key,
        date=date,
        text=tampered,
        find=find,
        cap="payments_cap",
        default_rows=10,
    )


ENDPOINTS: Final = (
    endpoint(
        "history",
        {
            "sales_source": TEXT,
            "buyer_name": TEXT,
            "buyer_email": TEXT,
            "payment_type": PAYMENT_TYPE,
            "offer_code": TEXT,
            "commission_as": ROLE,
            "select": TEXT,
        },
        finder("history", sales.history),
        key=("purchase", "transaction"),
        date=("purchase", "order_date"),
    ),
    endpoint(
        "summary",
        {"sales_source": TEXT, "affiliate_name": TEXT, "payment_type": PAYMENT_TYPE, "offer_code": TEXT},
        summary,
        key=("total_value", "currency_code"),
        tampered=("total_value", "currency_code"),
    ),
    endpoint(
        "users",
        {
            "sales_source": TEXT,
            "affiliate_name": TEXT,
            "buyer_name": TEXT,
            "buyer_email": TEXT,
            "commission_as": ROLE,
        },
        finder("users", sales.users),
    ),
    endpoint("commissions", {"commission_as": ROLE}, finder("commissions", sales.commissions)),
    endpoint("price/details", {"payment_type": PAYMENT_TYPE}, finder("price_details", sales.price_details)),
)
