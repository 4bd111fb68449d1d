"""Differences between the sales endpoints: what each one accepts and returns, and which date it filters."""

from typing import Final, Literal

from hotmart_simulator.account import Account
from hotmart_simulator.common.vocabulary import (
    DAY_MS,
    PAID_STATUSES,
    PRICE_DETAILS_STATUSES,
    SALE_STATUSES,
    STATUS_INDEX,
)
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.switches import Switches

View = Literal["history", "summary", "users", "commissions", "price_details"]
LATE_MS: Final = 365 * DAY_MS
"""Time after its order when a sale is missing from commissions under the switch `late_commissions`."""


def accepted(view: View, switches: Switches) -> tuple[str, ...]:
    """Return the statuses that a view accepts (4.0, 4.5). It returns no sale in another documented status."""
    side = getattr(switches, f"accepted_on_{view}", "all_17")
    held = SALE_STATUSES if side == "all_17" else PRICE_DETAILS_STATUSES
    refused = switches.refused_statuses
    return tuple(status for status in held if not {status, f"{view}:{status}"} & {*refused}) if refused else held


def unites_statuses(view: View, switches: Switches) -> bool:
    """Whether a view returns the sales of all requested statuses, and not only of the first."""
    side: str = getattr(switches, f"statuses_on_{view}")
    return side == "union"


def filters_approval(view: View, switches: Switches) -> bool:
    """Whether the date range of a view filters approval dates."""
    return view in ("users", "commissions", "price_details") and switches.other_views_filter == "approved_date"


def date_ms(view: View, sale: Sale) -> int:
    """Return the date of a sale that the date range of a view filters (epoch ms)."""
    if sale.approved_ms is not None and filters_approval(view, sale.account.switches):
        return sale.approved_ms
    return sale.order_ms


def is_late(view: View, sale: Sale) -> bool:
    """Whether a view finds a sale by its transaction only: one COMPLETE sale in eight, for a year after its order."""
    return (
        view == "commissions"
        and sale.account.switches.late_commissions == "some_missing"
        and sale.status == "COMPLETE"
        and sale.bits % 23 < 3
        and sale.account.now_ms - sale.order_ms < LATE_MS
    )


def roles(sale: Sale) -> tuple[str, ...]:
    """Return the roles of the account that a query distinguishes: the main one, or each one by the switch."""
    return sale.roles if sale.account.switches.transactions_per_sale == "row_per_role" else (sale.product.role,)


def is_unlisted(sale: Sale) -> bool:
    """Whether no value of the filter is the status of a sale."""
    return sale.status not in STATUS_INDEX


def found_status(sale: Sale) -> str:
    """Return the status that finds a sale, which can be older than its own (5.1)."""
    return _previous_status(sale.account, sale.serial) or sale.status


def found_under(account: Account) -> dict[int, str]:
    """Return the older statuses that find sales, by serial."""
    found = {serial: _previous_status(account, serial) for serial in account.sales.first_of}
    return {serial: status for serial, status in found.items() if status is not None}


def _previous_status(account: Account, serial: int) -> str | None:
    """Return the status before the last change where the switch lets it find a sale: for a day after the change."""
    book = account.sales
    if account.switches.status_shown == "as_asked" or serial not in book.first_of or not book.is_shown(serial):
        return None
    changed_ms = book.changed_of[serial]
    return book.status_at(serial, changed_ms - 1)[0] if account.now_ms - changed_ms < DAY_MS else None


def is_reachable(view: View, sale: Sale) -> bool:
    """Whether a query of a view can return a sale."""
    switches = sale.account.switches
    if is_unlisted(sale):
        return switches.statuses_by_default == "all" or switches.transaction_lookup == "every_status"
    return found_status(sale) in accepted(view, switches)


def found_by_transaction(switches: Switches) -> frozenset[str] | None:
    """Return the statuses that a transaction finds without a status, None for every one (4.0.1)."""
    return None if switches.transaction_lookup == "every_status" else PAID_STATUSES
