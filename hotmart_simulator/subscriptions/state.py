"""All subscriptions of an account in flat arrays, and the order of their charges in lists.

Changes after the first population are stored sparsely, by the number (index) of the subscription.
"""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from typing import Final

from hotmart_simulator.common.random_source import Alphanumerics, scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.common.vocabulary import SUBSCRIPTION_STATUSES
from hotmart_simulator.ledger import Event
from hotmart_simulator.sales.state import SaleState
from hotmart_simulator.subscriptions.event_values import Beginning, Numbering, Segment, Standing

INDEX_OF: Final = {status: index for index, status in enumerate(SUBSCRIPTION_STATUSES)}
CANCELLED_STATUSES: Final = ("CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER", "CANCELLED_BY_ADMIN")
CANCELLED: Final = frozenset(INDEX_OF[status] for status in CANCELLED_STATUSES)
CHANGES: Final = ("subscription.begun", "subscription.status", "subscription.plan", "subscription.reactivated")
KEPT_QUERIES: Final = 4
NEARBY: Final = 24


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
        self.first_count = 2**63
        """Number of subscriptions in the first population, once it is complete."""
        self.hidden: set[int] = set()
        self.beginnings: dict[int, Beginning] = {}
        self.listed_ms: dict[int, int] = {}
        """When a subscription was first listed, of those that began after the first population."""
        self.touched_ms: dict[int, int] = {}
        """When the last change of a subscription itself was shown. Charges do not count."""
        self.numberings: dict[tuple[int, int], Numbering] = {}
        """By index and order date."""
        self.reached: dict[int, int] = {}
        self.plan_changes: dict[int, list[tuple[int, int]]] = {}
        """Date and place of the new plan among those of the product, oldest first."""
        self.segments: dict[int, list[Segment]] = {}
        self.reactivations: dict[int, list[int]] = {}
        self._before: dict[int, Standing] = {}
        setting.ledger.project("subscription.begun", self._on_begun)
        setting.ledger.project("subscription.charged", self._on_charged)
        setting.ledger.project("subscription.status", self._on_status)
        setting.ledger.project("subscription.numbered", self._on_numbered)
        setting.ledger.project("subscription.plan", self._on_plan)
        setting.ledger.project("subscription.scheduled", self._on_scheduled)
        setting.ledger.project("subscription.reactivated", self._on_reactivated)
        self._found: dict[tuple[int, object], array[int]] = {}

    def __len__(self) -> int:
        return len(self.statuses)

    # Events

    def reserve(self, accession_ms: int) -> int:
        """Return the number of a subscription that is not listed before its event `subscription.begun` is shown."""
        index = len(self)
        self.accession_of.append(accession_ms)
        self.end_of.append(0)
        self.statuses.append(INDEX_OF["STARTED"])
        self.last_sale_of.append(-1)
        self.hidden.add(index)
        return index

    def _on_begun(self, event: Event) -> None:
        """List a subscription. `value` is its `Beginning`."""
        index = event.subject
        self.statuses[index] = INDEX_OF[event.value.status]
        self.beginnings[index] = event.value
        self.listed_ms[index] = self.touched_ms[index] = event.visible_ms
        self.hidden.discard(index)
        insort(self.by_accession, index, key=self._accession_key)

    def _on_charged(self, event: Event) -> None:
        """Add a sale to the charges of its subscription. `value` is the serial of the sale."""
        index, serial = event.subject, event.value
        last, order_of = self.last_sale_of[index], self._sales.order_of
        if last < 0 or order_of[serial] >= order_of[last]:
            self.last_sale_of[index] = serial
        for row in self.rows_of(serial):
            insort(self.rows, row, key=self._row_key)

    def _on_status(self, event: Event) -> None:
        """Set a new status. A cancellation ends the subscription at that moment, another status reopens it."""
        index, status = event.subject, INDEX_OF[event.value]
        self._before.setdefault(index, Standing(self.status(index), self.end_of[index]))
        self.statuses[index] = status
        self.end_of[index] = event.at_ms if status in CANCELLED else 0
        self._touch(event)

    def _on_numbered(self, event: Event) -> None:
        """Set the recurrences of a charge. `value` is their `Numbering`."""
        numbering: Numbering = event.value
        self.numberings[event.subject, numbering.order_ms] = numbering
        self.reached[event.subject] = max(self.reached.get(event.subject, 0), numbering.reached, *numbering.numbers)

    def _on_plan(self, event: Event) -> None:
        """Switch the plan. `value` is the index of the new one among those of the product."""
        insort(self.plan_changes.setdefault(event.subject, []), (event.at_ms, event.value))
        self._touch(event)

    def _on_scheduled(self, event: Event) -> None:
        """Set new dates of the next charges. `value` is their `Segment`."""
        self.segments.setdefault(event.subject, []).append(event.value)

    def _on_reactivated(self, event: Event) -> None:
        insort(self.reactivations.setdefault(event.subject, []), event.at_ms)
        self._touch(event)

    def _touch(self, event: Event) -> None:
        self.touched_ms[event.subject] = max(self.touched_ms.get(event.subject, 0), event.visible_ms)

    # Queries

    def status(self, index: int) -> str:
        """Return the current status."""
        return SUBSCRIPTION_STATUSES[self.statuses[index]]

    def standing(self, index: int, at_ms: int | None = None) -> Standing:
        """Return status and end as the API shows them at a moment, or now."""
        now = Standing(self.status(index), self.end_of[index])
        if at_ms is None:
            return now
        then = now
        if self.touched_ms.get(index, 0) > at_ms:
            then = self._before.get(index, now)
            for event in self._setting.ledger.of("subscription", index):
                if event.visible_ms > at_ms:
                    continue
                if event.kind == "subscription.begun":
                    then = Standing(event.value.status, 0)
                elif event.kind == "subscription.status":
                    then = Standing(event.value, event.at_ms if INDEX_OF[event.value] in CANCELLED else 0)
        # The first population stores only the end. Until then the subscription was active.
        return Standing("ACTIVE", 0) if then.end_ms > at_ms else then

    def changed_ms(self, index: int, at_ms: int | None = None) -> int:
        """Return the last change of the subscription itself up to a moment or now, or 0 for none."""
        changed_ms = self.touched_ms.get(index, 0)
        if at_ms is not None and changed_ms > at_ms:
            events = self._setting.ledger.of("subscription", index)
            dates = [event.visible_ms for event in events if event.kind in CHANGES and event.visible_ms <= at_ms]
            changed_ms = max(dates, default=0)
        return max(changed_ms, self.standing(index, at_ms).end_ms)

    def is_listed(self, index: int, at_ms: int) -> bool:
        """Whether the API listed a subscription at a moment."""
        return self.listed_ms.get(index, self.accession_of[index]) <= at_ms

    def charges(self, index: int) -> list[int]:
        """Return the sales (serials) of a subscription, oldest first."""
        return self.charges_from(index, len(self.rows))[0]

    def charges_from(self, index: int, place: int) -> tuple[list[int], int]:
        """Return the sales of a subscription and the index in `rows` after them.

        The search begins at `place`, the start of a subscription's charges, because lists read one subscription after
        the other.
        """
        subscription_of, rows = self._sales.subscription_of, self.rows
        count = len(rows)
        last = min(place + NEARBY, count)
        while place < last and subscription_of[rows[place] >> 1] != index:
            place += 1
        if place == last:
            accession_of = self.accession_of
            key = accession_of[index], index
            place = bisect_left(rows, key, key=lambda row: (accession_of[(owner := subscription_of[row >> 1])], owner))
        serials: list[int] = []
        while place < count and subscription_of[(serial := rows[place] >> 1)] == index:
            if not rows[place] & 1:
                serials.append(serial)
            place += 1
        return serials, place

    def cancelled_by(self, index: int, at_ms: int) -> bool:
        """Whether a subscription was cancelled at a moment and still is."""
        return 0 < self.end_of[index] <= at_ms

    def bounds(self, start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
        """Return the indexes in `by_accession` of the subscriptions that began in a date range, both ends included."""
        key = self.accession_of.__getitem__
        low = 0 if start_ms is None else bisect_left(self.by_accession, start_ms, key=key)
        high = len(self.by_accession) if end_ms is None else bisect_right(self.by_accession, end_ms, key=key)
        return low, max(low, high)

    def kept(self, query: object, find: Callable[[], "array[int]"]) -> "array[int]":
        """Return the rows of a query, kept for its next page until the account changes."""
        key = (self._setting.ledger.version, query)
        if key not in self._found:
            while len(self._found) >= KEPT_QUERIES:
                self._found.pop(next(iter(self._found)))
            self._found[key] = find()
        return self._found[key]

    def begun_by(self, at_ms: int) -> int:
        """Return how many subscriptions had begun by a moment."""
        return self.bounds(None, at_ms)[1]

    # The first population

    def list_all(self) -> None:
        """Put all subscriptions and their charges in order. The sales are entered by date, so counting is enough."""
        self.first_count = len(self)
        self.by_accession = array("I", sorted(range(len(self)), key=self._accession_key))
        subscription_of = self._sales.subscription_of
        counts = array("I", bytes(4 * len(self)))
        for serial, index in enumerate(subscription_of):
            if index >= 0:
                counts[index] += len(self.rows_of(serial))
        total = 0
        for index in self.by_accession:
            counts[index], total = total, total + counts[index]
        self.rows = array("I", bytes(4 * total))
        for serial, index in enumerate(subscription_of):
            if index >= 0:
                for row in self.rows_of(serial):
                    self.rows[counts[index]] = row
                    counts[index] += 1

    def rows_of(self, serial: int) -> tuple[int, ...]:
        """Return the rows of a charge: one, or two if it has a second currency (4.8)."""
        two = scatter(self._sales.bits_seed ^ serial) & 15 == 0
        return (serial * 2, serial * 2 + 1) if two else (serial * 2,)

    def _accession_key(self, index: int) -> tuple[int, int]:
        return self.accession_of[index], index

    def _row_key(self, row: int) -> tuple[int, int, int, int]:
        serial = row >> 1
        index = self._sales.subscription_of[serial]
        return self.accession_of[index], index, self._sales.order_of[serial], row
