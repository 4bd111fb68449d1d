"""The streams that `discover` offers, and the catalog with which Airbyte asks for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OfferedStream:
    """One stream of the connector, as its own catalog describes it."""

    name: str
    keys: tuple[str, ...]
    cursor: str | None
    """The field that tells the newer copy of a row; `None` where a sync brings the whole stream."""
    columns: Mapping[str, Mapping[str, Any]]
    """JSON schemas of the fields at the top."""
    declared: Mapping[str, Any]
    """The stream as it came."""

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> "OfferedStream":
        """Of one entry of a catalog message."""
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
        """The entry of a configured catalog: incremental where it can be, whole elsewhere."""
        return {
            "stream": self.declared,
            "sync_mode": "incremental" if self.cursor else "full_refresh",
            "destination_sync_mode": "append_dedup" if self.cursor else "overwrite",
            "cursor_field": [self.cursor] if self.cursor else [],
            "primary_key": [[key] for key in self.keys],
        }
