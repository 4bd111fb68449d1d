"""Read the tables that PyAirbyte loaded, in the same way for every database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airbyte.caches import CacheBase
from sqlalchemy import text

OWN_COLUMNS = frozenset({"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta"})
"""Columns that PyAirbyte adds to every table."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Tables:
    """Columns and rows of one cache."""

    cache: CacheBase

    def columns(self, table: str) -> dict[str, str]:
        """Return the database types of a table's columns, without PyAirbyte's own columns."""
        found = self._query(
            "SELECT column_name, data_type FROM information_schema.columns "
            f"WHERE table_schema = '{self.cache.schema_name}' AND table_name = '{table}'"
        )
        types = {row["column_name"]: row["data_type"] for row in found}
        assert types.keys() >= OWN_COLUMNS, f"{table} is no table of PyAirbyte: {types}"
        return {name: kind for name, kind in types.items() if name not in OWN_COLUMNS}

    def rows(self, table: str) -> list[Row]:
        """Return all rows of a table, with JSON parsed into objects and lists."""
        types = self.columns(table)
        is_json = {name for name, kind in types.items() if kind.lower() in ("json", "jsonb")}
        return [
            {
                name: json.loads(row[name]) if name in is_json and isinstance(row[name], str) else row[name]
                for name in types
            }
            for row in self._query(f'SELECT * FROM "{self.cache.schema_name}"."{table}"')
        ]

    def _query(self, sql: str) -> Sequence[Mapping[str, Any]]:
        with self.cache.get_sql_engine().connect() as connection:
            return [dict(row) for row in connection.execute(text(sql)).mappings()]
