"""The status of a sale by its age, and when it began (shares and delays: hotmart-api.md 6.1)."""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Final

from hotmart_simulator.common.vocabulary import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    PENDING_STATUSES,
    SALE_STATUSES,
    STATUS_INDEX,
)

APPROVED: Final = STATUS_INDEX["APPROVED"]
COMPLETE: Final = STATUS_INDEX["COMPLETE"]
PENDING: Final = tuple(STATUS_INDEX[status] for status in PENDING_STATUSES)
WAITING_STATUSES: Final = ("PRINTED_BILLET", "WAITING_PAYMENT")
WAITING: Final = tuple(STATUS_INDEX[status] for status in WAITING_STATUSES)
EXPIRED: Final = STATUS_INDEX["EXPIRED"]
PAID_SHARE: Final = 0.745
COMPLETION_DELAY_MS: Final = 14 * HOUR_MS
"""Time from the end of the warranty to COMPLETE: 7.5 to 7.7 days after the approval with 7 days of warranty (6.1)."""
EXPIRY_MS: Final = 5 * DAY_MS
"""Time until an unpaid boleto or PIX expires."""
ENOUGH_SALES: Final = 20_000
"""Number of sales that is enough for every status to occur by chance."""
# Cumulated share, status, earliest and latest delay after the order.
ENDINGS: Final = tuple(
    (share, STATUS_INDEX[status], earliest_ms, latest_ms)
    for share, status, earliest_ms, latest_ms in (
        (0.800, "REFUNDED", 1 * DAY_MS, 20 * DAY_MS),
        (0.815, "PARTIALLY_REFUNDED", 1 * DAY_MS, 30 * DAY_MS),
        (0.830, "CHARGEBACK", 20 * DAY_MS, 150 * DAY_MS),
        (0.835, "PROTESTED", 10 * HOUR_MS, 15 * DAY_MS),
        (0.875, "CANCELLED", 1 * HOUR_MS, 3 * DAY_MS),
        (0.935, "EXPIRED", 2 * DAY_MS, 5 * DAY_MS),
        (0.955, "OVERDUE", 1 * DAY_MS, 2 * DAY_MS),
        (0.967, "NO_FUNDS", 1 * MINUTE_MS, 5 * MINUTE_MS),
        (0.977, "BLOCKED", 1 * MINUTE_MS, 9 * MINUTE_MS),
    )
)


def drawn(random: Random, age_ms: int, warranty_days: int, *, paid: bool) -> tuple[int, int]:
    """Return the index of the status and the ms between the order and the last change, which is never after now.

    `paid` allows only paid statuses, as for the first charge of a subscription.
    """
    chance = random.random()
    if age_ms < 3 * DAY_MS and chance < 0.25 and not paid:
        return PENDING[int(random.random() * len(PENDING))], 0
    if chance >= PAID_SHARE and not paid:
        for share, status, earliest_ms, latest_ms in ENDINGS:
            if chance < share:
                delay_ms = earliest_ms + int(random.random() * (latest_ms - earliest_ms))
                if delay_ms <= age_ms:
                    return status, delay_ms
                break
        else:
            status = PENDING[int(random.random() * len(PENDING))]
            return (EXPIRED, EXPIRY_MS) if status in WAITING and age_ms >= EXPIRY_MS else (status, 0)
    complete_ms = warranty_days * DAY_MS + COMPLETION_DELAY_MS
    if complete_ms <= age_ms:
        return COMPLETE, complete_ms
    return APPROVED, min(age_ms, 40_000)


def missing(statuses: bytearray, subscription_of: Sequence[int]) -> list[tuple[int, int]]:
    """Return positions and statuses to set so that each of the 17 occurs: pending ones on the newest sales.

    `subscription_of` has a negative number for a one-off sale. Only these are changed, because the status of a charge
    follows from its subscription.
    """
    if not 6 * len(SALE_STATUSES) <= len(statuses) < ENOUGH_SALES:
        return []
    one_off = [position for position in range(len(statuses) - 2, -1, -1) if subscription_of[position] < 0]
    if len(one_off) < 2 * len(SALE_STATUSES):
        return []
    counts = Counter(statuses[position] for position in one_off)
    newest, middle = iter(one_off), iter(one_off[len(one_off) // 2 :])
    changes = []
    for status in range(len(SALE_STATUSES)):
        if not counts[status]:
            places = newest if status in PENDING or status == APPROVED else middle
            position = next(place for place in places if counts[statuses[place]] > 1)
            counts[statuses[position]] -= 1
            changes.append((position, status))
    return changes
