"""Compare what arrived with what Hotmart holds, row by row and without the connector's own keys.

Both sides are converted to one form: ids as text, times as epoch milliseconds, absent and empty fields left out. Two
rows are equal when they have the same content, apart from the fields that the connector is documented to add. The
tables below are written by hand from the API reference (sections 5 and 6.4) and the design, so a wrong key in the
connector shows as a missing row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

import orjson

# The primary key of each stream by the reference, with the field names of the rows.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "sales_history": ("id",),
    "sales_users": ("transaction",),
    "sales_commissions": ("transaction",),
    "sales_price_details": ("transaction",),
    "sales_summary": ("month", "currency_code"),
    "subscriptions": ("subscriber_code",),
    "subscription_transactions": ("id", "commission_currency", "recurrency_number"),
    "subscription_summary": ("subscriber_code",),
    "subscription_purchases": ("subscriber_code", "transaction", "recurrency_number"),
    "products": ("id",),
    "product_offers": ("product_ucode", "code"),
    "product_plans": ("product_ucode", "code"),
    "coupons": ("id", "product_id"),
    "club_students": ("subdomain", "user_id"),
    "club_modules": ("subdomain", "module_id"),
    "club_pages": ("module_id", "page_id"),
    "club_lessons": ("subdomain", "user_id", "page_id"),
    "event_participants": ("id",),
}
# Fields that a row takes from its parent, in the order of the simulator's identities.
PARENT_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sales_summary": ("month",),
    "subscription_purchases": ("subscriber_code",),
    "product_offers": ("product_id", "product_ucode"),
    "product_plans": ("product_id", "product_ucode"),
    "coupons": ("product_id",),
    "club_students": ("subdomain",),
    "club_modules": ("subdomain",),
    "club_pages": ("subdomain", "module_id"),
    "club_lessons": ("subdomain", "user_id"),
}
# Top-level names of nested fields.
PROMOTED_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "sales_history": {"id": "purchase.transaction", "order_date": "purchase.order_date"},
    "sales_summary": {"currency_code": "total_value.currency_code"},
    "subscription_transactions": {
        "id": "purchase.transaction",
        "commission_currency": "purchase.commission.currency",
        "recurrency_number": "recurrency.number",
    },
    "event_participants": {
        "id": "eticket.id",
        "current_update": "eticket.current_update",
        "event_id": "product.id",
    },
}
# The value of a primary key's part that Hotmart does not send.
KEY_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "subscription_transactions": {"commission_currency": "NONE", "recurrency_number": 0},
    "subscription_purchases": {"recurrency_number": 0},
}
# Fields that the connector adds and the API does not have.
ADDED_FIELDS: Final = ("synced_until", "event")
# Fields that may be older than the row's parent, by `docs/development/late-changes.md`.
STALE_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "subscription_transactions": (
        "status",
        "date_next_charge",
        "cancellation_date",
        "last_recurrency_start_date",
        "last_recurrency_number",
        "max_cycles",
        "has_unpaid_recurrency",
        "has_credit_card_change",
        "is_paid_anticipation",
        "is_paid_negotiation",
        "adoption_date",
        "plan",
        "trial_info",
        "product",
        "recurrency.is_current_purchase",
        "recurrency.has_retry",
        "recurrency.scheduled_retry",
    ),
    "subscription_purchases": ("under_warranty",),
    "subscription_summary": ("lifetime",),
}
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# Fields that arrive as text even where Hotmart sends a number.
TEXT_NAME: Final = re.compile(r"(\w+_)?id|phone")

Record = Mapping[str, Any]


class Row(Protocol):
    """A row as `World.expected` returns it, declared here to avoid an import of the simulator."""

    @property
    def identity(self) -> tuple[object, ...]:
        """Return the ids of the row, its parents' first."""

    @property
    def record(self) -> dict[str, Any]:
        """Return the record that the API sends."""


class HeldRow(NamedTuple):
    """A row of a simulator in another process."""

    identity: tuple[object, ...]
    record: dict[str, Any]


def held_rows(answer: Iterable[Mapping[str, Any]]) -> list[HeldRow]:
    """Return the rows in an answer of GET /_simulator/expected/<stream>."""
    return [HeldRow(tuple(row["identity"]), row["record"]) for row in answer]


def canonical(value: Any, name: str = "") -> Any:
    """Return a field's value in the form used for the comparison, or None for a value without content."""
    if isinstance(value, str):
        if value[10:11] == "T" and TIME.fullmatch(value):
            return round(datetime.fromisoformat(value).timestamp() * 1000)
        return value or None
    if isinstance(value, dict):
        if "currency_value" in value:  # the documented spelling of `currency_code` (reference 5.4)
            value = {"currency_code": value["currency_value"], **value}
            del value["currency_value"]
        if "payment_delay_days" in value:  # the spelling of the documentation's text (reference 5.8)
            value = {"payment_delays_days": value["payment_delay_days"], **value}
            del value["payment_delay_days"]
        return {key: item for key, raw in value.items() if (item := canonical(raw, key)) is not None}
    if isinstance(value, list):
        return [canonical(item, name) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    number = int(value) if float(value).is_integer() else value
    return str(number) if TEXT_NAME.fullmatch(name) else number


def value_at(record: Record, path: str) -> Any:
    """Return a field by its dotted path, None where it is missing."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def without(record: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a copy without the field at a dotted path."""
    head, _, rest = path.partition(".")
    if head not in record:
        return record
    if not rest:
        return {name: value for name, value in record.items() if name != head}
    return {**record, head: without(record[head], rest)}


def sent(stream: str, row: Row) -> dict[str, Any]:
    """Return a row of the simulator with its parent's fields, as the connector is to deliver it."""
    parents = dict(zip(PARENT_FIELDS.get(stream, ()), row.identity[1:], strict=False))
    promoted = {name: value_at(row.record, path) for name, path in PROMOTED_FIELDS.get(stream, {}).items()}
    record = {**row.record, **parents, **promoted}
    for name, default in KEY_DEFAULTS.get(stream, {}).items():
        if record.get(name) is None:
            record[name] = default
    return record


def key_of(stream: str, record: Record) -> Any:
    """Return the primary key by the table above: a text, or a tuple of texts."""
    values = tuple(str(record[name]) for name in KEYS[stream])
    return values[0] if len(values) == 1 else values


def by_key(stream: str, rows: Iterable[Row]) -> dict[Any, dict[str, Any]]:
    """Return the simulator's records by key, for tests that look one up. Raise ValueError where two share a key."""
    records: dict[Any, dict[str, Any]] = {}
    for row in rows:
        record = sent(stream, row)
        key = key_of(stream, record)
        if key in records:
            raise ValueError(f"two rows of {stream} have the key {key}")
        records[key] = row.record
    return records


def fingerprint(stream: str, record: Record, ignored: Iterable[str] = ()) -> bytes:
    """Return the row in the compared form, without added and ignored fields."""
    row = {name: value for name, value in record.items() if name not in ADDED_FIELDS}
    if stream == "club_students" and "plus_access_type" in row:  # the raw word beside the boolean made of it
        row["plus_access"] = row.pop("plus_access_type")
    if stream == "club_pages" and "is_published" in row:  # the spelling of the older form (reference 4.15)
        row["published"] = row.pop("is_published")
    # The product of a page is not part of the row, nor is the uuid of a coupon's product.
    found_by = {"club_pages": ("product_id", "product_ucode"), "coupons": ("product_ucode",)}.get(stream, ())
    row = {name: value for name, value in row.items() if name not in found_by}
    for path in ignored:
        row = without(row, path)
    return orjson.dumps(canonical(row), option=orjson.OPT_SORT_KEYS)


@dataclass
class Difference:
    """How the rows that arrived differ from those that Hotmart holds."""

    stream: str
    lost: list[Any] = field(default_factory=list)
    """Keys of rows that did not arrive."""
    stale: list[Any] = field(default_factory=list)
    """Keys of rows that arrived with different content."""
    surplus: list[Any] = field(default_factory=list)
    """Keys of arrived rows that Hotmart does not hold at all."""

    def __bool__(self) -> bool:
        return bool(self.lost or self.stale or self.surplus)

    def __str__(self) -> str:
        """Return the numbers, with the first key of each kind."""
        kinds = {"lost": self.lost, "stale": self.stale, "not Hotmart's": self.surplus}
        parts = [f"{len(keys)} {name} (such as {keys[0]})" for name, keys in kinds.items() if keys]
        return f"{self.stream}: {', '.join(parts) or 'equal'}"


def difference(
    stream: str, expected: Iterable[Row], arrived: Iterable[Record], *, after_increments: bool = False
) -> Difference:
    """Compare the rows of both sides, counting repeated rows.

    After incremental syncs, leave out the fields that are documented to become outdated. Months without a sale in a
    currency, which Hotmart leaves out and the connector adds as zeros, are no surplus.
    """
    ignored = STALE_FIELDS.get(stream, ()) if after_increments else ()
    wanted: Counter[bytes] = Counter()
    key_of_wanted: dict[bytes, Any] = {}
    for row in expected:
        record = sent(stream, row)
        mark = fingerprint(stream, record, ignored)
        wanted[mark] += 1
        key_of_wanted[mark] = key_of(stream, record)
    came: Counter[bytes] = Counter()
    key_of_arrived: dict[bytes, Any] = {}
    for delivered in arrived:
        if stream == "sales_summary" and delivered["total_items"] == 0:
            continue
        mark = fingerprint(stream, delivered, ignored)
        came[mark] += 1
        key_of_arrived[mark] = key_of(stream, delivered)
    arrived_keys = set(key_of_arrived.values())
    wanted_keys = set(key_of_wanted.values())
    missing = [key_of_wanted[mark] for mark in (wanted - came).elements()]
    unknown = [key_of_arrived[mark] for mark in (came - wanted).elements()]
    surplus_keys = Counter(unknown)
    found = Difference(stream)
    for key in missing:
        # A row whose key arrived as often as it is missing has different content. Otherwise a copy of it is lost.
        if key in arrived_keys and surplus_keys[key]:
            surplus_keys[key] -= 1
            found.stale.append(key)
        else:
            found.lost.append(key)
    found.surplus = [key for key in surplus_keys.elements() if key not in wanted_keys or key not in missing]
    return found
