"""Measure `dbt build` on an account of a million sales in DuckDB: a first build, and one after the sync of a later day.

The account is a hundred copies of a smaller one, whose codes differ.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import orjson

from hotmart_simulator import World
from tools.analytics.package import Package
from tools.analytics.tables import COLUMNS, SCHEMA, load
from tools.harness import NOW_MS
from tools.rows import sent

FIRST_MOMENT_MS: Final = 1_000_000_000_000
"""Whole numbers from this one on are times in the simulator's records (epoch ms)."""
READ_AT: Final = "2026-01-01T00:00:00Z"
NEXT_WEEK: Final = "2026-01-08 00:00:00"
RENAMED: Final = {"currency_value": "currency_code"}
"""Spellings of Hotmart that the connector normalises to one name."""
COPIES: Final = 100
CODES: Final = {
    "sales_history": ("id",),
    "sales_users": ("transaction",),
    "sales_commissions": ("transaction",),
    "sales_price_details": ("transaction",),
    "subscriptions": ("subscriber_code", "transaction"),
    "subscription_transactions": ("id", "subscriber_code"),
}
"""The columns that make the copies of a row distinct."""
A_DAYS_ROWS: Final = 20_000
"""Approximate sales in the look-back of 65 days, for an account with a million sales in ten years."""


def delivered(value: Any, name: str = "") -> Any:
    """Return a value of the simulator as the connector delivers it: times as ISO text, ids as text."""
    if isinstance(value, dict):
        return {RENAMED.get(key, key): delivered(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [delivered(item) for item in value]
    if name == "id" or name.endswith("_id"):
        return str(value)
    if isinstance(value, int) and value >= FIRST_MOMENT_MS:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    return value


def records(world: World, stream: str) -> Iterator[Mapping[str, Any]]:
    """Yield the records of a stream with the columns that the package reads."""
    for row in world.iter_expected(stream):
        record = sent(stream, row)
        yield {name: delivered(record.get(name), name) for name in COLUMNS[stream]}


def write(world: World, folder: Path) -> None:
    """Write a file of records for each stream."""
    for stream in COLUMNS:
        with (folder / f"{stream}.jsonl").open("wb") as file:
            file.writelines(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records(world, stream))


def multiply(database: Path) -> None:
    """Replace the rows of sales and subscriptions by copies of them."""
    with duckdb.connect(database) as connection:
        for stream, codes in CODES.items():
            own = ", ".join(f"{code} || '-' || copy AS {code}" for code in codes)
            connection.execute(
                f"CREATE OR REPLACE TABLE {SCHEMA}.{stream} AS SELECT * REPLACE ({own}) "
                f"FROM {SCHEMA}.{stream} CROSS JOIN (SELECT unnest(range({COPIES})) AS copy) AS copies"
            )
            connection.execute(f"ALTER TABLE {SCHEMA}.{stream} DROP COLUMN copy")


def main() -> int:
    """Print how long each build took."""
    parser = argparse.ArgumentParser(prog="python -m tools.analytics.million", description=__doc__)
    parser.add_argument("--sales", type=int, default=1_000_000)
    sales = parser.parse_args().sales // COPIES
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        database = folder / "million.duckdb"
        write(World(seed=7, sales=sales, subscriptions=sales // 10, students=2_000, now_ms=NOW_MS), folder)
        load(database, folder, READ_AT)
        multiply(database)
        package = Package("duckdb", folder, {"HOTMART_DUCKDB": str(database)})
        package.run("parse")
        _measure(package, f"first build of {sales * COPIES:,} sales, with all tests")
        with duckdb.connect(database) as connection:
            connection.execute(
                f"UPDATE {SCHEMA}.sales_history SET _airbyte_extracted_at = '{NEXT_WEEK}' WHERE id IN "
                f"(SELECT id FROM {SCHEMA}.sales_history ORDER BY order_date DESC LIMIT {A_DAYS_ROWS})"
            )
        _measure(package, f"build after a sync of {A_DAYS_ROWS:,} sales, with all tests")
    return 0


def _processor_s() -> float:
    """Return the processor time of all processes that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _measure(package: Package, what: str) -> None:
    began_s, used_s = time.monotonic(), _processor_s()
    package.run("build")
    seconds, used_s = time.monotonic() - began_s, _processor_s() - used_s
    cores = len(os.sched_getaffinity(0))
    print(
        f"{what}: {seconds:.0f} s, of the processor {used_s:.0f} s ({cores} cores, load {os.getloadavg()[0]:.1f})",
        flush=True,
    )
    slowest = sorted(package.durations().items(), key=lambda item: -item[1])[:8]
    for name, taken_s in slowest:
        print(f"  {taken_s:6.1f} s  {name}")


if __name__ == "__main__":
    sys.exit(main())
