"""All charges of one subscription at one moment, and facts about several of them (hotmart-api.md 5.7 to 5.9)."""

from dataclasses import dataclass
from typing import Any, Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.vocabulary import (
    MINUTE_MS,
    PAID_STATUSES,
    PENDING_STATUSES,
    SALE_STATUSES,
    STATUS_INDEX,
)
from hotmart_simulator.products.state import Plan
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.subscriptions.event_values import ChargeKind, Numbering
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.past import sale_standing

MOST_ATTEMPTS: Final = 7  # 5.9: the real capture has up to seven per recurrence
PAID: Final = frozenset(STATUS_INDEX[status] for status in PAID_STATUSES)
RECURRENCY_STATUS_OF: Final = {
    "APPROVED": "PAID",
    "COMPLETE": "PAID",
    "PARTIALLY_REFUNDED": "PAID",
    "PROTESTED": "CLAIMED",
    "REFUNDED": "REFUNDED",
    "CHARGEBACK": "CHARGEBACK",
}


@dataclass(slots=True)
class Charge:
    """One charge. `numbers` are its recurrences, `sequence` counts the attempts for the last of them.

    Dates are epoch ms, and `status` is one of the 17 of a sale. `place` counts the charges of the subscription from 0.
    """

    place: int
    serial: int
    order_ms: int
    status: str
    changed_ms: int
    numbers: tuple[int, ...]
    kind: ChargeKind
    sequence: int

    @property
    def number(self) -> int:
        """Return the recurrence, the highest of several."""
        return self.numbers[-1]

    @property
    def is_paid(self) -> bool:
        """Whether it was paid, even if the money was returned later."""
        return self.status in PAID_STATUSES

    @property
    def settled(self) -> tuple[int, ...]:
        """Return the recurrences that a paid negotiation settles, and nothing for any other charge."""
        return self.numbers if self.kind == "NEGOTIATION" and self.is_paid else ()

    @property
    def recurrency_status(self) -> str:
        """Return the status of the recurrence, in the words of 5.7 and 5.8."""
        return RECURRENCY_STATUS_OF.get(self.status, "NOT_PAID")


class History:
    """The charges of one subscription that the API shows at a moment, oldest first.

    A list of charges creates one history per subscription, so each `Charge` and its `Sale` are only created on request.
    """

    __slots__ = (
        "_changed",
        "_numberings",
        "_numbers",
        "_orders",
        "_sale",
        "_serials",
        "_statuses",
        "common",
        "contract",
        "reached",
        "unpaid",
    )

    def __init__(
        self, account: Account, index: int, seen_ms: int | None = None, serials: list[int] | None = None
    ) -> None:
        """Load the history. `seen_ms` is the moment, None for now. `serials` are the subscription's sales, if known."""
        self.contract = contract = Contract(account, index, seen_ms)
        self.common: dict[str, Any] | None = None
        """The values that the records of all charges share, once the first record is made."""
        state, book = account.subscriptions, account.sales
        self._sale: Sale | None = None
        self._serials = serials = state.charges(index) if serials is None else serials
        self._changed: dict[int, int] | None = None
        if seen_ms is None:
            # Positions are serials until an older sale is inserted.
            count, places, kept = len(book.serials), book.serials, book.statuses
            self._statuses = [
                kept[serial if serial < count and places[serial] == serial else book.position(serial)]
                for serial in serials
            ]
        else:
            self._look_back(account, seen_ms)
        order_of = book.order_of
        self._orders = [order_of[serial] for serial in self._serials]
        first_ms, period_ms = contract.rhythm
        if period_ms and index not in state.reached:
            self._numberings: dict[int, Numbering] = {}
            self._numbers = [(order - first_ms) // period_ms + 1 if order > first_ms else 1 for order in self._orders]
        else:
            found = [state.numberings.get((index, order_ms)) for order_ms in self._orders]
            self._numberings = {place: each for place, each in enumerate(found) if each is not None}
            self._numbers = [contract.recurrency_number(order_ms) for order_ms in self._orders]
        self.unpaid = [] if PAID.issuperset(self._statuses) else self._unpaid()
        """Recurrences with an attempt and no payment, ascending."""
        self.reached = max(self._numbers) if self._numbers else contract.unseen_reached
        """The highest recurrence that was charged or tried."""

    def _unpaid(self) -> list[int]:
        paid = {number for number, status in zip(self._numbers, self._statuses, strict=True) if status in PAID}
        for place, numbering in self._numberings.items():
            if self._statuses[place] in PAID:
                paid.update(numbering.numbers)
        return sorted(set(self._numbers) - paid)

    def _look_back(self, account: Account, seen_ms: int) -> None:
        """Keep the charges that were listed at a moment, in their state of then."""
        listed = [(serial, sale_standing(account, serial, seen_ms)) for serial in self._serials]
        then = {serial: standing for serial, standing in listed if standing is not None}
        self._serials = list(then)
        self._statuses = [STATUS_INDEX[status] for status, _ in then.values()]
        self._changed = {serial: changed_ms for serial, (_, changed_ms) in then.items()}

    # One charge

    def charge(self, serial: int) -> Charge | None:
        """Return the charge of a sale, or None if it is not listed at the moment."""
        return self.listed(serial) if serial in self._serials else None

    def listed(self, serial: int) -> Charge:
        """Return the listed charge of a sale. Raise ValueError for any other sale."""
        return self._charge(self._serials.index(serial))

    def _charge(self, place: int) -> Charge:
        serial, number, numbers = self._serials[place], self._numbers[place], self._numbers
        numbering = self._numberings.get(place) if self._numberings else None
        changed = self.contract.account.sales.changed_of if self._changed is None else self._changed
        return Charge(
            place,
            serial,
            self._orders[place],
            SALE_STATUSES[self._statuses[place]],
            changed[serial],
            (number,) if numbering is None else numbering.numbers,
            "AUTOMATIC" if numbering is None else numbering.kind,
            1 if place == 0 or numbers[place - 1] < number else numbers[: place + 1].count(number),
        )

    @property
    def charges(self) -> list[Charge]:
        """Return all charges."""
        return [self._charge(place) for place in range(len(self._serials))]

    def attempts(self, number: int) -> list[Charge]:
        """Return the charges for a recurrence, oldest first."""
        places = [place for place, each in enumerate(self._numbers) if each == number]
        return [self._charge(place) for place in places]

    @property
    def last(self) -> Charge | None:
        """Return the last charge."""
        return self._charge(len(self._serials) - 1) if self._serials else None

    def is_last(self, charge: Charge) -> bool:
        """Whether a charge is the last one."""
        return charge.place == len(self._serials) - 1

    def sale(self, charge: Charge) -> Sale:
        """Return the sale of a charge."""
        sale = self._sale
        if sale is None or sale.serial != charge.serial:
            sale = self._sale = Sale(self.contract.account, charge.serial, charge.status)
        return sale

    @property
    def has_other_plans(self) -> bool:
        """Whether the plan was switched."""
        return self.contract.index in self.contract.account.subscriptions.plan_changes

    def plan_of(self, charge: Charge) -> Plan:
        """Return the plan that was charged, which may differ from the current plan."""
        contract = self.contract
        if not self.has_other_plans:
            return contract.plan
        return Contract(contract.account, contract.index, charge.order_ms).plan

    # Facts that depend on several charges

    def updated_ms(self, charge: Charge) -> int:
        """Return the last update of a charge. By a switch, an update of its subscription counts as well."""
        contract = self.contract
        if contract.account.switches.last_update == "charge_only":
            return charge.changed_ms
        return max(charge.changed_ms, contract.account.subscriptions.changed_ms(contract.index, contract.at_ms))

    def start_ms(self, number: int) -> int:
        """Return when a recurrence started, which is a minute before its first automatic charge (5.8)."""
        numbers, numberings = self._numbers, self._numberings
        place = numbers.index(number) if number in numbers else -1
        if place < 0 or (place in numberings and numberings[place].kind != "AUTOMATIC"):
            return self.contract.start_of(number)
        return self._orders[place] - MINUTE_MS

    def has_retry(self, charge: Charge) -> bool:
        """Whether a failed charge will be retried."""
        return (
            self.is_last(charge)
            and charge.status not in PAID_STATUSES
            and charge.status not in PENDING_STATUSES
            and self.contract.status == "DELAYED"
            and charge.sequence < MOST_ATTEMPTS
        )

    @property
    def expiry_ms(self) -> int | None:
        """Return when the paid time ended, or None while nothing is unpaid."""
        return self.start_ms(self.unpaid[0]) if self.unpaid else None


class Histories:
    """The histories of many subscriptions at one moment. Consecutive rows of one subscription share its history."""

    def __init__(self, account: Account, seen_ms: int | None = None) -> None:
        self._account = account
        self._seen_ms = seen_ms
        self._last: History | None = None
        self._place = 0

    def of(self, index: int) -> History:
        """Return the history of a subscription."""
        if self._last is None or self._last.contract.index != index:
            serials, self._place = self._account.subscriptions.charges_from(index, self._place)
            self._last = History(self._account, index, self._seen_ms, serials)
        return self._last
