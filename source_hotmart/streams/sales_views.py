"""How sales are read: all statuses, cut by Hotmart's own count, and the four views compared with each other."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, ClassVar

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import HotmartError, QueryRefused
from source_hotmart.api.pages import Page
from source_hotmart.reading.lists import COUNTS_DIFFERED, ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.reading.windows import WindowReader, label_of
from source_hotmart.state.windows import DAY_MS, Window, split_days, split_evenly, subtract, union
from source_hotmart.streams.base import Api
from source_hotmart.streams.dated import LATE, LONGEST_DAYS, WHOLE, DatedStream, PlannedCount
from source_hotmart.streams.sales_facts import PAGES_PER_PART, ROUND_TOTAL, expected_of
from source_hotmart.streams.sales_lookup import MAX_RANGES, SaleLookup
from source_hotmart.streams.sales_statuses import SALE_STATUSES, StatusQuestion
from source_hotmart.streams.sales_watch import UnsettledWatch

LOGGER = logging.getLogger("airbyte.hotmart")

LATE_STATUSES = ("PROTESTED", "REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK")

RETURNED = "returned"
"""A third kind of slices: days whose unsettled sales are no longer the same."""

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
    late_statuses = LATE_STATUSES
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
        self._watch = UnsettledWatch()
        self._lookup = SaleLookup(api)

    def register(self) -> None:
        """Note, before anything is read, that this view is going to be read."""
        self.api.sales.views.register(self.name)

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take from a saved state what is beside its intervals."""
        self._watch.load(state)

    @property
    def state_extra(self) -> Mapping[str, Any]:
        """The unsettled sales by day, as a digest."""
        return self._watch.state

    def slice_recorded(self, stream_slice: StreamSlice) -> None:
        """Note days that were read again because their unsettled sales changed."""
        if stream_slice.extra_fields["kind"] == RETURNED:
            self._watch.was_read(stream_slice.extra_fields["complete"])

    def slices(self) -> Iterable[StreamSlice]:
        """Yield the new date ranges, then days whose unsettled sales changed, then ranges for the late statuses."""
        views = self.api.sales.views
        is_reference = views.reference == self.name
        try:
            self._ask()
            if views.reference and not is_reference:
                views.wait_for_plan()
            for stream_slice in self._planned():
                if is_reference:
                    views.plan(_range_of(stream_slice))
                yield stream_slice
        finally:
            if is_reference:
                views.all_planned()

    def _planned(self) -> Iterator[StreamSlice]:
        late = self.rule().late(self.saved, self.start_ms)
        # Before any row is read: a digest that is older than the rows only costs a day that is read again.
        returned = self._returned(late) if self.resumes else []
        for window in self.needed():
            for part in split_days(window, LONGEST_DAYS):
                yield from self._parts(part)
        for window in returned:
            for part in split_days(window, LONGEST_DAYS):
                yield self.slice_of(part, self.statuses, kind=RETURNED)
        late_statuses = [status for status in self.late_statuses if status in self.statuses]
        for window in subtract(late, returned):
            for part in split_days(window, LONGEST_DAYS):
                yield self.slice_of(part, late_statuses, kind=LATE)

    # Questions before anything is read

    def _ask(self) -> None:
        """Find out how to ask for all statuses and roles, and which ends of a date range Hotmart includes."""
        question = StatusQuestion(self.name, self.ask, self.page_size or 1, SALE_STATUSES, self.documented_statuses)
        is_history = self.endpoint == self._lookup.endpoint
        plan = self._lookup.plan(self.start_ms) if is_history else question.answer((self.start_ms, self.api.now_ms))
        self.statuses = plan.statuses
        if plan.one_at_a_time and self.limits.refuse_several_statuses():
            LOGGER.info("%s: Several statuses in one request are not known to work, asking one at a time.", self.name)
        self.edges = self._lookup.window_edges(self.start_ms)
        if self.has_roles or self.resumes:
            oldest_ms = min((first_ms for first_ms, _ in self.needed()), default=self.api.now_ms)
            needed = 1 + (self.api.now_ms - oldest_ms) // (LONGEST_DAYS * DAY_MS)
            ranges = max(needed, 2 if self.saved else MAX_RANGES)
            self._lookup.roles = self._lookup.hidden_roles(self.start_ms, ranges)
            self.roles = self._lookup.roles if self.has_roles else ()

    # Planning

    def _parts(self, window: Window) -> Iterator[StreamSlice]:
        """Yield the slice of a date range, or those of its parts when it has many pages."""
        count = self.api.sales.counts.of(
            (window, self.statuses),
            lambda rows: self._counted(window, rows),
            self.page_size or 1,
            self.name,
        )
        total = count.total
        if total and total % ROUND_TOTAL == 0 and window[1] - window[0] > DAY_MS:
            for half in split_evenly(window, 2):  # the total may be capped
                yield from self._parts(half)
            return
        if total is not None:
            self.progress.window_counted(self.name, total)
        parts = round((total or 0) / count.page_rows / PAGES_PER_PART)
        own = (total or 0) if count.endpoint == self.name else min(total or 0, 1)
        pieces = split_evenly(window, parts) if parts > 1 else [window]
        planned = PlannedCount(own, len(pieces), window)
        for piece in pieces:
            yield self.slice_of(piece, self.statuses, planned=planned)

    def _counted(self, window: Window, rows: int) -> Page | None:
        try:
            return self.ask(window, self.statuses, rows)
        except QueryRefused:
            return None  # the range may still be readable in parts

    def _returned(self, late: Sequence[Window]) -> list[Window]:
        """Return the days of these date ranges whose unsettled sales are not those of the last sync."""
        oldest_ms = self._watch.range(late, self.start_ms, self.api.now_ms)
        newest_ms = self.api.now_ms - self.lookback_ms
        found = self._lookup.unsettled(oldest_ms, newest_ms, self.start_ms) if oldest_ms <= newest_ms else {}
        return [] if found is None else self._watch.changed(found, late, self.saved, self.rule())

    # Reading

    def queries(self, window: Window, statuses: Sequence[str]) -> list[Query]:
        """Return a query per role where one alone does not return the sales of all roles."""
        query = self.query(window, statuses)
        return [{**query, "commission_as": role} for role in self.roles] or [query]

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the sales of one date range, and those that only another view has."""
        assert isinstance(stream_slice, StreamSlice)  # noqa: S101 - for mypy: the CDK's signature says Mapping
        views = self.api.sales.views
        if not views.reference:
            yield from super().read_slice(stream_slice)
            return
        key, field = _range_of(stream_slice), self._key_fields[0]
        ids: dict[str, list[str]] = {}
        if views.reference == self.name:
            try:
                for record in super().read_slice(stream_slice):
                    ids.setdefault(_status_of(record), []).append(record[field])
                    yield record
            finally:
                is_whole = union(stream_slice.extra_fields["complete"]) == [_window(stream_slice)]
                views.deliver(key, ids if is_whole else None)
            return
        own: set[str] = set()
        for record in super().read_slice(stream_slice):
            own.add(record[field])
            yield record
        reference = views.take(key) if views.has(key) else self._listed(stream_slice)
        if reference is not None:
            yield from self._complete_by(reference, own, stream_slice)

    def is_compared(self, stream_slice: StreamSlice) -> bool:
        """Whether the view that is read first reads this date range as well."""
        views = self.api.sales.views
        return views.reference not in ("", self.name) and views.has(_range_of(stream_slice))

    def _listed(self, stream_slice: StreamSlice) -> Mapping[str, Collection[str]] | None:
        """Return the sales of a date range that was left open, or never read, by this view only."""
        is_history = self.api.sales.views.reference == self._lookup.name
        if not (is_history and self.resumes and stream_slice.extra_fields["kind"] == WHOLE):
            return None
        return self._lookup.sales_of(_window(stream_slice), self.start_ms)

    def _complete_by(
        self, reference: Mapping[str, Collection[str]], own: set[str], stream_slice: StreamSlice
    ) -> Iterator[Record]:
        """Yield the sales that this view lacks: read once more where they are many, else one by one."""
        missing = self._expected(reference, stream_slice) - own
        if len(missing) > max(FEW, len(own) // 20):
            again = WindowReader(self)
            again.reason = COUNTS_DIFFERED
            for record in again.read_windows([_window(stream_slice)], stream_slice.extra_fields["statuses"]):
                if record[self._key_fields[0]] not in own:
                    own.add(record[self._key_fields[0]])
                    yield record
            missing -= own
        with self._lock:
            asked = sorted(missing)[: self._lookups_left]
            self._lookups_left -= len(asked)
        complete: list[Window] = stream_slice.extra_fields["complete"]
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

    def _expected(self, reference: Mapping[str, Collection[str]], stream_slice: StreamSlice) -> set[str]:
        """The sales of the reference that this view must have too."""
        possible = self.late_statuses if stream_slice.extra_fields["kind"] == LATE else SALE_STATUSES
        return expected_of(reference, self.statuses, with_unknown=set(possible) <= set(self.statuses))

    def _report_difference(
        self,
        reference: Mapping[str, Collection[str]],
        own: set[str],
        missing: set[str],
        found: set[str],
        stream_slice: StreamSlice,
    ) -> None:
        label, other = label_of(_window(stream_slice)), self.api.sales.views.reference
        if found:
            LOGGER.info("%s: %d sales of %s were only found by their transaction.", self.name, len(found), label)
        self._warn(sorted(missing - found), f"{label} that {other} has are missing")
        unknown = own - expected_of(reference, SALE_STATUSES, with_unknown=True)
        if stream_slice.extra_fields["kind"] == WHOLE and stream_slice["end_ms"] < self.api.now_ms - DAY_MS:
            self._warn(sorted(unknown), f"{label} are missing from {other}")

    def _warn(self, ids: Sequence[str], problem: str) -> None:
        if ids:
            more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
            self.report.views_differ(self.name, f"{len(ids)} sales of {problem}: {', '.join(ids[:NAMED])}{more}")


def _window(stream_slice: StreamSlice) -> Window:
    return stream_slice["start_ms"], stream_slice["end_ms"]


def _range_of(stream_slice: StreamSlice) -> tuple[Any, ...]:
    """What makes the date ranges of two views comparable."""
    return stream_slice["start_ms"], stream_slice["end_ms"], stream_slice.extra_fields["kind"]


def _status_of(record: Record) -> str:
    """The status of a sale in the one view that shows it."""
    purchase = record.get("purchase")
    status = purchase.get("status") if isinstance(purchase, dict) else None
    return status if isinstance(status, str) else ""
