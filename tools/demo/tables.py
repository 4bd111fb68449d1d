"""Print tables of the connector's work after both syncs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.markup import escape

from tools.demo.calls import Calls
from tools.demo.changes import StreamChanges
from tools.demo.landing import Landing
from tools.demo.layout import new_table, print_title
from tools.demo.reconciliation import RowComparison

HOTMARTS_LIMIT: Final = 500
"""Requests per minute and account."""
OTHER_REQUESTS: Final = {"/security/oauth/token": "login", "/events/api/v1/<event_id>/info": "details of events"}
"""Requests that belong to no stream, by path."""


@dataclass(frozen=True)
class Sync:
    """One sync: the rows that arrived, and the number of requests."""

    name: str
    landing: Landing
    calls: Calls


def print_syncs(console: Console, syncs: Sequence[Sync], limit: int, *, verbose: bool = False) -> None:
    """Print rows and requests of each stream, and how long the syncs take under Hotmart's own limit."""
    headers = (header for sync in syncs for header in (f"{sync.name}\nrows", "\nrequests"))
    table = new_table("\nstream", *headers)
    for stream in syncs[0].landing.arrivals:
        numbers = ((sync.landing.arrivals[stream].rows, sync.calls.by_stream[stream]) for sync in syncs)
        table.add_row(stream, *(f"{number:,}" for pair in numbers for number in pair))
    paths = sorted({path for sync in syncs for path in sync.calls.others}, reverse=True)
    if paths:
        others = (cell for sync in syncs for cell in ("", f"{sync.calls.others.total():,}"))
        table.add_row(", ".join(OTHER_REQUESTS.get(path, path) for path in paths), *others, style="dim")
    table.add_section()
    totals = ((sync.landing.rows, sync.calls.total) for sync in syncs)
    table.add_row("total", *(f"{number:,}" for pair in totals for number in pair), style="bold")
    print_title(console, "What was read")
    console.print(table)
    _print_pace(console, syncs, limit)
    if verbose:
        _print_other_answers(console, syncs)


def _print_pace(console: Console, syncs: Sequence[Sync], limit: int) -> None:
    times = " and ".join(f"{_time_at_hotmarts_limit(sync)} for the {sync.name}" for sync in syncs)
    console.print(
        f"The simulator's quota is lifted to {limit:,} requests per minute, so that you needn't wait. "
        f"Hotmart's own is {HOTMARTS_LIMIT} requests per minute. That would take {times}."
    )


def _time_at_hotmarts_limit(sync: Sync) -> str:
    return duration(max(sync.landing.seconds, sync.calls.total * 60 / HOTMARTS_LIMIT))


def _print_other_answers(console: Console, syncs: Sequence[Sync]) -> None:
    for sync in syncs:
        bad = {status: count for status, count in sync.calls.by_status.items() if status != "200"}
        if bad:
            counts = ", ".join(f"{count} x {status}" for status, count in bad.items())
            console.print(
                f"{sync.name}, responses other than 200: {counts} (a 400 is expected where a product has no plans, and "
                "where an endpoint doesn't know a status)",
                style="dim",
            )


def duration(seconds: float) -> str:
    """Return a duration in words, rounded up: to ten seconds below two minutes, otherwise to minutes."""
    if seconds <= 110:
        return f"about {math.ceil(seconds / 10) * 10} seconds"
    return f"about {math.ceil(seconds / 60)} minutes"


def print_changes(
    console: Console,
    changes: Mapping[str, StreamChanges],
    moved: Mapping[str, list[str]],
    missed: Mapping[str, list[str]],
) -> None:
    """Print what the second sync changed in the warehouse, and whether that matches the changes in Hotmart."""
    table = new_table("in DuckDB", "rows")
    for stream, change in changes.items():
        for status, count in change.new.most_common():
            table.add_row(f"{stream}: new, {status}", f"{count:,}")
        for (old, new), count in change.moved_on.most_common():
            table.add_row(f"{stream}: {old} -> {new}", f"{count:,}")
    print_title(console, "What changed in the second sync")
    console.print(table)
    for kind, keys in missed.items():
        console.print(f"Changed in Hotmart, not in DuckDB: {kind}: {', '.join(keys)}", style="bold red")
    if not missed:
        total = sum(len(keys) for keys in moved.values())
        console.print(
            f"All {total} changes in Hotmart are in DuckDB. Each new subscription includes a sale.", style="green"
        )


def print_rows(console: Console, comparisons: Sequence[RowComparison], *, verbose: bool = False) -> None:
    """Print how the rows in Hotmart compare with the warehouse: only streams that differ, or all if `verbose`."""
    shown = [item for item in comparisons if verbose or not item.is_equal]
    print_title(console, "Every row, compared value by value with Hotmart's")
    if shown:
        _print_counts(console, shown)
    for item in comparisons:
        if item.differing:
            count, example = f"{len(item.differing):,}", escape(str(item.differing[0]))
            console.print(
                f"{item.stream}: {count} rows differ from those in Hotmart, such as {example}", style="bold red"
            )
    equal = [item for item in comparisons if item.is_equal]
    rows = sum(item.in_hotmart for item in equal)
    console.print(f"{rows:,} rows in {len(equal)} of {len(comparisons)} streams are equal to Hotmart's.", style="green")
    for item in comparisons:
        if item.added:
            console.print(
                f"{item.stream} also has {item.added:,} rows of zeros, for months without a sale in a currency.",
                style="dim",
            )


def _print_counts(console: Console, comparisons: Sequence[RowComparison]) -> None:
    table = new_table("\nrows of", "in\nHotmart", "in\nDuckDB", "\nmissing", "\nsurplus")
    for item in comparisons:
        numbers = (item.in_hotmart, item.in_warehouse, item.missing, item.surplus)
        table.add_row(item.stream, *(f"{number:,}" for number in numbers), style=None if item.is_equal else "bold red")
    console.print(table)


def print_whereabouts(console: Console, database: str, python: str) -> None:
    """Print the path of the file, and commands that open it without DuckDB's own command line."""
    connect = f"import duckdb; db = duckdb.connect('{database}')"
    lines = (
        f"The DuckDB file is {database}. To list its tables, or to query it:",
        f"  {python} -c \"{connect}; db.sql('SHOW TABLES').show()\"",
        f'  {python} -i -c "{connect}"',
        "and there, for example:",
        "  db.sql(\"SELECT purchase->>'status' AS status, count(*) AS sales "
        'FROM sales_history GROUP BY ALL ORDER BY sales DESC").show()',
        '  db.sql("FROM answers.net_revenue ORDER BY month, currency").show()',
        "tools/demo/answers.sql defines the figures above.",
    )
    print_title(console, "Look for yourself")
    for line in lines:
        # Not wrapped, so that the command can be copied.
        console.print(escape(line), soft_wrap=True)
