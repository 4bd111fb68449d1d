"""Convert single values to their declared type, if nothing is lost.

The limits are those of the destinations. PyAirbyte passes the integers of a column with nulls to PostgreSQL as
floating-point numbers: from 2^53 on they would be rounded, and near 2^63 they make the load of all rows fail. Columns
of numbers are DECIMAL(38, 9) or NUMERIC.
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
"""Maximum characters of a text that is converted to a number."""
_MOST_DIGITS = 64
"""Maximum digits of an id that Hotmart sent as a number with an exponent."""


def text(value: Any) -> str:
    """Return text unchanged, numbers and booleans as in JSON, and numbers without a fraction as integers.

    Raise `Unfit` for objects, lists, and numbers that may have lost digits: from 2^53 on, two ids can be the same
    number.
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
    """Return an integer below 2^53, given a number without a fraction or a text. `None` for an empty text."""
    if type(value) is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER:  # nearly every value
        return value
    if type(value) is float and value.is_integer() and abs(value) <= LARGEST_INTEGER:
        return int(value)
    if isinstance(value, str):
        if not value:
            return None
        exact = _decimal(value)
        if exact is not None and _is_whole(exact):
            return int(exact)
    raise Unfit


def number(value: Any) -> int | float | None:
    """Return a number below 10^29, given a number or a text in JSON format. `None` for an empty text."""
    if type(value) is float and -NUMBERS_BELOW < value < NUMBERS_BELOW:
        return value
    if type(value) is int and (-LARGEST_INTEGER <= value <= LARGEST_INTEGER or int(float(value)) == value):
        return value
    if isinstance(value, str):
        if not value:
            return None
        exact = _decimal(value)
        if exact is not None and _is_whole(exact):
            return int(exact)
        if exact is not None and abs(exact) < NUMBERS_BELOW and Decimal(repr(float(exact))) == exact:
            return float(exact)
    raise Unfit


def boolean(value: Any) -> bool | None:
    """Return a boolean, given a boolean or the texts "true" and "false". `None` for an empty text."""
    if type(value) is bool:
        return value
    if isinstance(value, str):
        if not value:
            return None
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
    raise Unfit


def anything(value: Any) -> Any:
    """Return a value without a declared type unchanged."""
    return value


CONVERTERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "date-time": time_of,
    "string": text,
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "": anything,
}
"""Converters by type. Each raises `Unfit` for a value that would lose information."""


def raw_text(value: Any) -> str:
    """Return a value as Hotmart's JSON spells it, a text without its quotes.

    The spelling of a floating-point number with an exponent may differ.
    """
    if isinstance(value, str):
        return str(value)
    written = orjson.dumps(value).decode()
    return written.replace("e+", "e") if value.__class__ is float else written


def _decimal(number: str) -> Decimal | None:
    """Return the exact number in a text, `None` if it is not a JSON number."""
    if len(number) > _LONGEST_NUMBER or not _JSON_NUMBER.fullmatch(number):
        return None
    try:
        return Decimal(number)
    except InvalidOperation:
        return None


def _is_whole(exact: Decimal) -> bool:
    """Whether a number has no fraction and is below 2^53."""
    return abs(exact) <= LARGEST_INTEGER and exact == exact.to_integral_value()
