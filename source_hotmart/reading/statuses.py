"""The statuses of a sale: all, those that arrive late, those that may change again, and the order of requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

SALE_STATUSES: Final = (
    "STARTED",
    "PROCESSING_TRANSACTION",
    "UNDER_ANALISYS",
    "PRE_ORDER",
    "WAITING_PAYMENT",
    "PRINTED_BILLET",
    "OVERDUE",
    "NO_FUNDS",
    "BLOCKED",
    "EXPIRED",
    "CANCELLED",
    "APPROVED",
    "COMPLETE",
    "PROTESTED",
    "REFUNDED",
    "PARTIALLY_REFUNDED",
    "CHARGEBACK",
)
"""All 17, spelled as Hotmart does, in the order of a sale's life: when they are asked for one at a time, a sale that
changes between two requests is found again under a later one."""
LATE_STATUSES: Final = ("PROTESTED", "REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK")
"""Those that a sale may take on long after its order."""
DISPUTED_STATUSES: Final = ("PROTESTED", "CHARGEBACK")
UNSETTLED_STATUSES: Final = (*DISPUTED_STATUSES, "APPROVED")
"""What an old sale does not stay: disputes and chargebacks can end in the seller's favour, and the sale is approved
again until its warranty ends."""
RETURNS_FROM: Final = {"APPROVED": "PROTESTED"}
"""A dispute that ends makes a protested sale an approved one again, against the order of a sale's life."""


def one_by_one(statuses: Sequence[str]) -> Iterator[str]:
    """Yield statuses in the order of requests for one at a time.

    A sale that changes between two requests is found again under a later status. One that may return to an earlier
    status is asked for before that as well.
    """
    for status in statuses:
        earlier = RETURNS_FROM.get(status)
        if earlier in statuses:
            yield str(earlier)
        yield status
