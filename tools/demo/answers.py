"""Answers to a shop owner's questions, from the views of `answers.sql`."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from tools.demo.layout import new_table, print_title
from tools.demo.warehouse import Warehouse

VIEWS: Final = Path(__file__).with_name("answers.sql")
SAMPLES: Final = 3
PRODUCTS_SHOWN: Final = 5

NEWEST_SALES: Final = f"""
    SELECT strftime(order_date AT TIME ZONE 'America/Sao_Paulo', '%Y-%m-%d'), product, buyer, status, price, currency
    FROM answers.sales
    ORDER BY order_date DESC, transaction
    LIMIT {SAMPLES}
"""
NET_REVENUE: Final = """
    SELECT month, currency, sales, net_revenue
    FROM answers.recent_months LEFT JOIN answers.net_revenue USING (month)
    ORDER BY month, currency
"""
REFUNDS: Final = """
    SELECT max_by(product, month), currency, sum(refunds), sum(refunded)
    FROM answers.recent_months JOIN answers.refunds USING (month)
    GROUP BY product_id, currency
    ORDER BY sum(sum(refunds)) OVER (PARTITION BY product_id) DESC, product_id, currency
"""
SUBSCRIPTION_CHANGES: Final = """
    SELECT month, coalesce(new, 0), coalesce(cancelled, 0)
    FROM answers.recent_months LEFT JOIN answers.subscription_changes USING (month)
    ORDER BY month
"""


def print_answers(console: Console, warehouse: Warehouse, *, verbose: bool = False) -> None:
    """Create the views and print their figures of the last three months. `verbose` shows all products."""
    warehouse.run(VIEWS.read_text("utf-8"))
    _print_samples(console, warehouse)
    _print_net_revenue(console, warehouse.query(NET_REVENUE))
    _print_refunds(console, warehouse.query(REFUNDS), verbose)
    _print_subscriptions(console, warehouse)


def _print_samples(console: Console, warehouse: Warehouse) -> None:
    table = new_table("sold on", "product", "buyer", "status", "price", numbers=1)
    for sold_on, product, buyer, status, price, currency in warehouse.query(NEWEST_SALES):
        texts = (escape(str(text)) for text in (sold_on, product, buyer, status))
        table.add_row(*texts, f"{price:,.2f} {currency}")
    print_title(console, "The newest sales (the simulator invents products and people)")
    console.print(table)


def _print_net_revenue(console: Console, rows: list[tuple[Any, ...]]) -> None:
    currencies = sorted({currency for _, currency, _, _ in rows if currency})
    months = sorted({month for month, *_ in rows})
    table = new_table("month", "sales", *currencies)
    for month in months:
        amounts = {currency: amount for at, currency, _, amount in rows if at == month}
        sales = sum(count or 0 for at, _, count, _ in rows if at == month)
        table.add_row(_month(month, months[-1]), f"{sales:,}", *_amounts(amounts, currencies))
    print_title(console, "Net revenue by currency")
    console.print(table)
    console.print("Your own commission of approved and complete sales, after Hotmart's fee.", style="dim")


def _print_refunds(console: Console, rows: list[tuple[Any, ...]], verbose: bool) -> None:
    currencies = sorted({currency for _, currency, _, _ in rows})
    products = list(dict.fromkeys(product for product, *_ in rows))
    shown = products if verbose else products[:PRODUCTS_SHOWN]
    table = new_table("product", "refunds", *currencies)
    for product in shown:
        amounts = {currency: amount for name, currency, _, amount in rows if name == product}
        refunds = sum(count for name, _, count, _ in rows if name == product)
        table.add_row(escape(str(product)), f"{refunds:,}", *_amounts(amounts, currencies))
    print_title(console, "Refunds of these three months' sales, by product")
    console.print(table if products else "None.")
    if len(products) > len(shown):
        console.print(f"Not shown: {len(products) - len(shown)} more with refunds (VERBOSE=1 lists all).", style="dim")


def _print_subscriptions(console: Console, warehouse: Warehouse) -> None:
    rows = warehouse.query(SUBSCRIPTION_CHANGES)
    table = new_table("month", "new", "cancelled")
    for month, new, cancelled in rows:
        table.add_row(_month(month, rows[-1][0]), f"{new:,}", f"{cancelled:,}")
    print_title(console, "Subscriptions")
    console.print(table)
    ((active, subscriptions),) = warehouse.query("FROM answers.active_subscriptions")
    console.print(f"{active:,} of {subscriptions:,} subscriptions are active now.")


def _month(month: date, current: date) -> str:
    return f"{month:%Y-%m} so far" if month == current else f"{month:%Y-%m}"


def _amounts(amounts: dict[str, Decimal], currencies: Iterable[str]) -> list[str]:
    return [f"{amounts[name]:,.2f}" if name in amounts else "" for name in currencies]
