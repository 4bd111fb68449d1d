"""Expected rows of each mart of the dbt package, calculated from the simulated account.

Based on the API reference (sections 5 and 6) and the definitions in docs/analytics.md, independently of the connector's
code, its rows and the package's SQL. Amounts are whole cents until they are formatted.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator import World
from integration_tests.analytics.truth import performance, reconciliation, revenue, sales, students, subscriptions

Mart = list[dict[str, Any]]
"""Rows in the format of `forms.py`."""

MARTS: Final[Mapping[str, Callable[[World, int], Mart]]] = {
    "hotmart__sales": sales.sales,
    "hotmart__revenue_monthly": revenue.revenue_monthly,
    "hotmart__product_performance": performance.product_performance,
    "hotmart__subscriptions": subscriptions.subscriptions,
    "hotmart__subscriptions_monthly": subscriptions.subscriptions_monthly,
    "hotmart__student_progress": students.student_progress,
    "hotmart__reconciliation": reconciliation.reconciliation,
}
"""One function per mart. Arguments: the account and the current time (epoch milliseconds)."""
