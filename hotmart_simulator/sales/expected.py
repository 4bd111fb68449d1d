"""Every row of the sales lists that a complete read can return now, under the account's switches."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.common.vocabulary import DEFAULT_SALE_STATUSES, SALE_STATUSES
from hotmart_simulator.sales import records
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.sales.payouts import totals
from hotmart_simulator.sales.views import View, date_ms, found_status, is_reachable, roles


def history(account: Account) -> Iterator[Row]:
    """Yield sales/history, oldest first: one row per sale, or by the switch one per role of the account in it."""
    for sale in _reachable(account, "history"):
        for role in roles(sale):
            sale.role = role
            yield Row(("sales_history", sale.serial, role), records.history(sale), sale.order_ms)


def users(account: Account) -> Iterator[Row]:
    """Yield sales/users, one row per sale."""
    return _rows(account, "users", records.users)


def commissions(account: Account) -> Iterator[Row]:
    """Yield sales/commissions, one row per sale."""
    return _rows(account, "commissions", records.commissions)


def price_details(account: Account) -> Iterator[Row]:
    """Yield sales/price/details, one row per sale in a status that the view accepts (4.5)."""
    return _rows(account, "price_details", records.price_details)


def summary(account: Account) -> Iterator[Row]:
    """Yield sales/summary of each calendar month in UTC, in the statuses of a query without `transaction_status`."""
    months: dict[datetime, list[Sale]] = defaultdict(list)
    everything = account.switches.statuses_by_default == "all"
    for sale in _reachable(account, "summary"):
        if everything or found_status(sale) in DEFAULT_SALE_STATUSES:
            day = datetime.fromtimestamp(sale.order_ms / 1000, UTC)
            months[datetime(day.year, day.month, 1, tzinfo=UTC)].append(sale)
    for month, sales in months.items():
        for currency, total in totals(sales, account.switches).items():
            record = records.summary(total.items, total.cents, currency)
            identity = ("sales_summary", month.strftime("%Y-%m-%d"), currency)
            yield Row(identity, record, int(month.timestamp() * 1000))


def _rows(account: Account, view: View, render: Callable[[Sale], dict[str, Any]]) -> Iterator[Row]:
    for sale in _reachable(account, view):
        yield Row((f"sales_{view}", sale.serial), render(sale), date_ms(view, sale))


def _reachable(account: Account, view: View) -> Iterator[Sale]:
    book = account.sales
    for serial, status in zip(book.serials, book.statuses, strict=True):
        sale = Sale(account, serial, SALE_STATUSES[status])
        if is_reachable(view, sale):
            yield sale
