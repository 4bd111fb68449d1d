"""Decode JSON bodies: quickly if they are valid, and with invalid values replaced if they are not."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import orjson

INVALID_BYTES = "invalid bytes"
CONTROL_CHARACTERS = "control characters"
INVALID_NUMBERS = "invalid numbers"

EXACT_BELOW: Final = 2**53
"""From this number on, different integers can be the same floating-point number."""

_LATIN_1 = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}
"""Maps the surrogate that `surrogateescape` makes of an invalid byte to that byte as a Latin-1 character."""
_INTEGERS = range(-(2**63), 2**64)
"""Integers that orjson reads and writes. It reads all others as floating-point numbers."""
_MOST_DIGITS = 20
"""Length in characters of the longest integers in that range."""
MOST_VALUES = 500_000
"""Maximum number of values in one body. A page of 500 sales has 30,000, and each can take 100 bytes of memory."""
_COUNTED_FROM_BYTES = 2 << 20
"""The values of larger bodies, in bytes, are counted."""
MOST_LEVELS = 240
"""Maximum nesting of objects and lists. orjson reads 1,024 levels and writes 254, including those of the message."""
_LISTS_AROUND = 1024 - MOST_LEVELS
"""Lists around a body that is decoded. With them orjson reads no more than `MOST_LEVELS` of the body."""
_OPENING, _CLOSING = b"[" * _LISTS_AROUND, b"]" * _LISTS_AROUND

_MARKS = bytes.maketrans(b"0123456789,[ -\t\n\r", b"0" * 10 + b":" * 7)
"""Replaces every digit by 0, and every character that can precede a number by a colon."""
_LONG_NUMBER_MARKS = b":" + b"0" * 16
_LONG_NUMBER = re.compile(rb"[:,\[\s](?:-[0-9]{19}|-?[0-9]{20}|-?[0-9]{16,19}[.eE])")
"""A number that orjson may change: an integer of more than 64 bits, or a fraction from 2^53 on."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_CODE_DIGITS = 5
"""Maximum digits of an error code. Known codes have four. Documents, telephone numbers and credentials have more."""
_LONG_DIGITS = re.compile(r"-?[0-9]{16}")


class UnexpectedBody(Exception):
    """The body is not the requested page. The text describes what arrived instead, and never quotes the body.

    `breaks_contract` means that the API itself answered, in an unknown form.
    """

    def __init__(self, what: str, *, breaks_contract: bool = False) -> None:
        super().__init__(what)
        self.breaks_contract = breaks_contract


class RawNumber(str):
    """A number as Hotmart sent it, because neither a 64-bit integer nor a floating-point number holds it exactly."""

    __slots__ = ()


class Repaired(str):
    """Text with guessed characters. It must not be a primary key, since another row may have the same one."""

    __slots__ = ()


def decode(body: bytes) -> Any:
    """Return the content of a valid JSON body. Raise `UnexpectedBody` for any other body."""
    content, invalid = decode_json(body)
    if invalid:  # a token or an error code must not be guessed
        raise UnexpectedBody("a body that is not JSON")
    return content


def error_code(body: bytes) -> str | None:
    """Return Hotmart's error code, such as `invalid_parameter` or `0006`, empty if the body has none.

    `None` if Hotmart did not send the body: its errors are JSON objects, as documented, or empty. Firewalls send HTML.
    Codes are shown in messages, so a text that does not look like a code is ignored.

    https://developers.hotmart.com/docs/en/start/http-response-codes/ (members area: `code` instead of `error`)
    """
    if not body.strip():
        return ""
    try:
        answer, repaired = decode_json(body)
    except UnexpectedBody:
        return None
    if not isinstance(answer, dict):
        return None
    code = answer.get("error") or answer.get("code")
    if repaired or not isinstance(code, str) or not _CODE.fullmatch(code):
        return ""
    return code if sum(map(str.isdigit, code)) <= _CODE_DIGITS else ""


def decode_json(body: bytes) -> tuple[Any, str]:
    """Return the content of a JSON body, and a description of what was invalid: "" or for example "invalid bytes".

    Numbers that would lose digits become `RawNumber`. U+0000, which PostgreSQL does not store, becomes U+FFFD. Raise
    `UnexpectedBody` if the body is not JSON, or larger or nested more deeply than any page.
    """
    if not body.strip():
        raise UnexpectedBody("an empty body")
    if len(body) > _COUNTED_FROM_BYTES and sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise UnexpectedBody(f"JSON of more than {MOST_VALUES:,} values")
    try:
        return _decode(body)
    except RecursionError:
        raise UnexpectedBody("JSON that is nested too deeply") from None
    except ValueError:
        what = "an HTML page" if body.lstrip()[:1] == b"<" else "a body that is not JSON"
        raise UnexpectedBody(what) from None


def _decode(body: bytes) -> tuple[Any, str]:
    """Do the same as `decode_json`, but raise `RecursionError` for deep values, and `ValueError` for other formats."""
    try:
        content = orjson.loads(b"".join((_OPENING, body, _CLOSING)))
        for _ in range(_LISTS_AROUND):
            [content] = content  # not one value if the body is empty, or closes the lists around it
    except ValueError:
        content, invalid = _decode_slowly(body)
        if _is_too_deep(content):
            raise RecursionError from None
        return content, invalid
    if _LONG_NUMBER_MARKS in body.translate(_MARKS) and _LONG_NUMBER.search(body):
        content, _ = _decode_slowly(body)
    elif b"\\" in body and b"\\u0000" in body:
        content = _with_texts(content, _without_nul)
    return content, ""


def _is_too_deep(content: Any) -> bool:
    """Whether a value has more levels than a record can have."""
    level = [content] if type(content) in (dict, list) else []
    for _ in range(MOST_LEVELS):
        inside = [inner for outer in level for inner in (outer.values() if type(outer) is dict else outer)]
        level = [inner for inner in inside if type(inner) in (dict, list)]
    return bool(level)


def _decode_slowly(body: bytes) -> tuple[Any, str]:
    """Decode with Python's decoder, which passes on the digits of each number, and accepts more than orjson."""
    found: dict[str, None] = {}
    encoding = json.detect_encoding(body)
    try:
        text = body.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        text, found = body.decode(encoding, "surrogateescape"), {INVALID_BYTES: None}
    as_float = partial(_float, found)
    load = partial(json.loads, text, parse_constant=as_float, parse_float=as_float, parse_int=_integer)
    try:
        content = load()
    except ValueError:
        content = load(strict=False)  # accepts control characters in strings
        found[CONTROL_CHARACTERS] = None
    if "\\u" in text or "\0" in text or _has_halves(text):
        content = _with_texts(content, partial(_whole, has_invalid_bytes=INVALID_BYTES in found))
    return content, ", ".join(found)


def _float(found: dict[str, None], text: str) -> float | RawNumber:
    """Return a number. Numbers such as `1e999`, `NaN` and `Infinity` are invalid."""
    number = float(text)
    if not math.isfinite(number):
        found[INVALID_NUMBERS] = None
        return RawNumber(text)
    # Numbers with an exponent stay the same, as on pages that orjson decodes.
    return RawNumber(text) if abs(number) >= EXACT_BELOW and _LONG_DIGITS.match(text) else number


def _integer(text: str) -> int | RawNumber:
    is_short = len(text) <= _MOST_DIGITS  # Python does not convert integers of thousands of digits
    return number if is_short and (number := int(text)) in _INTEGERS else RawNumber(text)


def _with_texts(content: Any, change: Callable[[str], str]) -> Any:
    """Return JSON with every text in it changed, including field names."""
    if type(content) is str:
        return change(content)
    if type(content) is dict:
        return {str(change(name)): _with_texts(item, change) for name, item in content.items()}
    if type(content) is list:
        return [_with_texts(item, change) for item in content]
    return content


def _without_nul(text: str) -> str:
    return text.replace("\0", "\ufffd")


def _whole(text: str, *, has_invalid_bytes: bool) -> str:
    """Return a text without surrogates: invalid bytes become Latin-1 characters, lone surrogates become U+FFFD.

    Other encoders write lone surrogates as escapes, for example for a truncated emoji. UTF-8 cannot encode them.
    """
    text = _without_nul(text)
    if not _has_halves(text):
        return text
    latin = text.translate(_LATIN_1) if has_invalid_bytes else text
    whole = latin.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    is_certain = latin == text and whole.count("\ufffd") == text.count("\ufffd")
    return whole if is_certain else Repaired(whole)


def _has_halves(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
