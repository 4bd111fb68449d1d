"""The DuckDB file: a table for each stream, rows by key, the newer copy kept."""

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
    """What a load found in a file of records."""

    rows: int
    repeated: int
    """Rows whose key came before in the same sync, which must not happen."""


class Warehouse:
    """A new file with empty tables, typed as the streams declare; an old file of that name is replaced."""

    def __init__(self, path: Path, streams: Iterable[OfferedStream]) -> None:
        self.path = path
        try:
            for old in (path, path.with_name(f"{path.name}.wal")):
                old.unlink(missing_ok=True)
            self._database = duckdb.connect(path)
        except (OSError, duckdb.Error) as error:
            raise DemoFailed(f"{path} cannot be made anew; close what has it open. {error}") from None
        for stream in streams:
            self._create(stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def load(self, stream: OfferedStream, records: Path) -> Loaded:
        """Bring in a file of records (one JSON object a line), read by DuckDB itself.

        A row replaces the one of its key, unless its cursor is older; a stream without a cursor is replaced whole.
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
        """All rows of a query."""
        return self._database.execute(sql).fetchall()

    def run(self, sql: str) -> None:
        """Run statements."""
        self._database.execute(sql)

    def _create(self, stream: OfferedStream) -> None:
        columns = ", ".join(f"{_name(name)} {kind}" for name, kind in _types(stream).items())
        self._database.execute(
            f"CREATE OR REPLACE TABLE {_name(stream.name)} ({columns}, PRIMARY KEY ({_names(stream.keys)}))"
        )


def _resolution(stream: OfferedStream) -> str:
    """What happens to a row whose key is there already."""
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
    """DuckDB's type of a field; objects, lists and what may be several things stay JSON."""
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
    """SQL for a value as text, where Python has no plain type for it."""
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
