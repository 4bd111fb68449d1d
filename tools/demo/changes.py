"""Compare the changes that the second sync brought into the warehouse with the changes made in Hotmart."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tools.demo.warehouse import Warehouse

MOVES: Final[Mapping[str, int]] = {
    "refunds": 12,
    "chargebacks": 4,
    "cancellations": 8,
    "sales": 40,
    "subscriptions": 5,
}
"""Changes to make between the two syncs, in this order."""

STATUSES: Final = {
    "sales_history": "SELECT id, purchase->>'status' FROM sales_history",
    "subscriptions": "SELECT subscriber_code, status FROM subscriptions",
}

OUTCOMES: Final[Mapping[str, tuple[str, str | None]]] = {
    "sales": ("sales_history", None),
    "refunds": ("sales_history", "REFUNDED"),
    "chargebacks": ("sales_history", "CHARGEBACK"),
    "cancellations": ("subscriptions", "CANCELLED_BY_CUSTOMER"),
    "subscriptions": ("subscriptions", None),
}
"""The stream and row status that show each kind of change. The status is `None` for new rows."""

Snapshot = Mapping[str, Mapping[str, str]]
"""The status of each key by stream."""


def snapshot(warehouse: Warehouse) -> Snapshot:
    """Return the current statuses in the warehouse."""
    return {stream: dict(warehouse.query(sql)) for stream, sql in STATUSES.items()}


@dataclass(frozen=True)
class StreamChanges:
    """The changes of one stream's rows."""

    new: Counter[str]
    """Number of new rows by status."""
    moved_on: Counter[tuple[str, str]]
    """Number of changed rows by (old status, new status)."""


def compare(before: Snapshot, after: Snapshot) -> dict[str, StreamChanges]:
    """Return the changes between two snapshots by stream."""
    return {
        stream: StreamChanges(
            new=Counter(status for key, status in rows.items() if key not in before[stream]),
            moved_on=Counter(
                (before[stream][key], status)
                for key, status in rows.items()
                if before[stream].get(key, status) != status
            ),
        )
        for stream, rows in after.items()
    }


def unseen(moved: Mapping[str, list[str]], before: Snapshot, after: Snapshot) -> dict[str, list[str]]:
    """Return the keys that changed in Hotmart but not in the warehouse. Empty when all changes arrived."""
    missed: dict[str, list[str]] = {}
    for kind, keys in moved.items():
        stream, status = OUTCOMES[kind]
        for key in keys:
            is_seen = after[stream].get(key) == status if status else key in after[stream] and key not in before[stream]
            if not is_seen:
                missed.setdefault(kind, []).append(key)
    return missed
