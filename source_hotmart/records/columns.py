"""Two columns of every stream: for values that do not fit their column, and for fields without a column."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from airbyte_cdk.models.airbyte_protocol import (  # type: ignore[attr-defined] # of a package without types
    AirbyteRecordMessageMeta,
    AirbyteRecordMessageMetaChange,
    Change,
    Reason,
)

LOGGER = logging.getLogger("airbyte.hotmart")

UNPARSED: Final = "unparsed_values"
ADDITIONAL: Final = "additional_fields"

COLUMNS: Final[Mapping[str, Mapping[str, Any]]] = {
    UNPARSED: {
        "type": ["null", "object"],
        "description": "Values that do not fit the type of their column, such as a date that does not exist. Each is "
        "the text that Hotmart sent, under the path of its field, and the field itself is null. Absent when all values "
        "fit.",
        "additionalProperties": True,
        "properties": {},
    },
    ADDITIONAL: {
        "type": ["null", "object"],
        "x-personal": True,  # their contents are unknown
        "description": "Top-level fields that the stream does not declare, by name, such as fields that Hotmart added "
        "recently. Also fields from Hotmart that have the name of a column that the connector fills. Absent if there "
        "are none.",
        "additionalProperties": True,
        "properties": {},
    },
}
"""Fields that each stream declares besides its own. A value in `UNPARSED` is hidden in the same way as its field."""

FIELDS_NAMED: Final = 20
"""Maximum number of undeclared fields per stream to name in the log."""
_LONGEST_NAME = 40
_UNUSUAL = re.compile(r"[^A-Za-z0-9_.-]")


class Additional(dict[str, Any]):
    """The undeclared fields of a row, as opposed to a field of the same name from Hotmart."""


def put(row: dict[str, Any], name: str, value: Any) -> None:
    """Set a field that Hotmart does not send. If Hotmart sends one of this name after all, keep that value as well."""
    sent = row.get(name)
    if sent is not None and sent is not value and str(sent) != str(value):
        kept = row.get(ADDITIONAL)
        if type(kept) is not Additional:
            kept = Additional() if kept is None else Additional({ADDITIONAL: kept})
            row[ADDITIONAL] = kept
        kept[name] = sent
    row[name] = value


def copy_where_missing(value: Any, raw_spelling: str, column: str) -> None:
    """Copy a field to the column of its other spelling if that column is missing. The raw field is kept."""
    if isinstance(value, dict) and raw_spelling in value and value.get(column) is None:
        value[column] = value[raw_spelling]


def meta_of(record: Mapping[str, Any]) -> AirbyteRecordMessageMeta | None:
    """Return the changes that a record message lists, `None` if every value is as Hotmart sent it."""
    unparsed = record.get(UNPARSED)
    if not unparsed:
        return None
    return AirbyteRecordMessageMeta(
        changes=[
            AirbyteRecordMessageMetaChange(field=path, change=Change.NULLED, reason=Reason.SOURCE_SERIALIZATION_ERROR)
            for path in unparsed
        ]
    )


class FieldLog:
    """Logs unusual fields of a stream, each field once per sync."""

    def __init__(self, stream_name: str) -> None:
        self._stream_name = stream_name
        self._unfit: set[str] = set()
        self._undeclared: set[str] = set()
        self._lock = Lock()

    def unfit(self, path: str, declared: str, sent: str) -> None:
        """Log a field whose value does not fit. `sent` is the value's type, since the value itself is never logged."""
        with self._lock:
            if path in self._unfit:
                return
            self._unfit.add(path)
        LOGGER.warning(
            "%s: Hotmart sent %s in the field %s instead of %s. The field is null in such rows, and unparsed_values "
            "has what was sent.",
            self._stream_name,
            sent,
            path,
            declared,
        )

    def undeclared(self, name: str) -> None:
        """Log a top-level field that is not declared."""
        with self._lock:
            if name in self._undeclared or len(self._undeclared) > FIELDS_NAMED:
                return
            self._undeclared.add(name)
            is_one_too_many = len(self._undeclared) > FIELDS_NAMED
        if is_one_too_many:
            LOGGER.info("%s: Hotmart sent more undeclared fields. They are in additional_fields.", self._stream_name)
            return
        shown = _UNUSUAL.sub("?", name[:_LONGEST_NAME])
        shown = name if name and shown == name else f'"{shown}"'
        LOGGER.info("%s: Hotmart sent the undeclared field %s. It is in additional_fields.", self._stream_name, shown)
