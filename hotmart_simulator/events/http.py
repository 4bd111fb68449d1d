"""events/api: an event and its participants (hotmart-api.md 4.18)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import (
    CHECKIN_STATUSES,
    CONFIRMED_TICKETS,
    TICKET_STATUSES,
    TICKET_TYPES,
)
from hotmart_simulator.events import facts
from hotmart_simulator.events import records as events
from hotmart_simulator.products.state import Product
from hotmart_simulator.server.endpoint import (
    PAGING,
    Answer,
    Desk,
    Endpoint,
    Matches,
    PagedEndpoint,
    paged,
)
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.parameters import Asked, Parameter, number, one_of, text

EVENTS: Final = "/events/api/v1/<event_id>"
# The value in a participant's record that each parameter filters.
TESTS: Final[Mapping[str, Callable[[dict[str, Any], Any], bool]]] = {
    "buyer_email": lambda row, wanted: row["buyer"]["email"].lower() == wanted.lower(),
    "participant_email": lambda row, wanted: (row["participant"]["email"] or "").lower() == wanted.lower(),
    "id_lot": lambda row, wanted: row["lot"]["id"] == wanted,
    "ticket_status": lambda row, wanted: row["eticket"]["ticket_status"] == wanted,
    "ticket_type": lambda row, wanted: wanted in ("ALL", row["eticket"]["ticket_type"]),
    "checkin_status": lambda row, wanted: wanted in ("ALL", row["eticket"]["checkin_status"]),
    "id_eticket": lambda row, wanted: row["eticket"]["id"] == wanted,
    "ticket_qr_code": lambda row, wanted: row["eticket"]["ticket_qr_code"] == wanted,
}


def event(desk: Desk, asked: Asked) -> Product:
    """Return the own product of format ETICKET with the number in the path."""
    for product in facts.reachable_events(desk.account):
        if str(product.id) == asked.path["event_id"]:
            return product
    raise Refusal(404, "not_found", "The event does not exist")


def info(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Return the dates and lots of an event. The switch `event_info` can reject an event that is not published."""
    found = event(desk, asked)
    if not facts.has_info(desk.account, found):
        raise Refusal(404, "not_found", "The event does not exist")
    return Answer(document=events.info(desk.account, found), rows=1)


def find(desk: Desk, asked: Asked) -> Matches:
    """Find tickets by number. `last_update` selects those updated at that moment or later."""
    account, tickets, switches = desk.account, desk.account.tickets, desk.switches
    since_ms = asked.get("last_update", 0)
    numbers = [number for number in tickets.numbers(event(desk, asked)) if tickets.updated_of[number] >= since_ms]
    if switches.tickets_by_default == "confirmed" and "ticket_status" not in asked:
        numbers = [number for number in numbers if tickets.status(number) in CONFIRMED_TICKETS]
    wanted = {name: value for name, value in asked.values.items() if name in TESTS}
    if switches.ticket_types_by_default == "paid":
        wanted.setdefault("ticket_type", "PAID")
    if switches.checkins_by_default == "pending":
        wanted.setdefault("checkin_status", "PENDING")
    if wanted:
        rendered = ((number, events.participant(account, number)) for number in numbers)
        numbers = [number for number, row in rendered if all(TESTS[name](row, value) for name, value in wanted.items())]
    return Matches(
        len(numbers),
        lambda offset, rows: [events.participant(account, number) for number in numbers[offset : offset + rows]],
    )


ENDPOINTS: Final = (
    Endpoint(
        path=f"{EVENTS}/info",
        parameters={},
        answer=info,
        key=("product", "id"),
        date=("start_event_date",),
        text=("product", "name"),
    ),
    PagedEndpoint(
        path=f"{EVENTS}/participants",
        parameters={
            **PAGING,
            "buyer_email": Parameter(text),
            "participant_email": Parameter(text),
            "last_update": Parameter(number),
            "id_lot": Parameter(number),
            "ticket_status": Parameter(one_of(TICKET_STATUSES)),
            "ticket_type": Parameter(one_of((*TICKET_TYPES, "ALL"))),
            "checkin_status": Parameter(one_of((*CHECKIN_STATUSES, "ALL"))),
            "id_eticket": Parameter(number),
            "ticket_qr_code": Parameter(text),
        },
        answer=paged,
        key=("eticket", "id"),
        date=("eticket", "current_update"),
        text=("buyer", "name"),
        find=find,
        cap="events_cap",
        default_rows=20,
    ),
)
