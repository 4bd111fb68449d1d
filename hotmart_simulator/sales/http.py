"""The five sales endpoints (hotmart-api.md 4.0 to 4.5)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import (
    DAY_MS,
    DEFAULT_SALE_STATUSES,
    PAYMENT_TYPES,
    PRICE_DETAILS_STATUSES,
    ROLES,
    SALE_STATUSES,
)
from hotmart_simulator.sales import records as sales
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.server.endpoint import (
    PAGING,
    Desk,
    Matches,
    PagedEndpoint,
    paged,
    refuse_heavy,
)
from hotmart_simulator.server.errors import wrong_parameter
from hotmart_simulator.server.ordering import in_order
from hotmart_simulator.server.parameters import Asked, Parameter, number, one_of, text

SALES: Final = "/payments/api/v1/sales"
COMMON: Final[Mapping[str, Parameter]] = {
    **PAGING,
    "product_id": Parameter(number),
    "start_date": Parameter(number),
    "end_date": Parameter(number),
    "transaction": Parameter(text),
    "transaction_status": Parameter(one_of(SALE_STATUSES), repeats=True),
}
PAYMENT_TYPE: Final = Parameter(one_of(PAYMENT_TYPES))
ROLE: Final = Parameter(one_of(ROLES))
TEXT: Final = Parameter(text)

# What a parameter asks of a sale.
Test = Callable[[Sale, Any], bool]
TESTS: Final[Mapping[str, Test]] = {
    "product_id": lambda sale, wanted: sale.product.id == wanted,
    "sales_source": lambda sale, wanted: (sales.tracking_of(sale) or {}).get("source") == wanted,
    "buyer_name": lambda sale, wanted: wanted.lower() in sale.buyer.name.lower(),
    "buyer_email": lambda sale, wanted: sale.buyer.email.lower() == wanted.lower(),
    "affiliate_name": lambda sale, wanted: sale.affiliate is not None and wanted.lower() in sale.affiliate.name.lower(),
    "payment_type": lambda sale, wanted: sale.payment_type == wanted,
    "offer_code": lambda sale, wanted: sale.offer_code == wanted,
    "commission_as": lambda sale, wanted: sale.product.role == wanted,
}


def window(desk: Desk, asked: Asked) -> tuple[int | None, int | None]:
    """The order dates asked for (ms, both included), the last days by default, or open for a lookup."""
    now_ms, switches = desk.account.now_ms, desk.switches
    start_ms, end_ms = asked.get("start_date"), asked.get("end_date")
    if end_ms is not None and end_ms > now_ms and switches.future_end_date == "refuse":
        raise wrong_parameter("end_date", "it is in the future")
    if start_ms is None and end_ms is None and ("transaction" in asked or "buyer_email" in asked):
        return None, None  # 4.0.5: the whole history
    if end_ms is None:
        end_ms = now_ms
    if start_ms is None:
        start_ms = max(0, end_ms - switches.default_window_days * DAY_MS)
    if start_ms > end_ms:
        raise wrong_parameter("start_date", "it is after end_date")
    too_long = (end_ms if switches.max_window_of == "length" else now_ms) - start_ms > switches.max_window_days * DAY_MS
    if too_long:
        raise wrong_parameter("start_date", f"the period is longer than {switches.max_window_days} days")
    return start_ms, end_ms if switches.window_ends == "both" else end_ms - 1


def serials(desk: Desk, asked: Asked) -> tuple[int, Callable[[int, int], list[int]], int | None]:
    """Total, page of serials (newest first by default) and length of the window in ms for one query."""
    account, switches = desk.account, desk.switches
    statuses = asked.get("transaction_status")
    if statuses is not None and len(statuses) > 1:
        if switches.several_statuses == "refused":
            raise wrong_parameter("transaction_status", "it is given more than once")
        statuses = statuses if switches.statuses_on_history == "union" else statuses[:1]
    start_ms, end_ms = window(desk, asked)
    if statuses is None and "transaction" not in asked and switches.statuses_by_default == "paid":
        statuses = DEFAULT_SALE_STATUSES
    tests = [(TESTS[name], value) for name, value in asked.values.items() if name in TESTS]

    def wanted(serial: int) -> bool:
        sale = Sale(account, serial)
        return all(test(sale, value) for test, value in tests)

    window_ms = None if start_ms is None or end_ms is None else end_ms - start_ms
    if "transaction" in asked:
        serial = account.sales.serial(asked.get("transaction"))
        kept = []
        if serial is not None and wanted(serial):
            in_time = start_ms is None or end_ms is None or start_ms <= account.sales.order_of[serial] <= end_ms
            if in_time and (statuses is None or account.sales.status(serial) in statuses):
                kept = [serial]
        return len(kept), lambda offset, rows: kept[offset : offset + rows], window_ms
    found = account.sales.find(start_ms, end_ms, statuses, wanted if tests else None)
    return found.total, in_order(switches.sales_order, found.total, found.page), window_ms


def finder(render: Callable[[Sale], dict[str, Any]]) -> Callable[[Desk, Asked], Matches]:
    """One record a sale."""

    def find(desk: Desk, asked: Asked) -> Matches:
        total, page, window_ms = serials(desk, asked)
        fields = asked.get("select")

        def records(offset: int, rows: int) -> list[dict[str, Any]]:
            made = [render(Sale(desk.account, serial)) for serial in page(offset, rows)]
            return made if fields is None else [selected(record, fields.split(",")) for record in made]

        return Matches(total, records, window_ms)

    return find


def totals(desk: Desk, asked: Asked) -> Matches:
    """One item a currency over the whole window, largest currency first."""
    total, page, window_ms = serials(desk, asked)
    # What can be too heavy is the number of sales added up, not that of the items answered.
    refuse_heavy(desk.switches, asked, total, window_ms)
    sums: dict[str, list[int]] = {}
    for serial in page(0, total):
        sale = Sale(desk.account, serial)
        sums.setdefault(sale.currency, [0, 0])
        sums[sale.currency][0] += 1
        sums[sale.currency][1] += sale.cents
    ranked = sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))
    items = [sales.summary(count, cents, currency) for currency, (count, cents) in ranked]
    return Matches(len(items), lambda offset, rows: items[offset : offset + rows], window_ms)


def selected(record: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """The fields with these dotted names; unknown names give nothing (3.6)."""
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
        totals=True,
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
        finder(sales.history),
        key=("purchase", "transaction"),
        date=("purchase", "order_date"),
    ),
    endpoint(
        "summary",
        {"sales_source": TEXT, "affiliate_name": TEXT, "payment_type": PAYMENT_TYPE, "offer_code": TEXT},
        totals,
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
        finder(sales.users),
    ),
    endpoint("commissions", {"commission_as": ROLE}, finder(sales.commissions)),
    endpoint(
        "price/details",
        {
            "payment_type": PAYMENT_TYPE,
            "transaction_status": Parameter(one_of(PRICE_DETAILS_STATUSES), repeats=True),
        },
        finder(sales.price_details),
    ),
)
