"""Generate `docs/streams.md`: every stream with its endpoint, key, cursor, parent, calls and fields, from the code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from airbyte_cdk.sources.utils.casing import camel_to_snake
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_hotmart.catalog import CLASSES
from source_hotmart.records.columns import COLUMNS
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.child import ChildStream

PAGE = Path(__file__).parent.parent.parent / "docs" / "streams.md"

NONE = "\N{EN DASH}"
"""The text of a cell without a value."""

HEAD = """\
# Streams and fields

`make docs` generates this page from the classes and schemas. Change those, not this page. [hotmart.md](hotmart.md) has
the set-up, what arrives when, and the messages.

Every field may be null. Times are UTC, ids are text. *Requests* is the number for a full refresh: Hotmart allows 500
requests per minute. Every stream has two more columns:

| Field | Type | What it is |
|---|---|---|
"""

# Hotmart-api.md 6.6, with the field names of the records.
JOINS = (
    ("sales_history", "sales_users", "id = transaction"),
    ("sales_history", "sales_commissions", "id = transaction"),
    ("sales_history", "sales_price_details", "id = transaction"),
    ("sales_history", "products", "product.id = id"),
    ("sales_history", "product_offers", "purchase.offer.code = code"),
    ("sales_history", "product_plans", "purchase.offer.code = code"),
    ("subscriptions", "sales_history", "transaction = id"),
    ("subscriptions", "subscription_summary", "subscriber_code"),
    ("subscriptions", "subscription_transactions", "subscriber_code"),
    ("subscriptions", "subscription_purchases", "subscriber_code"),
    ("subscription_transactions", "sales_history", "id"),
    ("subscription_purchases", "sales_history", "transaction = id"),
    ("products", "product_offers", "ucode = product_ucode"),
    ("products", "product_plans", "ucode = product_ucode"),
    ("products", "coupons", "id = product_id"),
    ("products", "event_participants", "id = event_id"),
    ("club_students", "sales_history", "email = buyer.email"),
    ("club_students", "club_lessons", "subdomain, user_id"),
    ("club_modules", "club_pages", "subdomain, module_id"),
    ("club_pages", "club_lessons", "page_id"),
)
"""(stream, stream, the fields that join them: one name where both streams use the same)."""


def streams_page() -> str:
    """Return the whole page."""
    parts = [HEAD + "\n".join(_fields({"properties": COLUMNS})), "", *_table(), "", *_drawing()]
    for name, cls in CLASSES.items():
        parts += ["", *_section(name, cls)]
    return "\n".join(parts) + "\n"


def _table() -> Iterator[str]:
    yield "| Stream | Key | Cursor | Parent | Requests |"
    yield "|---|---|---|---|---|"
    for name, cls in CLASSES.items():
        yield f"| [`{name}`](#{name}) | {_key(cls)} | {_cursor(cls)} | {_parent(cls)} | {cls.cost_note} |"


def _drawing() -> Iterator[str]:
    yield "## How the streams join"
    yield ""
    yield "A line joins two streams by the fields on it. A thick line also leads from a parent to its child stream:"
    yield "Hotmart lists the child's rows for each row of the parent, and not for the whole account."
    yield ""
    yield "```mermaid"
    yield "flowchart LR"
    found_by = {
        (camel_to_snake(cls.parent.__name__), name) for name, cls in CLASSES.items() if issubclass(cls, ChildStream)
    }
    for left, right, fields in JOINS:
        line = "==>" if (left, right) in found_by else "---"
        yield f'    {left} {line}|"{fields}"| {right}'
    yield "```"


def _section(name: str, cls: type[HotmartStream]) -> Iterator[str]:
    schema = ResourceSchemaLoader("source_hotmart").get_schema(name)
    yield f"## {name}"
    yield ""
    yield schema["description"]
    yield ""
    yield f"- Endpoint: `GET /{cls.endpoint}`"
    yield f"- Key: {_key(cls)}"
    yield f"- Cursor: {_cursor(cls)}"
    if issubclass(cls, ChildStream):
        yield f"- Parent: {_parent(cls)}, with one list per {cls.parent_label}"
    yield f"- Requests: {cls.cost_note}"
    documented = re.search(r"https://developers\.hotmart\.com/\S+", cls.__doc__ or "")
    if documented:
        yield f"- Hotmart's documentation: {documented[0]}"
    yield ""
    yield "| Field | Type | What it is |"
    yield "|---|---|---|"
    yield from _fields(schema)


def _fields(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        here = f"{path}{name}"
        description = field["description"].replace("|", "\\|")
        yield f"| `{here}` | {_type(field)} | {description} |"
        yield from _fields(field, f"{here}.")
        yield from _fields(field.get("items", {}), f"{here}[].")


def _type(field: Mapping[str, Any]) -> str:
    (name,) = [name for name in field["type"] if name != "null"]
    return str(field.get("format", name))


def _key(cls: type[HotmartStream]) -> str:
    key: Any = cls.primary_key
    return ", ".join(f"`{name}`" for name in ([key] if isinstance(key, str) else key))


def _cursor(cls: type[HotmartStream]) -> str:
    cursor: Any = cls.cursor_field
    return f"`{cursor}`" if isinstance(cursor, str) else NONE


def _parent(cls: type[HotmartStream]) -> str:
    return f"`{camel_to_snake(cls.parent.__name__)}`" if issubclass(cls, ChildStream) else NONE
