"""The DuckDB file: one table per stream, one row per primary key, the newest copy kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import orjson

from tools.demo.catalog import OfferedStream
from tools.demo.failure import DemoFailed


@dataclass(frozen=True)
class Loaded:
    """The result of loading a file of records."""

    rows: int
    repeated: int
    """Number of rows whose key occurred earlier in the same sync. It should be 0."""


class Warehouse:
    """A new file with empty tables, typed as the streams declare. It replaces an old file of the same name."""

    def __init__(self, path: Path, streams: Iterable[OfferedStream]) -> None:
        self.path = path
        try:
            for old in (path, path.with_name(f"{path.name}.wal")):
                old.unlink(missing_ok=True)
            self._database = duckdb.connect(path)
        except (OSError, duckdb.Error) as error:
            raise DemoFailed(f"{path} cannot be replaced. Close the program that has it open. {error}") from None
        for stream in streams:
            self._create(stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def load(self, stream: OfferedStream, records: Path) -> Loaded:
        """Load a file of records (one JSON object per line) with DuckDB's own reader.

        A row replaces the one with the same key, unless its cursor is older. Streams without a cursor are replaced.
        """
        table, keys = _name(stream.name), _names(stream.keys)
        columns = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in _types(stream).items())
        newest = f"{_name(stream.cursor)} DESC NULLS LAST, " if stream.cursor else ""
        try:
            self._database.execute(
                "CREATE OR REPLACE TEMP TABLE arrived AS SELECT *, row_number() OVER () AS _arrival "
                f"FROM read_json(?, format = 'newline_delimited', columns = {{{columns}}})",
                [str(records)],
            )
            ((rows, distinct),) = self.query(f"SELECT count(*), count(DISTINCT ({keys},)) FROM arrived")
            if not stream.cursor:
                self._create(stream)
            self._database.execute(
                f"INSERT INTO {table} SELECT * EXCLUDE (_arrival) FROM arrived "
                f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {newest}_arrival DESC) = 1 "
                f"ON CONFLICT ({keys}) {_resolution(stream)}"
            )
            self._database.execute("DROP TABLE arrived")
        except duckdb.Error as error:
            raise DemoFailed(f"{stream.name}: DuckDB cannot load {records}: {error}") from None
        return Loaded(rows=rows, repeated=rows - distinct)

    def rows(self, stream: OfferedStream) -> Iterator[dict[str, Any]]:
        """Yield every row in the form of the connector's records: times as ISO text, JSON as objects and lists."""
        types = _types(stream)
        values = ", ".join(_value(_name(name), kind) for name, kind in types.items())
        for row in self.query(f"SELECT {values} FROM {_name(stream.name)}"):
            yield {
                name: orjson.loads(value) if kind == "JSON" and value is not None else value
                for (name, kind), value in zip(types.items(), row, strict=True)
            }

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._database.execute(sql).fetchall()

    def run(self, sql: str) -> None:
        """Execute statements."""
        self._database.execute(sql)

    def _create(self, stream: OfferedStream) -> None:
        columns = ", ".join(f"{_name(name)} {kind}" for name, kind in _types(stream).items())
        self._database.execute(
            f"CREATE OR REPLACE TABLE {_name(stream.name)} ({columns}, PRIMARY KEY ({_names(stream.keys)}))"
        )


def _resolution(stream: OfferedStream) -> str:
    """Return the SQL for a row whose key exists already."""
    others = [_name(column) for column in stream.columns if column not in stream.keys]
    if not others:
        return "DO NOTHING"
    updates = ", ".join(f"{column} = excluded.{column}" for column in others)
    if not stream.cursor:
        return f"DO UPDATE SET {updates}"
    old, new = f"{_name(stream.name)}.{_name(stream.cursor)}", f"excluded.{_name(stream.cursor)}"
    return f"DO UPDATE SET {updates} WHERE {old} IS NULL OR {new} >= {old}"


def _types(stream: OfferedStream) -> dict[str, str]:
    return {name: column_type(schema) for name, schema in stream.columns.items()}


def column_type(schema: Mapping[str, Any]) -> str:
    """Return DuckDB's type for a field. Objects, arrays and fields of several types stay JSON."""
    declared = schema.get("type", [])
    kinds = {declared} if isinstance(declared, str) else set(declared)
    match sorted(kinds - {"null"}), schema.get("format"):
        case ["string"], "date-time":
            return "TIMESTAMPTZ"
        case ["string"], "date":
            return "DATE"
        case ["string"], _:
            return "VARCHAR"
        case ["boolean"], _:
            return "BOOLEAN"
        case ["integer"], _:
            return "BIGINT"
        case ((["number"] | ["integer", "number"]), _):
            return "DOUBLE"
    return "JSON"


def _value(column: str, kind: str) -> str:
    """Return SQL that converts a value to text, where Python has no plain type for it."""
    match kind:
        case "TIMESTAMPTZ":
            return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')"
        case "DATE" | "JSON":
            return f"{column}::VARCHAR"
    return column


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _names(identifiers: Iterable[str]) -> str:
    return ", ".join(_name(identifier) for identifier in identifiers)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
