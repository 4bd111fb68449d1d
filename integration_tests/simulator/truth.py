"""What every stream holds when read without loss: what tests compare a sync with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from integration_tests.simulator.records import members, sales, subscriptions
from integration_tests.simulator.sale import Sale
from integration_tests.simulator.vocabulary import (
    DEFAULT_SALE_STATUSES,
    PRICE_DETAILS_STATUSES,
    SALE_STATUSES,
)

if TYPE_CHECKING:
    from integration_tests.simulator.world import World

Key = str | tuple[str, str]
Keyed = Iterator[tuple[Key, dict[str, Any]]]
SALE_RECORDS = {
    "sales_history": sales.history,
    "sales_users": sales.users,
    "sales_commissions": sales.commissions,
    "sales_price_details": sales.price_details,
}
STREAMS = (
    *SALE_RECORDS,
    "sales_summary",
    "subscriptions",
    "subscription_transactions",
    "products",
    "club_students",
)


@dataclass(frozen=True, slots=True)
class Window:
    """Both ends included, epoch ms, None for open."""

    start_ms: int | None = None
    end_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        return (self.start_ms is None or self.start_ms <= at_ms) and (self.end_ms is None or at_ms <= self.end_ms)


def records(world: "World", stream: str, window: Window, *, currency_rows: bool) -> Keyed:
    """Key and record of everything in a stream; the keys are those of the connector's streams."""
    if stream in SALE_RECORDS:
        return _sales(world, stream, window)
    if stream == "sales_summary":
        return _months(world, window)
    if stream == "subscriptions":
        return _subscriptions(world, window)
    if stream == "subscription_transactions":
        return _transactions(world, window, currency_rows=currency_rows)
    if stream == "products":
        return ((str(product.id), product.raw) for product in world.catalogue.own)
    if stream == "club_students":
        return _students(world)
    raise KeyError(f"no stream {stream}; there are {', '.join(STREAMS)}")


def detached(raw: dict[str, Any]) -> dict[str, Any]:
    """A copy that may be changed: records share their parts with others."""
    copy: dict[str, Any] = orjson.loads(orjson.dumps(raw))
    return copy


def _sales(world: "World", stream: str, window: Window) -> Keyed:
    book, render = world.sales, SALE_RECORDS[stream]
    statuses = PRICE_DETAILS_STATUSES if stream == "sales_price_details" else SALE_STATUSES
    for position in range(*book.bounds(window.start_ms, window.end_ms)):
        status = SALE_STATUSES[book.statuses[position]]
        if status in statuses:
            sale = Sale(world, book.serials[position], status)
            yield sale.transaction, render(sale)


def _months(world: "World", window: Window) -> Keyed:
    """By UTC month and currency, of the statuses that Hotmart counts by default."""
    book = world.sales
    sums: dict[tuple[str, str], list[int]] = {}
    for position in range(*book.bounds(window.start_ms, window.end_ms)):
        status = SALE_STATUSES[book.statuses[position]]
        if status in DEFAULT_SALE_STATUSES:
            sale = Sale(world, book.serials[position], status)
            month = datetime.fromtimestamp(sale.order_ms / 1000, UTC).strftime("%Y-%m-01")
            total = sums.setdefault((month, sale.currency), [0, 0])
            total[0] += 1
            total[1] += sale.cents
    for key, (count, cents) in sums.items():
        yield key, sales.summary(count, cents, key[1])


def _subscriptions(world: "World", window: Window) -> Keyed:
    book = world.subscriptions
    low, high = book.bounds(window.start_ms, window.end_ms)
    for place in range(low, high):
        record = subscriptions.subscription(book.contract(book.by_accession[place]))
        yield record["subscriber_code"], record


def _transactions(world: "World", window: Window, *, currency_rows: bool) -> Keyed:
    changed_of = world.sales.changed_of
    for row in world.subscriptions.rows:
        if window.holds(changed_of[row >> 1]) and (currency_rows or not row & 1):
            record = subscriptions.transaction(world, row)
            yield (record["purchase"]["transaction"], record["purchase"]["commission"]["currency"]), record


def _students(world: "World") -> Keyed:
    for number in range(world.student_count):
        record = members.student(world, number)
        yield (members.subdomain_of(world, number), record["user_id"]), record
