"""Decode JSON bodies: quickly where they are valid, and with the invalid values replaced where they are not."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

INVALID_BYTES = "invalid bytes"
CONTROL_CHARACTERS = "control characters"
INVALID_NUMBERS = "invalid numbers"

_LATIN_1 = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}
"""What the `surrogateescape` handler makes of an invalid byte, and the same byte as a Latin-1 character."""
_LONGEST_INTEGER = 20
"""Digits of the largest integer that orjson keeps whole. It reads longer ones as floating-point numbers."""
_SAMPLED = 50
"""One byte in so many is looked at for closing brackets, which costs a hundredth of the decoding."""


class TooDeep(ValueError):
    """The JSON has more levels of objects and lists than a record can be written with."""


def decode_json(body: bytes) -> tuple[Any, str]:
    """Return the content of a JSON body, and what was invalid in it: "" or for example "invalid bytes".

    Raise `ValueError` if the body is not JSON, and `TooDeep` if its values are nested too deeply.
    """
    try:
        content, invalid = orjson.loads(body), ""
    except orjson.JSONDecodeError:
        content, invalid = _decode_invalid(body)
    # More than 200 levels end with as many closing brackets in a row, and these take up four sampled bytes.
    if b"}}}}" in body[::_SAMPLED].replace(b"]", b"}"):
        _check_depth(content)
    return content, invalid


def _check_depth(content: Any) -> None:
    """Raise `TooDeep` where orjson reads more levels than it writes: a record with one of the rows would fail."""
    try:
        orjson.dumps([content])
    except TypeError:
        raise TooDeep from None


def _decode_invalid(body: bytes) -> tuple[Any, str]:
    """Decode with Python's decoder, which accepts more than orjson."""
    text, found = _text_of(body)
    decoder = _Decoder(found)
    try:
        return _with_whole_characters(decoder.decode(text)), ", ".join(found)
    except RecursionError:
        raise TooDeep from None


def _text_of(body: bytes) -> tuple[str, dict[str, None]]:
    """Return a body as text, each invalid byte as the Latin-1 character of that byte."""
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding, "surrogatepass"), {}
    except UnicodeDecodeError:
        return body.decode(encoding, "surrogateescape").translate(_LATIN_1), {INVALID_BYTES: None}


class _Decoder:
    """Python's JSON decoder, with null in place of numbers that JSON does not have or that are out of range."""

    def __init__(self, found: dict[str, None]) -> None:
        self._found = found

    def decode(self, text: str) -> Any:
        """Accept control characters inside of strings where the text is no JSON without that."""
        try:
            return self._decode(text, strict=True)
        except ValueError:
            content = self._decode(text, strict=False)
            self._found[CONTROL_CHARACTERS] = None
            return content

    def _decode(self, text: str, *, strict: bool) -> Any:
        return json.loads(
            text, strict=strict, parse_constant=self._float, parse_float=self._float, parse_int=self._integer
        )

    def _float(self, text: str) -> float | None:
        """Return a number, or null for `NaN`, `Infinity` and for one as large as `1e999`."""
        number = float(text)
        if math.isfinite(number):
            return number
        self._found[INVALID_NUMBERS] = None
        return None

    def _integer(self, text: str) -> int | float | None:
        return int(text) if len(text) <= _LONGEST_INTEGER else self._float(text)


def _with_whole_characters(content: Any) -> Any:
    """Replace each half of a character, such as of an emoji that was cut, by the sign for an unknown character.

    Other encoders write such halves as an escape, and no UTF-8 can hold them.
    """
    text = json.dumps(content, ensure_ascii=False)
    try:
        return orjson.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except orjson.JSONDecodeError:  # the number of levels is all that it can still refuse
        raise TooDeep from None
