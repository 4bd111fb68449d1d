"""All sales of an account in flat arrays: 33 bytes per sale, found by date and by number.

The *serial* of a sale is its permanent number. Its *position* is its index in the order of dates, which changes when
an older sale is inserted.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import compress, islice
from typing import Final

from hotmart_simulator.common.random_source import Transactions, scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.common.vocabulary import PAID_STATUSES, SALE_STATUSES, STATUS_INDEX
from hotmart_simulator.ledger import Event
from hotmart_simulator.sales.traits import (
    BUMP,
    DIVISOR,
    FIRST_TRAITS,
    ORDINARY,
    Order,
    Traits,
    traits_by_bits,
)

EVERY_STATUS: Final = frozenset(SALE_STATUSES)


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
        self.first_count = 0
        """Number of serials in the first population."""
        # By serial, only for sales with such an event.
        self.traits_of: dict[int, Traits] = {}
        self.first_of: dict[int, tuple[int, int]] = {}
        """Status (index) and last change before the first recorded change of status."""
        self.paid_of: dict[int, int] = {}
        """The time of the payment of a sale that was ordered unpaid."""
        self.extended_days_of: dict[int, int] = {}
        """The number of days by which the warranty was extended."""
        self._hidden: set[int] = set()
        self._ledger = setting.ledger
        self._ledger.project("sale.ordered", self._on_ordered)
        self._ledger.project("sale.status", self._on_status)
        self._ledger.project("sale.warranty_extended", self._on_warranty_extended)
        self._ledger.project("sale.deleted", self._on_deleted)

    def __len__(self) -> int:
        return len(self.serials)

    def reserve(self, order_ms: int, subscription: int) -> int:
        """Return a serial for a new sale, which is hidden until its event `sale.ordered` is shown."""
        serial = len(self.order_of)
        self.order_of.append(order_ms)
        self.changed_of.append(order_ms)
        self.subscription_of.append(subscription)
        self._hidden.add(serial)
        return serial

    def enter(self, order_ms: int, status: int, changed_ms: int, subscription: int) -> None:
        """Enter one sale of the first population, whose sales are entered by date."""
        self.order_of.append(order_ms)
        self.changed_of.append(changed_ms)
        self.subscription_of.append(subscription)
        self.order_ms.append(order_ms)
        self.serials.append(self.first_count)
        self.statuses.append(status)
        self.first_count += 1

    def _on_ordered(self, event: Event) -> None:
        """Show a sale. Among sales of one date the newest entry is the last."""
        serial, order = event.subject, event.value
        assert isinstance(order, Order)
        order_ms = self.order_of[serial]
        position = bisect_right(self.order_ms, order_ms)
        self.order_ms.insert(position, order_ms)
        self.serials.insert(position, serial)
        self.statuses.insert(position, STATUS_INDEX[order.status])
        self._hidden.discard(serial)
        if order.traits != ORDINARY:
            self.traits_of[serial] = order.traits

    def _on_status(self, event: Event) -> None:
        serial, position = event.subject, self.position(event.subject)
        before, after = self.statuses[position], STATUS_INDEX[event.value]
        self.first_of.setdefault(serial, (before, self.changed_of[serial]))
        if SALE_STATUSES[before] not in PAID_STATUSES and event.value in PAID_STATUSES:
            self.paid_of[serial] = event.at_ms
        self.statuses[position] = after
        self.changed_of[serial] = event.at_ms

    def _on_warranty_extended(self, event: Event) -> None:
        """Extend a warranty by the days in the event's value."""
        self.extended_days_of[event.subject] = self.extended_days_of.get(event.subject, 0) + event.value

    def _on_deleted(self, event: Event) -> None:
        position = self.position(event.subject)
        del self.order_ms[position], self.serials[position], self.statuses[position]
        self._hidden.add(event.subject)

    def is_shown(self, serial: int) -> bool:
        """Whether a number belongs to a sale that is listed now."""
        return 0 <= serial < len(self.order_of) and serial not in self._hidden

    def serial(self, transaction: str) -> int | None:
        """Return the number of the sale with a code of digits, or None if there is no such sale."""
        serial = self.transactions.serial(transaction)
        return serial if serial is not None and self.is_shown(serial) else None

    def position(self, serial: int) -> int:
        """Return the position of a sale in the order of dates. Raise ValueError for a sale that is not shown."""
        position = bisect_left(self.order_ms, self.order_of[serial])
        return self.serials.index(serial, position)

    def status(self, serial: int) -> str:
        """Return the current status of a sale."""
        return SALE_STATUSES[self.statuses[self.position(serial)]]

    def status_at(self, serial: int, at_ms: int) -> tuple[str, int]:
        """Return the status of a sale at a moment, and when it had begun (epoch ms)."""
        if serial not in self.first_of:
            return self.status(serial), self.changed_of[serial]
        first, changed_ms = self.first_of[serial]
        status = SALE_STATUSES[first]
        for event in self._ledger.of("sale", serial):
            if event.kind == "sale.status" and event.at_ms <= at_ms:
                status, changed_ms = event.value, event.at_ms
        return status, changed_ms

    def bits(self, serial: int) -> int:
        """Return the bits that determine a sale's facts."""
        return scatter(self.bits_seed + serial)

    def traits(self, serial: int, bits: int) -> Traits:
        """Return the special facts of a sale. `bits` are the sale's own."""
        if serial >= self.first_count:
            return self.traits_of.get(serial, ORDINARY)
        if bits % DIVISOR >= len(FIRST_TRAITS):
            return ORDINARY
        return self.first_traits(serial, bits, self.subscription_of[serial])

    def first_traits(self, serial: int, bits: int, subscription: int) -> Traits:
        """Return the special facts of a sale of the first population.

        Its bits may make it an order bump of the sale before it. Neither can be a charge of a subscription, and a bump
        has no bump of its own.
        """
        traits = traits_by_bits(bits)
        if subscription >= 0 and (traits.is_free or traits is BUMP):
            return ORDINARY
        if traits is not BUMP:
            return traits
        main = serial - 1
        if main < 0 or self.subscription_of[main] >= 0 or traits_by_bits(self.bits(main)) is BUMP:
            return ORDINARY
        return Traits(main=main)

    def bump_of(self, main: int) -> int | None:
        """Return the serial of a sale's order bump, or None if it has none. It is the next serial."""
        bump = main + 1
        return bump if self.is_shown(bump) and self.traits(bump, self.bits(bump)).main == main else None

    def bounds(self, start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
        """Return the positions of the sales ordered in a date range, both ends included."""
        low = 0 if start_ms is None else bisect_left(self.order_ms, start_ms)
        high = len(self.order_ms) if end_ms is None else bisect_right(self.order_ms, end_ms)
        return low, max(low, high)

    def find(
        self,
        start_ms: int | None = None,
        end_ms: int | None = None,
        statuses: Iterable[str] | None = None,
        wanted: Callable[[int], bool] | None = None,
        found_under: Mapping[int, str] | None = None,
    ) -> "Found":
        """Return the sales of a date range in these statuses, newest first.

        `wanted` is called with each serial. `found_under` names sales that the filter finds under another status than
        their own.
        """
        low, high = self.bounds(start_ms, end_ms)
        chosen = EVERY_STATUS if statuses is None else frozenset(statuses)
        if wanted is None and chosen == EVERY_STATUS:
            return Found(high - low, lambda offset, rows: self._slice(low, high, offset, rows))
        table = bytes(1 if SALE_STATUSES[i] in chosen else 0 for i in range(len(SALE_STATUSES)))
        held = self.statuses[low:high]
        for serial, status in (found_under or {}).items():
            if low <= (position := self.position(serial)) < high:
                held[position - low] = STATUS_INDEX[status]
        mask = held.translate(table.ljust(256, b"\0"))

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
    """The number of matching sales, and a function that returns some of them."""

    def __init__(self, total: int, page: Callable[[int, int], list[int]]) -> None:
        self.total = total
        self.page = page
