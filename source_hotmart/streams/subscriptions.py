"""Subscriptions, their charges, and the charges as the subscriber sees them."""

from __future__ import annotations

from source_hotmart.api.pages import Envelope
from source_hotmart.reading.passes import Query, Record
from source_hotmart.records.columns import copy_where_missing
from source_hotmart.streams.api import Api
from source_hotmart.streams.default_filters import EARLIEST_MS
from source_hotmart.streams.subscribers import SubscriberStream
from source_hotmart.streams.subscription_lists import ChargeStream, SnapshotStream

NO_CURSOR: list[str] = []
"""In the place of a cursor: the stream has none, and is read whole."""


class Subscriptions(SnapshotStream):
    """Each subscription as it stands. https://developers.hotmart.com/docs/en/v1/subscription/get-subscribers/"""

    endpoint = "payments/api/v1/subscriptions"
    cost_note = "one for 500 subscriptions"
    primary_key = "subscriber_code"
    cursor_field = "synced_until"
    start_parameter = "accession_date"
    end_parameter = "end_accession_date"

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        api.default_filters.ask(self.fetch, api.now_ms)

    def at_least(self) -> int:
        """Return Hotmart's own count."""
        return self.api.default_filters.total


class SubscriptionTransactions(ChargeStream):
    """The charges of subscriptions, a row per transaction, commission currency and recurrence.

    https://developers.hotmart.com/docs/en/v1/subscription/get-subscription-transactions/
    """

    endpoint = "payments/api/v1/subscriptions/transactions"
    cost_note = "one for 500 charges, at least one for 180 days"
    primary_key = ["id", "commission_currency", "recurrency_number"]  # noqa: RUF012 - the CDK's own form of a compound key
    cursor_field = "last_update"
    start_parameter = "transaction_date"
    end_parameter = "end_transaction_date"
    promoted_fields = (
        ("id", "purchase.transaction"),
        ("commission_currency", "purchase.commission.currency"),
        ("recurrency_number", "recurrency.number"),
    )

    def transform_row(self, row: Record) -> None:
        """Complete the primary key, and unite both spellings of the payment delay in one column."""
        row["commission_currency"] = row["commission_currency"] or "NONE"
        row["recurrency_number"] = row["recurrency_number"] or 0
        copy_where_missing(row.get("recurrency"), "payment_delay_days", "payment_delays_days")


class SubscriptionSummary(SnapshotStream):
    """Each subscription with its lifetime and last charge, up to a day old.

    https://developers.hotmart.com/docs/en/v1/subscription/get-subscription-summary/ The lifetime grows daily.
    """

    endpoint = "payments/api/v1/subscriptions/summary"
    cost_note = "one for 500 subscriptions"
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
    cost_note = "one for each subscriber; in later syncs for those that are new or may have been charged"
    primary_key = ["subscriber_code", "transaction", "recurrency_number"]  # noqa: RUF012 - the CDK's own form of a key
    page_size = None
    envelope = Envelope(rows="")
    parent = Subscriptions

    def transform_row(self, row: Record) -> None:
        """Set a number for the primary key: one payment can settle several recurrences, each with a row."""
        row["recurrency_number"] = row.get("recurrency_number") or 0
