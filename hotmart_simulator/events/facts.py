"""Facts about one ticket and its event."""

from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.people import Person
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, TICKET_TYPES
from hotmart_simulator.products.facts import is_listed
from hotmart_simulator.products.state import Product

DAYS_BEFORE_EVENT: Final = 30
"""Time from the creation of an imported event to its start."""


def ticket_type(account: Account, number: int) -> str:
    """Return PAID or FREE, which stays as it was when the ticket was issued."""
    tickets = account.tickets
    is_invite = tickets.first_status(number) in ("INVITE", "INVITE_CANCELED")
    return TICKET_TYPES[is_invite or tickets.bits(number) >> 29 & 15 == 0]


def guest(account: Account, number: int) -> tuple[int, Person] | None:
    """Return the id and the person of a ticket's participant, or None for a ticket without a named participant."""
    tickets, buyers = account.tickets, account.people.buyers
    bits, first_id, transfers = tickets.bits(number), tickets.id(number) * 10 + 1, tickets.guests(number)
    if transfers:
        return first_id + len(transfers), buyers[transfers[-1]]
    if tickets.status(number) in ("AVAILABLE", "RESERVED") or bits >> 24 & 3 == 0:
        return None
    return first_id, buyers[(bits >> 32) % len(buyers)]


def reachable_events(account: Account) -> list[Product]:
    """Return the events that the events endpoints return."""
    return [event for event in account.tickets.events if is_listed(account, event)]


def has_info(account: Account, event: Product) -> bool:
    """Whether `/info` returns an event."""
    return account.switches.event_info == "every_event" or event.status == "ACTIVE"


def start_ms(account: Account, event: Product) -> int:
    """Return the start of an event in epoch ms: noon of a day. The first event started twenty days ago.

    An event imported with a date in the past began 30 days after its creation.
    """
    created = [each.at_ms for each in account.ledger.of("product", event.number) if each.kind == "product.created"]
    if created and created[0] < account.born_ms:
        return (created[0] // DAY_MS + DAYS_BEFORE_EVENT) * DAY_MS + 12 * HOUR_MS
    return (account.born_ms // DAY_MS + 10 * event.number - 50) * DAY_MS + 12 * HOUR_MS
