"""Convert rows to their declared schema. Values that typed columns would reject are moved to another column.

Nearly all rows need little conversion, so a schema is compiled into functions that only check each field, and stop at
the first value that does not fit. Such a row is then converted again, field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from source_hotmart.api.decoding import RawNumber
from source_hotmart.api.errors import Unfit
from source_hotmart.records.columns import ADDITIONAL, UNPARSED, Additional, FieldLog
from source_hotmart.records.personal_data import MARK, Hide, drop
from source_hotmart.records.values import CONVERTERS, raw_text

Row = dict[str, Any]
Converter = Callable[[Any], Any]
"""Returns the converted value. Objects are changed in place. Raises `Unfit`."""

SET_LATER: Final = "synced_until"
"""A declared field that is set after the conversion of a row. Hotmart sends no field of this name."""

_DECLARED: Final = {
    "date-time": "a time",
    "string": "text",
    "integer": "an integer below 2^53",
    "number": "a number below 10^29",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}
_SENT: Final = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    RawNumber: "a number",
    dict: "an object",
    list: "a list",
}


@dataclass(frozen=True, slots=True)
class Field:
    """The declaration of a value in a schema."""

    path: str
    """Path with dots, and `[]` after the name of a list."""
    kind: str
    """Its type, or "date-time"."""
    is_personal: bool
    """Whether the value, or something in it, is marked as personal data."""
    is_dropped: bool
    """Whether that mark also drops the value if other personal data is hashed."""
    fields: Mapping[str, Field]
    item: Field | None


class RowConverter:
    """Converts the rows of one stream in place. Shared by threads."""

    def __init__(self, schema: Mapping[str, Any], log: FieldLog, hide: Hide | None = None) -> None:
        """Compile a schema. `hide` replaces personal data in values that do not fit."""
        self._log = log
        self._hide = hide
        self._root = _field(schema, "", mark=False)
        self._known = frozenset(self._root.fields) - {ADDITIONAL, UNPARSED, SET_LATER}
        self._convert = _object_converter(self._root)

    def __call__(self, row: Row) -> Row:
        """Return the converted row, with undeclared fields and values that do not fit in columns of their own."""
        if not self._known.issuperset(row):
            self._set_aside(row)
        try:
            self._convert(row)
        except Unfit:
            unparsed: dict[str, str | None] = {}
            self._convert_with_care(self._root, row, "", unparsed)
            if unparsed:
                row[UNPARSED] = unparsed
        return row

    def _set_aside(self, row: Row) -> None:
        """Move undeclared fields, because destinations drop them, or confuse `ID` with the column `id`."""
        kept = row.pop(ADDITIONAL) if type(row.get(ADDITIONAL)) is Additional else Additional()
        for name in row.keys() - self._known:
            kept[name] = row.pop(name)
        for name in sorted(kept):
            self._log.undeclared(name)
        row[ADDITIONAL] = dict(kept)

    def _convert_with_care(self, field: Field, value: Any, path: str, unparsed: dict[str, str | None]) -> Any:
        """Return the converted value, null if it does not fit."""
        if value is None:
            return None
        if field.kind == "object" and type(value) is dict:
            for name, inner in field.fields.items():
                if name in value:
                    inner_path = f"{path}.{name}" if path else name
                    value[name] = self._convert_with_care(inner, value[name], inner_path, unparsed)
            return value
        if field.item and type(value) is list:
            return [
                self._convert_with_care(field.item, item, f"{path}[{number}]", unparsed)
                for number, item in enumerate(value)
            ]
        try:
            return _convert_scalar(field, value)
        except Unfit:
            self._log.unfit(field.path, _DECLARED[field.kind], _SENT.get(type(value), "text"))
            raw = raw_text(value)
            unparsed[path] = self._hidden(raw, field)
            return None

    def _hidden(self, raw: str, field: Field) -> Any:
        if self._hide is None or not field.is_personal:
            return raw
        return drop(raw) if field.is_dropped else self._hide(raw)


def _convert_scalar(field: Field, value: Any) -> Any:
    if field.kind not in CONVERTERS:  # an object or a list is declared
        if value == "":
            return None
        raise Unfit
    return CONVERTERS[field.kind](value)


def _field(schema: Mapping[str, Any], path: str, *, mark: bool | str) -> Field:
    mark = schema.get(MARK, mark)
    fields = {
        name: _field(inner, f"{path}.{name}" if path else name, mark=mark)
        for name, inner in schema.get("properties", {}).items()
    }
    item = _field(schema["items"], f"{path}[]", mark=mark) if "items" in schema else None
    inside = [*fields.values(), *filter(None, [item])]
    is_personal = bool(mark) or any(inner.is_personal for inner in inside)
    is_dropped = mark == "drop" or any(inner.is_dropped for inner in inside)
    return Field(path, _kind(schema), is_personal, is_dropped, fields, item)


def _kind(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "date-time"
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else [name for name in types if name != "null"]
    return str(names[0]) if names else ""


def _object_converter(field: Field) -> Converter:
    texts = [name for name, inner in field.fields.items() if inner.kind == "string"]
    others = [(name, _converter(inner)) for name, inner in field.fields.items() if inner.kind != "string"]
    text = CONVERTERS["string"]

    def convert(value: Any) -> Any:
        if value.__class__ is not dict:
            raise Unfit
        get = value.get
        for name in texts:  # most fields are texts, and are sent as such
            item = get(name)
            if item.__class__ is not str and item is not None:
                value[name] = text(item)
        for name, convert_item in others:
            item = get(name)
            if item is not None:
                value[name] = convert_item(item)
        return value

    return convert


def _list_converter(item: Field) -> Converter:
    convert_item = _converter(item)

    def convert(value: Any) -> Any:
        if value.__class__ is not list:
            raise Unfit
        return [item if item is None else convert_item(item) for item in value]

    return convert


def _converter(field: Field) -> Converter:
    if field.kind == "object":
        return _object_converter(field)
    if field.item:
        return _list_converter(field.item)
    return CONVERTERS[field.kind]
