"""Print the demo's figures and the marts' figures from one DuckDB file as JSON. Runs in `.venv`."""

import json
import sys
from pathlib import Path
from typing import Final

import duckdb

ROOT: Final = Path(__file__).parent.parent.parent
VIEWS: Final = ROOT / "tools" / "demo" / "answers.sql"
BOTH: Final = {
    "net revenue": (
        "SELECT month, currency, sales, net_revenue FROM answers.net_revenue ORDER BY ALL",
        "SELECT month_on, currency_code, sum(paid_out_sales), sum(my_earned_amount) "
        "FROM analytics.hotmart__revenue_monthly WHERE paid_out_sales > 0 GROUP BY ALL ORDER BY ALL",
    ),
    "refunds": (
        "SELECT month, product_id, currency, refunds, refunded FROM answers.refunds ORDER BY ALL",
        "SELECT month_on, product_id, currency_code, refunded_sales, refunded_gross_amount "
        "FROM analytics.hotmart__revenue_monthly WHERE refunded_sales > 0 ORDER BY ALL",
    ),
    "active subscriptions": (
        "SELECT active, subscriptions FROM answers.active_subscriptions",
        "SELECT count(*) FILTER (is_active), count(*) FROM analytics.hotmart__subscriptions",
    ),
    "new and cancelled subscriptions": (
        "SELECT month, new, cancelled FROM answers.subscription_changes WHERE new + cancelled > 0 ORDER BY ALL",
        "SELECT month_on, sum(new_subscriptions) AS new, sum(cancelled_subscriptions) AS cancelled "
        "FROM analytics.hotmart__subscriptions_monthly GROUP BY ALL HAVING new + cancelled > 0 ORDER BY ALL",
    ),
}
"""One query on the demo's views and one on the marts for each figure."""


def main() -> int:
    """Print the rows of each figure from the demo and from the marts."""
    with duckdb.connect(sys.argv[1]) as connection:
        connection.execute(VIEWS.read_text("utf-8"))
        figures = {name: [connection.sql(query).fetchall() for query in queries] for name, queries in BOTH.items()}
    sys.stdout.write(json.dumps(figures, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())
