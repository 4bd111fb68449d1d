"""The streams that `discover` returns, and the configured catalog that Airbyte would make of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OfferedStream:
    """One stream as the connector's catalog describes it."""

    name: str
    keys: tuple[str, ...]
    cursor: str | None
    """The cursor field, which shows the newer copy of a row. `None` for a full refresh."""
    columns: Mapping[str, Mapping[str, Any]]
    """JSON schemas of the top-level fields."""
    declared: Mapping[str, Any]
    """The unchanged entry of the catalog."""

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> "OfferedStream":
        """Create a stream from an entry of a catalog message."""
        is_incremental = "incremental" in declared["supported_sync_modes"]
        return cls(
            name=declared["name"],
            keys=tuple(path[0] for path in declared["source_defined_primary_key"]),
            cursor=declared["default_cursor_field"][0] if is_incremental else None,
            columns=declared["json_schema"]["properties"],
            declared=declared,
        )

    @property
    def configured(self) -> dict[str, Any]:
        """Return the entry of a configured catalog: incremental where supported, otherwise full refresh."""
        return {
            "stream": self.declared,
            "sync_mode": "incremental" if self.cursor else "full_refresh",
            "destination_sync_mode": "append_dedup" if self.cursor else "overwrite",
            "cursor_field": [self.cursor] if self.cursor else [],
            "primary_key": [[key] for key in self.keys],
        }
