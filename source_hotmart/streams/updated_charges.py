"""Find out which date Hotmart filters the charges of subscriptions by, and which subscribers have changed charges."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.errors import BadRow
from source_hotmart.reading.limits import LONGEST_DAYS
from source_hotmart.reading.passes import Record
from source_hotmart.reading.probes import Windowed
from source_hotmart.reading.windows import WindowReader
from source_hotmart.state.intervals import time_ms
from source_hotmart.state.lookback import SETTLED_DAYS
from source_hotmart.state.windows import DAY_MS, iso, split_days
from source_hotmart.streams.answers import Answers
from source_hotmart.streams.default_filters import EARLIEST_MS
from source_hotmart.sync.progress import Progress

LOGGER = logging.getLogger("airbyte.hotmart")

HOUR_MS: Final = DAY_MS // 24
PROBED_MS: Final = 180 * DAY_MS
APART_MS: Final = 2 * DAY_MS
"""Closer dates do not count as different, because Hotmart may cut a range at whole days of another time zone."""
MOST_CHARGES_ASKED: Final = 2


@dataclass(frozen=True)
class UpdatedSubscribers:
    """The codes of subscribers with an updated charge, and whether all such charges were read."""

    codes: frozenset[str]
    is_complete: bool


class UpdatedCharges:
    """Findings about charges that several streams need, each determined once per sync."""

    def __init__(self) -> None:
        self._answers = Answers()
        self._stream: Any
        self._now_ms: int

    def ask(self, stream: Windowed, now_ms: int) -> None:
        """Set the stream of charges, which does so itself before anything is read."""
        self._stream = copy(stream)
        # This copy is only used for probes, so its progress and its lists do not count for the sync.
        self._stream.progress, self._stream.incomplete_lists = Progress(), set()
        self._now_ms = now_ms

    def follows_updates(self) -> bool | None:
        """Return whether Hotmart filters charges by last update, `None` if no charge shows it. Up to 5 requests."""
        return self._answers.once("filter", self._find)

    def since(self, since_ms: int) -> UpdatedSubscribers:
        """Return the subscribers with a charge that was updated since then.

        Two more days are read, because Hotmart lists updates up to a day late. If Hotmart is not known to filter by the
        last update, all charges are read.
        """
        return self._answers.once(since_ms, lambda: self._read(since_ms - SETTLED_DAYS * DAY_MS))

    def _read(self, from_ms: int) -> UpdatedSubscribers:
        whole, since = (from_ms if self.follows_updates() else EARLIEST_MS, self._now_ms), iso(from_ms)
        reader = WindowReader(self._stream)
        codes: set[str] = set()
        try:
            for record in reader.read_windows(split_days(whole, LONGEST_DAYS)):
                if (record.get("last_update") or since) >= since:
                    codes.add(str(record.get("subscriber_code")))
        except AirbyteTracedException as problem:
            LOGGER.info("subscription_transactions: Some of the charges that changed could not be read. %s", problem)
            return UpdatedSubscribers(frozenset(codes), is_complete=False)
        return UpdatedSubscribers(frozenset(codes), is_complete=not self._stream.incomplete_lists)

    def _find(self) -> bool | None:
        """Return whether a charge is listed around its last update and around no other date, `None` if none shows it.

        A charge shows it if all of its other dates are days apart, so that none of them can be the reason.
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
            LOGGER.info(
                "subscription_transactions: The requests that show which date Hotmart filters by failed. %s", problem
            )
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
    """Return the last update of a charge and the nearest of its other dates, zeros if they are too close."""
    dates = _dates(charge)
    updated_ms = dates.pop("last_update", 0)
    nearest_ms = min(dates.values(), key=lambda date_ms: abs(date_ms - updated_ms), default=0)
    return (updated_ms, nearest_ms) if updated_ms and abs(nearest_ms - updated_ms) > APART_MS else (0, 0)


def _dates(record: Record, path: str = "") -> dict[str, int]:
    """Return every time in a record, including its objects, by path."""
    found: dict[str, int] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= _dates(value, f"{path}{name}.")
        elif isinstance(value, str) and len(value) == len("2026-01-01T00:00:00.000Z") and value[-1] == "Z":
            try:
                found[path + name] = time_ms(value)
            except ValueError:
                continue
    return found
