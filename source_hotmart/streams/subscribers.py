"""The purchases of subscribers: which subscribers may have been charged since the last sync."""

from __future__ import annotations

from abc import ABC
from collections.abc import Collection

from source_hotmart.reading.passes import Record
from source_hotmart.state.lookback import changed_since
from source_hotmart.state.parent_forms import ParentState
from source_hotmart.state.slices import ParentKey
from source_hotmart.state.windows import DAY_MS
from source_hotmart.streams.changed_parents import ChangedParentsStream

SHORTEST_PERIOD_DAYS = 7
NOT_KNOWN = -1


class SubscriberStream(ChangedParentsStream, ABC):
    """A list of each subscriber, whose own dates do not move when a charge is made.

    The last charge lies one period before the next. Subscribers whose charges fail or are not paid yet are always read.
    Of older charges, the account's list of charges says whether they were updated.
    """

    parent_label = "subscriber"
    parent_is_person = True
    parent_fields = (("subscriber_code", "subscriber_code"),)
    empty_on_status = (404,)
    doubts_empty = True
    changed_fields = ("accession_date", "request_date", "end_accession_date")
    always_read_where = ("status", ("DELAYED", "OVERDUE", "STARTED"))

    def select(self, row: Record) -> ParentKey | None:
        """Return the subscriber with the date of the last charge. One whose charge is due is about to change."""
        parent = super().select(row)
        if parent is None:
            return None
        plan = row.get("plan")
        period = plan.get("recurrency_period") if isinstance(plan, dict) else None
        parent = parent._replace(trait=period)  # after a change of the plan, a charge of the old one may be new
        next_charge = row.get("date_next_charge")
        if not next_charge:
            return parent._replace(charged_ms=NOT_KNOWN)
        days = period if isinstance(period, int) and period > 0 else SHORTEST_PERIOD_DAYS
        next_ms = self.time_of(next_charge)
        is_due = row.get("status") == "ACTIVE" and next_ms < self.api.now_ms
        return parent._replace(charged_ms=next_ms - days * DAY_MS, is_moving=parent.is_moving or is_due)

    def changed(self, parents: Collection[ParentKey], saved: ParentState) -> set[str]:
        """Return the subscribers that may have been charged, and those with a charge that was updated.

        Where the list of charges could not be read, the look-back of the settings stands in for it, subscribers without
        a next charge are read, and the next sync asks for the same updates again.
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
