"""The sales that a query of a sales endpoint returns, and their order."""

from collections.abc import Callable
from dataclasses import dataclass

from hotmart_simulator.common.vocabulary import SALE_STATUSES
from hotmart_simulator.sales import filters
from hotmart_simulator.sales.facts import Sale, serial_of
from hotmart_simulator.sales.state import Found
from hotmart_simulator.sales.views import (
    View,
    accepted,
    date_ms,
    filters_approval,
    found_status,
    found_under,
    is_late,
    is_unlisted,
    roles,
)
from hotmart_simulator.sales.windows import Window, window
from hotmart_simulator.server.endpoint import Desk
from hotmart_simulator.server.ordering import in_order
from hotmart_simulator.server.parameters import Asked

Check = Callable[[Sale], bool]
ROLE_VIEWS = ("history", "users", "commissions")
"""The views with the parameter `commission_as` (4.1, 4.3, 4.4)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The number of matching rows, the sales of the rows from an offset on, and the length of the date range in ms."""

    total: int
    page: Callable[[int, int], list[Sale]]
    window_ms: int | None


def selection(view: View, desk: Desk, asked: Asked) -> Selection:
    """Return the rows of a query. Raise `Refusal` for statuses or a date range that are not accepted."""
    account = desk.account
    statuses = filters.statuses(view, asked, desk.switches)
    dates = window(desk.switches, account.now_ms, asked)
    checks = _checks(view, desk, asked, statuses, dates)
    if "transaction" in asked:
        found = _looked_up(desk, asked, checks, statuses)
    else:
        by_approval = filters_approval(view, desk.switches)
        found = account.sales.find(
            None if by_approval else dates.first_ms,  # nothing is approved before its order
            dates.last_ms,
            statuses,
            (lambda serial: _passes(Sale(account, serial), checks)) if checks else None,
            found_under(account) if desk.switches.status_shown == "newer" else None,
        )
        found = Found(found.total, in_order(desk.switches.sales_order, found.total, found.page))
    if view == "history" and desk.switches.transactions_per_sale == "row_per_role":
        return _by_role(desk, asked, found, dates)
    return Selection(
        found.total,
        lambda offset, rows: [Sale(account, serial) for serial in found.page(offset, rows)],
        dates.length_ms,
    )


def _checks(view: View, desk: Desk, asked: Asked, statuses: frozenset[str] | None, dates: Window) -> list[Check]:
    """Return the conditions on a sale besides its status and its order date. By default and without filters: none."""
    switches, checks = desk.switches, filters.tests(asked)
    if _is_producer_only(view, desk, asked):
        checks.append(lambda sale: "PRODUCER" in roles(sale))
    if statuses is None and (held := accepted(view, switches)) != SALE_STATUSES:
        checks.append(lambda sale: is_unlisted(sale) or found_status(sale) in held)
    if statuses is not None and switches.unlisted_status == "some_sales":
        checks.append(lambda sale: not is_unlisted(sale))
    if "transaction" in asked or filters_approval(view, switches):
        checks.append(lambda sale: dates.holds(date_ms(view, sale)))
    if "transaction" not in asked and view == "commissions" and switches.late_commissions == "some_missing":
        checks.append(lambda sale: not is_late(view, sale))
    return checks


def _passes(sale: Sale, checks: list[Check]) -> bool:
    return all(check(sale) for check in checks)


def _is_producer_only(view: View, desk: Desk, asked: Asked) -> bool:
    return view in ROLE_VIEWS and "commission_as" not in asked and desk.switches.roles_by_default == "producer_only"


def _looked_up(desk: Desk, asked: Asked, checks: list[Check], statuses: frozenset[str] | None) -> Found:
    """Return the one sale with a transaction, or none."""
    serial, kept = serial_of(desk.account, asked.get("transaction")), []
    if serial is not None:
        sale = Sale(desk.account, serial)
        if _passes(sale, checks) and (statuses is None or found_status(sale) in statuses):
            kept = [serial]
    return Found(len(kept), lambda offset, rows: kept[offset : offset + rows])


def _by_role(desk: Desk, asked: Asked, found: Found, dates: Window) -> Selection:
    """Return one row for each role of the account in a sale, or for the one requested role."""
    only = "PRODUCER" if _is_producer_only("history", desk, asked) else asked.get("commission_as")
    rows = [
        (serial, role)
        for serial in found.page(0, found.total)
        for role in roles(Sale(desk.account, serial))
        if only in (None, role)
    ]

    def page(offset: int, count: int) -> list[Sale]:
        return [Sale(desk.account, serial, role=role) for serial, role in rows[offset : offset + count]]

    return Selection(len(rows), page, dates.length_ms)
