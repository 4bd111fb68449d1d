"""The order of rows on pages of endpoints without a total, which changes between calls (0.5, 3.7)."""

from collections import Counter
from collections.abc import Callable, Sequence
from math import gcd
from threading import Lock
from typing import Any, Literal, Protocol

from hotmart_simulator.common.random_source import scatter

Order = Literal["stable", "shifts_at_edges", "every_call"]
Rows = Callable[[int, int], Sequence[Any]]
"""Return up to a number of rows of the list in its own order, from an offset on."""


class Span(Protocol):
    """The rows of a page. Pages count from 1."""

    @property
    def page(self) -> int: ...

    @property
    def offset(self) -> int: ...

    @property
    def rows(self) -> int: ...


class PageOrder:
    """Counts the calls of each query, because the order of a page depends on them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: Counter[tuple[str, int]] = Counter()

    def page(self, order: Order, query: str, place: Span, total: int, rows: Rows) -> list[Any]:
        """Return the rows of a page for this call.

        `shifts_at_edges` swaps the last row of the previous page with the first row of this one on the first, third,
        fifth ... call of each page after the first. One row of the list is then repeated and one is missing. The next
        call of the same page is right again. `every_call` shuffles the whole list on each call.
        """
        if order == "every_call":
            rows = mixed(self._count(query, 0), total, rows)
        elif order == "shifts_at_edges" and 0 < place.offset < total and self._count(query, place.page) % 2:
            last_before, _, *others = rows(place.offset - 1, place.rows + 1)
            return [last_before, *others]
        return list(rows(place.offset, place.rows))

    def _count(self, query: str, page: int) -> int:
        """Count one call, and return how many there were."""
        with self._lock:
            self._calls[query, page] += 1
            return self._calls[query, page]


def mixed(turn: int, total: int, rows: Rows) -> Rows:
    """Return the list in an order determined by `turn`, with each row once over all offsets."""
    if total < 2:
        return rows
    start, step = scatter(turn) % total, scatter(~turn) % total
    while gcd(step, total) != 1:
        step += 1

    def page(offset: int, count: int) -> list[Any]:
        places = range(offset, min(total, offset + count))
        return [rows((start + place * step) % total, 1)[0] for place in places]

    return page
