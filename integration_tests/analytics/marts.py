"""The marts in a warehouse, converted to the format of the expected rows."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from airbyte.caches import CacheBase
from sqlalchemy import text

SCHEMA: Final = "analytics"

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "hotmart__sales": ("transaction_id",),
    "hotmart__revenue_monthly": ("month_on", "product_id", "currency_code"),
    "hotmart__product_performance": ("order_month_on", "product_id"),
    "hotmart__subscriptions": ("subscription_code",),
    "hotmart__subscriptions_monthly": ("month_on", "currency_code"),
    "hotmart__student_progress": ("members_area", "student_id"),
    "hotmart__reconciliation": ("month_on", "currency_code"),
}
SHARES: Final = ("_rate", "_share")
"""Suffixes of columns with four decimals."""

Row = Mapping[str, Any]


def rows_of(cache: CacheBase, table: str) -> list[dict[str, Any]]:
    """Return the rows of a mart."""
    with cache.get_sql_engine().connect() as connection:
        found = connection.execute(text(f'SELECT * FROM "{SCHEMA}"."{table}"')).mappings()
        return [{name: plain(name, value) for name, value in row.items()} for row in found]


def tables_in(cache: CacheBase) -> set[str]:
    """Return the names of the marts and other tables that dbt made."""
    names = "SELECT table_name FROM information_schema.tables WHERE table_schema = :schema"
    with cache.get_sql_engine().connect() as connection:
        return set(connection.execute(text(names), {"schema": SCHEMA}).scalars())


def plain(name: str, value: Any) -> Any:
    """Return a column's value in the format of the expected rows."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.4f}" if name.endswith(SHARES) else f"{value:.2f}"
    return value


def differences(mart: str, wanted: Iterable[Row], found: Iterable[Row]) -> list[str]:
    """Return missing, additional and different rows of a mart, comparing the columns of the expected rows."""
    names = KEYS[mart]
    by_key = {tuple(row[name] for name in names): row for row in found}
    told, seen = [], set()
    for row in wanted:
        key = tuple(row[name] for name in names)
        seen.add(key)
        if key not in by_key:
            told.append(f"{mart} {key}: missing")
            continue
        told += [
            f"{mart} {key}: {name} is {by_key[key][name]!r} and should be {value!r}"
            for name, value in row.items()
            if by_key[key][name] != value
        ]
    told += [f"{mart} {key}: surplus" for key, row in by_key.items() if key not in seen and not _is_empty(row)]
    return told


def _is_empty(row: Row) -> bool:
    """Whether a row of totals is zero, as Hotmart's totals are in months without a sale."""
    return "hotmart_items" in row and row["hotmart_items"] == 0 and row["history_rows"] == 0
