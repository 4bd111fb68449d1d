"""Shared helpers: tiny accounts, and assertions about a sync that reads them."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from hotmart_simulator import Call, World
from tools.harness import NOW_MS, START_MS, Run, Warehouse
from tools.rows import KEYS, Difference, difference, key_of

DAY_MS: Final = 86_400_000
SALES: Final = "/payments/api/v1/sales"
VIEWS: Final = {
    "sales_history": f"{SALES}/history",
    "sales_users": f"{SALES}/users",
    "sales_commissions": f"{SALES}/commissions",
    "sales_price_details": f"{SALES}/price/details",
}
"""The four views of a sale, with their paths."""
HISTORY: Final = VIEWS["sales_history"]
CHARGES: Final = "/payments/api/v1/subscriptions/transactions"
PRODUCTS: Final = "/products/api/v1/products"
STUDENTS: Final = "/club/api/v1/users"


def tiny_world(**changes: Any) -> World:
    """Return an account with a few rows in each stream."""
    sizes = {
        "sales": 120,
        "subscriptions": 20,
        "students": 12,
        "products": 12,
        "coupons": 12,
        "participants": 24,
        "modules": 3,
        "start_ms": START_MS,
        "now_ms": NOW_MS,
        "seed": 7,
    }
    return World(**{**sizes, **changes})


def complete(run: Run, world: World, *streams: str) -> None:
    """Assert that a sync succeeded and that these streams have exactly Hotmart's rows, each of them once."""
    assert run.exit_code == 0, run.sentences
    for stream in streams:
        assert run.statuses[stream] == "COMPLETE"
        found = difference(stream, world.expected(stream), run.records(stream))
        assert not found, str(found)


def up_to_date(world: World, warehouse: Warehouse, stream: str) -> Difference:
    """Return the differences between a destination after several syncs and Hotmart."""
    return difference(stream, world.expected(stream), warehouse.rows[stream].values(), after_increments=True)


def warnings(run: Run, stream: str) -> list[str]:
    """Return the warnings that name a stream."""
    return [line for line in run.logs.splitlines() if line.startswith("WARN") and stream in line]


def claims_to_be_complete(run: Run) -> bool:
    """Whether the sync says that all rows arrived by Hotmart's own count."""
    return "Complete: the rows match Hotmart's count" in run.logs


def keys(run: Run, stream: str) -> list[Any]:
    """Return the primary key of each received record, in order, including duplicates."""
    return [key_of(stream, record) for record in run.records(stream)]


def repeated(run: Run, stream: str) -> dict[Any, int]:
    """Return the primary keys that were received more than once."""
    return {key: count for key, count in Counter(keys(run, stream)).items() if count > 1}


def shared_keys(stream: str, rows: list[dict[str, Any]]) -> dict[Any, int]:
    """Return the primary keys that several of these rows share, with the number of rows of each."""
    counts = Counter(tuple(str(row[name]) for name in KEYS[stream]) for row in rows)
    return {key: count for key, count in counts.items() if count > 1}


def date_range(call: Call) -> tuple[int, int] | None:
    """Return the date range of a request for sales or charges, or None if it has none."""
    for start, end in (("start_date", "end_date"), ("transaction_date", "end_transaction_date")):
        first, last = call.get(start), call.get(end)
        if first is not None and last is not None:
            return int(first), int(last)
    return None


def holds(call: Call, at_ms: int) -> bool:
    """Whether a time lies in the date range of a request."""
    dates = date_range(call)
    return dates is not None and dates[0] <= at_ms <= dates[1]


def counts_only(call: Call) -> bool:
    """Whether a request asks only for Hotmart's count or for one sale in another role."""
    return call.get("max_results") in ("1", "10")
