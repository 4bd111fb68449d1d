"""Subscriptions, their charges, and the charges as the subscriber sees them."""

from __future__ import annotations

from collections.abc import Collection

from source_hotmart.api.pages import Envelope
from source_hotmart.reading.passes import Query, Record
from source_hotmart.records.columns import copy_where_missing
from source_hotmart.state.lookback import changed_since
from source_hotmart.state.parent_forms import ParentState
from source_hotmart.state.slices import ParentKey
from source_hotmart.state.windows import DAY_MS
from source_hotmart.streams.api import Api
from source_hotmart.streams.changed_parents import ChangedParentsStream
from source_hotmart.streams.default_filters import EARLIEST_MS
from source_hotmart.streams.subscription_lists import ChargeStream, SnapshotStream

SHORTEST_PERIOD_DAYS = 7
NOT_KNOWN = -1


class Subscriptions(SnapshotStream):
    """The current state of subscriptions. https://developers.hotmart.com/docs/en/v1/subscription/get-subscribers/"""

    endpoint = "payments/api/v1/subscriptions"
    cursor_field = "synced_until"

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        api.default_filters.ask(self.fetch, api.now_ms)

    def at_least(self) -> int:
        return self.api.default_filters.total


class SubscriptionTransactions(ChargeStream):
    """The charges of subscriptions, with a row per transaction, commission currency and recurrence.

    https://developers.hotmart.com/docs/en/v1/subscription/get-subscription-transactions/
    """

    endpoint = "payments/api/v1/subscriptions/transactions"
    cost_note = "one per 500 charges, at least one per 180 days"
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

    def additional(self) -> list[Query]:
        """Return the only filter that this endpoint supports, if it is needed."""
        hides = self.api.default_filters.hides_by_next_charge
        return [{}, {"date_next_charge": EARLIEST_MS}] if hides else [{}]


class SubscriptionPurchases(ChangedParentsStream):
    """Every charge of a subscription, including unpaid attempts, as its subscriber sees them.

    https://developers.hotmart.com/docs/en/ > Subscriptions > Get subscribers' purchases

    The dates of a subscriber do not change when a charge is made. The last charge is one period before the next, and
    the account's list of charges shows which older ones were updated. Subscribers whose charges fail or are unpaid
    are always read.
    """

    endpoint = "payments/api/v1/subscriptions/{subscriber_code}/purchases"
    cost_note = "one per subscriber, in later syncs only for those who are new or may have been charged"
    primary_key = ["subscriber_code", "transaction", "recurrency_number"]  # noqa: RUF012 - the CDK's own form of a key
    page_size = None
    envelope = Envelope(rows="")
    parent = Subscriptions
    parent_label = "subscriber"
    parent_is_person = True
    parent_fields = (("subscriber_code", "subscriber_code"),)
    empty_on = (404, "")
    doubts_empty = True
    changed_fields = ("accession_date", "request_date", "end_accession_date")
    always_read_where = ("status", ("DELAYED", "OVERDUE", "STARTED"))

    def select(self, row: Record) -> ParentKey:
        """Return the subscriber with the date of the last charge. A subscriber whose charge is due counts as moving."""
        plan = row.get("plan")
        period = plan.get("recurrency_period") if isinstance(plan, dict) else None
        # After a change of plan, a charge of the old one may be new.
        parent = super().select(row)._replace(trait=period)
        next_charge = row.get("date_next_charge")
        if not next_charge:
            return parent._replace(charged_ms=NOT_KNOWN)
        days = period if isinstance(period, int) and period > 0 else SHORTEST_PERIOD_DAYS
        next_ms = self.time_of(next_charge)
        is_due = row.get("status") == "ACTIVE" and next_ms < self.api.now_ms
        return parent._replace(charged_ms=next_ms - days * DAY_MS, is_moving=parent.is_moving or is_due)

    def changed(self, parents: Collection[ParentKey], saved: ParentState) -> set[str]:
        """Return the subscribers that may have been charged, and those with a charge that was updated.

        If the list of charges could not be read, the look-back of the settings is used instead, subscribers without a
        next charge are read, and the next sync requests the same updates again.
        """
        updated = self.api.updated_charges.since(saved.until_ms)
        codes = set(updated.codes)
        lookback_days = 0
        if not updated.is_complete:
            self.keeps_until = True
            lookback_days = self.api.config.lookback_days
            codes |= {each.id for each in parents if each.charged_ms == NOT_KNOWN}
        since_ms = changed_since(saved.until_ms, self.overlap_days, lookback_days)
        charged = {each.id for each in parents if each.charged_ms > since_ms}
        return super().changed(parents, saved) | charged | codes

    def transform_row(self, row: Record) -> None:
        """Set a number for the primary key, because one payment can settle several recurrences with a row each."""
        row["recurrency_number"] = row.get("recurrency_number") or 0
