"""What can happen to sales: each move records events of the ledger."""

from random import Random

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import DAY_MS, SALE_STATUSES, STATUS_INDEX


class SaleMoves:
    """Orders and changes of status. Moves return the transactions of the sales they changed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._setting = account.setting

    def add(self, count: int, at_ms: Moment = None, *, status: str = "APPROVED") -> list[str]:
        """New sales, one in three a further charge of a running subscription."""
        with self._account.lock:
            made = []
            for _ in range(count):
                order_ms = self._setting.moment(at_ms)
                made.append(self.sell(order_ms, status, self._charged_subscription(order_ms)))
            return made

    def sell(self, order_ms: int, status: str, subscription: int = -1) -> str:
        """Sell once, as a charge of a subscription where its number is given."""
        serial = self._account.sales.reserve(order_ms, subscription)
        self._setting.record("sale.ordered", serial, order_ms, status)
        if subscription >= 0:
            self._setting.record("subscription.charged", subscription, order_ms, serial)
        return self._account.sales.transactions.text(serial)

    def set_status(self, transaction: str, status: str, at_ms: int | None = None) -> None:
        """Change one sale. Its subscription transaction is updated at the same moment.

        Raises ValueError for an unknown status and KeyError for an unknown transaction.
        """
        if status not in STATUS_INDEX:
            raise ValueError(f"{status} is none of {', '.join(SALE_STATUSES)}")
        with self._account.lock:
            self._setting.record("sale.status", self.known(transaction), self._setting.moment(at_ms), status)

    def change_status(
        self,
        count: int,
        from_statuses: str | tuple[str, ...],
        to_status: str,
        at_ms: int | None = None,
        seed: int | None = None,
        *,
        ordered: tuple[int, int] | None = None,
    ) -> list[str]:
        """Change up to `count` sales picked at random, of those ordered in a window."""
        account = self._account
        with account.lock:
            start_ms, end_ms = ordered or (None, None)
            statuses = (from_statuses,) if isinstance(from_statuses, str) else from_statuses
            found = account.sales.find(start_ms, end_ms, statuses)
            random = self._setting.random if seed is None else Random(seed)
            serials = found.page(0, found.total)
            picked = random.sample(serials, min(count, len(serials)))
            transactions = [account.sales.transactions.text(serial) for serial in picked]
            for transaction in transactions:
                self.set_status(transaction, to_status, at_ms)
            return transactions

    def refund(self, count: int, at_ms: int | None = None, *, within_days: int = 60) -> list[str]:
        """Refund up to `count` paid sales ordered within so many days before now."""
        return self.change_status(count, ("APPROVED", "COMPLETE"), "REFUNDED", at_ms, ordered=self._last(within_days))

    def charge_back(self, count: int, at_ms: int | None = None, *, within_days: int = 180) -> list[str]:
        """Charge back up to `count` paid sales ordered within so many days before now."""
        return self.change_status(count, ("APPROVED", "COMPLETE"), "CHARGEBACK", at_ms, ordered=self._last(within_days))

    def known(self, transaction: str) -> int:
        """Return the serial of a sale. Raises KeyError for an unknown one."""
        serial = self._account.sales.serial(transaction)
        if serial is None:
            raise KeyError(transaction)
        return serial

    def _last(self, days: int) -> tuple[int, int]:
        return self._account.now_ms - days * DAY_MS, self._account.now_ms

    def _charged_subscription(self, order_ms: int) -> int:
        subscriptions, random = self._account.subscriptions, self._setting.random
        begun = subscriptions.begun_by(order_ms)
        if not begun or random.random() > 1 / 3:
            return -1
        index = subscriptions.by_accession[int(random.random() * begun)]
        return -1 if subscriptions.cancelled_by(index, order_ms) else index
