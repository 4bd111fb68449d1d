"""Read sales with all statuses, split by Hotmart's own count, and compare the four views with each other."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Iterable, Iterator
from typing import ClassVar

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import QueryRefused
from source_hotmart.api.pages import Page
from source_hotmart.api.rate_limit import Line
from source_hotmart.reading.limits import LONGEST_DAYS
from source_hotmart.reading.statuses import SALE_STATUSES
from source_hotmart.state.slices import DateSlice, PlannedCount
from source_hotmart.state.windows import DAY_MS, Window, split_evenly
from source_hotmart.streams.sales_comparison import ComparedSales
from source_hotmart.streams.sales_facts import PAGES_PER_PART, ROUND_TOTAL
from source_hotmart.streams.sales_lookup import MAX_RANGES
from source_hotmart.streams.sales_statuses import StatusQuestion

LOGGER = logging.getLogger("airbyte.hotmart")


class SalesStream(ComparedSales, ABC):
    """One of the four views of a sale, filtered by order date."""

    cost_note = "one per 500 sales, at least one per 180 days"
    line = Line.PARALLEL
    documented_statuses: ClassVar[tuple[str, ...]] = ()
    """The statuses that Hotmart documents for this view, if not all."""
    has_roles: ClassVar[bool] = True
    """Whether the view can be requested for one role of the account (`commission_as`)."""

    def register(self) -> None:
        """Register, before anything is read, that this view is going to be read."""
        self.api.views.register(self.name)

    def slices(self) -> Iterable[StreamSlice]:
        """Yield the new date ranges, then days whose unsettled sales changed, then ranges for the late statuses."""
        views = self.api.views
        is_reference = views.reference == self.name
        try:
            self._ask()
            if views.reference and not is_reference:
                views.wait_for_plan()
            for stream_slice in self.plan(self.coverage.saved, self.api.now_ms, self._changed_days()):
                for part in self._parts(stream_slice) if stream_slice.is_whole else (stream_slice,):
                    if is_reference:
                        views.plan(part.view_key)
                    yield part
        finally:
            if is_reference:
                views.all_planned()

    # Probes before anything is read

    def _ask(self) -> None:
        """Find out how to request all statuses and roles, and whether Hotmart includes the ends of a date range."""
        if self.endpoint == self._lookup.endpoint:
            plan = self._lookup.status_plan(self.start_ms)
        else:
            question = StatusQuestion(self.name, self.ask, self.page_size or 1, SALE_STATUSES, self.documented_statuses)
            plan = question.answer((self.start_ms, self.api.now_ms))
        self.statuses = plan.statuses
        if plan.one_at_a_time and self.limits.refuse_several_statuses():
            LOGGER.info(
                "%s: Hotmart may ignore some of several statuses in one request, so each is requested alone.", self.name
            )
        self.edges = self._lookup.window_edges(self.start_ms)
        if self.has_roles or self.coverage.resumes:
            oldest_ms = min((first_ms for first_ms, _ in self.needed()), default=self.api.now_ms)
            needed = 1 + (self.api.now_ms - oldest_ms) // (LONGEST_DAYS * DAY_MS)
            ranges = max(needed, 2 if self.coverage.saved else MAX_RANGES)
            self._lookup.roles = self._lookup.hidden_roles(self.start_ms, ranges)
            self.roles = self._lookup.roles if self.has_roles else ()

    # Planning

    def _parts(self, whole: DateSlice) -> Iterator[DateSlice]:
        """Yield the slice of a date range, or those of its parts if it has many pages."""
        window = whole.window
        count = self.api.row_counts.of(
            (window, self.statuses),
            lambda rows: self._counted(window, rows),
            self.page_size or 1,
            self.name,
        )
        total = count.total
        if total and total % ROUND_TOTAL == 0 and window[1] - window[0] > DAY_MS:
            for half in split_evenly(window, 2):  # the total may be capped
                yield from self._parts(DateSlice(half, whole.statuses, whole.reason))
            return
        if total is not None:
            self.progress.window_counted(self.name, total)
        parts = round((total or 0) / count.page_rows / PAGES_PER_PART)
        own = (total or 0) if count.endpoint == self.name else min(total or 0, 1)
        pieces = split_evenly(window, parts) if parts > 1 else [window]
        planned = PlannedCount(window, own, len(pieces))
        for piece in pieces:
            yield DateSlice(piece, whole.statuses, whole.reason, planned)

    def _counted(self, window: Window, rows: int) -> Page | None:
        try:
            return self.ask(window, self.statuses, rows)
        except QueryRefused:
            return None  # the range may still be readable in parts

    def _changed_days(self) -> list[Window]:
        """Return the days whose unsettled sales differ from the last sync.

        They are listed before any row is read. A digest that is too old only causes a day to be read again.
        """
        coverage, now_ms = self.coverage, self.api.now_ms
        if not coverage.resumes:
            return []
        late = coverage.rule.late(coverage.saved, self.start_ms)
        oldest_ms, newest_ms = coverage.watch.range(late, self.start_ms, now_ms), now_ms - coverage.rule.lookback_ms
        found = self._lookup.unsettled(oldest_ms, newest_ms, self.start_ms) if oldest_ms <= newest_ms else {}
        return [] if found is None else coverage.watch.changed(found, late, coverage.saved, coverage.rule)
