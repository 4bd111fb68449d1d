"""All subscriptions of a world in flat arrays, and the order in which their charges are listed."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from random import Random
from typing import Final

from hotmart_simulator.common.random_source import Alphanumerics, scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.common.vocabulary import SUBSCRIPTION_STATUSES
from hotmart_simulator.ledger import Event
from hotmart_simulator.sales.state import SaleState

INDEX_OF: Final = {status: index for index, status in enumerate(SUBSCRIPTION_STATUSES)}
CANCELLED: Final = frozenset(
    INDEX_OF[status] for status in ("CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER", "CANCELLED_BY_ADMIN")
)
KEPT_QUERIES: Final = 4
# Out of a hundred subscriptions, in the order of SUBSCRIPTION_STATUSES.
SHARES: Final = (58, 5, 4, 17, 6, 4, 2, 4)


class SubscriptionState:
    """Accession, end (epoch ms, 0 for none), status and last charge (serial of the sale, or -1) by index."""

    def __init__(self, setting: Setting, sales: SaleState) -> None:
        self._setting = setting
        self._sales = sales
        self.bits_seed = setting.seed_of("subscriptions")
        self.codes = Alphanumerics(setting.seed, "subscribers")
        self.accession_of = array("q")
        self.end_of = array("q")
        self.statuses = bytearray()
        self.last_sale_of = array("q")
        self.by_accession = array("I")
        # Rows of subscriptions/transactions: serial * 2, plus 1 for the row in a second currency.
        self.rows = array("I")
        setting.ledger.project("subscription.begun", self._on_begun)
        setting.ledger.project("subscription.charged", self._on_charged)
        setting.ledger.project("subscription.status", self._on_status)
        self._found: dict[tuple[int, object], array[int]] = {}

    def __len__(self) -> int:
        return len(self.statuses)

    def status(self, index: int) -> str:
        return SUBSCRIPTION_STATUSES[self.statuses[index]]

    def reserve(self, accession_ms: int) -> int:
        """Return the number of a subscription that is not listed before its event `subscription.begun` is shown."""
        self.accession_of.append(accession_ms)
        self.end_of.append(0)
        self.statuses.append(INDEX_OF["STARTED"])
        self.last_sale_of.append(-1)
        return len(self.statuses) - 1

    def _on_begun(self, event: Event) -> None:
        self.statuses[event.subject] = INDEX_OF[event.value]
        insort(self.by_accession, event.subject, key=self._accession_key)

    def _on_charged(self, event: Event) -> None:
        """Take a sale as a charge of its subscription; `value` is the serial of the sale."""
        self.charged(event.subject, event.value)

    def _on_status(self, event: Event) -> None:
        """Take a new status; a cancellation ends the subscription at that moment, another status reopens it."""
        status = INDEX_OF[event.value]
        self.statuses[event.subject] = status
        self.end_of[event.subject] = event.at_ms if status in CANCELLED else 0

    def last_charge_ms(self, index: int) -> int:
        """Return the order date of the last charge, or the accession where there was none."""
        serial = self.last_sale_of[index]
        return self.accession_of[index] if serial < 0 else self._sales.order_of[serial]

    def charged(self, index: int, serial: int) -> None:
        """A new sale of this subscription."""
        last = self.last_sale_of[index]
        order_of = self._sales.order_of
        if last < 0 or order_of[serial] >= order_of[last]:
            self.last_sale_of[index] = serial
        for row in self._rows_of(serial):
            insort(self.rows, row, key=self._row_key)

    def charges(self, index: int) -> list[int]:
        """The sales (serials) of a subscription, oldest first."""
        accession_ms = self.accession_of[index]

        def owner(row: int) -> tuple[int, int]:
            subscription = self._sales.subscription_of[row >> 1]
            return self.accession_of[subscription], subscription

        low = bisect_left(self.rows, (accession_ms, index), key=owner)
        high = bisect_right(self.rows, (accession_ms, index), key=owner)
        return [row >> 1 for row in self.rows[low:high] if not row & 1]

    def cancelled_by(self, index: int, at_ms: int) -> bool:
        return 0 < self.end_of[index] <= at_ms

    def bounds(self, start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
        """Positions in `by_accession` of the subscriptions that began in the window, both ends included."""
        key = self.accession_of.__getitem__
        low = 0 if start_ms is None else bisect_left(self.by_accession, start_ms, key=key)
        high = len(self) if end_ms is None else bisect_right(self.by_accession, end_ms, key=key)
        return low, max(low, high)

    def kept(self, query: object, find: Callable[[], "array[int]"]) -> "array[int]":
        """The rows of a query, kept for the next page of it until the world changes."""
        key = (self._setting.ledger.version, query)
        if key not in self._found:
            while len(self._found) >= KEPT_QUERIES:
                self._found.pop(next(iter(self._found)))
            self._found[key] = find()
        return self._found[key]

    def begun_by(self, at_ms: int) -> int:
        return self.bounds(None, at_ms)[1]

    def settle(self, random: Random, now_ms: int) -> None:
        """After the first sales are entered: statuses, ends, and the order of the charges."""
        count = len(self)
        statuses = random.choices(range(len(SHARES)), weights=SHARES, k=count)
        if count >= 4 * len(SHARES):
            statuses[: len(SHARES)] = range(len(SHARES))
        self.statuses[:] = bytes(statuses)
        for index, status in enumerate(statuses):
            if status in CANCELLED:
                begun_ms = self.last_charge_ms(index)
                self.end_of[index] = begun_ms + int(random.random() * max(0, now_ms - begun_ms))
        self.by_accession = array("I", sorted(range(count), key=self._accession_key))
        self._list_rows()

    def _list_rows(self) -> None:
        """Charges by adoption, then by date: sales are entered by date, so counting is enough."""
        subscription_of = self._sales.subscription_of
        counts = array("I", bytes(4 * len(self)))
        for serial, index in enumerate(subscription_of):
            if index >= 0:
                counts[index] += len(self._rows_of(serial))
        total = 0
        for index in self.by_accession:
            counts[index], total = total, total + counts[index]
        self.rows = array("I", bytes(4 * total))
        for serial, index in enumerate(subscription_of):
            if index >= 0:
                for row in self._rows_of(serial):
                    self.rows[counts[index]] = row
                    counts[index] += 1

    def _rows_of(self, serial: int) -> tuple[int, ...]:
        two = scatter(self._sales.bits_seed ^ serial) & 15 == 0
        return (serial * 2, serial * 2 + 1) if two else (serial * 2,)

    def _accession_key(self, index: int) -> tuple[int, int]:
        return self.accession_of[index], index

    def _row_key(self, row: int) -> tuple[int, int, int, int]:
        serial = row >> 1
        index = self._sales.subscription_of[serial]
        return self.accession_of[index], index, self._sales.order_of[serial], row
