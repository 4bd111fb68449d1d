"""The warehouse against Hotmart: every key, and gross sales against Hotmart's own totals."""

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from integration_tests.demo.catalog import OfferedStream
from integration_tests.demo.simulator_process import Key
from integration_tests.demo.warehouse import Warehouse

HALF_A_CENT: Final = 0.005
"""Sums of doubles agree when they lie closer than this."""

NOT_IN_HOTMART: Final = {"sales_summary": "total_items = 0"}
"""Rows that the connector adds: zeros for a month without a sale in some currency, so that old totals do not stay."""

GROSS_SALES: Final = """
WITH history AS (
    SELECT strftime(order_date AT TIME ZONE 'UTC', '%Y-%m') AS month,
           purchase->'price'->>'currency_code' AS currency,
           count(*) AS items,
           sum((purchase->'price'->>'value')::DOUBLE) AS total
    FROM sales_history
    WHERE purchase->>'status' IN ('APPROVED', 'COMPLETE')
    GROUP BY ALL
), summary AS (
    SELECT strftime(month, '%Y-%m') AS month,
           currency_code AS currency,
           total_items AS items,
           (total_value->>'value')::DOUBLE AS total
    FROM sales_summary
)
SELECT month, currency,
       coalesce(history.items, 0), coalesce(history.total, 0),
       coalesce(summary.items, 0), coalesce(summary.total, 0)
FROM history FULL JOIN summary USING (month, currency)
ORDER BY month, currency
"""


@dataclass(frozen=True)
class KeyComparison:
    """The keys of one stream, here and there."""

    stream: str
    in_hotmart: int
    in_warehouse: int
    """Rows that the connector adds not counted."""
    missing: int
    surplus: int
    added: int
    """Rows that the connector adds on purpose."""

    @property
    def is_equal(self) -> bool:
        """Whether every key of Hotmart is there, and no other."""
        return not self.missing and not self.surplus


def compare_keys(stream: OfferedStream, truth: set[Key], warehouse: Warehouse) -> KeyComparison:
    """What Hotmart holds against what the warehouse holds."""
    held = warehouse.keys(stream)
    zeros = NOT_IN_HOTMART.get(stream.name)
    added = warehouse.keys(stream, zeros) - truth if zeros else set()
    held -= added
    return KeyComparison(stream.name, len(truth), len(held), len(truth - held), len(held - truth), len(added))


@dataclass(frozen=True)
class GrossSales:
    """Approved and complete sales of a month (UTC) in a currency: from the sales, and by Hotmart's own totals."""

    month: str
    currency: str
    items: int
    total: float
    summary_items: int
    summary_total: float

    @property
    def difference(self) -> float:
        """How much more the sales give than Hotmart's total."""
        return self.total - self.summary_total

    @property
    def is_equal(self) -> bool:
        """Whether number and sum agree."""
        return self.items == self.summary_items and abs(self.difference) < HALF_A_CENT


def gross_sales(warehouse: Warehouse) -> list[GrossSales]:
    """Every month and currency that either side knows, ascending."""
    return [GrossSales(*row) for row in warehouse.query(GROSS_SALES)]


def by_month(sales: list[GrossSales]) -> dict[str, dict[str, GrossSales]]:
    """The same by month and currency."""
    months = groupby(sales, key=lambda item: item.month)
    return {month: {item.currency: item for item in items} for month, items in months}
