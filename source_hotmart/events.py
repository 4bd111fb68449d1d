"""How the participants of events are read: those updated since the last sync, event by event."""

from __future__ import annotations

import copy
from abc import ABC
from collections.abc import Iterator
from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.answers import Envelope, Page
from source_hotmart.base import Api, HotmartStream
from source_hotmart.child import Entry, IncrementalChild
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record


class EventInfo(HotmartStream):
    """An event's name, dates and lots: one object. https://developers.hotmart.com/docs/en/v1/events/"""

    endpoint = "events/api/v1/{event_id}/info"
    primary_key = None
    page_size = None
    envelope = Envelope(rows="", one_row=True)

    @property
    def name(self) -> str:
        """In messages the stream that it is read for."""
        return "event_participants"


class EventStream(IncrementalChild, ABC):
    """A list of each event, of what was updated since a time.

    The state is kept by event: a product that becomes an event later, or is seen for the first time, is read whole.
    """

    calls_a_parent = 2

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._info = EventInfo(api)

    def slices_of(self, club: str, entries: list[Entry]) -> Iterator[StreamSlice]:
        """A slice an event, from the first time that its state does not cover."""
        for entry in entries:
            (event_id, *_) = entry.ids
            window = self.api.config.start_ms, self.api.now_ms
            yield self.slice_of([entry], {"scope": event_id, "start_ms": window[0], "end_ms": window[1]})

    def read_parent(self, ids: Query, reader: ListReader, stream_slice: StreamSlice) -> Iterator[Record]:
        """The participants updated since then, each with its event, which is asked for once, if there are any."""
        event: dict[str, Any] = {}
        query = {**ids, "last_update": stream_slice["start_ms"], "event": event}
        yield from super().read_parent(query, reader, stream_slice)

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """A page of one event, its rows with the event."""
        page = super().fetch(query, page_token)
        event = query["event"]
        if page.rows and not event:
            event.update(self._info.fetch({"event_id": query["event_id"]}).rows[0])
        for row in page.rows:
            if isinstance(row, dict):
                row["event"] = copy.deepcopy(event)
        return page
