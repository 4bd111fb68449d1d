"""Reading one window where Hotmart cannot answer it whole, or not with all statuses at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)

from source_hotmart.errors import HotmartError, QueryRefused
from source_hotmart.reader import LAST_RETRIES_S, TOO_HEAVY, Query, Readable, Reader, Record
from source_hotmart.windows import DAY_MS, Window, iso, split_evenly

LOGGER = logging.getLogger("airbyte.hotmart")

COMES_BACK_FROM = {"APPROVED": "PROTESTED"}
"""A dispute that ends makes a protested sale an approved one again, against the order of a sale's life."""


def one_by_one(statuses: Sequence[str]) -> Iterator[str]:
    """Statuses in the order in which they are asked when it has to be one by one.

    A sale that moves on meanwhile is met again in a later status. One that may come back is asked for in time as
    well: left for later only, it would be neither approved yet nor protested any more.
    """
    for status in statuses:
        earlier = COMES_BACK_FROM.get(status)
        if earlier in statuses:
            yield str(earlier)
        yield status


@dataclass
class Habits:
    """What one stream learned about the API in this sync; shared by its threads."""

    longest_ms: int | None = None
    """The longest window that was not too heavy, once one was."""
    one_status_at_a_time: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    def shorten(self, length_ms: int) -> None:
        """Remember that windows must not be longer than this."""
        with self._lock:
            self.longest_ms = min(length_ms, self.longest_ms or length_ms)

    def refuse_several_statuses(self) -> bool:
        """Remember that statuses must be asked one by one; true for whoever finds out first."""
        with self._lock:
            first = not self.one_status_at_a_time
            self.one_status_at_a_time = True
            return first


class Windowed(Readable, Protocol):
    """A stream with dates to narrow a query by."""

    habits: Habits

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """The query of one window."""


class WindowReader(Reader):
    """Reads windows of one partition, in smaller pieces where Hotmart cannot answer them whole."""

    def __init__(self, stream: Windowed) -> None:
        super().__init__(stream)
        self._windowed = stream
        self.was_split = False
        self._waited = False

    def read_window(self, window: Window, statuses: Sequence[str] = (), *, is_half: bool = False) -> Iterator[Record]:
        """Every row of a window once. Raises `HotmartError` when even a day cannot be read."""
        longest_ms = self._windowed.habits.longest_ms
        length_ms = window[1] - window[0] + 1
        for piece in split_evenly(window, -(-length_ms // longest_ms)) if longest_ms else [window]:
            yield from self._read_piece(piece, statuses, is_half=is_half)

    def _read_piece(self, window: Window, statuses: Sequence[str], *, is_half: bool = False) -> Iterator[Record]:
        habits = self._windowed.habits
        if len(statuses) > 1 and habits.one_status_at_a_time:
            for status in one_by_one(statuses):
                yield from self._read_piece(window, (status,), is_half=is_half)
            return
        length_ms = window[1] - window[0] + 1
        label = f"{iso(window[0])} to {iso(window[1])}"
        query = self._windowed.query(window, statuses)
        for last_try in (False, True):
            try:
                yield from self._read_complete(query, label, patient=length_ms <= DAY_MS)
            except RequestWindowSplitRequiredException as heavy:
                problem, failure_type = heavy.error_message or "", FailureType.transient_error
                if last_try or length_ms <= DAY_MS or not self._outlives_outage(query):
                    break
            except QueryRefused as refused:
                problem, failure_type = refused.problem, refused.failure_type
                if len(statuses) > 1 and self._accepts_one_status(window, statuses):
                    self._ask_one_by_one()
                    yield from self._read_piece(window, statuses, is_half=is_half)
                    return
                break
            else:
                if is_half:
                    habits.shorten(length_ms)
                return
        if length_ms <= DAY_MS:
            raise HotmartError(
                f"{problem} Even the single day {label} could not be read; the next sync tries it again. If this "
                "lasts, report it to Hotmart's support with this day.",
                failure_type,
            )
        halves = self.halves(window)
        LOGGER.info("%s Reading %s in two halves.", problem, label)
        for half in halves:
            yield from self.read_window(half, statuses, is_half=True)

    def halves(self, window: Window) -> list[Window]:
        """What to read in place of a window that is too heavy."""
        self.was_split = True
        return split_evenly(window, 2)

    def _ask_one_by_one(self) -> None:
        if self._windowed.habits.refuse_several_statuses():
            LOGGER.info("%s: Hotmart refuses several statuses in one call; asking one by one.", self._stream.name)

    def _outlives_outage(self, query: Query) -> bool:
        """Whether a window failed because Hotmart answered nothing for a while, and not because it is too heavy.

        A single row of the same window is light; while even that is not answered there is no use in halving. Waited
        for once a window, since a window can be so heavy that this fails as well.
        """
        if self._waited:
            return False
        for wait_s in (0.0, *LAST_RETRIES_S):
            time.sleep(wait_s)
            try:
                self._stream.fetch({**query, "max_results": 1})
            except RequestWindowSplitRequiredException:
                self._waited = True
            else:
                return self._waited
        return False

    def _accepts_one_status(self, window: Window, statuses: Sequence[str]) -> bool:
        """Tell a refused list of statuses from a refused window: ask for one row of one status."""
        try:
            self._stream.fetch({**self._windowed.query(window, statuses[:1]), "max_results": 1})
        except TOO_HEAVY:
            return False
        return True
