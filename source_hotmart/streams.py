"""Every stream, in the order of `discover`. A new one is a class here and a file in `schemas/`."""

from __future__ import annotations

from typing import Any

from source_hotmart.answers import Envelope
from source_hotmart.base import Api
from source_hotmart.changed_parents import ChangedParentsStream
from source_hotmart.child import ChildStream
from source_hotmart.club import ClubStream
from source_hotmart.club_pages import ModuleStream
from source_hotmart.columns import put
from source_hotmart.coupons import CouponStream
from source_hotmart.default_filters import EARLIEST_MS
from source_hotmart.events import EventStream
from source_hotmart.monthly_totals import MonthlyTotals
from source_hotmart.products import ProductStream
from source_hotmart.reading.passes import Query, Record
from source_hotmart.sales import SalesStream
from source_hotmart.sales_statuses import SALE_STATUSES
from source_hotmart.subscribers import SubscriberStream
from source_hotmart.subscriptions import ChargeStream, SnapshotStream

NO_CURSOR: list[str] = []
"""In the place of a cursor: the stream has none, and is read whole."""
DRAFTS = {"status": ("DRAFT",)}
"""Products for which Hotmart may know no lists yet."""


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
    documented_statuses = tuple(
        status for status in SALE_STATUSES if status not in ("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION")
    )
    has_roles = False


class SalesSummary(MonthlyTotals):
    """Hotmart's own totals, to reconcile against. https://developers.hotmart.com/docs/en/v1/sales/sales-summary/"""

    endpoint = "payments/api/v1/sales/summary"
    calls = "one for each month since the start date"
    primary_key = ["month", "currency_code"]  # noqa: RUF012 - the CDK's own form of a compound key
    cursor_field = "synced_until"
    lifts = (("currency_code", "total_value.currency_code"),)


class Subscriptions(SnapshotStream):
    """Each subscription as it stands. https://developers.hotmart.com/docs/en/v1/subscription/get-subscribers/"""

    endpoint = "payments/api/v1/subscriptions"
    calls = "one for 500 subscriptions"
    primary_key = "subscriber_code"
    cursor_field = "synced_until"
    start_parameter = "accession_date"
    end_parameter = "end_accession_date"

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        api.default_filters.ask(self, api.now_ms)

    def at_least(self) -> int:
        """Return Hotmart's own count."""
        return self.api.default_filters.total


class SubscriptionTransactions(ChargeStream):
    """The charges of subscriptions, a row per transaction, commission currency and recurrence.

    https://developers.hotmart.com/docs/en/v1/subscription/get-subscription-transactions/
    """

    endpoint = "payments/api/v1/subscriptions/transactions"
    calls = "one for 500 charges, at least one for 180 days"
    primary_key = ["id", "commission_currency", "recurrency_number"]  # noqa: RUF012 - the CDK's own form of a compound key
    cursor_field = "last_update"
    start_parameter = "transaction_date"
    end_parameter = "end_transaction_date"
    lifts = (
        ("id", "purchase.transaction"),
        ("commission_currency", "purchase.commission.currency"),
        ("recurrency_number", "recurrency.number"),
    )

    def complete_row(self, row: Record) -> None:
        """Complete the primary key, and unite both spellings of the payment delay in one column."""
        row["commission_currency"] = row["commission_currency"] or "NONE"
        row["recurrency_number"] = row["recurrency_number"] or 0
        _copy_where_missing(row.get("recurrency"), "payment_delay_days", "payment_delays_days")


class SubscriptionSummary(SnapshotStream):
    """Each subscription with its lifetime and last charge, up to a day old.

    https://developers.hotmart.com/docs/en/v1/subscription/get-subscription-summary/ The lifetime grows daily.
    """

    endpoint = "payments/api/v1/subscriptions/summary"
    calls = "one for 500 subscriptions"
    primary_key = "subscriber_code"
    cursor_field = NO_CURSOR
    start_parameter = "accession_date"
    end_parameter = "end_accession_date"

    def additional(self) -> list[Query]:
        """Return the one filter that this endpoint knows, where it matters."""
        hides = self.api.default_filters.hides_by_next_charge
        return [{}, {"date_next_charge": EARLIEST_MS}] if hides else [{}]


class SubscriptionPurchases(SubscriberStream):
    """Every charge of a subscription, unpaid attempts included, as its subscriber sees them.

    https://developers.hotmart.com/docs/en/ > Subscriptions > Get subscribers' purchases
    """

    endpoint = "payments/api/v1/subscriptions/{subscriber_code}/purchases"
    calls = "one for each subscriber; in later syncs for those that are new or may have been charged"
    primary_key = ["subscriber_code", "transaction", "recurrency_number"]  # noqa: RUF012 - the CDK's own form of a key
    page_size = None
    envelope = Envelope(rows="")
    parent = Subscriptions

    def complete_row(self, row: Record) -> None:
        """Set a number for the primary key: one payment can settle several recurrences, each with a row."""
        row["recurrency_number"] = row.get("recurrency_number") or 0


class Products(ProductStream):
    """The account's own products. https://developers.hotmart.com/docs/en/v1/product/product-list/"""

    endpoint = "products/api/v1/products"
    calls = "one for 100 products, and one for each of seven statuses that no listed product has"
    primary_key = "id"
    page_size = 100


class ProductOffers(ChildStream):
    """The prices at which a product is sold. https://developers.hotmart.com/docs/en/ > Product > Offers

    Hotmart finds them by the product's uuid, not by its number.
    """

    endpoint = "products/api/v1/products/{product_ucode}/offers"
    calls = "one for each product"
    primary_key = ["product_ucode", "code"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 100
    parent = Products
    parent_label = "product"
    parent_fields = (("product_ucode", "ucode"), ("product_id", "id"))
    may_have_none = DRAFTS


class ProductPlans(ChildStream):
    """The plans of a product. https://developers.hotmart.com/docs/en/v1/product/product-plans/

    For a product without plans Hotmart answers 400 `invalid_parameter`, as was seen in March 2026. `is_subscription` is
    false for Smart Instalment and some combos, which can have plans.
    """

    endpoint = "products/api/v1/products/{product_ucode}/plans"
    calls = "one for each product"
    primary_key = ["product_ucode", "code"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 100
    envelope = Envelope(empty_body_is_none=True)
    parent = Products
    parent_label = "product"
    parent_fields = (("product_ucode", "ucode"), ("product_id", "id"))
    may_have_none = {"is_subscription": (False,)}  # noqa: RUF012 - a constant
    empty_on_status = (400,)
    empty_on_code = "invalid_parameter"
    doubts_empty = True
    requests_again = True


class Coupons(CouponStream):
    """The discount coupons of a product. https://developers.hotmart.com/docs/en/v1/coupon/coupon-get-coupon/

    Hotmart finds them by the product's number. A coupon of several products has a row for each.
    """

    endpoint = "products/api/v1/coupon/product/{product_id}"
    calls = "one for each product"
    primary_key = ["id", "product_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    parent = Products
    parent_label = "product"
    parent_fields = (("product_id", "id"), ("product_ucode", "ucode"))
    may_have_none = DRAFTS


class ClubStudents(ClubStream):
    """The students of a members area. https://developers.hotmart.com/docs/en/v1/club/get-users/"""

    endpoint = "club/api/v1/users"
    calls = "one for 50 students of each members area"
    primary_key = ["subdomain", "user_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 50
    envelope = Envelope(empty_object_is_none=True)

    def complete_row(self, row: Record) -> None:
        """Set whether a student has Plus access, of which Hotmart sends a word, and keep the word in another column."""
        word = row.get("plus_access")
        if isinstance(word, str) and word.lower() not in ("", "true", "false"):
            put(row, "plus_access_type", word)
            row["plus_access"] = word != "WITHOUT_PLUS_ACCESS"


class ClubModules(ClubStream):
    """The modules of a members area, extra ones included. https://developers.hotmart.com/docs/en/ > Members area

    What comes without `is_extra` is not known, so both values are asked for.
    """

    endpoint = "club/api/v1/modules"
    calls = "two for each members area"
    primary_key = ["subdomain", "module_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    envelope = Envelope(rows="")
    variants = ({"is_extra": "false"}, {"is_extra": "true"})


class ClubPages(ModuleStream):
    """The pages of the modules. https://developers.hotmart.com/docs/en/ > Members area > Get pages

    Version 2 of the address asks for a product that nothing tells; version 1 asks for the club only.
    """

    endpoint = "club/api/v1/modules/{module_id}/pages"
    calls = "one for each module; up to 20 more where Hotmart needs a product to be named"
    primary_key = ["module_id", "page_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    parent = ClubModules
    needs_club = True
    products = Products
    parent_label = "module"
    parent_fields = (("module_id", "module_id"), ("subdomain", "subdomain"))
    parameters = ("subdomain",)
    key_spans_parents = True

    def complete_row(self, row: Record) -> None:
        """Both spellings of whether a page is published in one column."""
        _copy_where_missing(row, "is_published", "published")


class ClubLessons(ChangedParentsStream):
    """The progress of each student by lesson. https://developers.hotmart.com/docs/en/ > Members area

    It is read for students that are new or have entered the members area since the last sync.
    """

    endpoint = "club/api/v1/users/{user_id}/lessons"
    calls = "one for each student; in later syncs for those who are new or entered the members area"
    primary_key = ["subdomain", "user_id", "page_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    envelope = Envelope(rows="lessons", has_page_info=False)
    parent = ClubStudents
    needs_club = True
    parent_label = "student"
    parent_is_person = True
    parent_fields = (("user_id", "user_id"), ("subdomain", "subdomain"))
    may_have_none = {"role": ("OWNER", "ADMIN", "CONTENT_EDITOR", "MODERATOR")}  # noqa: RUF012 - a constant
    parameters = ("subdomain",)
    changed_fields = ("last_access_date", "purchase_date", "first_access_date")
    scope_field = "subdomain"
    overlap_days = 7
    """Hotmart may show a visit some days late."""


class EventParticipants(EventStream):
    """The tickets of an event with their participants. https://developers.hotmart.com/docs/en/ > Event tickets

    An event is a product of the format ETICKET, and its number is the product's.
    """

    endpoint = "events/api/v1/{event_id}/participants"
    calls = "one for 500 tickets of each event, and one more for the event"
    primary_key = "id"
    cursor_field = "current_update"
    lifts = (("id", "eticket.id"), ("current_update", "eticket.current_update"))
    parent = Products
    parent_label = "event"
    parent_fields = (("event_id", "id"),)
    parent_filter = ("format", "ETICKET")
    may_have_none = DRAFTS
    parameters = ("last_update", "ticket_type", "checkin_status", "ticket_status", "id_eticket")
    key_spans_parents = True
    scope_field = "event_id"


def _copy_where_missing(value: Any, raw_spelling: str, column: str) -> None:
    """Have both spellings of one thing end in one column; the raw one stays."""
    if isinstance(value, dict) and raw_spelling in value and value.get(column) is None:
        value[column] = value[raw_spelling]
