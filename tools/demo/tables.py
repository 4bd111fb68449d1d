"""What the demo prints once both syncs are done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.demo.calls import Calls
from tools.demo.changes import StreamChanges
from tools.demo.landing import Landing
from tools.demo.reconciliation import GrossSales, Reconciliation, RowComparison, by_month

MONTHS_SHOWN = 12


@dataclass(frozen=True)
class Sync:
    """One sync: what landed, and what it asked of Hotmart."""

    landing: Landing
    calls: Calls


def _table(*numbers: str, first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_footer=False)
    table.add_column(first)
    for header in numbers:
        table.add_column(header, justify="right")
    return table


def print_syncs(console: Console, syncs: Sequence[Sync]) -> None:
    """Rows, calls and seconds of each stream, sync by sync."""
    names = ("first", "second")
    table = _table(*(f"{name}\n{what}" for name in names for what in ("rows", "calls", "sec")), first="\nstream")
    for stream in syncs[0].landing.arrivals:
        cells: list[str] = []
        for sync in syncs:
            arrival = sync.landing.arrivals[stream]
            cells += [f"{arrival.rows:,}", f"{sync.calls.by_stream[stream]:,}", f"{arrival.seconds:.1f}"]
        table.add_row(stream, *cells)
    for path in sorted({path for sync in syncs for path in sync.calls.others}):
        cells = [cell for sync in syncs for cell in ("", f"{sync.calls.others[path]:,}", "")]
        table.add_row(f"({path.rsplit('/', 1)[-1]})", *cells, style="dim")
    table.add_section()
    totals: list[str] = []
    for sync in syncs:
        totals += [f"{sync.landing.rows:,}", f"{sync.calls.total:,}", f"{sync.landing.seconds:.1f}"]
    table.add_row("total", *totals, style="bold")
    _title(console, "What was read")
    console.print(table)
    console.print("Seconds from first row to last state; streams run side by side, total is all.", style="dim")
    for name, sync in zip(names, syncs, strict=True):
        bad = {status: count for status, count in sync.calls.by_status.items() if status != "200"}
        if bad:
            told = ", ".join(f"{count} x {status}" for status, count in bad.items())
            console.print(f"{name} sync, answers other than 200: {told}", style="yellow")


def print_changes(
    console: Console,
    changes: Mapping[str, StreamChanges],
    moved: Mapping[str, list[str]],
    missed: Mapping[str, list[str]],
) -> None:
    """What the second sync changed in the warehouse, and whether it is what happened."""
    table = _table("rows", first="in DuckDB")
    for stream, change in changes.items():
        for status, count in change.new.most_common():
            table.add_row(f"{stream}: new, {status}", f"{count:,}")
        for (old, new), count in change.moved_on.most_common():
            table.add_row(f"{stream}: {old} -> {new}", f"{count:,}")
    _title(console, "What changed in the second sync")
    console.print(table)
    for kind, keys in missed.items():
        console.print(f"Moved in Hotmart, not in DuckDB: {kind}: {', '.join(keys)}", style="bold red")
    if not missed:
        total = sum(len(keys) for keys in moved.values())
        console.print(
            f"All {total} moves in Hotmart are in DuckDB; each new subscription came with a sale.", style="green"
        )


def print_rows(console: Console, comparisons: Sequence[RowComparison]) -> None:
    """Every stream's rows in Hotmart against those in the warehouse."""
    table = _table("in Hotmart", "in DuckDB", "missing", "surplus", first="rows of")
    for item in comparisons:
        numbers = (item.in_hotmart, item.in_warehouse, item.missing, item.surplus)
        table.add_row(item.stream, *(f"{number:,}" for number in numbers), style=None if item.is_equal else "bold red")
    _title(console, "Every row, compared value by value")
    console.print(table)
    for item in comparisons:
        if item.differing:
            count, example = f"{len(item.differing):,}", escape(str(item.differing[0]))
            console.print(
                f"{item.stream}: {count} rows say something else than in Hotmart, such as {example}", style="bold red"
            )
    for item in comparisons:
        if item.added:
            console.print(
                f"{item.stream}: beside these, rows of zeros for months without a sale in a currency: {item.added:,}",
                style="dim",
            )


def print_gross_sales(console: Console, found: Sequence[Reconciliation]) -> None:
    """The last months side by side, and every difference of all months; of what agrees, else of everything."""
    agreeing = [item for item in found if item.is_equal][:1]
    for item in agreeing or found:
        _print_gross_sales(console, item)
    if agreeing:
        console.print(f"Hotmart's totals add up the {agreeing[0].amounts}.", style="green")


def _print_gross_sales(console: Console, found: Reconciliation) -> None:
    sales = found.sales
    months = by_month(sales)
    currencies = sorted({item.currency for item in sales})
    source = found.stream.removeprefix("sales_")
    table = _table(found.items, *currencies, first="month (UTC)")
    for month in list(months)[-MONTHS_SHOWN:]:
        items = months[month]
        table.add_row(f"{month} {source}", *_row(items, currencies, summary=False))
        table.add_row("        summary", *_row(items, currencies, summary=True), style="dim")
        if not all(item.is_equal for item in items.values()):
            table.add_row("        difference", *_difference(items, currencies), style="bold red")
    _title(console, f"Totals by month and currency: {found.stream} against sales_summary")
    console.print(table)
    differing = [item for item in sales if not item.is_equal]
    extent = f"{len(months)} months x {len(currencies)} currencies"
    if not differing:
        console.print(f"{extent}: all equal to the cent, and in the number of {found.items}.", style="green")
        return
    console.print(f"{extent}: {len(differing)} differ.", style="bold red")
    for item in differing:
        console.print(
            f"{item.month} {item.currency}: {item.items:,} {found.items} of {item.total:,.2f} against "
            f"{item.summary_items:,} of {item.summary_total:,.2f}",
            style="red",
        )


def _row(items: Mapping[str, GrossSales], currencies: Iterable[str], *, summary: bool) -> list[str]:
    count = sum(item.summary_items if summary else item.items for item in items.values())
    amounts = {name: item.summary_total if summary else item.total for name, item in items.items()}
    return [f"{count:,}", *(f"{amounts[name]:,.2f}" if name in amounts else "" for name in currencies)]


def _difference(items: Mapping[str, GrossSales], currencies: Iterable[str]) -> list[str]:
    count = sum(item.items - item.summary_items for item in items.values())
    cells = (items.get(name) for name in currencies)
    return [f"{count:+,}", *(f"{item.difference:+,.2f}" if item and not item.is_equal else "" for item in cells)]


def print_whereabouts(console: Console, database: str, python: str) -> None:
    """Where the file is, and commands that open it without DuckDB's own command line."""
    connect = f"import duckdb; db = duckdb.connect('{database}')"
    lines = (
        f"The DuckDB file is {database}. To see its tables, or to ask it something:",
        f"  {python} -c \"{connect}; db.sql('SHOW TABLES').show()\"",
        f'  {python} -i -c "{connect}"',
        "and there, for example:",
        "  db.sql(\"SELECT purchase->>'status' AS status, count(*) AS sales "
        'FROM sales_history GROUP BY ALL ORDER BY sales DESC").show()',
    )
    _title(console, "Look for yourself")
    for line in lines:
        # Not folded: a command has to survive being copied.
        console.print(escape(line), soft_wrap=True)


def _title(console: Console, text: str) -> None:
    console.print(f"\n[bold]{text}[/]")
