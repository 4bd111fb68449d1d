"""Events and their participants (hotmart-api.md 5.18). Dates: epoch ms."""

from typing import Any

from hotmart_simulator.account import Account
from hotmart_simulator.common.people import Person
from hotmart_simulator.common.vocabulary import CHECKIN_STATUSES, CONFIRMED_TICKETS, HOUR_MS
from hotmart_simulator.events import facts
from hotmart_simulator.products.state import Product


def info(account: Account, event: Product) -> dict[str, Any]:
    """Return the object of events/{event_id}/info."""
    start_ms = facts.start_ms(account, event)
    return {
        "product": event.brief,
        "start_event_date": start_ms,
        "end_event_date": start_ms + 22 * HOUR_MS,
        "lots": [_lot(event, number) for number in range(3)],
    }


def _lot(event: Product, number: int) -> dict[str, Any]:
    name = ("First lot", "Second lot", "At the door")[number]
    return {"id": 51_000 + event.number * 10 + number, "name": name}


def participant(account: Account, number: int) -> dict[str, Any]:
    """Return a row of events/{event_id}/participants."""
    tickets, people = account.tickets, account.people.buyers
    bits, event = tickets.bits(number), account.products.numbered(tickets.event_number(number))
    status, ticket_id = tickets.status(number), tickets.id(number)
    buyer = people[(bits >> 10) % len(people)]
    record: dict[str, Any] = {
        "participant": _guest(account, number),
        "buyer": {"ucode": buyer.ucode, "name": buyer.name, "email": buyer.email},
        "eticket": {
            "id": ticket_id,
            "ticket_qr_code": f"QR{ticket_id:08d}",
            "current_update": tickets.updated_of[number],
            "checkin_status": CHECKIN_STATUSES[tickets.checkins[number]],
            "is_blocked": status not in CONFIRMED_TICKETS,
            "ticket_status": status,
            "ticket_type": facts.ticket_type(account, number),
            "checkin_url": f"https://example.com/checkin/{ticket_id}",
        },
        "lot": _lot(event, bits >> 40 & 1),
        "product": event.brief,
    }
    if bits >> 44 & 3:  # in live answers, not in the documentation
        record["buyer"] |= {"document": None, "phone": _phone(account, buyer, bits >> 46)}
        record["eticket"]["category"] = None
    return record


def _guest(account: Account, number: int) -> dict[str, Any]:
    """Return a participant. Every field may be null, as for a ticket without a named participant."""
    guest = facts.guest(account, number)
    if guest is None:
        return dict.fromkeys(("id", "name", "email", "document", "phone"))
    guest_id, person = guest
    documents = person.user.get("documents")
    return {
        "id": guest_id,
        "name": person.name,
        "email": person.email,
        "document": documents[0]["value"] if documents else None,
        "phone": _phone(account, person, account.tickets.bits(number) >> 27),
    }


def _phone(account: Account, person: Person, bits: int) -> str | int | None:
    """Return a phone as text, as a number or as null: the reference has all three (5.18)."""
    text = f"{person.phone_ddd}{person.phone}"
    if account.switches.ticket_phones == "mixed":
        return (text, text, int(text), None)[bits & 3]
    return int(text) if account.switches.ticket_phones == "number" else text
