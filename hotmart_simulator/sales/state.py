"""All sales of a world in flat arrays: 33 bytes a sale, found by date and by number.

A sale's *serial* never changes and stands for the sale; its *position* is its place in the order of dates
and moves when an older sale is inserted.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import compress, islice

from hotmart_simulator.common.random_source import Transactions
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.common.vocabulary import SALE_STATUSES, STATUS_INDEX
from hotmart_simulator.ledger import Event

EVERY_STATUS = frozenset(SALE_STATUSES)


class SaleState:
    """Order dates, statuses, last changes (epoch ms) and subscriptions (index, or -1) of every sale."""

    def __init__(self, setting: Setting) -> None:
        self.bits_seed = setting.seed_of("sales")
        self.transactions = Transactions(setting.seed)
        self.order_ms = array("q")  # by position, ascending
        self.serials = array("I")  # by position
        self.statuses = bytearray()  # by position, index into SALE_STATUSES
        self.order_of = array("q")  # by serial
        self.changed_of = array("q")  # by serial
        self.subscription_of = array("i")  # by serial
        self._hidden: set[int] = set()
        setting.ledger.project("sale.ordered", self._on_ordered)
        setting.ledger.project("sale.status", self._on_status)

    def __len__(self) -> int:
        return len(self.serials)

    def reserve(self, order_ms: int, subscription: int) -> int:
        """Return the serial of a sale that is not shown before its event `sale.ordered` is."""
        serial = len(self.order_of)
        self.order_of.append(order_ms)
        self.changed_of.append(order_ms)
        self.subscription_of.append(subscription)
        self._hidden.add(serial)
        return serial

    def enter(self, order_ms: int, status: int, changed_ms: int, subscription: int) -> None:
        """Enter one sale of the first population, whose sales come by date."""
        self.order_of.append(order_ms)
        self.changed_of.append(changed_ms)
        self.subscription_of.append(subscription)
        self.order_ms.append(order_ms)
        self.serials.append(len(self.order_of) - 1)
        self.statuses.append(status)

    def _on_ordered(self, event: Event) -> None:
        """Show a sale; among equals in date the newest entry comes last."""
        order_ms = self.order_of[event.subject]
        position = bisect_right(self.order_ms, order_ms)
        self.order_ms.insert(position, order_ms)
        self.serials.insert(position, event.subject)
        self.statuses.insert(position, STATUS_INDEX[event.value])
        self._hidden.discard(event.subject)

    def _on_status(self, event: Event) -> None:
        self.statuses[self.position(event.subject)] = STATUS_INDEX[event.value]
        self.changed_of[event.subject] = event.at_ms

    def serial(self, transaction: str) -> int | None:
        """Return the number of a sale, None when there is no such sale."""
        serial = self.transactions.serial(transaction)
        known = serial is not None and serial < len(self.order_of) and serial not in self._hidden
        return serial if known else None

    def position(self, serial: int) -> int:
        position = bisect_left(self.order_ms, self.order_of[serial])
        return self.serials.index(serial, position)

    def status(self, serial: int) -> str:
        return SALE_STATUSES[self.statuses[self.position(serial)]]

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
