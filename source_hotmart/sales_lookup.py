"""Questions about the account's sales that the sales history answers for all four views, each asked once per sync."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)

from source_hotmart.base import Api
from source_hotmart.dated import LONGEST_DAYS, DatedStream
from source_hotmart.errors import HotmartError
from source_hotmart.progress import Progress
from source_hotmart.reading.passes import Query
from source_hotmart.reading.windows import WindowReader
from source_hotmart.report import SyncReport
from source_hotmart.state.day_digests import DayDigests, digests
from source_hotmart.state.intervals import time_ms
from source_hotmart.state.windows import DAY_MS, Window, split_days, union

LOGGER = logging.getLogger("airbyte.hotmart")

UNSETTLED_STATUSES = ("PROTESTED", "CHARGEBACK", "APPROVED")
"""What an old sale does not stay: disputes and chargebacks can end in the seller's favour, and the sale is approved
again until its warranty ends."""
APPROVED_DAYS = 65
"""An approved sale that is older than this is an exception. Younger ones are too many to watch."""
OTHER_ROLES = ("COPRODUCER", "AFFILIATE")
ALL_ROLES = ("PRODUCER", *OTHER_ROLES)
MAX_RANGES = 6
"""So many date ranges are looked at for a sale."""

INCLUSIVE = (0, 0)


class SaleLookup(DatedStream):
    """The sales history as it is asked before anything is read. Its rows are not records of any stream."""

    endpoint = "payments/api/v1/sales/history"
    primary_key = "id"
    cursor_field = "order_date"
    lifts = (("id", "purchase.transaction"), ("order_date", "purchase.order_date"))
    start_parameter = "start_date"
    end_parameter = "end_date"

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.progress = Progress()
        self._own_report = SyncReport()

    @property
    def name(self) -> str:
        """In messages the stream whose endpoint it is."""
        return "sales_history"

    @property
    def report(self) -> SyncReport:
        """Where its lists are counted: not among those of the sync."""
        return self._own_report

    def window_edges(self, start_ms: int) -> tuple[int, int]:
        """Return the milliseconds to add to the start and the end of a date range so that Hotmart includes both."""
        edges: tuple[int, int] = self.api.sales.once("edges", lambda: self._edges(start_ms))
        return edges

    def hidden_roles(self, start_ms: int, ranges: int) -> tuple[str, ...]:
        """Return the roles to ask for one at a time, none where Hotmart returns the sales of all roles anyway.

        `ranges` is the number of date ranges in which a sale of another role is looked for, the newest first.
        """
        roles: tuple[str, ...] = self.api.sales.once("roles", lambda: self._hidden_roles(start_ms, ranges))
        return roles

    def unsettled(self, start_ms: int, end_ms: int) -> DayDigests | None:
        """Return a digest per day of the sales whose status is not final, `None` if they cannot be read."""
        days = range(start_ms // DAY_MS, end_ms // DAY_MS + 1)
        found: DayDigests | None = self.api.sales.once("unsettled", lambda: self._unsettled(days))
        return found

    def _edges(self, start_ms: int) -> tuple[int, int]:
        row = self._newest_row(start_ms, MAX_RANGES, {})
        sale_ms = row["purchase"]["order_date"] if row else None
        if sale_ms is None or self._has_sale((sale_ms, sale_ms)) is not False:
            return INCLUSIVE
        second = 1_000
        start = 0 if self._has_sale((sale_ms, sale_ms + second)) else -1
        end = 0 if self._has_sale((sale_ms - second, sale_ms)) else 1
        return start, end

    def _newest_row(self, start_ms: int, ranges: int, parameters: Query) -> dict[str, Any] | None:
        """One sale with an order date that is not of the last minute."""
        end_ms = self.api.now_ms - 60_000
        for _ in range(ranges):
            window = max(start_ms, end_ms - LONGEST_DAYS * DAY_MS), end_ms
            page = self._first_page(window, {"max_results": 1, **parameters}) if window[0] <= end_ms else None
            if page is None:
                return None
            if page:
                return page[0] if type(_purchase(page[0]).get("order_date")) is int else None
            end_ms = window[0] - 1
        return None

    def _has_sale(self, window: Window) -> bool | None:
        """Whether a date range has a sale, `None` where Hotmart does not answer."""
        page = self._first_page(window, {"max_results": 1})
        return None if page is None else bool(page)

    def _first_page(self, window: Window, parameters: Query) -> Sequence[Any] | None:
        query: dict[str, Any] = {self.start_parameter: window[0], self.end_parameter: window[1], **parameters}
        try:
            return self.fetch(query).rows
        except (HotmartError, RequestWindowSplitRequiredException):
            return None

    def _hidden_roles(self, start_ms: int, ranges: int) -> tuple[str, ...]:
        for role in OTHER_ROLES:
            row = self._newest_row(start_ms, ranges, {"commission_as": role})
            if row is None:
                continue
            purchase = row["purchase"]
            order_ms, status = purchase["order_date"], purchase.get("status")
            same_second = order_ms - 1_000, order_ms + 1_000
            listed = self._first_page(same_second, {"transaction_status": status} if status else {})
            transactions = {_purchase(other).get("transaction") for other in listed or ()}
            if listed is not None and purchase["transaction"] not in transactions:
                LOGGER.info("%s: Hotmart leaves out sales as %s unless they are asked for.", self.name, role)
                return ALL_ROLES
        return ()

    def _unsettled(self, days: range) -> DayDigests | None:
        now_ms = self.api.now_ms
        found: list[tuple[int, str]] = []
        for status in UNSETTLED_STATUSES:
            last_ms = min(days[-1] * DAY_MS + DAY_MS - 1, now_ms)
            if status == "APPROVED":
                last_ms = min(last_ms, now_ms // DAY_MS * DAY_MS - APPROVED_DAYS * DAY_MS - 1)
            windows = split_days((days[0] * DAY_MS, last_ms), LONGEST_DAYS)
            reader = WindowReader(self)
            try:
                for record in reader.read_windows(windows, [status]):
                    found.append((time_ms(record["order_date"]) // DAY_MS, f"{status} {record['id']}"))
            except (HotmartError, TypeError, ValueError):
                return None
            if union(reader.complete) != union(windows):
                return None
        return digests(found, days[0], days[-1])


def _purchase(row: Any) -> Mapping[str, Any]:
    """The purchase of a row, empty where it has none."""
    purchase = row.get("purchase") if isinstance(row, dict) else None
    return purchase if isinstance(purchase, dict) else {}
