"""Questions about the account's sales that the sales history answers for all four views, each once per sync."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import islice
from typing import Any

from source_hotmart.api.errors import HotmartError, TooHeavy
from source_hotmart.api.pages import Page
from source_hotmart.reading.limits import LONGEST_DAYS
from source_hotmart.reading.lists import ListReader, fetch_twice
from source_hotmart.reading.passes import Query
from source_hotmart.reading.pieces import label_of
from source_hotmart.reading.statuses import DISPUTED_STATUSES, UNSETTLED_STATUSES
from source_hotmart.reading.windows import WindowReader
from source_hotmart.state.intervals import time_ms
from source_hotmart.state.unsettled import UNKNOWN, DayDigests, days_of, digests
from source_hotmart.state.windows import DAY_MS, Window, newest_first, split_days, subtract, union
from source_hotmart.streams.api import Api
from source_hotmart.streams.dated import ASK_AGAIN_S, GIVES_UP_AFTER, DatedStream
from source_hotmart.streams.sales_facts import purchase_of, status_of
from source_hotmart.streams.sales_statuses import StatusPlan, StatusQuestion
from source_hotmart.sync.progress import Progress
from source_hotmart.sync.report import SyncReport

LOGGER = logging.getLogger("airbyte.hotmart")

APPROVED_DAYS = 65
"""Age in days above which an approved sale is an exception. Younger ones are too many to watch."""
OTHER_ROLES = ("COPRODUCER", "AFFILIATE")
ALL_ROLES = ("PRODUCER", *OTHER_ROLES)
MAX_RANGES = 6
"""Maximum number of date ranges to search for a sale."""

INCLUSIVE = (0, 0)
SECOND_MS = 1_000


class SaleLookup(DatedStream):
    """Requests to the sales history before anything is read. The rows are not records of any stream."""

    endpoint = "payments/api/v1/sales/history"
    primary_key = "id"
    name = "sales_history"  # the stream with this endpoint, for messages
    promoted_fields = (("id", "purchase.transaction"), ("order_date", "purchase.order_date"))

    def __init__(self, api: Api, start_ms: int | None = None) -> None:
        super().__init__(api, start_ms=start_ms)
        self.progress = Progress()
        self.report = SyncReport()
        """A separate report, so that its lists do not count for the sync."""
        self._unanswered = 0
        """Number of successive requests that failed in all their retries."""

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return one page like every stream. Raise an error at once after too many failures."""
        if self._unanswered >= GIVES_UP_AFTER:
            raise HotmartError(f"{self.name}: Hotmart is not available. The next sync continues from here.")
        try:
            page = super().fetch(query, page_token)
        except HotmartError as failure:
            self._unanswered += not failure.status
            raise
        self._unanswered = 0
        return page

    def window_edges(self) -> tuple[int, int]:
        """Return the milliseconds to add to the start and the end of a date range so that Hotmart includes both."""
        return self.api.sale_answers.once("edges", self._edges)

    def hidden_roles(self, ranges: int) -> tuple[str, ...]:
        """Return the roles to request one at a time, none if Hotmart returns the sales of all roles anyway.

        `ranges` is the number of date ranges to search for a sale with another role, the newest first.
        """
        return self.api.sale_answers.once(f"roles in {ranges} ranges", lambda: self._hidden_roles(ranges))

    def status_plan(self) -> StatusPlan:
        """Return how to request all statuses from the sales history."""
        return self.api.sale_answers.once("statuses", StatusQuestion(self).answer)

    def unsettled(self, first_ms: int, last_ms: int) -> DayDigests | None:
        """Return a digest per day of the sales without a final status, `None` if they cannot be read."""
        days = range(first_ms // DAY_MS, last_ms // DAY_MS + 1)
        self.limits.one_status_at_a_time = self.status_plan().one_at_a_time
        return self.api.sale_answers.once(f"unsettled {days}", lambda: self._unsettled(days))

    def sales_of(self, window: Window) -> dict[str, list[str]] | None:
        """Return the transactions of a date range by status, `None` if they cannot be read completely."""
        plan, self.edges = self.status_plan(), self.window_edges()
        self.limits.one_status_at_a_time = plan.one_at_a_time
        reader, ids = WindowReader(self), dict[str, list[str]]()
        try:
            for record in reader.read_windows([window], plan.statuses):
                ids.setdefault(status_of(record), []).append(record["id"])
        except HotmartError:
            return None
        return ids if union(reader.complete) == [window] else None

    def _edges(self) -> tuple[int, int]:
        row = self._newest_row(MAX_RANGES, {})
        if row is None:
            return INCLUSIVE
        sale_ms, transaction = row["purchase"]["order_date"], row["purchase"].get("transaction")
        if self._lists(transaction, (sale_ms, sale_ms)) is not False:
            return INCLUSIVE
        start = 0 if self._lists(transaction, (sale_ms, sale_ms + SECOND_MS)) else -1
        end = 0 if self._lists(transaction, (sale_ms - SECOND_MS, sale_ms)) else 1
        return start, end

    def _newest_row(self, ranges: int, parameters: Query) -> dict[str, Any] | None:
        """Return a sale with an order date that is older than the last minute, `None` if no request finds one."""
        whole = self.start_ms, self.api.now_ms - 60_000
        for window in islice(newest_first(whole, LONGEST_DAYS), ranges):
            query = {self.start_parameter: window[0], self.end_parameter: window[1], "max_results": 10, **parameters}
            try:
                rows = fetch_twice(self.fetch, query, wait_s=ASK_AGAIN_S).rows
            except (HotmartError, TooHeavy):
                return None
            for row in rows:
                order_ms = purchase_of(row).get("order_date")
                is_in_range = type(order_ms) is int and window[0] - DAY_MS <= order_ms <= window[1] + DAY_MS
                if is_in_range and purchase_of(row).get("transaction"):  # no other date can be requested
                    found: dict[str, Any] = row
                    return found
        return None

    def _lists(self, transaction: str, window: Window, parameters: Query | None = None) -> bool | None:
        """Whether a short date range lists a sale, `None` if Hotmart does not answer."""
        query: Query = {self.start_parameter: window[0], self.end_parameter: window[1], **(parameters or {})}
        try:
            records = ListReader(self).read_list(query, label_of(window))
            return any(record["id"] == transaction for record in records)
        except HotmartError:
            return None

    def _hidden_roles(self, ranges: int) -> tuple[str, ...]:
        plan = self.status_plan()
        statuses = {} if plan.one_at_a_time else {"transaction_status": list(plan.statuses)}
        for role in OTHER_ROLES:
            row = self._newest_row(ranges, {"commission_as": role, **statuses})
            if row is None:
                if self._unanswered:
                    return ALL_ROLES
                continue
            purchase = row["purchase"]
            order_ms, status = purchase["order_date"], purchase.get("status")
            same_second = order_ms - SECOND_MS, order_ms + SECOND_MS
            is_listed = self._lists(purchase["transaction"], same_second, {"transaction_status": status})
            if is_listed is None:
                return ALL_ROLES  # unknown, but requesting every role leaves out no sale
            if is_listed is False:
                LOGGER.info(
                    "%s: Hotmart hides sales as %s by default, so sales in each role are requested.", self.name, role
                )
                return ALL_ROLES
        return ()

    def _unsettled(self, days: range) -> DayDigests | None:
        now_ms = self.api.now_ms
        first_ms, last_ms = days[0] * DAY_MS, min(days[-1] * DAY_MS + DAY_MS - 1, now_ms)
        young_ms = max(first_ms, (now_ms // DAY_MS - APPROVED_DAYS) * DAY_MS)
        old = split_days((first_ms, min(young_ms - 1, last_ms)), LONGEST_DAYS)
        young = split_days((young_ms, last_ms), LONGEST_DAYS)
        found: list[tuple[int, str]] = []
        unread: list[Window] = []
        for windows, statuses in ((old, UNSETTLED_STATUSES), (young, DISPUTED_STATUSES)):
            reader = WindowReader(self)
            try:
                for record in reader.read_windows(windows, statuses):
                    if (day := _day(record)) is not None:
                        found.append((day, f"{_status(record)} {record['id']}"))
            except HotmartError as problem:
                LOGGER.warning(
                    "%s: Some sales whose status may change could not be read. The next sync reads them again. %s",
                    self.name,
                    problem,
                )
            unread += subtract(windows, reader.complete)
        unknown = days_of(unread)
        if len(unknown) == len(days):
            return None
        of_days = digests(found, days[0], days[-1])
        return {day: UNKNOWN if day in unknown else digest for day, digest in of_days.items()}


def _day(record: Mapping[str, Any]) -> int | None:
    """Return the day of an order, counted from 1970-01-01, `None` if Hotmart sends no date."""
    try:
        return time_ms(record["order_date"]) // DAY_MS
    except (KeyError, TypeError, ValueError):
        return None


def _status(record: Mapping[str, Any]) -> str:
    """Return "disputed" for every disputed status, otherwise the status. The views show changes between the two."""
    status = purchase_of(record).get("status")
    return "disputed" if status in DISPUTED_STATUSES else str(status)
