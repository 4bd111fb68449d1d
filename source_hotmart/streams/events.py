"""Event tickets: per event, those updated since the last sync."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, ClassVar

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import HotmartError, TooHeavy
from source_hotmart.api.messages import named
from source_hotmart.api.pages import Envelope
from source_hotmart.reading.lists import ListReader, fetch_twice
from source_hotmart.reading.passes import Query, Record
from source_hotmart.state.lookback import OVERLAP_DAYS, changed_since
from source_hotmart.state.slices import ParentKey, ParentsSlice
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.child import ChildStream, NothingThere, Reading
from source_hotmart.streams.parents import ParentSelector
from source_hotmart.streams.products import DRAFTS, Products

LOGGER = logging.getLogger("airbyte.hotmart")

OTHER_STATUSES = ("INVITE_CANCELED", "REFUNDED", "CHARGEBACK", "EXCLUDED", "AVAILABLE", "RESERVED")
"""According to Hotmart's documentation, tickets with these statuses are not listed by default. Real responses had
refunded ones."""
MAX_EVENTS_ASKED = 3
"""Maximum number of events to probe for statuses that are not listed by default."""


FORMAT = "ETICKET"
"""The format of products that are events."""


class EventInfo(HotmartStream):
    """An event's name, dates and lots: one object. https://developers.hotmart.com/docs/en/v1/events/"""

    endpoint = "events/api/v1/{event_id}/info"
    primary_key = None
    page_size = None
    envelope = Envelope(rows="", one_row=True)
    name = "event_participants"  # the stream that uses it, for messages


class EventParticipants(ChildStream):
    """The tickets of an event with their participants. https://developers.hotmart.com/docs/en/ > Event tickets

    An event is a product with the format ETICKET, and its number is the product's. The state is kept per event, so a
    new event is read in full.
    """

    endpoint = "events/api/v1/{event_id}/participants"
    cost_note = "one per 500 tickets of each event, and one more per event"
    primary_key = "id"
    cursor_field = "current_update"
    promoted_fields = (("id", "eticket.id"), ("current_update", "eticket.current_update"))
    parent = Products
    parent_label = "event"
    parent_fields = (("event_id", "id"),)
    may_have_none = DRAFTS
    internal_fields = ("parent", "event")
    key_spans_parents = True
    scope_field = "event_id"
    requests_per_parent = 2
    unfiltered: ClassVar[dict[str, str]] = {"ticket_type": "ALL", "checkin_status": "ALL"}
    """Parameters that disable the defaults of filters."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._selector = ParentSelector(Products, lambda row: self.select(row) if row.get("format") == FORMAT else None)
        self._info = EventInfo(api)
        self._statuses: list[str] = []
        """Statuses to request in addition to the default."""

    def groups(self, subdomain: str, parents: list[ParentKey]) -> Iterator[StreamSlice]:
        """Yield a slice per event."""
        self._log_estimate(subdomain, len(parents))
        self._statuses = self._not_listed_by_default(parents)
        for parent in parents:
            yield ParentsSlice(parent.id, [parent])

    def _since_ms(self, event_id: str) -> int:
        """Return the earliest update to read of an event: the end of its state, if that began early enough."""
        start_ms, saved = self.api.config.start_ms, self.states.of(event_id)
        if (saved.since_ms or start_ms) > start_ms:
            return start_ms
        return max(start_ms, changed_since(saved.until_ms, OVERLAP_DAYS))

    def read_parent(self, query: Query, reader: ListReader) -> Reading:
        """Yield the participants updated since the last sync, each with its event."""
        event_id = query["parent"].id
        query = {**query, **self.unfiltered, "last_update": self._since_ms(event_id), "event": {}}
        is_complete = yield from super().read_parent(query, reader)
        for status in self._statuses:
            is_complete &= yield from super().read_parent({**query, "ticket_status": status}, reader)
        return is_complete

    def context(self, query: Query) -> Record:
        """Return the event of a query as well. It is requested once, and only if there are rows."""
        event = query["event"]
        if not event:
            event["info"] = self._info_of(query["event_id"])
        return {**super().context(query), "event": event["info"]}

    def _info_of(self, event_id: Any) -> Any:
        """Return the event, `None` if Hotmart rejects the request."""
        try:
            return fetch_twice(self._info.fetch, {"event_id": event_id}).rows[0]
        except HotmartError as refusal:
            if not refusal.status or refusal.status == 401:
                raise
            LOGGER.warning("%s: The column event is null for event %s. %s", self.name, named(event_id), refusal)
            return None

    def _not_listed_by_default(self, parents: list[ParentKey]) -> list[str]:
        """Return the statuses of tickets that Hotmart does not list without `ticket_status`.

        A few events are probed, the newest first, until one shows how Hotmart treats a ticket that is not confirmed.
        """
        is_known = True
        hidden: set[str] = set()
        shown: set[str] = set()
        newest = sorted(parents, key=lambda parent: (len(parent.id), parent.id), reverse=True)
        for parent in newest[:MAX_EVENTS_ASKED]:
            try:
                self._compare(parent, shown, hidden)
            except NothingThere:
                continue
            except (TooHeavy, HotmartError) as problem:
                if isinstance(problem, HotmartError) and problem.status == 401:  # the rejection applies to all events
                    self.outcomes.was_not_read(parent.id, problem)
                    break
                is_known = False
            if (shown | hidden).intersection(OTHER_STATUSES):
                break
        if not hidden and (is_known or shown.intersection(OTHER_STATUSES)):
            return []
        found = [status for status in OTHER_STATUSES if status not in shown]
        LOGGER.info(
            "%s: Hotmart may hide tickets that are %s, so they are requested separately.", self.name, ", ".join(found)
        )
        return found

    def _compare(self, parent: ParentKey, shown: set[str], hidden: set[str]) -> None:
        """Find a ticket of each status in an event, and whether Hotmart lists it without the status."""
        query = {**self.query_of(parent), **self.unfiltered}
        shown |= {_status(row) for row in self.fetch(query).rows}
        for status in OTHER_STATUSES:
            if status in shown | hidden:
                continue
            for row in self.fetch({**query, "ticket_status": status, "max_results": 1}).rows[:1]:
                ticket = row.get("eticket") if isinstance(row, dict) else None
                if isinstance(ticket, dict) and _status(row) == status:
                    listed = self.fetch({**query, "id_eticket": ticket.get("id"), "max_results": 1}).rows
                    is_shown = any(_status(other) == status for other in listed)
                    (shown if is_shown else hidden).add(status)


def _status(row: Any) -> str:
    """Return the status of a ticket, an empty text if it has none."""
    try:
        return str(row["eticket"]["ticket_status"])
    except (KeyError, TypeError):
        return ""
