"""By which of its dates Hotmart filters the charges of subscriptions, and which subscribers have changed charges."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from datetime import datetime
from threading import Lock
from typing import Any, Final, Protocol

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.answers import Page
from source_hotmart.errors import BadRow
from source_hotmart.progress import Progress
from source_hotmart.reading.passes import Query, Record
from source_hotmart.reading.windows import WindowReader
from source_hotmart.state.windows import DAY_MS, Window, milliseconds

LOGGER = logging.getLogger("airbyte.hotmart")

HOUR_MS: Final = DAY_MS // 24
PROBED_MS: Final = 180 * DAY_MS
APART_MS: Final = 2 * DAY_MS
"""Closer dates do not count as different, since Hotmart may cut a range at whole days of another time zone."""
DELAY_MS: Final = 2 * DAY_MS
"""Charges are listed up to a day late."""
MOST_CHARGES_ASKED: Final = 2


class Charges(Protocol):
    """What is asked of the stream of charges."""

    progress: Progress

    def query(self, window: Window, statuses: Sequence[str]) -> Query: ...

    def fetch(self, query: Query, page_token: str | None = None) -> Page: ...

    def record(self, row: Any) -> tuple[Hashable, Record]: ...


class UpdatedCharges:
    """The questions that several streams have about charges, each asked once a sync."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stream: Any = None
        self._now_ms = 0
        self._is_asked = False
        self._follows_updates: bool | None = None
        self._codes: dict[int, set[str] | None] = {}

    def ask(self, stream: Charges, now_ms: int) -> None:
        """Name the stream of charges."""
        self._stream = copy(stream)
        # It is not read for its own sake here.
        self._stream.progress, self._stream.incomplete_lists = Progress(), set()
        self._now_ms = now_ms

    def follows_updates(self) -> bool | None:
        """Return whether Hotmart filters charges by their last update, `None` if no charge shows it. Up to 5 calls."""
        with self._lock:
            if not self._is_asked:
                self._follows_updates, self._is_asked = self._find(), True
            return self._follows_updates

    def subscriber_codes(self, since_ms: int) -> set[str] | None:
        """Return the codes of all subscribers with a charge that was updated since then.

        Two days more are read, since Hotmart lists updates up to a day late. `None` where Hotmart is not known to
        filter by the last update, or where the list could not be read completely.
        """
        if self._stream is None or not self.follows_updates():
            return None
        with self._lock:
            if since_ms not in self._codes:
                self._codes[since_ms] = self._read_codes(since_ms - DELAY_MS)
            return self._codes[since_ms]

    def _read_codes(self, since_ms: int) -> set[str] | None:
        reader = WindowReader(self._stream)
        try:
            codes = {str(record.get("subscriber_code")) for record in reader.read_windows([(since_ms, self._now_ms)])}
        except AirbyteTracedException as problem:
            LOGGER.info("subscription_transactions: Which charges have changed could not be read: %s", problem)
            return None
        return None if self._stream.incomplete_lists else codes

    def _find(self) -> bool | None:
        """Return whether a charge is found around its last update and around no other date, `None` if none can tell.

        A charge can tell if all of its other dates lie days apart, so that none of them can be the reason.
        """
        asked = 0
        try:
            rows = self._stream.fetch(self._stream.query((self._now_ms - PROBED_MS, self._now_ms), ())).rows
            for charge in self._charges(rows):
                updated_ms, other_ms = _dates_apart(charge)
                if other_ms and charge.get("subscriber_code"):
                    asked += 1
                    if self._is_found(charge, updated_ms) and not self._is_found(charge, other_ms):
                        return True
                if asked == MOST_CHARGES_ASKED:
                    break
        except AirbyteTracedException as problem:
            LOGGER.info("subscription_transactions: By which date Hotmart filters could not be asked: %s", problem)
            return None
        return False if asked else None

    def _is_found(self, charge: Record, time_ms: int) -> bool:
        """Whether Hotmart lists a charge within an hour of a time."""
        query = self._stream.query((time_ms - HOUR_MS, time_ms + HOUR_MS), ())
        rows = self._stream.fetch({**query, "subscriber_code": charge["subscriber_code"]}).rows
        return any(other["id"] == charge["id"] for other in self._charges(rows))

    def _charges(self, rows: Sequence[Any]) -> Iterator[Record]:
        """Yield the records of rows, without those that have no primary key."""
        for row in rows:
            with suppress(BadRow):
                yield self._stream.record(row)[1]


def _dates_apart(charge: Record) -> tuple[int, int]:
    """Return the last update of a charge and the nearest of its other dates, zeros if that one is too near to tell."""
    dates = _dates(charge)
    updated_ms = dates.pop("last_update", 0)
    nearest_ms = min(dates.values(), key=lambda date_ms: abs(date_ms - updated_ms), default=0)
    return (updated_ms, nearest_ms) if updated_ms and abs(nearest_ms - updated_ms) > APART_MS else (0, 0)


def _dates(record: Record, path: str = "") -> dict[str, int]:
    """Return every time in a record, also in its objects, by the path to it."""
    found: dict[str, int] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= _dates(value, f"{path}{name}.")
        elif isinstance(value, str) and len(value) == len("2026-01-01T00:00:00.000Z") and value[-1] == "Z":
            try:
                found[path + name] = milliseconds(datetime.fromisoformat(value))
            except ValueError:
                continue
    return found
