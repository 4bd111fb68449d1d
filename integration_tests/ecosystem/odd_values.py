"""Values in forms that Hotmart has no reason to send, each in its own row, and what the tables hold for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LARGEST = 2**53 - 1
"""The largest integer up to which a float represents every integer exactly."""


@dataclass(frozen=True, kw_only=True)
class Odd:
    """One value in one row."""

    stream: str
    name: str
    """The field."""
    sent: str
    """The JSON text sent as its value."""
    column: Any = None
    """Expected value of its column. Times as text."""
    unparsed: str | None = None
    """Expected value in `unparsed_values`."""
    additional: Mapping[str, Any] = field(default_factory=dict)
    """Expected content of `additional_fields`."""


def _odd(stream: str, name: str, sent: str, column: Any = None, unparsed: str | None = None) -> Odd:
    return Odd(stream=stream, name=name, sent=sent, column=column, unparsed=unparsed)


def _kept_apart(stream: str, name: str, texts: Mapping[str, str]) -> list[Odd]:
    return [_odd(stream, name, sent, None, raw) for sent, raw in texts.items()]


INTEGERS = [
    _odd("products", "warranty_period", '""'),
    _odd("products", "warranty_period", "7.0", 7),
    _odd("products", "warranty_period", '"7"', 7),
    _odd("products", "warranty_period", str(LARGEST), LARGEST),
    _odd("products", "warranty_period", str(-LARGEST), -LARGEST),
    *_kept_apart(
        "products",
        "warranty_period",
        {
            '"7 days"': "7 days",
            "7.5": "7.5",
            "true": "true",
            "{}": "{}",
            str(LARGEST + 1): str(LARGEST + 1),
            str(2**63 - 1): str(2**63 - 1),
            str(2**64): str(2**64),
        },
    ),
]
BOOLEANS = [
    _odd("products", "is_subscription", '""'),
    _odd("products", "is_subscription", '"false"', column=False),
    *_kept_apart("products", "is_subscription", {'"maybe"': "maybe", "1": "1"}),
]
NUMBERS = [
    _odd("sales_price_details", "real_conversion_rate", '""'),
    _odd("sales_price_details", "real_conversion_rate", '"5.20"', 5.2),
    _odd("sales_price_details", "real_conversion_rate", "1e-300", 0),
    _odd("sales_price_details", "real_conversion_rate", "9.9e28", 9.9e28),
    _odd("sales_price_details", "real_conversion_rate", "-9.9e28", -9.9e28),
    _odd("sales_price_details", "real_conversion_rate", str(2**63), 2**63),
    *_kept_apart(
        "sales_price_details",
        "real_conversion_rate",
        {'"5,20"': "5,20", "1e29": "1e29", str(2**64): str(2**64), "NaN": "NaN", "1e999": "1e999", "[]": "[]"},
    ),
]
TIMES = [
    _odd("products", "created_at", '""'),
    _odd("products", "created_at", "0"),
    _odd("products", "created_at", '"20240501"', "2024-05-01T00:00:00.000Z"),
    _odd("products", "created_at", '"1900-01-01"', "1900-01-01T00:00:00.000Z"),
    _odd("products", "created_at", '"0001-01-01T00:00:00Z"', "0001-01-01T00:00:00.000Z"),
    _odd("products", "created_at", "253402300799999", "9999-12-31T23:59:59.999Z"),
    *_kept_apart(
        "products",
        "created_at",
        {
            '"soon"': "soon",
            '"0000-00-00 00:00:00"': "0000-00-00 00:00:00",
            '"01/05/2024"': "01/05/2024",
            "1714564800123456": "1714564800123456",
            "-1": "-1",
            "{}": "{}",
        },
    ),
]
TEXTS = [
    _odd("products", "name", "true", "true"),
    _odd("products", "name", "5.0", "5"),
    _odd("products", "name", str(2**64), str(2**64)),
    _odd("products", "name", r'"a\u0000b"', "a\ufffdb"),
    _odd("products", "name", r'{"a\u0000":"\u0000b"}', None, '{"a\ufffd":"\ufffdb"}'),
]
OBJECTS = [
    _odd("sales_price_details", "vat", '""'),
    *_kept_apart("sales_price_details", "vat", {'"none"': "none", "[]": "[]", "5": "5"}),
]
FIELDS = [
    Odd(stream="products", name=name, sent=sent, additional={name: value})
    for name, sent, value in (
        ("ID", '"another"', "another"),
        ("Name", '"another"', "another"),
        ("unparsed_values", '"x"', "x"),
        ("additional_fields", "[1]", [1]),
        ("brand_new", '{"a":[1,null,"\\u0000"],"":{}}', {"a": [1, None, "\ufffd"], "": {}}),
        ("large", str(2**64), str(2**64)),
        ("whole", str(2**64 - 1), 2**64 - 1),
        ("float", "1e308", 1e308),
    )
] + [Odd(stream="products", name=".", sent="1", additional={"": {"": 1}})]
"""Fields that no stream declares. The name "." equals the path of an empty name inside an object with an empty name."""
LIFTED = [
    Odd(stream="sales_history", name="id", sent='"another"', additional={"id": "another"}),
    Odd(stream="sales_history", name="order_date", sent="1", additional={"order_date": 1}),
]
"""Fields whose names the connector uses for nested fields that it copies to the top level."""

ODD_VALUES = [*INTEGERS, *BOOLEANS, *NUMBERS, *TIMES, *TEXTS, *OBJECTS, *FIELDS, *LIFTED]
