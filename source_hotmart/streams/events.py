"""Tickets of events."""

from __future__ import annotations

from source_hotmart.streams.event_tickets import EventStream
from source_hotmart.streams.products import DRAFTS, Products


class EventParticipants(EventStream):
    """The tickets of an event with their participants. https://developers.hotmart.com/docs/en/ > Event tickets

    An event is a product of the format ETICKET, and its number is the product's.
    """

    endpoint = "events/api/v1/{event_id}/participants"
    cost_note = "one for 500 tickets of each event, and one more for the event"
    primary_key = "id"
    cursor_field = "current_update"
    promoted_fields = (("id", "eticket.id"), ("current_update", "eticket.current_update"))
    parent = Products
    parent_label = "event"
    parent_fields = (("event_id", "id"),)
    parent_filter = ("format", "ETICKET")
    may_have_none = DRAFTS
    parameters = ("last_update", "ticket_type", "checkin_status", "ticket_status", "id_eticket")
    key_spans_parents = True
    scope_field = "event_id"
