"""The sales of an account with the fields that all sales marts need."""

from collections.abc import Iterator
from typing import Final

from hotmart_simulator import World
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.sales.payouts import payout, shares

GROUPS: Final = {
    "APPROVED": "paid",
    "COMPLETE": "paid",
    "REFUNDED": "refunded",
    "PARTIALLY_REFUNDED": "refunded",
    "CHARGEBACK": "charged_back",
    "BLOCKED": "lost",
    "CANCELLED": "lost",
    "EXPIRED": "lost",
    "NO_FUNDS": "lost",
    "OVERDUE": "lost",
    "PRE_ORDER": "pending",
    "PRINTED_BILLET": "pending",
    "PROCESSING_TRANSACTION": "pending",
    "PROTESTED": "pending",
    "STARTED": "pending",
    "UNDER_ANALISYS": "pending",
    "WAITING_PAYMENT": "pending",
}
"""Status groups, from the life cycle of a sale (reference 6.1)."""

RECEIVED: Final = frozenset(("APPROVED", "COMPLETE", "PROTESTED", "REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK"))
"""Statuses of sales that were paid at some time (reference 6.1)."""

WITHOUT_DETAILS: Final = frozenset(("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION"))
"""Statuses that price details do not return (reference 4.5)."""


def listed_sales(world: World) -> Iterator[Sale]:
    """Yield every sale that the account shows now."""
    for serial in world.sales.serials:
        yield world.sale(serial)


def paid_to(sale: Sale) -> tuple[str, list[tuple[str, bool, int]]]:
    """Return the currency of a sale's commissions, and for each commission its source, whether it is the account's, and
    cents."""
    currency, rate = payout(sale)
    owner = sale.account.people.owner
    return currency, [(source, person is owner, cents) for source, person, cents in shares(sale, rate)]


def mine_cents(sale: Sale) -> int:
    """Return the account's commission of a sale, in cents."""
    return sum(cents for _, is_mine, cents in paid_to(sale)[1] if is_mine)


def newest_names(world: World) -> dict[str, str]:
    """Return the latest product names by product ID."""
    return {str(sale.product.id): sale.product.brief["name"] for sale in listed_sales(world)}
