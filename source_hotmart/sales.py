"""How sales are read: all statuses, cut by Hotmart's own count; and their totals month by month."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)

from source_hotmart.answers import Page
from source_hotmart.counts import PAGES_PER_PART
from source_hotmart.dated import DatedStream
from source_hotmart.errors import HotmartError
from source_hotmart.reader import Query, Reader, Record
from source_hotmart.windows import Window, later, moment, month_start, split_evenly, split_into_months

LOGGER = logging.getLogger("airbyte.hotmart")

SALE_STATUSES = (
    "STARTED",
    "PROCESSING_TRANSACTION",
    "UNDER_ANALISYS",
    "PRE_ORDER",
    "WAITING_PAYMENT",
    "PRINTED_BILLET",
    "OVERDUE",
    "NO_FUNDS",
    "BLOCKED",
    "EXPIRED",
    "CANCELLED",
    "APPROVED",
    "COMPLETE",
    "PROTESTED",
    "REFUNDED",
    "PARTIALLY_REFUNDED",
    "CHARGEBACK",
)
"""All 17, spelled as Hotmart does, in the order of a sale's life: when they have to be read one by one, a sale that
moves on meanwhile is met again and not missed."""

LATE_STATUSES = ("PROTESTED", "REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK")


class SalesStream(DatedStream, ABC):
    """One of the four views of a sale, filtered by the date of its order."""

    calls = "one for 500 sales, at least one for twelve months"
    is_chain = False
    start_parameter = "start_date"
    end_parameter = "end_date"
    statuses: ClassVar[tuple[str, ...]] = SALE_STATUSES
    late_statuses = LATE_STATUSES
    adds_up_statuses: ClassVar[bool] = True
    """Whether Hotmart was seen to give all sales of several statuses; else it is asked before anything is read."""

    def prepare(self) -> None:
        """Find out how to ask for all statuses."""
        if not self.adds_up_statuses and self._hears_one_status_only():
            self.habits.refuse_several_statuses()
            LOGGER.info("%s: Hotmart heeds one of several statuses only; asking one by one.", self.name)

    def _hears_one_status_only(self) -> bool:
        """Whether fewer sales of the last year have any of the statuses than have those that come without asking."""
        year = max(later(self.api.now_ms, -12) + 1, self.start_ms), self.api.now_ms
        usual = self._page(year, 1, ())
        if not usual or not usual.total:
            return False
        whole = self._page(year, 1, self.statuses)
        return whole is not None and (whole.total or 0) < usual.total

    def parts(self, window: Window) -> list[Window]:
        """The window itself, or its parts when it is many pages long."""
        total, page_rows = self.api.sales_counts.of(
            window, lambda rows: self._page(window, rows, self.statuses), self.page_size or 1
        )
        if total is None:
            return [window]
        self.progress.window_counted(self.name, total)
        return split_evenly(window, round(total / page_rows / PAGES_PER_PART))

    def _page(self, window: Window, rows: int, statuses: Sequence[str]) -> Page | None:
        """So many rows of a window; `None` where that fails, for the window may still be readable."""
        try:
            return self.fetch({**self.query(window, statuses), "max_results": rows})
        except (RequestWindowSplitRequiredException, HotmartError):
            return None


class MonthlyTotals(DatedStream, ABC):
    """Totals that Hotmart makes up for whatever window is asked: calendar months (UTC), a row per currency.

    No statuses are sent: the default filter, approved and complete sales, is the point. A month is never cut, for
    parts would have to be added up.
    """

    splittable = False
    start_parameter = "start_date"
    end_parameter = "end_date"
    reread_months: ClassVar[int] = 12

    @property
    def start_ms(self) -> int:
        """The start of the start date's month: totals are of whole months."""
        return month_start(self.api.config.start_ms)

    def settled(self) -> list[Window]:
        """What lies before the twelve months before the end of the saved state."""
        return [
            (start_ms, last_ms)
            for start_ms, end_ms in self.had
            if start_ms <= (last_ms := month_start(later(end_ms, -self.reread_months)) - 1)
        ]

    def plan(self) -> list[Window]:
        """One window of whole months: only when all are read is it known which currencies occur."""
        gaps = super().plan()
        return [(month_start(gaps[0][0]), gaps[-1][1])] if gaps else []

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """A page of one month, its rows with the month."""
        page = super().fetch(query, page_token)
        month = _first_day(query[self.start_parameter])
        for row in page.rows:
            if isinstance(row, dict):
                row["month"] = month
        return page

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Month by month; at last a row of zeros for each currency that a month does not have.

        Without it a total that fell to nothing, after refunds, would stay in the warehouse.
        """
        months = split_into_months((stream_slice["start_ms"], stream_slice["end_ms"]))
        reader = Reader(self)
        had: set[tuple[str, str]] = set()
        for month in months:
            for record in reader.read_list(self.query(month, ()), f"{moment(month[0]):%Y-%m}"):
                had.add((record["month"], record["currency_code"]))
                yield record
        for currency in sorted({currency for _, currency in had}):
            for start_ms, _ in months:
                if (month_day := _first_day(start_ms), currency) not in had:
                    total = {"value": 0, "currency_code": currency}
                    yield self.record({"month": month_day, "total_items": 0, "total_value": total})[1]


def _first_day(time_ms: int) -> str:
    return f"{moment(time_ms):%Y-%m-01}"
