"""What every stream holds when read without loss: what tests compare a sync with."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from hotmart_simulator.account import Account
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
from hotmart_simulator.subscriptions.facts import Contract

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


def records(account: Account, stream: str, window: Window, *, currency_rows: bool, pages_version: int) -> Keyed:
    """Key and record of everything in a stream; the keys are those of the connector's streams."""
    if stream in OTHERS:
        return OTHERS[stream](account, window)
    if stream in SALE_RECORDS:
        return _sales(account, stream, window)
    if stream == "sales_summary":
        return _months(account, window)
    if stream == "subscriptions":
        return _subscriptions(account, window)
    if stream == "subscription_transactions":
        return _transactions(account, window, currency_rows=currency_rows)
    if stream == "club_pages":
        return _pages(account, pages_version)
    raise KeyError(f"no stream {stream}; there are {', '.join(STREAMS)}")


def detached(raw: dict[str, Any]) -> dict[str, Any]:
    """A copy that may be changed: records share their parts with others."""
    copy: dict[str, Any] = orjson.loads(orjson.dumps(raw))
    return copy


def _sales(account: Account, stream: str, window: Window) -> Keyed:
    book, render = account.sales, SALE_RECORDS[stream]
    statuses = PRICE_DETAILS_STATUSES if stream == "sales_price_details" else SALE_STATUSES
    for position in range(*book.bounds(window.start_ms, window.end_ms)):
        status = SALE_STATUSES[book.statuses[position]]
        if status in statuses:
            sale = Sale(account, book.serials[position], status)
            yield sale.transaction, render(sale)


def _months(account: Account, window: Window) -> Keyed:
    """By UTC month and currency, of the statuses that Hotmart counts by default."""
    book = account.sales
    sums: dict[tuple[str, str], list[int]] = {}
    for position in range(*book.bounds(window.start_ms, window.end_ms)):
        status = SALE_STATUSES[book.statuses[position]]
        if status in DEFAULT_SALE_STATUSES:
            sale = Sale(account, book.serials[position], status)
            month = datetime.fromtimestamp(sale.order_ms / 1000, UTC).strftime("%Y-%m-01")
            total = sums.setdefault((month, sale.currency), [0, 0])
            total[0] += 1
            total[1] += sale.cents
    for key, (count, cents) in sums.items():
        yield key, sales.summary(count, cents, key[1])


def _subscriptions(account: Account, window: Window) -> Keyed:
    book = account.subscriptions
    low, high = book.bounds(window.start_ms, window.end_ms)
    for place in range(low, high):
        record = subscriptions.subscription(Contract(account, book.by_accession[place]))
        yield record["subscriber_code"], record


def _transactions(account: Account, window: Window, *, currency_rows: bool) -> Keyed:
    changed_of = account.sales.changed_of
    for row in account.subscriptions.rows:
        if window.holds(changed_of[row >> 1]) and (currency_rows or not row & 1):
            record = subscriptions.transaction(account, row)
            yield (record["purchase"]["transaction"], record["purchase"]["commission"]["currency"]), record


def _products(account: Account, window: Window) -> Keyed:
    return ((str(product.id), product.raw) for product in account.products.own)


def _students(account: Account, window: Window) -> Keyed:
    for number in range(account.members_areas.student_count):
        record = members.student(account, number)
        yield (subdomain_of(account, number), record["user_id"]), record


def _summaries(account: Account, window: Window) -> Keyed:
    book = account.subscriptions
    for place in range(*book.bounds(window.start_ms, window.end_ms)):
        record = subscribers.summary(account, book.by_accession[place], account.now_ms)
        yield record["subscriber_code"], record


def _purchases(account: Account, window: Window) -> Keyed:
    for index in account.subscriptions.by_accession:
        for serial in account.subscriptions.charges(index):
            record = subscribers.purchase(account, Sale(account, serial))
            yield (account.subscriptions.codes.text(index), record["transaction"]), record


def _offers(account: Account, window: Window) -> Keyed:
    for product in account.products.own:
        for record in products.offers(product):
            yield (product.ucode, record["code"]), record


def _plans(account: Account, window: Window) -> Keyed:
    for product in account.products.own:
        for record in products.plans(product):
            yield (product.ucode, record["code"]), record


def _coupons(account: Account, window: Window) -> Keyed:
    for number in range(len(account.coupons)):
        yield str(account.coupons.id(number)), products.coupon(account, number)


def _modules(account: Account, window: Window) -> Keyed:
    for module_id, (subdomain, module) in account.members_areas.home.items():
        yield (subdomain, module_id), club.module(account, module)


def _pages(account: Account, version: int) -> Keyed:
    for module_id, (_, module) in account.members_areas.home.items():
        for page in module.pages:
            yield (module_id, page.id), club.page_v1(page) if version == 1 else club.page_v2(account, page)


def _lessons(account: Account, window: Window) -> Keyed:
    for number in range(account.members_areas.student_count):
        student = Student(account, number)
        for record in club.lessons(account, number):
            yield (student.subdomain, student.user_id, record["page_id"]), record


def _participants(account: Account, window: Window) -> Keyed:
    for number, updated_ms in enumerate(account.tickets.updated_of):
        if window.holds(updated_ms):
            yield str(account.tickets.id(number)), events.participant(account, number)


OTHERS: Final[Mapping[str, Callable[[Account, Window], Keyed]]] = {
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
