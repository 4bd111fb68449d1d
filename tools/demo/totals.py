"""Compare Hotmart's own totals with the sums of the synced rows."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console

from tools.demo.layout import new_table, print_title
from tools.demo.reconciliation import GrossSales, Reconciliation, by_month

MONTHS_SHOWN = 12


def print_totals(console: Console, found: Sequence[Reconciliation], *, verbose: bool = False) -> None:
    """Print the comparison that agrees, or all comparisons if none does. `verbose` adds the last months."""
    agreeing = [item for item in found if item.is_equal][:1]
    for item in agreeing or found:
        _print_totals(console, item, verbose)
    if agreeing:
        console.print(f"Hotmart's totals add up the {agreeing[0].amounts}.", style="green")


def _print_totals(console: Console, found: Reconciliation, verbose: bool) -> None:
    currencies = sorted({item.currency for item in found.sales})
    print_title(console, f"Totals: {found.stream} against Hotmart's own (sales_summary)")
    _print_currencies(console, found, currencies)
    if verbose:
        _print_months(console, found, currencies)
    differing = [item for item in found.sales if not item.is_equal]
    extent = f"{len(by_month(found.sales))} months x {len(currencies)} currencies"
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


def _print_currencies(console: Console, found: Reconciliation, currencies: Iterable[str]) -> None:
    table = new_table("currency", found.items, "total", "Hotmart's own")
    for currency in currencies:
        sales = [item for item in found.sales if item.currency == currency]
        table.add_row(
            currency,
            f"{sum(item.items for item in sales):,}",
            f"{sum(item.total for item in sales):,.2f}",
            f"{sum(item.difference for item in sales if not item.is_equal):+,.2f}" if _differ(sales) else "equal",
            style="bold red" if _differ(sales) else None,
        )
    console.print(table)


def _differ(sales: Iterable[GrossSales]) -> bool:
    return not all(item.is_equal for item in sales)


def _print_months(console: Console, found: Reconciliation, currencies: Sequence[str]) -> None:
    months = by_month(found.sales)
    source = found.stream.removeprefix("sales_")
    table = new_table("month (UTC)", found.items, *currencies)
    for month in list(months)[-MONTHS_SHOWN:]:
        items = months[month]
        table.add_row(f"{month} {source}", *_row(items, currencies, summary=False))
        table.add_row("        summary", *_row(items, currencies, summary=True), style="dim")
        if _differ(items.values()):
            table.add_row("        difference", *_difference(items, currencies), style="bold red")
    console.print(table)


def _row(items: Mapping[str, GrossSales], currencies: Iterable[str], *, summary: bool) -> list[str]:
    count = sum(item.summary_items if summary else item.items for item in items.values())
    amounts = {name: item.summary_total if summary else item.total for name, item in items.items()}
    return [f"{count:,}", *(f"{amounts[name]:,.2f}" if name in amounts else "" for name in currencies)]


def _difference(items: Mapping[str, GrossSales], currencies: Iterable[str]) -> list[str]:
    count = sum(item.items - item.summary_items for item in items.values())
    cells = (items.get(name) for name in currencies)
    return [f"{count:+,}", *(f"{item.difference:+,.2f}" if item and not item.is_equal else "" for item in cells)]
