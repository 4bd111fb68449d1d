"""Tickets of events, of which some may not be listed unless they are asked for."""

from integration_tests.live.account import ASKED_ROWS, Account, readable
from integration_tests.live.answer import Answer
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told, amount

CONFIRMED = frozenset({"SOLD", "INVITE"})
OTHERS = ("REFUNDED", "INVITE_CANCELED", "CHARGEBACK", "EXCLUDED", "AVAILABLE", "RESERVED")
TRIED = OTHERS[:2]


def participants(account: Account) -> Answer:
    """The tickets of the first event. Raises `NotTold` where there is none."""
    return readable(_participants(account))


class DefaultTickets(Question):
    """Documented: confirmed and complimentary ones; a capture holds a refunded one."""

    assumption = "tickets without a status are those of every status"
    depends = "yes: no status is sent"

    def ask(self, account: Account) -> Told:
        seen = set(participants(account).values("eticket.ticket_status"))
        others = sorted(seen & set(OTHERS))
        if others:
            return Told(f"{', '.join(others)} come as well")
        for status in TRIED:
            asked = readable(_participants(account, ticket_status=status))
            if asked.rows:
                return Told(
                    f"only confirmed ones; {amount(len(asked.rows), 'ticket')} of {status} must be asked for",
                    "tickets that are refunded or taken back keep their last status",
                )
        raise NotTold(f"the first event has only confirmed tickets, and none of {' or '.join(TRIED)}")


def _participants(account: Account, **query: str) -> Answer:
    events = account.product_values("id", format="ETICKET")
    if not events:
        raise NotTold("the account has no event")
    return account.get(f"events/api/v1/{events[0]}/participants", max_results=ASKED_ROWS, **query)
