"""Read sales with all statuses, split by Hotmart's own count.

All four views list the same sales, so each is compared with the view that is read first, and missing sales are added.
"""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import ClassVar

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import HotmartError, QueryRefused
from source_hotmart.api.pages import Page
from source_hotmart.api.rate_limit import Line
from source_hotmart.reading.limits import LONGEST_DAYS
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.reading.pieces import label_of
from source_hotmart.reading.statuses import LATE_STATUSES, SALE_STATUSES
from source_hotmart.reading.windows import WindowReader
from source_hotmart.state import lookback
from source_hotmart.state.slices import DateSlice, PlannedCount, Reason
from source_hotmart.state.windows import DAY_MS, Window, split_evenly, union
from source_hotmart.streams.api import Api
from source_hotmart.streams.dated import DatedStream
from source_hotmart.streams.sales_facts import PAGES_PER_PART, ROUND_TOTAL, Ids, expected_of, status_of
from source_hotmart.streams.sales_lookup import MAX_RANGES, SaleLookup
from source_hotmart.streams.sales_statuses import StatusQuestion

LOGGER = logging.getLogger("airbyte.hotmart")

MAX_LOOKUPS = 200
"""Maximum number of missing sales to request one by one in a sync."""
FEW = 20
"""If more sales than this, and more than one in twenty, are missing, the date range is read again."""
NAMED = 10
"""Maximum number of transactions to name in a message."""


class SalesStream(DatedStream, ABC):
    """One of the four views of a sale, filtered by order date."""

    cost_note = "one per 500 sales, at least one per 180 days"
    primary_key = "transaction"
    cursor_field = "synced_until"
    line = Line.PARALLEL
    documented_statuses: ClassVar[tuple[str, ...]] = ()
    """The statuses that Hotmart documents for this view, if not all."""
    has_roles: ClassVar[bool] = True
    """Whether the view can be requested for one role of the account (`commission_as`)."""

    def __init__(self, api: Api) -> None:
        super().__init__(api, lookback.of_sales(api.config.lookback_days))
        self._lookup = SaleLookup(api)
        self._lookups_left = MAX_LOOKUPS
        self._lock = Lock()

    def register(self) -> None:
        self.api.views.register(self.name)

    def slices(self) -> Iterable[StreamSlice]:
        """Yield the new date ranges, then days whose unsettled sales changed, then ranges for the late statuses."""
        views = self.api.views
        is_reference = views.reference == self.name
        try:
            self._ask()
            if views.reference and not is_reference:
                views.is_planned.wait()
            for stream_slice in self.plan(self._changed_days()):
                for part in self._parts(stream_slice) if stream_slice.is_whole else (stream_slice,):
                    if is_reference:
                        views.plan(part.view_key)
                    yield part
        finally:
            if is_reference:
                views.is_planned.set()

    # Probes before anything is read

    def _ask(self) -> None:
        """Find out how to request all statuses and roles, and whether Hotmart includes the ends of a date range."""
        is_history = self.name == self._lookup.name
        plan = self._lookup.status_plan() if is_history else StatusQuestion(self, self.documented_statuses).answer()
        self.statuses = plan.statuses
        if plan.one_at_a_time and self.limits.refuse_several_statuses():
            LOGGER.info(
                "%s: Hotmart may ignore some of several statuses in one request, so each is requested alone.", self.name
            )
        self.edges = self._lookup.window_edges()
        if self.has_roles or self.coverage.resumes:
            oldest_ms = min((first_ms for first_ms, _ in self.needed()), default=self.api.now_ms)
            needed = 1 + (self.api.now_ms - oldest_ms) // (LONGEST_DAYS * DAY_MS)
            ranges = max(needed, 2 if self.coverage.saved else MAX_RANGES)
            self._lookup.roles = self._lookup.hidden_roles(ranges)
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
        found = self._lookup.unsettled(oldest_ms, newest_ms) if oldest_ms <= newest_ms else {}
        return [] if found is None else coverage.watch.changed(found, late, coverage.saved, coverage.rule)

    # Reading, and comparing with the view that is read first

    def read_slice(self, stream_slice: DateSlice) -> Iterator[Record]:
        """Return the sales of one date range, and those that only another view has."""
        reference = self.api.views.reference
        if not reference:
            return self._read_range(stream_slice)
        return (self._read_first if reference == self.name else self._read_compared)(stream_slice)

    def _read_range(self, stream_slice: DateSlice, *, is_compared: bool = False) -> Iterator[Record]:
        """Yield the sales of one date range, and record in the slice which parts of it are complete."""
        reader, planned = WindowReader(self), stream_slice.planned
        reader.is_compared = is_compared
        try:
            yield from reader.read_windows(
                [stream_slice.window], stream_slice.statuses, stream_slice.reason, at_least=planned.of_a_part
            )
        finally:
            stream_slice.complete.extend(reader.complete)
        rows = planned.add(reader.rows)
        if rows is not None and rows < planned.total and (planned.parts > 1 or reader.was_split):
            stream_slice.complete.clear()
            stream_slice.incomplete.append(planned.window)  # including the parts that are already complete
            reason = f"Hotmart counted {planned.total} rows, and {rows} arrived"
            self.report.incomplete(self.name, label_of(planned.window), reason)

    def _read_first(self, stream_slice: DateSlice) -> Iterator[Record]:
        """Yield the sales of the view that the others are compared with."""
        ids: dict[str, list[str]] = {}
        try:
            for record in self._read_range(stream_slice):
                ids.setdefault(status_of(record), []).append(record[self._key_fields[0]])
                yield record
        finally:
            is_whole = union(stream_slice.complete) == [stream_slice.window]
            self.api.views.deliver(stream_slice.view_key, ids if is_whole else None)

    def _read_compared(self, stream_slice: DateSlice) -> Iterator[Record]:
        """Yield the sales of another view, and those that it lacks."""
        views, own = self.api.views, set[str]()
        has_reference = views.has(stream_slice.view_key)
        yield from self._noting(own, self._read_range(stream_slice, is_compared=has_reference))
        reference = views.take(stream_slice.view_key) if has_reference else self._listed(stream_slice)
        if reference is not None:
            yield from self._complete_by(reference, own, stream_slice)

    def _listed(self, stream_slice: DateSlice) -> Ids | None:
        """Return the sales of a date range that is read as a whole by this view only, `None` if it is not."""
        is_history = self.api.views.reference == self._lookup.name
        if not (is_history and self.coverage.resumes and stream_slice.is_whole):
            return None
        return self._lookup.sales_of(stream_slice.window)

    def _complete_by(self, reference: Ids, own: set[str], stream_slice: DateSlice) -> Iterator[Record]:
        """Yield the sales that this view lacks: by another read if they are many, then one by one."""
        possible = LATE_STATUSES if stream_slice.reason is Reason.LATE else SALE_STATUSES
        missing = expected_of(reference, self.statuses, with_unknown=set(possible) <= set(self.statuses)) - own
        if len(missing) > max(FEW, len(own) // 20):
            again = WindowReader(self).read_windows(
                [stream_slice.window], stream_slice.statuses, Reason.COUNTS_DIFFERED
            )
            yield from self._noting(own, again)
            missing -= own
        found: set[str] = set()
        yield from self._noting(found, self._look_up(missing, stream_slice))
        self._report_difference(reference, own, missing, found, stream_slice)

    def _noting(self, ids: set[str], records: Iterable[Record]) -> Iterator[Record]:
        """Yield the records whose sales are not in `ids`, and add these sales to `ids`."""
        for record in records:
            if record[self._key_fields[0]] not in ids:
                ids.add(record[self._key_fields[0]])
                yield record

    def _look_up(self, missing: set[str], stream_slice: DateSlice) -> Iterator[Record]:
        """Yield sales by their transaction, up to the limit of this sync. The next sync requests the rest."""
        with self._lock:
            asked = sorted(missing)[: self._lookups_left]
            self._lookups_left -= len(asked)
        if len(asked) < len(missing):
            stream_slice.complete.clear()
        for transaction in asked:
            query: Query = {"transaction": transaction, "transaction_status": list(self.statuses)}
            try:
                yield from ListReader(self).read_list(query, f"transaction {transaction}")
            except HotmartError as problem:
                if not problem.status:  # the next sync may find it
                    stream_slice.complete.clear()

    def _report_difference(
        self,
        reference: Ids,
        own: set[str],
        missing: set[str],
        found: set[str],
        stream_slice: DateSlice,
    ) -> None:
        label, other = label_of(stream_slice.window), self.api.views.reference
        if found:
            LOGGER.info(
                "%s: Hotmart did not list %d sales of %s. They were read by their transaction.",
                self.name,
                len(found),
                label,
            )
        self._warn(sorted(missing - found), f"{label} are missing, but {other} has them")
        unknown = own - expected_of(reference, SALE_STATUSES, with_unknown=True)
        if stream_slice.is_whole and stream_slice.window[1] < self.api.now_ms - DAY_MS:
            self._warn(sorted(unknown), f"{label} are missing from {other}")

    def _warn(self, ids: Sequence[str], problem: str) -> None:
        if ids:
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            self.report.views_differ(self.name, f"{len(ids)} sales of {problem}: {', '.join(ids[:NAMED])}{more}")
