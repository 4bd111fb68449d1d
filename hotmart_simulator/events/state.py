"""The tickets of the account's events: when each was last changed, and how far its check-in is."""

from array import array
from typing import TYPE_CHECKING, Final

from hotmart_simulator.common.random_source import scatter, seed_of
from hotmart_simulator.common.vocabulary import CHECKIN_STATUSES, CONFIRMED_TICKETS, DAY_MS
from hotmart_simulator.products.state import Product

if TYPE_CHECKING:
    from hotmart_simulator.expected import Key
    from hotmart_simulator.world import Moment, World

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


class TicketBook:
    """Last change (epoch ms) and check-in (index into CHECKIN_STATUSES) of every ticket by its number.

    The tickets of the events lie in turn; a world without events has none.
    """

    def __init__(self, world: "World", count: int) -> None:
        self._world = world
        self._bits = seed_of(world.seed, "tickets")
        self.events: tuple[Product, ...] = tuple(p for p in world.catalogue.own if p.raw["format"] == "ETICKET")
        self.updated_of = array("q")
        self.checkins = bytearray()
        span_ms = min(180 * DAY_MS, world.now_ms - world.start_ms)
        for number in range(count if self.events else 0):
            bits = self.bits(number)
            self.updated_of.append(world.now_ms - (bits >> 20) % (span_ms + 1))
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

    def check_in(self, count: int, at_ms: "Moment" = None) -> list["Key"]:
        """Up to `count` confirmed participants check in; returns the ids of their tickets."""
        with self._world.lock:
            random = self._world.random
            waiting = [
                number
                for number, checkin in enumerate(self.checkins)
                if checkin != CONCLUDED and self.status(number) in CONFIRMED_TICKETS
            ]
            picked = random.sample(waiting, min(count, len(waiting)))
            for number in picked:
                is_first = self.checkins[number] == PENDING
                self.checkins[number] = PARTIAL if is_first and random.random() < 0.2 else CONCLUDED
                self.updated_of[number] = self._world.moment(at_ms)
            self._world.version += 1
            return [str(self.id(number)) for number in picked]

    def add(self, count: int, at_ms: "Moment" = None) -> list["Key"]:
        """New tickets, of each event in turn; returns their ids."""
        if not self.events:
            raise ValueError("the account has no events to sell tickets of")
        with self._world.lock:
            first = len(self)
            for _ in range(count):
                self.updated_of.append(self._world.moment(at_ms))
                self.checkins.append(PENDING)
            self._world.version += 1
            return [str(self.id(number)) for number in range(first, len(self))]
