"""All sales of a world in flat arrays: 33 bytes a sale, found by date and by number.

A sale's *serial* never changes and stands for the sale; its *position* is its place in the order of dates
and moves when an older sale is inserted.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import compress, islice

from hotmart_simulator.common.vocabulary import SALE_STATUSES, STATUS_INDEX

EVERY_STATUS = frozenset(SALE_STATUSES)


class SaleBook:
    """Order dates, statuses, last changes (epoch ms) and subscriptions (index, or -1) of every sale."""

    def __init__(self) -> None:
        self.order_ms = array("q")  # by position, ascending
        self.serials = array("I")  # by position
        self.statuses = bytearray()  # by position, index into SALE_STATUSES
        self.order_of = array("q")  # by serial
        self.changed_of = array("q")  # by serial
        self.subscription_of = array("i")  # by serial

    def __len__(self) -> int:
        return len(self.serials)

    def add(self, order_ms: int, status: int, changed_ms: int, subscription: int) -> int:
        """Enter one sale and return its serial; among equals in date the newest entry comes last."""
        serial = len(self.order_of)
        self.order_of.append(order_ms)
        self.changed_of.append(changed_ms)
        self.subscription_of.append(subscription)
        if not self.order_ms or order_ms >= self.order_ms[-1]:
            self.order_ms.append(order_ms)
            self.serials.append(serial)
            self.statuses.append(status)
        else:
            position = bisect_right(self.order_ms, order_ms)
            self.order_ms.insert(position, order_ms)
            self.serials.insert(position, serial)
            self.statuses.insert(position, status)
        return serial

    def position(self, serial: int) -> int:
        position = bisect_left(self.order_ms, self.order_of[serial])
        return self.serials.index(serial, position)

    def status(self, serial: int) -> str:
        return SALE_STATUSES[self.statuses[self.position(serial)]]

    def set_status(self, serial: int, status: str, at_ms: int) -> None:
        self.statuses[self.position(serial)] = STATUS_INDEX[status]
        self.changed_of[serial] = at_ms

    def bounds(self, start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
        """Positions of the sales ordered in the window, both ends included."""
        low = 0 if start_ms is None else bisect_left(self.order_ms, start_ms)
        high = len(self.order_ms) if end_ms is None else bisect_right(self.order_ms, end_ms)
        return low, max(low, high)

    def find(
        self,
        start_ms: int | None = None,
        end_ms: int | None = None,
        statuses: Iterable[str] | None = None,
        wanted: Callable[[int], bool] | None = None,
    ) -> "Found":
        """The sales of a window in these statuses, newest first; `wanted` is asked for each serial."""
        low, high = self.bounds(start_ms, end_ms)
        chosen = EVERY_STATUS if statuses is None else frozenset(statuses)
        if wanted is None and chosen == EVERY_STATUS:
            return Found(high - low, lambda offset, rows: self._slice(low, high, offset, rows))
        table = bytes(1 if SALE_STATUSES[i] in chosen else 0 for i in range(len(SALE_STATUSES)))
        mask = self.statuses[low:high].translate(table.ljust(256, b"\0"))

        def serials() -> Iterator[int]:
            positions = compress(range(high - 1, low - 1, -1), reversed(mask))
            return map(self.serials.__getitem__, positions)

        if wanted is None:
            return Found(mask.count(1), lambda offset, rows: list(islice(serials(), offset, offset + rows)))
        kept = array("I", filter(wanted, serials()))
        return Found(len(kept), lambda offset, rows: list(kept[offset : offset + rows]))

    def _slice(self, low: int, high: int, offset: int, rows: int) -> list[int]:
        last = high - offset
        if last <= low:
            return []
        return list(self.serials[max(low, last - rows) : last])[::-1]


class Found:
    """How many sales match, and a way to read some of them."""

    def __init__(self, total: int, page: Callable[[int, int], list[int]]) -> None:
        self.total = total
        self.page = page
