"""Findings that the four views of a sale share in one sync, so that each is requested only once."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any

from source_hotmart.api.pages import Page

PAGES_PER_PART = 20
"""A date range with many more pages is split, so that its parts are read in parallel and a kill costs little."""
WORTH_A_CALL_ROWS = 2_000
"""From so many rows on, one request per sync determines the real number of rows per page."""
ROUND_TOTAL = 10_000
"""A total that is a multiple of this may be capped, so that it means "at least so many"."""


@dataclass(frozen=True)
class RowCount:
    """The number of rows in a date range."""

    total: int | None
    """`None` if Hotmart does not answer."""
    page_rows: int
    """Rows per page."""
    endpoint: str = ""
    """The endpoint that counted them. Other views may lack some of these sales."""


class RowCounts:
    """Totals by date range. Failures are not stored, because another view may be allowed to count."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[Hashable, RowCount] = {}
        self._page_rows: int | None = None

    def of(self, key: Hashable, ask: Callable[[int], Page | None], page_rows: int, endpoint: str) -> RowCount:
        """Return the count of a date range. `ask` fetches a page of it with so many rows, `None` if that fails."""
        with self._lock:
            if key in self._counts:
                return self._counts[key]
            counted = ask(1)
            total = counted.total if counted else None
            if self._page_rows is None and (total or 0) > WORTH_A_CALL_ROWS:
                full = ask(page_rows)
                self._page_rows = len(full.rows) if full and full.rows else None
            count = RowCount(total, self._page_rows or page_rows, endpoint)
            if total is not None:
                self._counts[key] = count
            return count


Ids = Mapping[str, Collection[str]]
"""Transactions by status."""


class SaleViews:
    """The sales of the view that is read first, by date range, so that the others can be compared with it.

    A view only waits for slices that the threads received before its own, so one of them is always being read.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._ranges: dict[Hashable, Future[bytes | None]] = {}
        """Transactions by status, compressed, because those of a large account would take 80 bytes each."""
        self._taken: Counter[Hashable] = Counter()
        self._lock = Lock()
        self.is_planned = Event()
        """Whether all date ranges of the reference are known."""

    def register(self, view: str) -> None:
        """Register a view that is read in this sync. The first one is the reference of the others."""
        self._names.append(view)

    @property
    def reference(self) -> str:
        """The view that the others are compared with, empty if there is nothing to compare."""
        return self._names[0] if len(self._names) > 1 else ""

    def plan(self, key: Hashable) -> None:
        """Register a date range that the reference is going to read."""
        self._ranges[key] = Future()

    def has(self, key: Hashable) -> bool:
        """Whether the reference reads a date range in this sync. Valid once all date ranges are known."""
        return key in self._ranges

    def deliver(self, key: Hashable, ids: Ids | None) -> None:
        """Set the transactions of one date range, `None` if it was not read completely."""
        self._ranges[key].set_result(None if ids is None else zlib.compress(json.dumps(ids).encode(), level=1))

    def take(self, key: Hashable) -> Ids | None:
        """Return the transactions of one date range, `None` if the reference does not have it."""
        packed = self._ranges[key].result()
        with self._lock:
            self._taken[key] += 1
            if self._taken[key] >= len(self._names) - 1:
                del self._ranges[key]
        ids: Ids | None = None if packed is None else json.loads(zlib.decompress(packed))
        return ids


def purchase_of(row: Any) -> Mapping[str, Any]:
    """Return the purchase of a row, empty if it has none. Only the history shows purchases."""
    purchase = row.get("purchase") if isinstance(row, dict) else None
    return purchase if isinstance(purchase, dict) else {}


def status_of(record: Any) -> str:
    """Return the status of a sale, empty in the views that do not show it."""
    status = purchase_of(record).get("status")
    return status if isinstance(status, str) else ""


def expected_of(ids: Ids, statuses: Collection[str], *, with_unknown: bool) -> set[str]:
    """Return the transactions of a view that another one must also have: those with a status that it accepts.

    Only the history shows statuses. `with_unknown` is for views that accept all statuses that can occur.
    """
    accepted = {*statuses, ""} if with_unknown else statuses
    return {one for status, of_status in ids.items() if status in accepted for one in of_status}
