"""Build the connector's tables in a DuckDB file from files of records, as PyAirbyte would."""

from pathlib import Path
from typing import Final

import duckdb

SCHEMA: Final = "hotmart"
MOMENT: Final = "TIMESTAMPTZ"
COLUMNS: Final = {
    "sales_history": {"id": "VARCHAR", "order_date": MOMENT, "purchase": "JSON", "product": "JSON", "buyer": "JSON"}
    | {"producer": "JSON"},
    "sales_users": {"transaction": "VARCHAR"},
    "sales_commissions": {"transaction": "VARCHAR", "commissions": "JSON"},
    "sales_price_details": {"transaction": "VARCHAR"}
    | dict.fromkeys(("base", "total", "vat", "fee", "coupon"), "JSON"),
    "sales_summary": {"month": "DATE", "currency_code": "VARCHAR", "synced_until": MOMENT, "total_items": "BIGINT"}
    | {"total_value": "JSON"},
    "products": {"id": "VARCHAR", "name": "VARCHAR", "status": "VARCHAR", "format": "VARCHAR"}
    | {"is_subscription": "BOOLEAN", "warranty_period": "BIGINT", "created_at": MOMENT},
    "subscriptions": {"subscriber_code": "VARCHAR", "subscription_id": "VARCHAR", "status": "VARCHAR"}
    | dict.fromkeys(("request_date", "accession_date", "end_accession_date", "date_next_charge"), MOMENT)
    | {"trial": "BOOLEAN", "transaction": "VARCHAR"}
    | dict.fromkeys(("product", "plan", "price", "subscriber"), "JSON"),
    "subscription_transactions": {"id": "VARCHAR", "commission_currency": "VARCHAR", "recurrency_number": "BIGINT"}
    | {"subscriber_code": "VARCHAR", "purchase": "JSON"},
    "club_students": dict.fromkeys(
        ("subdomain", "user_id", "name", "email", "role", "status", "type", "engagement", "class_id"), "VARCHAR"
    )
    | dict.fromkeys(("purchase_date", "first_access_date", "last_access_date"), MOMENT)
    | {"access_count": "BIGINT", "progress": "JSON"},
}
"""The columns that the package reads."""


def load(database: Path, folder: Path, extracted_at: str) -> dict[str, int]:
    """Create a table from each file (STREAM.jsonl) in a folder, and return the number of rows of each.

    `extracted_at` is the time of the read (UTC, ISO text).
    """
    counts = {}
    with duckdb.connect(database) as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for stream, columns in COLUMNS.items():
            types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
            shown = ", ".join(
                f"{name}::TIMESTAMP AS {name}" if kind == MOMENT else name for name, kind in columns.items()
            )
            connection.execute(
                f"CREATE TABLE {SCHEMA}.{stream} AS SELECT {shown}, ?::TIMESTAMP AS _airbyte_extracted_at "
                f"FROM read_json(?, format = 'newline_delimited', columns = {{{types}}})",
                [extracted_at, str(folder / f"{stream}.jsonl")],
            )
            (counts[stream],) = connection.execute(f"SELECT count(*) FROM {SCHEMA}.{stream}").fetchone() or (0,)
    return counts
