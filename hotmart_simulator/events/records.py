"""Events and their participants (hotmart-api.md 5.18). Dates: epoch ms."""

from typing import Any

from hotmart_simulator.account import Account
from hotmart_simulator.common.vocabulary import CHECKIN_STATUSES, CONFIRMED_TICKETS, DAY_MS, HOUR_MS, TICKET_TYPES
from hotmart_simulator.products.state import Product


def info(account: Account, event: Product) -> dict[str, Any]:
    """events/{event_id}/info."""
    place = account.tickets.events.index(event)
    start_ms = (account.born_ms // DAY_MS + 30 * place - 20) * DAY_MS + 12 * HOUR_MS
    return {
        "product": event.brief,
        "start_event_date": start_ms,
        "end_event_date": start_ms + 22 * HOUR_MS,
        "lots": [_lot(place, number) for number in range(3)],
    }


def _lot(event: int, number: int) -> dict[str, Any]:
    return {"id": 51_000 + event * 10 + number, "name": ("First lot", "Second lot", "At the door")[number]}


def participant(account: Account, number: int) -> dict[str, Any]:
    """events/{event_id}/participants."""
    book, people = account.tickets, account.people.buyers
    bits, place = book.bits(number), book.event_place(number)
    status, ticket_id = book.status(number), book.id(number)
    buyer = people[(bits >> 10) % len(people)]
    # 5.18: every key may be null, as for a ticket that nobody was named for.
    is_named = status not in ("AVAILABLE", "RESERVED") and bits >> 24 & 3 > 0
    guest = people[(bits >> 32) % len(people)]
    document = guest.user["documents"][0]["value"] if guest.user.get("documents") else None
    record: dict[str, Any] = {
        "participant": {
            "id": ticket_id * 10 + 1 if is_named else None,
            "name": guest.name if is_named else None,
            "email": guest.email if is_named else None,
            "document": document if is_named else None,
            # A number in the documentation's example.
            "phone": _phone(f"{guest.phone_ddd}{guest.phone}", bits >> 27 & 3) if is_named else None,
        },
        "buyer": {"ucode": buyer.ucode, "name": buyer.name, "email": buyer.email},
        "eticket": {
            "id": ticket_id,
            "ticket_qr_code": f"QR{ticket_id:08d}",
            "current_update": book.updated_of[number],
            "checkin_status": CHECKIN_STATUSES[book.checkins[number]],
            "is_blocked": status not in CONFIRMED_TICKETS,
            "ticket_status": status,
            "ticket_type": TICKET_TYPES[status == "INVITE" or bits >> 29 & 15 == 0],
            "checkin_url": f"https://example.com/checkin/{ticket_id}",
        },
        "lot": _lot(place, bits >> 40 & 1),
        "product": book.events[place].brief,
    }
    if bits >> 44 & 3:  # in live answers, not in the documentation
        record["buyer"] |= {"document": None, "phone": _phone(f"{buyer.phone_ddd}{buyer.phone}", bits >> 46 & 3)}
        record["eticket"]["category"] = None
    return record


def _phone(text: str, form: int) -> str | int | None:
    return (text, text, int(text), None)[form]
