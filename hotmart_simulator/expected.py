"""The complete rows of every stream, which tests compare with a sync row by row."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson

from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.coupons import expected as coupons
from hotmart_simulator.events import expected as events
from hotmart_simulator.members_area import expected as members_area
from hotmart_simulator.products import expected as products
from hotmart_simulator.sales import expected as sales
from hotmart_simulator.subscriptions import expected as subscriptions

Key = str | tuple[str, ...]
"""The primary key of a changed row in the API: one code, or several."""

LISTS: Final[Mapping[str, Callable[..., Iterator[Row]]]] = {
    "sales_history": sales.history,
    "sales_users": sales.users,
    "sales_commissions": sales.commissions,
    "sales_price_details": sales.price_details,
    "sales_summary": sales.summary,
    "subscriptions": subscriptions.subscriptions,
    "subscription_transactions": subscriptions.subscription_transactions,
    "subscription_summary": subscriptions.subscription_summary,
    "subscription_purchases": subscriptions.subscription_purchases,
    "products": products.products,
    "product_offers": products.product_offers,
    "product_plans": products.product_plans,
    "coupons": coupons.coupons,
    "club_students": members_area.club_students,
    "club_modules": members_area.club_modules,
    "club_pages": members_area.club_pages,
    "club_lessons": members_area.club_lessons,
    "event_participants": events.event_participants,
}
"""A generator of rows for each stream."""


def rows(account: Account, stream: str, **options: Any) -> Iterator[Row]:
    """Yield the rows of a stream as the API would send them now. `options` are those of the stream's own generator.

    Records share parts with others and must not be changed. Raise KeyError for an unknown stream.
    """
    if stream not in LISTS:
        raise KeyError(f"no stream {stream}; there are {', '.join(LISTS)}")
    return LISTS[stream](account, **options)


def detached(row: Row) -> Row:
    """Return a copy of a row that may be changed."""
    record: dict[str, Any] = orjson.loads(orjson.dumps(row.record))
    return row._replace(record=record)
