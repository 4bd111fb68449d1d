"""Which status a sale of a given age has, and since when (shares and delays: hotmart-api.md 6.1)."""

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
PAID_SHARE: Final = 0.745
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
    """Index of the status and ms between the order and the last change, which is never after now.

    `paid` keeps to the sales that went well, as the first charge of a subscription did.
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
            return PENDING[int(random.random() * len(PENDING))], 0
    complete_ms = warranty_days * DAY_MS + 14 * HOUR_MS
    if complete_ms <= age_ms:
        return COMPLETE, complete_ms
    return APPROVED, min(age_ms, 40_000)


def missing(statuses: bytearray) -> list[tuple[int, int]]:
    """Positions and statuses to set so that each of the 17 occurs: pending ones on the newest sales."""
    if len(statuses) < 6 * len(SALE_STATUSES):
        return []
    changes, newest, middle = [], len(statuses) - 2, len(statuses) // 2
    for status in range(len(SALE_STATUSES)):
        if status in statuses:
            continue
        if status in PENDING or status == APPROVED:
            changes.append((newest, status))
            newest -= 2
        else:
            changes.append((middle, status))
            middle -= 2
    return changes
