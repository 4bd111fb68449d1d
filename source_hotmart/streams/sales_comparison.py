"""Compare each view of a sale with the view that is read first, since all list the same sales, and add missing ones."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from threading import Lock

from source_hotmart.api.errors import HotmartError
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.reading.pieces import label_of
from source_hotmart.reading.statuses import LATE_STATUSES, SALE_STATUSES
from source_hotmart.reading.windows import WindowReader
from source_hotmart.state import lookback
from source_hotmart.state.slices import DateSlice, Reason
from source_hotmart.state.windows import DAY_MS, union
from source_hotmart.streams.api import Api
from source_hotmart.streams.dated import DatedStream
from source_hotmart.streams.sales_facts import expected_of, purchase_of
from source_hotmart.streams.sales_lookup import SaleLookup

LOGGER = logging.getLogger("airbyte.hotmart")

MAX_LOOKUPS = 200
"""Maximum number of missing sales to request one by one in a sync."""
FEW = 20
"""If more sales than this, and more than one in twenty, are missing, the date range is read again."""
NAMED = 10
"""Maximum number of transactions to name in a message."""


class ComparedSales(DatedStream, ABC):
    """A view of a sale."""

    def __init__(self, api: Api) -> None:
        super().__init__(api, lookback.of_sales(api.config.lookback_days))
        self._lookups_left = MAX_LOOKUPS
        self._lock = Lock()
        self._lookup = SaleLookup(api)

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
                ids.setdefault(_status_of(record), []).append(record[self._key_fields[0]])
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

    def _listed(self, stream_slice: DateSlice) -> Mapping[str, Collection[str]] | None:
        """Return the sales of a date range that is read as a whole by this view only, `None` if it is not."""
        is_history = self.api.views.reference == self._lookup.name
        if not (is_history and self.coverage.resumes and stream_slice.is_whole):
            return None
        return self._lookup.sales_of(stream_slice.window, self.start_ms)

    def _complete_by(
        self, reference: Mapping[str, Collection[str]], own: set[str], stream_slice: DateSlice
    ) -> Iterator[Record]:
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
        reference: Mapping[str, Collection[str]],
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


def _status_of(record: Record) -> str:
    """Return the status of a sale, empty in the views that do not show it."""
    status = purchase_of(record).get("status")
    return status if isinstance(status, str) else ""
