"""Compare the warehouse with Hotmart: every row, and gross sales with Hotmart's own totals."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from tools.demo.catalog import OfferedStream
from tools.demo.warehouse import Warehouse
from tools.rows import HeldRow, difference

HALF_A_CENT: Final = 0.005
"""Sums of floating-point numbers agree when they differ by less than this."""

PRICES: Final = """
    SELECT strftime(order_date AT TIME ZONE 'UTC', '%Y-%m') AS month,
           purchase->'price'->>'currency_code' AS currency,
           count(*) AS items,
           sum((purchase->'price'->>'value')::DOUBLE) AS total
    FROM sales_history
    WHERE purchase->>'status' IN ('APPROVED', 'COMPLETE')
    GROUP BY ALL
"""
COMMISSIONS: Final = """
    SELECT strftime(sales_history.order_date AT TIME ZONE 'UTC', '%Y-%m') AS month,
           entry->'commission'->>'currency_code' AS currency,
           count(*) AS items,
           sum((entry->'commission'->>'value')::DOUBLE) AS total
    FROM (SELECT transaction, unnest(commissions::JSON[]) AS entry FROM sales_commissions) AS entries
    JOIN sales_history ON sales_history.id = entries.transaction
    WHERE purchase->>'status' IN ('APPROVED', 'COMPLETE')
    GROUP BY ALL
"""
AGAINST_SUMMARY: Final = """
WITH own AS ({own}), summary AS (
    SELECT strftime(month, '%Y-%m') AS month,
           currency_code AS currency,
           total_items AS items,
           (total_value->>'value')::DOUBLE AS total
    FROM sales_summary
)
SELECT month, currency,
       coalesce(own.items, 0), coalesce(own.total, 0),
       coalesce(summary.items, 0), coalesce(summary.total, 0)
FROM own FULL JOIN summary USING (month, currency)
ORDER BY month, currency
"""


@dataclass(frozen=True)
class RowComparison:
    """One stream's rows in Hotmart and in the warehouse."""

    stream: str
    in_hotmart: int
    in_warehouse: int
    """Number of rows in the warehouse, without the ones that the connector adds."""
    missing: int
    differing: list[Any]
    """Keys of rows whose content differs from Hotmart's, without documented differences."""
    surplus: int
    added: int
    """Rows that the connector adds on purpose: months without a sale in some currency, which Hotmart leaves out."""

    @property
    def is_equal(self) -> bool:
        """Whether the warehouse holds exactly Hotmart's rows with the same content."""
        return not self.missing and not self.differing and not self.surplus


def compare_rows(stream: OfferedStream, held: Iterable[HeldRow], warehouse: Warehouse) -> RowComparison:
    """Compare Hotmart's rows with the warehouse's rows, in the columns of the warehouse."""
    expected = [
        HeldRow(identity, {name: value for name, value in record.items() if name in stream.columns})
        for identity, record in held
    ]
    arrived = list(warehouse.rows(stream))
    found = difference(stream.name, expected, arrived, after_increments=True)
    added = sum(row["total_items"] == 0 for row in arrived) if stream.name == "sales_summary" else 0
    return RowComparison(
        stream=stream.name,
        in_hotmart=len(expected),
        in_warehouse=len(arrived) - added,
        missing=len(found.lost),
        differing=found.stale,
        surplus=len(found.surplus),
        added=added,
    )


@dataclass(frozen=True)
class GrossSales:
    """Approved and complete sales of a month (UTC) in a currency, from the rows and from Hotmart's own totals."""

    month: str
    currency: str
    items: int
    total: float
    summary_items: int
    summary_total: float

    @property
    def difference(self) -> float:
        """Return the sum of the rows minus Hotmart's total."""
        return self.total - self.summary_total

    @property
    def is_equal(self) -> bool:
        """Whether the number and the sum agree."""
        return self.items == self.summary_items and abs(self.difference) < HALF_A_CENT


@dataclass(frozen=True)
class Reconciliation:
    """Hotmart's totals and one of their possible sums: Hotmart does not say if it adds prices or commissions."""

    stream: str
    """The stream of the amounts."""
    items: str
    """What is counted."""
    amounts: str
    """What is added up."""
    sales: list[GrossSales]
    """Every month and currency that either side has, in ascending order."""

    @property
    def is_equal(self) -> bool:
        """Whether Hotmart's totals equal these sums in every month and currency."""
        return all(item.is_equal for item in self.sales)


def reconcile(warehouse: Warehouse) -> list[Reconciliation]:
    """Compare Hotmart's totals with the prices and with the commissions. The comparison that agrees is first."""

    def against(own: str) -> list[GrossSales]:
        return [GrossSales(*row) for row in warehouse.query(AGAINST_SUMMARY.format(own=own))]

    both = [
        Reconciliation("sales_history", "sales", "prices", against(PRICES)),
        Reconciliation("sales_commissions", "commissions", "commissions", against(COMMISSIONS)),
    ]
    return sorted(both, key=lambda found: not found.is_equal)


def by_month(sales: list[GrossSales]) -> dict[str, dict[str, GrossSales]]:
    """Return the totals by month and currency."""
    months = groupby(sales, key=lambda item: item.month)
    return {month: {item.currency: item for item in items} for month, items in months}
