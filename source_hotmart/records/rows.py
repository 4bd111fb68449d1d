"""Make records of rows: copy fields to the top, convert values, hide personal data, build the primary key."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any, Final

from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_hotmart.api.decoding import Repaired
from source_hotmart.api.errors import BadRow
from source_hotmart.records.columns import COLUMNS, FieldLog, put
from source_hotmart.records.conversion import Row, RowConverter
from source_hotmart.records.personal_data import compile_hiding, hide_of, without_marks

WITHOUT_KEY = "without a primary key"
GUESSED_KEY = "with invalid bytes in the primary key"
NO_CONTEXT: Final[Mapping[str, Any]] = {}


@cache
def declared_schema(stream_name: str) -> Mapping[str, Any]:
    """Return the schema of a stream: its file, and the columns of every stream."""
    schema = ResourceSchemaLoader("source_hotmart").get_schema(stream_name)
    return {**schema, "properties": {**schema["properties"], **COLUMNS}}


@cache
def shown_schema(stream_name: str, cost: str) -> Mapping[str, Any]:
    shown: dict[str, Any] = without_marks(declared_schema(stream_name))
    return {**shown, "description": f"{shown['description']} Requests: {cost}."}


class RecordMaker:
    """Makes the records of one stream. Shared by threads."""

    def __init__(
        self,
        stream_name: str,
        key_fields: Sequence[str],
        promoted_fields: Sequence[tuple[str, str]],
        own_cursor: Row,
        transform: Callable[[Row], None],
        personal_data: Any,
        log: FieldLog,
    ) -> None:
        """`own_cursor` is the cursor of rows without a date. `transform` adds fields before values are converted."""
        schema, hide_value = declared_schema(stream_name), hide_of(personal_data)
        self._stream_name = stream_name
        self._key_fields = key_fields
        self._promoted_paths = [(name, path.split(".")) for name, path in promoted_fields]
        self._own_cursor = own_cursor
        self._transform = transform
        self._convert = RowConverter(schema, log, hide_value)
        self._hide = compile_hiding(schema, hide_value)

    def __call__(self, row: Any, context: Mapping[str, Any] = NO_CONTEXT) -> tuple[Hashable, Row]:
        """Return the primary key and the record of a row from Hotmart, with its context, or raise `BadRow`."""
        if not isinstance(row, dict):
            raise BadRow(self._stream_name, WITHOUT_KEY)
        try:
            self._add_fields(row, context)
            record = self._convert(row)
            if self._hide:
                record = self._hide(record)
        except Exception as fault:  # a bug of this connector must not lose the other rows
            raise BadRow(self._stream_name, f"that could not be converted ({_place_of(fault)})") from None
        key = tuple(map(record.get, self._key_fields))
        for part in key:
            if type(part) is not int and (not part or type(part) is not str):
                raise BadRow(self._stream_name, GUESSED_KEY if type(part) is Repaired else WITHOUT_KEY)
        record.update(self._own_cursor)
        return key, record

    def _add_fields(self, row: Row, context: Mapping[str, Any]) -> None:
        for name, value in context.items():
            # Rows must not share an object, because it is converted in place.
            put(row, name, deepcopy(value) if isinstance(value, dict | list) else value)
        for name, path in self._promoted_paths:
            value = row
            for step in path:
                value = value.get(step) if type(value) is dict else None
            if name in row:
                put(row, name, value)
            row[name] = value
        self._transform(row)


def _place_of(fault: Exception) -> str:
    """Return the kind and the place of an exception, without its text, which may quote a value."""
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {frame.name}, line {frame.lineno}"
