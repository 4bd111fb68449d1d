"""Statuses of a sale: all, those that arrive late, those that may change again, and their order in requests."""

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
"""All 17 statuses in Hotmart's spelling, in the order of a sale's life. If they are requested one at a time, a sale
that changes between two requests is found again under a later status."""
LATE_STATUSES: Final = ("PROTESTED", "REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK")
"""Statuses that a sale may take on long after its order."""
DISPUTED_STATUSES: Final = ("PROTESTED", "CHARGEBACK")
UNSETTLED_STATUSES: Final = (*DISPUTED_STATUSES, "APPROVED")
"""Statuses that are not final for an old sale: disputes and chargebacks can end in the seller's favour, so that the
sale is approved again until its warranty ends."""
RETURNS_FROM: Final = {"APPROVED": "PROTESTED"}
"""When a dispute ends, a protested sale can be approved again, against the order of a sale's life."""


def one_by_one(statuses: Sequence[str]) -> Iterator[str]:
    """Yield statuses in the order of requests for one status at a time.

    A sale that changes between two requests is found again under a later status. A status that may return to an
    earlier one is therefore also requested before it.
    """
    for status in statuses:
        earlier = RETURNS_FROM.get(status)
        if earlier in statuses:
            yield str(earlier)
        yield status
