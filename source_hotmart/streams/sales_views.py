"""How sales are read: all statuses, cut by Hotmart's own count, and the four views compared with each other."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import ClassVar

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import HotmartError, QueryRefused
from source_hotmart.api.pages import Page
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.reading.statuses import LATE_STATUSES, SALE_STATUSES
from source_hotmart.reading.windows import WindowReader, label_of
from source_hotmart.state import lookback
from source_hotmart.state.lookback import RereadRule
from source_hotmart.state.slices import DateSlice, PlannedCount, Reason
from source_hotmart.state.windows import DAY_MS, Window, split_evenly, union
from source_hotmart.streams.base import Api
from source_hotmart.streams.dated import LONGEST_DAYS, DatedStream
from source_hotmart.streams.sales_facts import PAGES_PER_PART, ROUND_TOTAL, expected_of
from source_hotmart.streams.sales_lookup import MAX_RANGES, SaleLookup
from source_hotmart.streams.sales_statuses import StatusQuestion

LOGGER = logging.getLogger("airbyte.hotmart")

MAX_LOOKUPS = 200
"""So many sales that a view lacks are asked for one by one in a sync."""
FEW = 20
"""More missing sales than this, and than one in twenty, are read again as a date range."""
NAMED = 10
"""So many transactions are named in a message."""


class SalesStream(DatedStream, ABC):
    """One of the four views of a sale, filtered by the date of its order."""

    calls = "one for 500 sales, at least one for 180 days"
    pages_sequentially = False
    start_parameter = "start_date"
    end_parameter = "end_date"
    documented_statuses: ClassVar[tuple[str, ...]] = ()
    """The statuses that Hotmart documents for this view, where they are not all."""
    has_roles: ClassVar[bool] = True
    """Whether the view can be asked for one role of the account (`commission_as`)."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.roles: tuple[str, ...] = ()
        """Roles to ask for one at a time, where Hotmart leaves sales out without one."""
        self._lookups_left = MAX_LOOKUPS
        self._lock = Lock()
        self._lookup = SaleLookup(api)

    def reread_rule(self) -> RereadRule:
        """Return the rule of sales."""
        return lookback.of_sales(self.api.config.lookback_days)

    def register(self) -> None:
        """Note, before anything is read, that this view is going to be read."""
        self.api.sales.views.register(self.name)

    def slices(self) -> Iterable[StreamSlice]:
        """Yield the new date ranges, then days whose unsettled sales changed, then ranges for the late statuses."""
        views = self.api.sales.views
        is_reference = views.reference == self.name
        try:
            self._ask()
            if views.reference and not is_reference:
                views.wait_for_plan()
            for stream_slice in self.plan(self.coverage.saved, self.api.now_ms, self._returned()):
                for part in self._parts(stream_slice) if stream_slice.is_whole else (stream_slice,):
                    if is_reference:
                        views.plan(part.view_key)
                    yield part
        finally:
            if is_reference:
                views.all_planned()

    # Questions before anything is read

    def _ask(self) -> None:
        """Find out how to ask for all statuses and roles, and which ends of a date range Hotmart includes."""
        question = StatusQuestion(self.name, self.ask, self.page_size or 1, SALE_STATUSES, self.documented_statuses)
        is_history = self.endpoint == self._lookup.endpoint
        plan = (
            self._lookup.status_plan(self.start_ms) if is_history else question.answer((self.start_ms, self.api.now_ms))
        )
        self.statuses = plan.statuses
        if plan.one_at_a_time and self.limits.refuse_several_statuses():
            LOGGER.info("%s: Several statuses in one request are not known to work, asking one at a time.", self.name)
        self.edges = self._lookup.window_edges(self.start_ms)
        if self.has_roles or self.coverage.resumes:
            oldest_ms = min((first_ms for first_ms, _ in self.needed()), default=self.api.now_ms)
            needed = 1 + (self.api.now_ms - oldest_ms) // (LONGEST_DAYS * DAY_MS)
            ranges = max(needed, 2 if self.coverage.saved else MAX_RANGES)
            self._lookup.roles = self._lookup.hidden_roles(self.start_ms, ranges)
            self.roles = self._lookup.roles if self.has_roles else ()

    # Planning

    def _parts(self, whole: DateSlice) -> Iterator[DateSlice]:
        """Yield the slice of a date range, or those of its parts when it has many pages."""
        window = whole.window
        count = self.api.sales.counts.of(
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
        planned = PlannedCount(own, len(pieces), window)
        for piece in pieces:
            yield DateSlice(piece, whole.statuses, whole.reason, planned)

    def _counted(self, window: Window, rows: int) -> Page | None:
        try:
            return self.ask(window, self.statuses, rows)
        except QueryRefused:
            return None  # the range may still be readable in parts

    def _returned(self) -> list[Window]:
        """Return the days whose unsettled sales are not those of the last sync.

        They are listed before any row is read: an older digest only costs a day that is read again.
        """
        coverage, now_ms = self.coverage, self.api.now_ms
        if not coverage.resumes:
            return []
        late = coverage.rule.late(coverage.saved, self.start_ms)
        oldest_ms, newest_ms = coverage.watch.range(late, self.start_ms, now_ms), now_ms - coverage.rule.lookback_ms
        found = self._lookup.unsettled(oldest_ms, newest_ms, self.start_ms) if oldest_ms <= newest_ms else {}
        return [] if found is None else coverage.watch.changed(found, late, coverage.saved, coverage.rule)

    # Reading

    def queries(self, window: Window, statuses: Sequence[str]) -> list[Query]:
        """Return a query per role where one alone does not return the sales of all roles."""
        query = self.query(window, statuses)
        return [{**query, "commission_as": role} for role in self.roles] or [query]

    def read_slice(self, stream_slice: DateSlice) -> Iterator[Record]:
        """Yield the sales of one date range, and those that only another view has."""
        views = self.api.sales.views
        if not views.reference:
            yield from super().read_slice(stream_slice)
            return
        key, field = stream_slice.view_key, self._key_fields[0]
        ids: dict[str, list[str]] = {}
        if views.reference == self.name:
            try:
                for record in super().read_slice(stream_slice):
                    ids.setdefault(_status_of(record), []).append(record[field])
                    yield record
            finally:
                is_whole = union(stream_slice.complete) == [stream_slice.window]
                views.deliver(key, ids if is_whole else None)
            return
        own: set[str] = set()
        for record in super().read_slice(stream_slice):
            own.add(record[field])
            yield record
        reference = views.take(key) if views.has(key) else self._listed(stream_slice)
        if reference is not None:
            yield from self._complete_by(reference, own, stream_slice)

    def is_compared(self, stream_slice: DateSlice) -> bool:
        """Whether the view that is read first reads this date range as well."""
        views = self.api.sales.views
        return views.reference not in ("", self.name) and views.has(stream_slice.view_key)

    def _listed(self, stream_slice: DateSlice) -> Mapping[str, Collection[str]] | None:
        """Return the sales of a date range that was left open, or never read, by this view only."""
        is_history = self.api.sales.views.reference == self._lookup.name
        if not (is_history and self.coverage.resumes and stream_slice.is_whole):
            return None
        return self._lookup.sales_of(stream_slice.window, self.start_ms)

    def _complete_by(
        self, reference: Mapping[str, Collection[str]], own: set[str], stream_slice: DateSlice
    ) -> Iterator[Record]:
        """Yield the sales that this view lacks: read once more where they are many, else one by one."""
        missing = self._expected(reference, stream_slice) - own
        if len(missing) > max(FEW, len(own) // 20):
            again = WindowReader(self)
            for record in again.read_windows([stream_slice.window], stream_slice.statuses):
                if record[self._key_fields[0]] not in own:
                    own.add(record[self._key_fields[0]])
                    yield record
            missing -= own
        with self._lock:
            asked = sorted(missing)[: self._lookups_left]
            self._lookups_left -= len(asked)
        complete = stream_slice.complete
        if len(asked) < len(missing):
            complete.clear()  # the next sync asks for more of them
        found: set[str] = set()
        for transaction in asked:
            query: Query = {"transaction": transaction, "transaction_status": list(self.statuses)}
            try:
                for record in ListReader(self).read_list(query, f"transaction {transaction}"):
                    found.add(record[self._key_fields[0]])
                    yield record
            except HotmartError as problem:
                if not problem.status:  # it may be found in the next sync
                    complete.clear()
        self._report_difference(reference, own, missing, found, stream_slice)

    def _expected(self, reference: Mapping[str, Collection[str]], stream_slice: DateSlice) -> set[str]:
        """The sales of the reference that this view must have too."""
        possible = LATE_STATUSES if stream_slice.reason is Reason.LATE else SALE_STATUSES
        return expected_of(reference, self.statuses, with_unknown=set(possible) <= set(self.statuses))

    def _report_difference(
        self,
        reference: Mapping[str, Collection[str]],
        own: set[str],
        missing: set[str],
        found: set[str],
        stream_slice: DateSlice,
    ) -> None:
        label, other = label_of(stream_slice.window), self.api.sales.views.reference
        if found:
            LOGGER.info("%s: %d sales of %s were only found by their transaction.", self.name, len(found), label)
        self._warn(sorted(missing - found), f"{label} that {other} has are missing")
        unknown = own - expected_of(reference, SALE_STATUSES, with_unknown=True)
        if stream_slice.is_whole and stream_slice.window[1] < self.api.now_ms - DAY_MS:
            self._warn(sorted(unknown), f"{label} are missing from {other}")

    def _warn(self, ids: Sequence[str], problem: str) -> None:
        if ids:
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            self.report.views_differ(self.name, f"{len(ids)} sales of {problem}: {', '.join(ids[:NAMED])}{more}")


def _status_of(record: Record) -> str:
    """The status of a sale in the one view that shows it."""
    purchase = record.get("purchase")
    status = purchase.get("status") if isinstance(purchase, dict) else None
    return status if isinstance(status, str) else ""
