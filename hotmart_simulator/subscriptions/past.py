"""The state of a charge at an earlier moment, for lists that are up to 24 hours old (hotmart-api.md 4.7, 4.8)."""

from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.vocabulary import DAY_MS, PAID_STATUSES
from hotmart_simulator.sales.transitions import COMPLETION_DELAY_MS
from hotmart_simulator.subscriptions.facts import Contract

APPROVAL_DELAY_MS: Final = 40_000


def sale_standing(account: Account, serial: int, seen_ms: int) -> tuple[str, int] | None:
    """Return status and last change of a charge at a moment, or None if it was not listed then.

    The ledger holds the events after the first population. The first population itself stores one change per sale, so
    the state before that change is derived from the life of a sale (6.1).
    """
    if not _was_listed(account, serial, seen_ms):
        return None
    status, changed_ms = account.sales.status_at(serial, seen_ms)
    order_ms = account.sales.order_of[serial]
    if changed_ms <= seen_ms or changed_ms <= order_ms:
        return status, changed_ms
    if status not in PAID_STATUSES or status == "APPROVED":
        return "STARTED", order_ms
    warranty_ms = Contract(account, account.sales.subscription_of[serial]).product.warranty_days * DAY_MS
    complete_ms = order_ms + warranty_ms + COMPLETION_DELAY_MS
    if complete_ms <= seen_ms:
        return "COMPLETE", complete_ms
    return "APPROVED", min(order_ms + APPROVAL_DELAY_MS, seen_ms)


def _was_listed(account: Account, serial: int, seen_ms: int) -> bool:
    if serial < account.sales.first_count:
        return account.sales.order_of[serial] <= seen_ms
    events = account.ledger.of("sale", serial)
    return any(event.kind == "sale.ordered" and event.visible_ms <= seen_ms for event in events)
