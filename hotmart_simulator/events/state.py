"""The tickets of the account's events: when each was last changed, and how far its check-in is."""

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
FIRST_ID: Final = 7_000_000


class TicketState:
    """Last change (epoch ms) and check-in (index into CHECKIN_STATUSES) of every ticket by its number.

    The tickets of the events lie in turn; a world without events has none.
    """

    def __init__(self, setting: Setting, products: ProductState, count: int) -> None:
        self._bits = setting.seed_of("tickets")
        self.events: tuple[Product, ...] = tuple(p for p in products.own if p.raw["format"] == "ETICKET")
        self.updated_of = array("q")
        self.checkins = bytearray()
        setting.ledger.project("ticket.issued", self._on_issued)
        setting.ledger.project("ticket.checkin", self._on_checkin)
        span_ms = min(180 * DAY_MS, setting.now_ms - setting.start_ms)
        for number in range(count if self.events else 0):
            bits = self.bits(number)
            self.updated_of.append(setting.now_ms - (bits >> 20) % (span_ms + 1))
            confirmed = self.status(number) in CONFIRMED_TICKETS
            self.checkins.append((PENDING, PENDING, PARTIAL, CONCLUDED)[bits >> 8 & 3] if confirmed else PENDING)

    def __len__(self) -> int:
        return len(self.updated_of)

    def bits(self, number: int) -> int:
        return scatter(self._bits + number)

    def status(self, number: int) -> str:
        return STATUSES[self.bits(number) & 31]

    def id(self, number: int) -> int:
        return FIRST_ID + number * 7

    def event_place(self, number: int) -> int:
        """The place in `events` of a ticket's event."""
        return number % len(self.events)

    def numbers(self, event: Product) -> range:
        """The tickets of an event."""
        return range(self.events.index(event), len(self), len(self.events))

    def _on_issued(self, event: Event) -> None:
        self.updated_of.append(event.at_ms)
        self.checkins.append(PENDING)

    def _on_checkin(self, event: Event) -> None:
        self.checkins[event.subject] = CHECKIN_STATUSES.index(event.value)
        self.updated_of[event.subject] = event.at_ms
