"""Streams that are read in date ranges of a date that Hotmart filters by, and read again for later changes."""

from __future__ import annotations

import time
from abc import ABC
from collections.abc import Sequence
from typing import Any, ClassVar

from source_hotmart.api.errors import HotmartError, QueryRefused, TooHeavy
from source_hotmart.api.pages import Page
from source_hotmart.reading.limits import LONGEST_DAYS, LearnedLimits
from source_hotmart.reading.outages import OutageCheck
from source_hotmart.reading.passes import Query
from source_hotmart.reading.statuses import LATE_STATUSES
from source_hotmart.state import lookback
from source_hotmart.state.coverage import Coverage
from source_hotmart.state.lookback import RereadRule
from source_hotmart.state.slices import DateSlice, Reason
from source_hotmart.state.windows import DAY_MS, Window, split_days
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream

ASK_AGAIN_S = 2.0
"""Seconds before a rejected probe is retried, so that a temporary rejection can pass."""

GIVES_UP_AFTER = 2
"""Maximum number of successive probes that fail in all their retries, since each takes minutes."""


class DatedStream(HotmartStream, ABC):
    """A stream read in date ranges. A range is read as a whole, or again for the statuses that arrive late."""

    splittable = True
    start_parameter: ClassVar[str] = "start_date"
    end_parameter: ClassVar[str] = "end_date"

    def __init__(self, api: Api, rule: RereadRule | None = None, start_ms: int | None = None) -> None:
        """By default rows are read again by a date of their own, and from the start date on."""
        super().__init__(api)
        self.start_ms = api.config.start_ms if start_ms is None else start_ms
        """The first millisecond of the filter date to read."""
        rule = rule or lookback.of_dates(api.config.lookback_days)
        self.stream_state = self.coverage = Coverage(rule, str(self.cursor_field), self.start_ms, api.now_ms)
        self.limits = LearnedLimits()
        self.edges = (0, 0)
        """Milliseconds to add to the start and the end of a date range so that Hotmart includes both."""
        self.statuses: tuple[str, ...] = ()
        """The requested values of `transaction_status`. If empty, Hotmart applies its default filter."""
        self.roles: tuple[str, ...] = ()
        """Roles to request one at a time, if Hotmart leaves out sales without a role."""
        self._has_probed = False
        """Whether it is known if Hotmart is available."""
        self._failed_questions = 0
        """Number of successive probes that failed in all their retries."""

    def needed(self) -> list[Window]:
        """Return the date ranges that must be read as a whole, ascending, none later than now."""
        return self.coverage.rule.needed(self.coverage.saved, (self.start_ms, self.api.now_ms))

    def plan(self, changed: Sequence[Window] = ()) -> list[DateSlice]:
        """Return the date ranges to read, given those that are known to have changed. Makes no request."""
        whole = self.start_ms, self.api.now_ms
        late = [status for status in LATE_STATUSES if status in self.statuses]
        return [
            DateSlice(part, late if reason is Reason.LATE else self.statuses, reason)
            for window, reason in self.coverage.rule.plan(self.coverage.saved, whole, changed)
            for part in split_days(window, LONGEST_DAYS)
        ]

    def ask(self, window: Window, statuses: Sequence[str], rows: int) -> Page | None:
        """Return a page of so many rows, `None` if Hotmart does not answer. Raise `QueryRefused` if it rejects it.

        The first call waits for an outage to end, because the whole sync would otherwise lack the answers.
        """
        if self._failed_questions >= GIVES_UP_AFTER:
            return None
        query = {**self.query(window, statuses), "max_results": rows}
        try:
            try:
                page = self.fetch(query)
            except QueryRefused:
                time.sleep(ASK_AGAIN_S)
                page = self.fetch(query)
        except TooHeavy:
            newest_day = max(window[0], window[1] - DAY_MS + 1), window[1]
            is_first, self._has_probed = not self._has_probed, True
            outage_ended = is_first and OutageCheck(self.fetch).has_ended(self.query(newest_day, statuses))
            return self.ask(window, statuses, rows) if outage_ended else None
        except QueryRefused:
            raise
        except HotmartError as failure:
            self._failed_questions += not failure.status
            return None
        self._failed_questions = 0
        return page

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """Return the query of one date range, always with both dates. Without them Hotmart returns about 30 days."""
        start_ms, end_ms = window[0] + self.edges[0], min(window[1] + self.edges[1], self.api.now_ms)
        query: dict[str, Any] = {self.start_parameter: start_ms, self.end_parameter: end_ms}
        if statuses:
            query["transaction_status"] = list(statuses)
        return query

    def queries(self, window: Window, statuses: Sequence[str]) -> list[Query]:
        """Return the queries of one date range: one per role, if a single query does not return all sales."""
        query = self.query(window, statuses)
        return [{**query, "commission_as": role} for role in self.roles] or [query]
