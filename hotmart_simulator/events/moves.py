"""Changes of tickets. Each move records events in the ledger."""

from collections.abc import Callable, Sequence
from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import CONFIRMED_TICKETS, DAY_MS
from hotmart_simulator.events.facts import DAYS_BEFORE_EVENT, ticket_type
from hotmart_simulator.events.state import CONCLUDED, PENDING
from hotmart_simulator.products.state import event_number_from

CANCELLED: Final = {"INVITE": "INVITE_CANCELED", "SOLD": "EXCLUDED"}


class TicketMoves:
    """Each move returns the ids of the tickets that it changed, as text."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def named(self) -> dict[str, Callable[[int], Sequence[str]]]:
        """Return every move by its plural name."""
        return {
            "checkins": self.check_in,
            "participants": self.add,
            "ticket_refunds": self.refund,
            "ticket_chargebacks": self.charge_back,
            "ticket_cancellations": self.cancel,
            "ticket_transfers": self.transfer,
        }

    def check_in(self, count: int, at_ms: Moment = None) -> list[str]:
        """Check in up to `count` confirmed participants."""
        setting, tickets = self._account.setting, self._account.tickets

        def is_waiting(number: int) -> bool:
            return tickets.checkins[number] != CONCLUDED and self._is_confirmed(number)

        def checkin(number: int) -> str:
            is_partial = tickets.checkins[number] == PENDING and setting.random.random() < 0.2
            return "PARTIAL" if is_partial else "CONCLUDED"

        return self._change("ticket.checkin", count, at_ms, is_waiting, checkin)

    def add(self, count: int, at_ms: Moment = None) -> list[str]:
        """Issue new tickets, sold or given away, of any event that is not deleted.

        Raises ValueError where the account has no event.
        """
        account, setting, tickets = self._account, self._account.setting, self._account.tickets
        if not tickets.events:
            raise ValueError("the account has no events to sell tickets of")
        with account.lock:
            events = [event.number for event in tickets.events if event.status != "DELETED"]
            numbers = range(len(tickets), len(tickets) + (count if events else 0))
            for number in numbers:
                status = setting.random.choice(("SOLD", "SOLD", "SOLD", "INVITE"))
                value = (setting.random.choice(events), status)
                setting.record("ticket.issued", number, setting.moment(at_ms), value)
            return [str(tickets.id(number)) for number in numbers]

    def import_events(self, count: int, at_ms: Moment = None, *, tickets: int = 3, status: str = "ACTIVE") -> list[str]:
        """Import events that were created long ago, each with sold tickets. They are listed as products from now on.

        The creation is by default three to 30 months ago. An event began 30 days after its creation, and its tickets
        were sold before. Return the ids of the events.
        """
        account, setting = self._account, self._account.setting
        with account.lock:
            now_ms, numbers = account.now_ms, []
            span = (now_ms - 900 * DAY_MS, now_ms - 90 * DAY_MS) if at_ms is None else at_ms
            for _ in range(count):
                numbers.append(event_number_from(account.products.next_number))
                created_ms = setting.moment(span)
                setting.record("product.created", numbers[-1], created_ms, status)
                last_ms = min(now_ms, created_ms + DAYS_BEFORE_EVENT * DAY_MS - 1)
                for _ in range(tickets):
                    issued_ms = setting.moment((created_ms, last_ms))
                    setting.record("ticket.issued", len(account.tickets), issued_ms, (numbers[-1], "SOLD"))
            return [str(account.products.numbered(number).id) for number in numbers]

    def refund(self, count: int, at_ms: Moment = None) -> list[str]:
        """Refund up to `count` sold tickets."""
        return self._change("ticket.status", count, at_ms, self._is_paid, lambda number: "REFUNDED")

    def charge_back(self, count: int, at_ms: Moment = None) -> list[str]:
        """Charge back up to `count` sold tickets."""
        return self._change("ticket.status", count, at_ms, self._is_paid, lambda number: "CHARGEBACK")

    def cancel(self, count: int, at_ms: Moment = None) -> list[str]:
        """Cancel up to `count` confirmed invitations. Sold tickets are excluded."""
        status = self._account.tickets.status
        return self._change("ticket.status", count, at_ms, self._is_confirmed, lambda number: CANCELLED[status(number)])

    def transfer(self, count: int, at_ms: Moment = None) -> list[str]:
        """Give up to `count` confirmed tickets another participant. The buyer stays."""
        random, buyers = self._account.setting.random, len(self._account.people.buyers)
        return self._change(
            "ticket.transferred", count, at_ms, self._is_confirmed, lambda number: random.randrange(buyers)
        )

    def _is_confirmed(self, number: int) -> bool:
        return self._account.tickets.status(number) in CONFIRMED_TICKETS

    def _is_paid(self, number: int) -> bool:
        return self._account.tickets.status(number) == "SOLD" and ticket_type(self._account, number) == "PAID"

    def _change(
        self,
        kind: str,
        count: int,
        at_ms: Moment,
        is_candidate: Callable[[int], bool],
        value: Callable[[int], object],
    ) -> list[str]:
        account, setting, tickets = self._account, self._account.setting, self._account.tickets
        with account.lock:
            known = [number for number in range(len(tickets)) if is_candidate(number)]
            picked = setting.random.sample(known, min(count, len(known)))
            for number in picked:
                setting.record(kind, number, setting.moment(at_ms), value(number))
            return [str(tickets.id(number)) for number in picked]
