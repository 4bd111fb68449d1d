"""What can happen to tickets: each move records events of the ledger."""

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import CONFIRMED_TICKETS
from hotmart_simulator.events.state import CONCLUDED, PENDING


class TicketMoves:
    """Moves return the ids of the tickets they changed, as text."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def check_in(self, count: int, at_ms: Moment = None) -> list[str]:
        """Check in up to `count` confirmed participants."""
        account, setting, state = self._account, self._account.setting, self._account.tickets
        with account.lock:
            waiting = [
                number
                for number, checkin in enumerate(state.checkins)
                if checkin != CONCLUDED and state.status(number) in CONFIRMED_TICKETS
            ]
            picked = setting.random.sample(waiting, min(count, len(waiting)))
            for number in picked:
                is_partial = state.checkins[number] == PENDING and setting.random.random() < 0.2
                checkin = "PARTIAL" if is_partial else "CONCLUDED"
                setting.record("ticket.checkin", number, setting.moment(at_ms), checkin)
            return [str(state.id(number)) for number in picked]

    def add(self, count: int, at_ms: Moment = None) -> list[str]:
        """Issue new tickets, of each event in turn. Raises ValueError where the account has no event."""
        account, setting, state = self._account, self._account.setting, self._account.tickets
        if not state.events:
            raise ValueError("the account has no events to sell tickets of")
        with account.lock:
            first = len(state)
            for number in range(first, first + count):
                setting.record("ticket.issued", number, setting.moment(at_ms))
            return [str(state.id(number)) for number in range(first, len(state))]
