"""Events and their tickets. Some may be returned only on request (hotmart-api.md 4.18 and 5.18)."""

from collections.abc import Collection

from tools.live_probe import words
from tools.live_probe.account import Account, enough, settled
from tools.live_probe.answer import value_at
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount


def info(account: Account) -> Told | Otherwise:
    """Ask for the info of an event that is not active."""
    event = next((row for row in account.products_where(format="ETICKET") if row.get("status") != "ACTIVE"), None)
    if event is None:
        raise NotTold("the account has no event that is not ACTIVE")
    answer = settled(account.get(f"{words.EVENTS}/{event['id']}/info"))
    if answer.status not in (200, 404):
        return Otherwise(f"For an event that is {event['status']} Hotmart answers {answer.says}.")
    return Told("every_event" if answer.status == 200 else "published_only", f"{event['status']}: {answer.says}")


def _by_default(
    account: Account, field: str, usual: Collection[str], others: dict[str, str], narrow: str
) -> Told | Otherwise:
    """Look for tickets with another than the usual values, and ask for them where there is none."""
    tickets = account.tickets()
    if not tickets.rows:
        raise NotTold("the first event has no ticket")
    found = [value for value in tickets.values(f"eticket.{field}") if value not in usual]
    if found:
        return Told(
            "all", f"{len(found):,} of {amount(len(tickets.rows), 'ticket')} are {', '.join(sorted(set(found)))}"
        )
    for value, words_of in others.items():
        asked = account.tickets(**{field: value})
        if any(value_at(row, f"eticket.{field}") not in usual for row in asked.rows):
            return Told(narrow, f"{words_of} are returned only if asked for")
    raise NotTold(f"every ticket is {' or '.join(sorted(usual))}")


def default_statuses(account: Account) -> Told | Otherwise:
    """Look for tickets that are neither confirmed nor complimentary."""
    others = {status: f"{status} tickets" for status in ("REFUNDED", "INVITE_CANCELED", "CHARGEBACK")}
    return _by_default(account, "ticket_status", words.CONFIRMED_TICKETS, others, "confirmed")


def default_types(account: Account) -> Told | Otherwise:
    """Look for free tickets."""
    return _by_default(account, "ticket_type", {"PAID"}, {"ALL": "free tickets"}, "paid")


def default_checkins(account: Account) -> Told | Otherwise:
    """Look for tickets after a check-in."""
    return _by_default(account, "checkin_status", {"PENDING"}, {"ALL": "tickets after a check-in"}, "pending")


def phones(account: Account) -> Told | Otherwise:
    """Check whether phones are numbers, texts or null."""
    rows = [
        person
        for ticket in account.tickets().rows
        for person in (ticket.get("buyer"), ticket.get("participant"))
        if isinstance(person, dict) and "phone" in person
    ]
    named = [row for row in rows if value_at(row, "name") is not None]
    enough(named, "people")
    kinds = {"null" if row["phone"] is None else type(row["phone"]).__name__ for row in named}
    sides = {frozenset({"int"}): "number", frozenset({"str"}): "text"}
    return Told(sides.get(frozenset(kinds), "mixed"), f"{len(named):,} people")
