"""Days that are too heavy for one page: a condition for `where` of a fault (hotmart-api.md 2.4)."""

from collections.abc import Callable, Mapping
from typing import Final

from hotmart_simulator.server.request_log import Call
from hotmart_simulator.world import World

PAYMENTS: Final = "/payments/api/v1"
SUBSCRIPTIONS: Final = f"{PAYMENTS}/subscriptions"
ORDER: Final = ("start_date", "end_date")
ACCESSION: Final = ("accession_date", "end_accession_date")
DATES: Final[Mapping[str, tuple[str, str]]] = {
    **{f"{PAYMENTS}/sales/{name}": ORDER for name in ("history", "summary", "users", "commissions", "price/details")},
    SUBSCRIPTIONS: ACCESSION,
    f"{SUBSCRIPTIONS}/summary": ACCESSION,
    f"{SUBSCRIPTIONS}/transactions": ("transaction_date", "end_transaction_date"),
}
"""The parameters of the date range, by route."""
STREAMS: Final = {
    SUBSCRIPTIONS: "subscriptions",
    f"{SUBSCRIPTIONS}/summary": "subscription_summary",
    f"{SUBSCRIPTIONS}/transactions": "subscription_transactions",
}
DEFAULT_ROWS: Final = 10


def heavy_range(
    world: World, first_ms: int, last_ms: int, rows: int = 0, *, page_rows: int | None = None
) -> Callable[[Call], bool]:
    """Return a function for whether a call requests too much of a heavy date range, both ends included.

    It does if its own date range holds more than `rows` rows of the heavy one, in any status, and its pages can have
    more than `page_rows` rows, by default more than `rows`. With `page_rows=0` smaller pages do not help. Calls of
    endpoints without a date range are never heavy.
    """
    allowed = rows if page_rows is None else page_rows

    def is_heavy(call: Call) -> bool:
        names = DATES.get(call.route)
        if names is None or _page_rows(world, call) <= allowed:
            return False
        start_ms, end_ms = (_number(call, name) for name in names)
        low_ms = first_ms if start_ms is None else max(first_ms, start_ms)
        high_ms = last_ms if end_ms is None else min(last_ms, end_ms)
        return low_ms <= high_ms and _held(world, call.route, low_ms, high_ms) > rows

    return is_heavy


def _page_rows(world: World, call: Call) -> int:
    """Return the page size of a call."""
    asked, switches = _number(call, "max_results"), world.switches
    rows = (switches.default_rows or DEFAULT_ROWS) if asked is None else asked
    return min(rows, switches.payments_cap, rows if switches.page_cap is None else switches.page_cap)


def _number(call: Call, name: str) -> int | None:
    text = call.get(name)
    return int(text) if text and text.isdigit() else None


def _held(world: World, route: str, start_ms: int, end_ms: int) -> int:
    """Return how many rows a date range of an endpoint has."""
    with world.lock:
        if route not in STREAMS:
            low, high = world.sales.bounds(start_ms, end_ms)
            return high - low
        return sum(1 for _ in world.iter_expected(STREAMS[route], start_ms=start_ms, end_ms=end_ms))
