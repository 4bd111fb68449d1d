"""Sales: four views of each sale, and Hotmart's own totals."""

from __future__ import annotations

from source_hotmart.reading.passes import Record
from source_hotmart.reading.statuses import SALE_STATUSES
from source_hotmart.records.columns import copy_where_missing
from source_hotmart.streams.monthly_totals import MonthlyTotals
from source_hotmart.streams.sales_views import SalesStream


class SalesHistory(SalesStream):
    """One row per sale, whatever its status. https://developers.hotmart.com/docs/en/v1/sales/sales-history/"""

    endpoint = "payments/api/v1/sales/history"
    primary_key = "id"
    cursor_field = "order_date"
    promoted_fields = (("id", "purchase.transaction"), ("order_date", "purchase.order_date"))


class SalesUsers(SalesStream):
    """The participants of each sale. https://developers.hotmart.com/docs/en/v1/sales/sales-users/"""

    endpoint = "payments/api/v1/sales/users"
    primary_key = "transaction"
    cursor_field = "synced_until"


class SalesCommissions(SalesStream):
    """Who earns what of each sale. https://developers.hotmart.com/docs/en/v1/sales/sales-commissions/"""

    endpoint = "payments/api/v1/sales/commissions"
    primary_key = "transaction"
    cursor_field = "synced_until"

    def transform_row(self, row: Record) -> None:
        """Hotmart documents the currency as `currency_value` and sends `currency_code`: both end in the latter."""
        entries = row.get("commissions")
        for entry in entries if isinstance(entries, list) else ():
            commission = entry.get("commission") if isinstance(entry, dict) else None
            copy_where_missing(commission, "currency_value", "currency_code")


class SalesPriceDetails(SalesStream):
    """Base price, taxes, fees and coupon of each sale, of the 14 statuses that this endpoint knows.

    https://developers.hotmart.com/docs/en/v1/sales/sales-price-details/ A status it does not know would make it refuse
    the whole query.
    """

    endpoint = "payments/api/v1/sales/price/details"
    primary_key = "transaction"
    cursor_field = "synced_until"
    documented_statuses = tuple(
        status for status in SALE_STATUSES if status not in ("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION")
    )
    has_roles = False


class SalesSummary(MonthlyTotals):
    """Hotmart's own totals, to reconcile against. https://developers.hotmart.com/docs/en/v1/sales/sales-summary/"""

    endpoint = "payments/api/v1/sales/summary"
    cost_note = "one for each month since the start date"
    primary_key = ["month", "currency_code"]  # noqa: RUF012 - the CDK's own form of a compound key
    cursor_field = "synced_until"
    promoted_fields = (("currency_code", "total_value.currency_code"),)
