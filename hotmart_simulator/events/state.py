"""The tickets of the account's events: the last change, status, check-in and guests of each."""

from array import array
from typing import Final

from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.common.vocabulary import CHECKIN_STATUSES, CONFIRMED_TICKETS, DAY_MS
from hotmart_simulator.ledger import Event
from hotmart_simulator.products.state import Product, ProductState

PENDING: Final = CHECKIN_STATUSES.index("PENDING")
PARTIAL: Final = CHECKIN_STATUSES.index("PARTIAL")
CONCLUDED: Final = CHECKIN_STATUSES.index("CONCLUDED")
# Out of 32 tickets.
STATUSES: Final = (
    *("SOLD",) * 21,
    *("INVITE",) * 3,
    *("REFUNDED",) * 3,
    "INVITE_CANCELED",
    "CHARGEBACK",
    "EXCLUDED",
    "AVAILABLE",
    "RESERVED",
)
# Of every twelve tickets, so that the filters of status and type show on small accounts too.
FIXED_STATUSES: Final = {3: "REFUNDED", 7: "INVITE"}
FIRST_ID: Final = 7_000_000


class TicketState:
    """Last change (epoch ms) and check-in (index into CHECKIN_STATUSES) of every ticket by its number.

    The tickets of the first population are assigned to its events in turn. An account without events has none.
    """

    def __init__(self, setting: Setting, products: ProductState, count: int) -> None:
        self._bits = setting.seed_of("tickets")
        self._products = products
        self._first_events = tuple(product.number for product in self.events)
        self.updated_of = array("q")
        self.checkins = bytearray()
        self._issued: dict[int, tuple[int, str]] = {}
        self._status_of: dict[int, str] = {}
        self._guests_of: dict[int, list[int]] = {}
        setting.ledger.project("ticket.issued", self._on_issued)
        setting.ledger.project("ticket.checkin", self._on_checkin)
        setting.ledger.project("ticket.status", self._on_status)
        setting.ledger.project("ticket.transferred", self._on_transferred)
        span_ms = min(180 * DAY_MS, setting.now_ms - setting.start_ms)
        for number in range(count if self._first_events else 0):
            bits = self.bits(number)
            self.updated_of.append(setting.now_ms - (bits >> 20) % (span_ms + 1))
            confirmed = self.status(number) in CONFIRMED_TICKETS
            self.checkins.append((PENDING, PENDING, PARTIAL, CONCLUDED)[bits >> 8 & 3] if confirmed else PENDING)
        self._first_count = len(self.updated_of)

    def __len__(self) -> int:
        return len(self.updated_of)

    @property
    def events(self) -> tuple[Product, ...]:
        """Return the current state of the own products of format ETICKET."""
        return tuple(product for product in self._products.own if product.is_event)

    def bits(self, number: int) -> int:
        return scatter(self._bits + number)

    def id(self, number: int) -> int:
        return FIRST_ID + number * 7

    def first_status(self, number: int) -> str:
        """Return the status of a ticket before any event in the ledger."""
        if number in self._issued:
            return self._issued[number][1]
        return FIXED_STATUSES.get(number % 12) or STATUSES[self.bits(number) & 31]

    def status(self, number: int) -> str:
        return self._status_of.get(number) or self.first_status(number)

    def guests(self, number: int) -> list[int]:
        """Return the people that a ticket was transferred to, the current one last, as indexes into the buyers."""
        return self._guests_of.get(number, [])

    def event_number(self, number: int) -> int:
        """Return the product number of a ticket's event."""
        if number in self._issued:
            return self._issued[number][0]
        return self._first_events[number % len(self._first_events)]

    def numbers(self, event: Product) -> list[int]:
        """Return the numbers of an event's tickets."""
        found: list[int] = []
        if event.number in self._first_events:
            place = self._first_events.index(event.number)
            found += range(place, self._first_count, len(self._first_events))
        return found + [number for number, (product, _) in self._issued.items() if product == event.number]

    def _on_issued(self, event: Event) -> None:
        """`value` is the product number of the event, and the status."""
        self.updated_of.append(event.at_ms)
        self.checkins.append(PENDING)
        self._issued[event.subject] = event.value

    def _on_checkin(self, event: Event) -> None:
        self.checkins[event.subject] = CHECKIN_STATUSES.index(event.value)
        self._touch(event)

    def _on_status(self, event: Event) -> None:
        self._status_of[event.subject] = event.value
        self._touch(event)

    def _on_transferred(self, event: Event) -> None:
        """`value` is the new guest, an index into the buyers."""
        self._guests_of.setdefault(event.subject, []).append(event.value)
        self._touch(event)

    def _touch(self, event: Event) -> None:
        self.updated_of[event.subject] = max(self.updated_of[event.subject], event.at_ms)
