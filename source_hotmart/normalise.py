"""Values as the schema declares them: UTC times, ids as text; everything else as Hotmart sent it.

A schema is compiled once into a plan of small functions, for a walk of the schema per record costs more than
all the rest of reading it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from threading import Lock
from typing import Any

LOGGER = logging.getLogger("airbyte.hotmart")

Converter = Callable[[Any], Any]

SECONDS_BELOW = 100_000_000_000
"""Epoch numbers below this are seconds: as milliseconds they would lie before March 1973."""

DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# A third of the time that datetime takes to print itself, with four times in every sale.
_HOURS_MINUTES = tuple(f"{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
_SECONDS = tuple(f"{second:02}." for second in range(60))
_MILLISECONDS = tuple(f"{millisecond:03}Z" for millisecond in range(1000))
_PLAIN_TYPES: dict[str, type] = {"boolean": bool, "integer": int, "number": float, "string": str}


class Surprises:
    """Fields whose values were not of the declared type; each is told once a sync."""

    def __init__(self, stream_name: str) -> None:
        self._stream_name = stream_name
        self._seen: set[str] = set()
        self._lock = Lock()

    def note(self, path: str, declared: str, value: Any) -> None:
        """Say once which field holds something else than declared; never the value itself."""
        with self._lock:
            if path in self._seen:
                return
            self._seen.add(path)
        LOGGER.warning(
            "%s: Hotmart sent %s in %s, where %s is declared; the values are kept as sent.",
            self._stream_name,
            type(value).__name__,
            path,
            declared,
        )


def compile_schema(schema: Mapping[str, Any], surprises: Surprises, path: str = "") -> Converter:
    """A function that changes a value, in place where it is an object, to what the schema declares.

    Times become ISO 8601 in UTC with milliseconds, numbers where text is declared become text, an empty time
    becomes null. Nothing is lost: what cannot be converted is kept as sent and noted in `surprises`.
    """
    declared = _declared_type(schema)
    if declared == "object":
        return _object_converter(schema, surprises, path)
    if declared == "array":
        return _array_converter(schema, surprises, path)
    if schema.get("format") == "date-time":
        return _time_converter(surprises, path)
    return _plain_converter(declared, surprises, path)


def _declared_type(schema: Mapping[str, Any]) -> str:
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else [name for name in types if name != "null"]
    return names[0] if names else ""


def _object_converter(schema: Mapping[str, Any], surprises: Surprises, path: str) -> Converter:
    """A function with a line for each declared field, written out: a loop over them takes half as long again."""
    names: dict[str, Any] = {"note": surprises.note, "path": path}
    lines = ["if value.__class__ is not dict:", "    note(path, 'an object', value)", "    return value"]
    lines.append("get = value.get")
    for number, (name, field) in enumerate(schema.get("properties", {}).items()):
        names[f"convert_{number}"] = compile_schema(field, surprises, f"{path}.{name}" if path else name)
        # A value of this very type needs no work; objects, arrays and times always do.
        untouched = None if field.get("format") == "date-time" else _PLAIN_TYPES.get(_declared_type(field))
        is_touched = f" and item.__class__ is not {untouched.__name__}" if untouched else ""
        lines.append(f"item = get({name!r})")
        lines.append(f"if item is not None{is_touched}: value[{name!r}] = convert_{number}(item)")
    source = "\n    ".join(["def convert(value):", *lines, "return value"])
    exec(source, names)  # noqa: S102 - of nothing but a schema of ours
    converter: Converter = names["convert"]
    return converter


def _array_converter(schema: Mapping[str, Any], surprises: Surprises, path: str) -> Converter:
    convert_item = compile_schema(schema.get("items", {}), surprises, f"{path}[]")

    def convert(value: Any) -> Any:
        if type(value) is not list:
            surprises.note(path, "a list", value)
            return value
        return [item if item is None else convert_item(item) for item in value]

    return convert


def _time_converter(surprises: Surprises, path: str) -> Converter:
    def convert(value: Any) -> Any:
        if type(value) is int:
            try:
                return _iso(value)
            except (OverflowError, ValueError):
                surprises.note(path, "a time between the years 1 and 9999", value)
                return value
        if value == "":
            return None
        converted = _time_from_text(value)
        if converted is None:
            surprises.note(path, "a time", value)
            return value
        return converted

    return convert


def _iso(epoch: float) -> str:
    """ISO 8601 of epoch milliseconds, or of seconds when the number is too small for milliseconds.

    Raises `OverflowError` or `ValueError` outside of the years 1 to 9999.
    """
    if -SECONDS_BELOW < epoch < SECONDS_BELOW:
        epoch *= 1000
    day, time_ms = divmod(int(epoch), DAY_MS)
    minute, time_ms = divmod(time_ms, 60_000)
    second, millisecond = divmod(time_ms, 1000)
    return f"{_day(day)}{_HOURS_MINUTES[minute]}{_SECONDS[second]}{_MILLISECONDS[millisecond]}"


@lru_cache(maxsize=10_000)
def _day(day: int) -> str:
    return f"{date.fromordinal(_EPOCH_DAY + day).isoformat()}T"


def _time_from_text(value: Any) -> str | None:
    """ISO 8601 in UTC of text or of a number with a fraction; `None` when it is no time."""
    try:
        if isinstance(value, float):
            return _iso(value)
        if not isinstance(value, str):
            return None
        if value.lstrip("-").isdecimal():
            return _iso(int(value))
        time = datetime.fromisoformat(value)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _plain_converter(declared: str, surprises: Surprises, path: str) -> Converter:
    accepted = {"number": (int, float), "integer": (int,), "string": (str,), "boolean": (bool,)}.get(declared)

    def convert(value: Any) -> Any:
        if accepted is None or type(value) in accepted:
            return value
        if declared == "string" and type(value) in (int, float):
            return str(value)
        surprises.note(path, f"a value of type {declared}", value)
        return value

    return convert
