"""Hash or drop personal data before a record leaves the connector, according to the marks in its schema.

- `"x-personal": true` marks a field and everything in it, including fields that the schema does not know.
- `"x-personal": "drop"` marks a field with few different values, such as a city. The frequency of each hash would
  reveal the value, so it is dropped if other fields are hashed.
- `"x-personal": "keep"` marks a field that many people share, such as a country. It is dropped with the others, but
  kept if they are hashed.
- `"x-personal": false` inside a marked object exempts a field, such as a key that joins streams.

A schema is compiled once into a plan of small functions that visit only the marked places.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from source_hotmart.config.form import PersonalData

MARK = "x-personal"

Hide = Callable[[Any], Any]
"""Returns the replacement for a personal value of any type."""

REMEMBERED = 1 << 14
"""Number of cached hashes. An account has few producers and affiliates, and they appear in every row."""

_WITHOUT_LETTERS = re.compile(r"[\W\d_]*")
_NO_DIGIT = re.compile(r"\D")
_WHOLE_FLOAT = re.compile(r"([+-]?\d+)\.0+")
_INVISIBLE = ("Cc", "Cf")
"""Unicode categories of control and format characters, such as zero-width space, soft hyphen and byte order mark."""


def hide_of(settings: PersonalData) -> Hide | None:
    """Return the function that hides personal values, `None` if the settings keep them."""
    match settings.mode:
        case "hash":
            return hasher(settings.key.get_secret_value())
        case "drop":
            return drop
    return None


def drop(value: Any) -> None:
    """Return `None` for any value."""


def hasher(key: str) -> Hide:
    """Return a function that replaces every value in its argument with its HMAC-SHA-256, as 64 hexadecimal digits.

    The same person must have the same hash in every stream, so the function hashes `same_for_all_spellings`.
    """
    secret = key.encode()

    @lru_cache(REMEMBERED)
    def hash_text(text: str) -> str | None:
        text = same_for_all_spellings(text)
        return hmac.digest(secret, text.encode(), "sha256").hex() if text else None

    def hash_value(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: hash_value(item) for name, item in value.items()}
        if isinstance(value, list):
            return [hash_value(item) for item in value]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return None if value is None else hash_text(str(value))

    return hash_value


def same_for_all_spellings(text: str) -> str:
    """Return one text for all spellings of a value.

    Case, white space, invisible characters and the Unicode form (composed or not) make no difference. A number with a
    fraction of zero becomes an integer. A text without letters (phones, documents, postal codes) is reduced to its
    digits. `Ana@Example.com ` and `ana@example.com` are one address, `123.456.789-09` and `12345678909` one document.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFD", text)
    if not text.isprintable():
        text = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in _INVISIBLE)
    text = unicodedata.normalize("NFC", text.casefold())
    text = " ".join(text.split())
    text = _WHOLE_FLOAT.sub(r"\1", text) if _WHOLE_FLOAT.fullmatch(text) else text
    return (_WITHOUT_LETTERS.fullmatch(text) and _NO_DIGIT.sub("", text)) or text


def compile_hiding(schema: Mapping[str, Any], hide: Hide | None) -> Hide | None:
    """Return a function that hides the marked values, in objects in place. `None` if nothing is to be hidden.

    A value of another type than declared is hidden completely if any part of it would be.
    """
    return None if hide is None else _compile(_marks_of(schema, drops=hide is drop), hide, marked=False)


def without_marks(schema: Any) -> Any:
    """Return a schema without the marks, which are only for this connector."""
    if isinstance(schema, Mapping):
        return {name: without_marks(item) for name, item in schema.items() if name != MARK}
    return schema


def _marks_of(schema: Any, *, drops: bool) -> Any:
    """Return a schema with each "keep" replaced by whether `drops` makes the field personal."""
    if not isinstance(schema, Mapping):
        return schema
    return {
        name: drops if name == MARK and item == "keep" else _marks_of(item, drops=drops)
        for name, item in schema.items()
    }


def _compile(schema: Mapping[str, Any], hide: Hide, *, marked: bool) -> Hide | None:
    mark = schema.get(MARK, marked)
    hide, marked = (drop, True) if mark == "drop" else (hide, mark)
    if marked and not _shows(schema):
        return hide
    if "items" in schema:
        hide_item = _compile(schema["items"], hide, marked=marked)
        return _list_hiding(hide_item, hide) if hide_item else None
    plan = {name: _compile(field, hide, marked=marked) for name, field in schema.get("properties", {}).items()}
    return _object_hiding(plan, hide, marked=marked) if marked or any(plan.values()) else None


def _shows(schema: Mapping[str, Any]) -> bool:
    """Whether a field inside is exempt from the mark."""
    inner = [*schema.get("properties", {}).values(), schema.get("items", {})]
    return any(field.get(MARK) is False or _shows(field) for field in inner if field)


def _object_hiding(plan: Mapping[str, Hide | None], hide: Hide, *, marked: bool) -> Hide:
    hide_unknown = hide if marked else None

    def hide_fields(value: Any) -> Any:
        if type(value) is not dict:
            return hide(value)
        for name, item in value.items():
            hide_field = plan.get(name, hide_unknown)
            if hide_field is not None and item is not None:
                value[name] = hide_field(item)
        return value

    return hide_fields


def _list_hiding(hide_item: Hide, hide: Hide) -> Hide:
    def hide_items(value: Any) -> Any:
        if type(value) is not list:
            return hide(value)
        return [item if item is None else hide_item(item) for item in value]

    return hide_items
