"""What each mart of the dbt package must hold, worked out from the simulated account.

Written from the API reference (sections 5 and 6) and from the definitions in docs/analytics.md. Nothing here reads the
connector's code, its rows or the package's SQL. Amounts are whole cents until they are printed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator import World
from integration_tests.analytics.truth import performance, reconciliation, revenue, sales, students, subscriptions

Mart = list[dict[str, Any]]
"""Rows in the form of `forms.py`."""

MARTS: Final[Mapping[str, Callable[[World, int], Mart]]] = {
    "hotmart__sales": sales.sales,
    "hotmart__revenue_monthly": revenue.revenue_monthly,
    "hotmart__product_performance": performance.product_performance,
    "hotmart__subscriptions": subscriptions.subscriptions,
    "hotmart__subscriptions_monthly": subscriptions.subscriptions_monthly,
    "hotmart__student_progress": students.student_progress,
    "hotmart__reconciliation": reconciliation.reconciliation,
}
"""For each mart a function of the account and of what counts as now (epoch ms)."""
