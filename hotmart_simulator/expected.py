"""What every stream holds when read without loss: what tests compare a sync with."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from hotmart_simulator.common.vocabulary import (
    DEFAULT_SALE_STATUSES,
    PRICE_DETAILS_STATUSES,
    SALE_STATUSES,
)
from hotmart_simulator.events import records as events
from hotmart_simulator.members_area import content_records as club
from hotmart_simulator.members_area import records as members
from hotmart_simulator.members_area.facts import Student, subdomain_of
from hotmart_simulator.products import records as products
from hotmart_simulator.sales import records as sales
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.subscriptions import records as subscriptions
from hotmart_simulator.subscriptions import subscriber_records as subscribers

if TYPE_CHECKING:
    from hotmart_simulator.world import World

Key = str | tuple[str, ...]
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
    "subscription_summary",
    "subscription_purchases",
    "product_offers",
    "product_plans",
    "coupons",
    "club_modules",
    "club_pages",
    "club_lessons",
    "event_participants",
)


@dataclass(frozen=True, slots=True)
class Window:
    """Both ends included, epoch ms, None for open."""

    start_ms: int | None = None
    end_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        return (self.start_ms is None or self.start_ms <= at_ms) and (self.end_ms is None or at_ms <= self.end_ms)


def records(world: "World", stream: str, window: Window, *, currency_rows: bool, pages_version: int) -> Keyed:
    """Key and record of everything in a stream; the keys are those of the connector's streams."""
    if stream in OTHERS:
        return OTHERS[stream](world, window)
    if stream in SALE_RECORDS:
        return _sales(world, stream, window)
    if stream == "sales_summary":
        return _months(world, window)
    if stream == "subscriptions":
        return _subscriptions(world, window)
    if stream == "subscription_transactions":
        return _transactions(world, window, currency_rows=currency_rows)
    if stream == "club_pages":
        return _pages(world, pages_version)
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


def _products(world: "World", window: Window) -> Keyed:
    return ((str(product.id), product.raw) for product in world.catalogue.own)


def _students(world: "World", window: Window) -> Keyed:
    for number in range(world.student_count):
        record = members.student(world, number)
        yield (subdomain_of(world, number), record["user_id"]), record


def _summaries(world: "World", window: Window) -> Keyed:
    book = world.subscriptions
    for place in range(*book.bounds(window.start_ms, window.end_ms)):
        record = subscribers.summary(world, book.by_accession[place], world.now_ms)
        yield record["subscriber_code"], record


def _purchases(world: "World", window: Window) -> Keyed:
    for index in world.subscriptions.by_accession:
        for serial in world.subscriptions.charges(index):
            record = subscribers.purchase(world, world.sale(serial))
            yield (world.subscriber_codes.text(index), record["transaction"]), record


def _offers(world: "World", window: Window) -> Keyed:
    for product in world.catalogue.own:
        for record in products.offers(product):
            yield (product.ucode, record["code"]), record


def _plans(world: "World", window: Window) -> Keyed:
    for product in world.catalogue.own:
        for record in products.plans(product):
            yield (product.ucode, record["code"]), record


def _coupons(world: "World", window: Window) -> Keyed:
    for number in range(len(world.coupons)):
        yield str(world.coupons.id(number)), products.coupon(world, number)


def _modules(world: "World", window: Window) -> Keyed:
    for module_id, (subdomain, module) in world.clubs.home.items():
        yield (subdomain, module_id), club.module(world, module)


def _pages(world: "World", version: int) -> Keyed:
    for module_id, (_, module) in world.clubs.home.items():
        for page in module.pages:
            yield (module_id, page.id), club.page_v1(page) if version == 1 else club.page_v2(world, page)


def _lessons(world: "World", window: Window) -> Keyed:
    for number in range(world.student_count):
        student = Student(world, number)
        for record in club.lessons(world, number):
            yield (student.subdomain, student.user_id, record["page_id"]), record


def _participants(world: "World", window: Window) -> Keyed:
    for number, updated_ms in enumerate(world.tickets.updated_of):
        if window.holds(updated_ms):
            yield str(world.tickets.id(number)), events.participant(world, number)


OTHERS: Final[Mapping[str, Callable[["World", Window], Keyed]]] = {
    "products": _products,
    "club_students": _students,
    "subscription_summary": _summaries,
    "subscription_purchases": _purchases,
    "product_offers": _offers,
    "product_plans": _plans,
    "coupons": _coupons,
    "club_modules": _modules,
    "club_lessons": _lessons,
    "event_participants": _participants,
}
