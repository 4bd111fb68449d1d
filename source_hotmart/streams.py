"""Every stream, in the order of `discover`. A new one is a class here and a file in `schemas/`."""

from __future__ import annotations

from typing import Any

from source_hotmart.base import HotmartStream
from source_hotmart.club import ClubStream
from source_hotmart.reader import Record
from source_hotmart.sales import SALE_STATUSES, MonthlyTotals, SalesStream
from source_hotmart.subscriptions import ChargeStream, SnapshotStream


class SalesHistory(SalesStream):
    """One row per sale, whatever its status. https://developers.hotmart.com/docs/en/v1/sales/sales-history/"""

    endpoint = "payments/api/v1/sales/history"
    primary_key = "id"
    cursor_field = "order_date"
    lifts = (("id", "purchase.transaction"), ("order_date", "purchase.order_date"))


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

    def complete_row(self, row: Record) -> None:
        """Hotmart documents the currency as `currency_value` and sends `currency_code`: both end in the latter."""
        entries = row.get("commissions")
        for entry in entries if isinstance(entries, list) else ():
            commission = entry.get("commission") if isinstance(entry, dict) else None
            _copy_where_missing(commission, "currency_value", "currency_code")


class SalesPriceDetails(SalesStream):
    """Base price, taxes, fees and coupon of each sale, of the 14 statuses that this endpoint knows.

    https://developers.hotmart.com/docs/en/v1/sales/sales-price-details/ A status it does not know would make it refuse
    the whole query.
    """

    endpoint = "payments/api/v1/sales/price/details"
    primary_key = "transaction"
    cursor_field = "synced_until"
    statuses = tuple(
        status for status in SALE_STATUSES if status not in ("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION")
    )


class SalesSummary(MonthlyTotals):
    """Hotmart's own totals, to reconcile against. https://developers.hotmart.com/docs/en/v1/sales/sales-summary/"""

    endpoint = "payments/api/v1/sales/summary"
    primary_key = ["month", "currency_code"]  # noqa: RUF012 - the CDK's own form of a compound key
    cursor_field = "synced_until"
    lifts = (("currency_code", "total_value.currency_code"),)


class Subscriptions(SnapshotStream):
    """Each subscription as it stands. https://developers.hotmart.com/docs/en/v1/subscription/get-subscribers/"""

    endpoint = "payments/api/v1/subscriptions"
    primary_key = "subscriber_code"
    cursor_field = "synced_until"
    start_parameter = "accession_date"
    end_parameter = "end_accession_date"


class SubscriptionTransactions(ChargeStream):
    """The charges of subscriptions, a row per transaction and commission currency.

    https://developers.hotmart.com/docs/en/v1/subscription/get-subscription-transactions/
    """

    endpoint = "payments/api/v1/subscriptions/transactions"
    primary_key = ["id", "commission_currency"]  # noqa: RUF012 - the CDK's own form of a compound key
    cursor_field = "last_update"
    start_parameter = "transaction_date"
    end_parameter = "end_transaction_date"
    lifts = (("id", "purchase.transaction"), ("commission_currency", "purchase.commission.currency"))

    def complete_row(self, row: Record) -> None:
        """A commission currency for the key, and both spellings of the payment delay in one column."""
        row["commission_currency"] = row["commission_currency"] or "NONE"
        _copy_where_missing(row.get("recurrency"), "payment_delay_days", "payment_delays_days")


class Products(HotmartStream):
    """The account's own products. https://developers.hotmart.com/docs/en/v1/product/product-list/"""

    endpoint = "products/api/v1/products"
    primary_key = "id"
    page_size = 100


class ClubStudents(ClubStream):
    """The students of a members area. https://developers.hotmart.com/docs/en/v1/club/get-users/"""

    endpoint = "club/api/v1/users"
    primary_key = ["subdomain", "user_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 50

    def complete_row(self, row: Record) -> None:
        """Whether a student has Plus access, of which Hotmart sends a word; the word is kept beside."""
        word = row.get("plus_access")
        if isinstance(word, str):
            row["plus_access_type"] = word
            row["plus_access"] = word not in ("", "WITHOUT_PLUS_ACCESS")


def _copy_where_missing(value: Any, raw_spelling: str, column: str) -> None:
    """Have both spellings of one thing end in one column; the raw one stays."""
    if isinstance(value, dict) and raw_spelling in value and value.get(column) is None:
        value[column] = value[raw_spelling]
