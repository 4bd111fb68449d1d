"""What can happen to subscriptions: each move records events of the ledger."""

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import SUBSCRIPTION_STATUSES
from hotmart_simulator.sales.moves import SaleMoves


class SubscriptionMoves:
    """Moves return the subscriber codes of the subscriptions they changed."""

    def __init__(self, account: Account, sales: SaleMoves) -> None:
        self._account = account
        self._setting = account.setting
        self._sales = sales

    def add(self, count: int, at_ms: Moment = None) -> list[str]:
        """New subscriptions, each with its first sale."""
        with self._account.lock:
            codes = []
            for _ in range(count):
                accession_ms = self._setting.moment(at_ms)
                index = self._account.subscriptions.reserve(accession_ms)
                self._setting.record("subscription.begun", index, accession_ms, "ACTIVE")
                self._sales.sell(accession_ms, "APPROVED", index)
                codes.append(self._account.subscriptions.codes.text(index))
            return codes

    def cancel(self, count: int, at_ms: int | None = None) -> list[str]:
        """Cancel up to `count` active subscriptions."""
        with self._account.lock:
            state = self._account.subscriptions
            active = SUBSCRIPTION_STATUSES.index("ACTIVE")
            running = [index for index, status in enumerate(state.statuses) if status == active]
            picked = self._setting.random.sample(running, min(count, len(running)))
            for index in picked:
                moment_ms = self._setting.moment(at_ms)
                self._setting.record("subscription.status", index, moment_ms, "CANCELLED_BY_CUSTOMER")
            return [state.codes.text(index) for index in picked]
