"""Table rows converted to the format of the connector's records, so that they can be compared with Hotmart's rows."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def as_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with times as ISO text and amounts as numbers."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return as_record(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):  # a column without a time zone holds UTC
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        # PyAirbyte reads numbers inside objects with pandas, which may round them inexactly: 1.4100000000000001.
        return float(f"{value:.15g}")
    return value
