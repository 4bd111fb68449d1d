"""Single values in the type that a schema declares, converted only where nothing is lost.

The bounds are those of the destinations. PyAirbyte hands the integers of a column with nulls to PostgreSQL as
floating-point numbers: those from 2^53 on would be rounded, and those near 2^63 end the load of all rows. Columns of
numbers are DECIMAL(38, 9) or NUMERIC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from source_hotmart.api.decoding import EXACT_BELOW, RawNumber
from source_hotmart.api.errors import Unfit
from source_hotmart.records.times import time_of

LARGEST_INTEGER: Final = EXACT_BELOW - 1
NUMBERS_BELOW: Final = 1e29
"""A DECIMAL(38, 9) has 29 digits before the point. PyAirbyte makes such columns, and BigQuery's NUMERIC is the same."""

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 64
"""Characters. No text that is longer is taken for a number."""
_MOST_DIGITS = 64
"""Digits up to which a number with an exponent is written out as an id."""


def text(value: Any) -> str:
    """Return text as it is, numbers and booleans as in JSON, and numbers without a fraction as integers.

    Raise `Unfit` for objects, lists, and numbers that may have lost digits: from 2^53 on, two ids can be one number.
    """
    if value.__class__ is int:
        return str(value)
    if value.__class__ is RawNumber:
        number = _decimal(value)
        is_whole = number is not None and number.adjusted() < _MOST_DIGITS and number == number.to_integral_value()
        return f"{number:.0f}" if is_whole else str(value)
    if isinstance(value, str):
        return value
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is float and -EXACT_BELOW < value < EXACT_BELOW:
        return str(int(value)) if value.is_integer() else repr(value)
    raise Unfit


def integer(value: Any) -> int | None:
    """Return an integer below 2^53, also of text or of a number without a fraction; `None` for an empty text."""
    if value.__class__ is float and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        if not value:
            return None
        number = _decimal(value)
        if number is not None and abs(number) < NUMBERS_BELOW and number == number.to_integral_value():
            value = int(number)
    if value.__class__ is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        return int(value)
    raise Unfit


def number(value: Any) -> int | float | None:
    """Return a number below 10^29, also of text in the form of JSON; `None` for an empty text."""
    if isinstance(value, str):
        if not value:
            return None
        exact = _decimal(value)
        if exact is None:
            raise Unfit
        is_whole = abs(exact) <= LARGEST_INTEGER and exact == exact.to_integral_value()
        value = int(exact) if is_whole else float(exact)
        if Decimal(repr(value)) != exact:
            raise Unfit
    if value.__class__ is int and int(float(value)) == value:
        return int(value)
    if value.__class__ is float and -NUMBERS_BELOW < value < NUMBERS_BELOW:
        return float(value)
    raise Unfit


def boolean(value: Any) -> bool | None:
    """Return a boolean, also of the texts "true" and "false"; `None` for an empty text."""
    if value.__class__ is bool:
        return bool(value)
    if isinstance(value, str):
        if not value:
            return None
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
    raise Unfit


def anything(value: Any) -> Any:
    """Return a value for which no type is declared."""
    return value


CONVERTERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "date-time": time_of,
    "string": text,
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "": anything,
}
"""By type. Each raises `Unfit` for a value of which something would be lost."""


def raw_text(value: Any) -> str:
    """Return a value as it stood in Hotmart's JSON, a text without its quotes.

    A floating-point number with an exponent may have been written in another way.
    """
    if isinstance(value, str):
        return str(value)
    written = orjson.dumps(value).decode()
    return written.replace("e+", "e") if value.__class__ is float else written


def _decimal(number: str) -> Decimal | None:
    """Return the exact number in a text, `None` where it is not a number of JSON."""
    if len(number) > _LONGEST_NUMBER or not _JSON_NUMBER.fullmatch(number):
        return None
    try:
        return Decimal(number)
    except InvalidOperation:
        return None
