"""Changes of a sale after its order (hotmart-api.md 6.1). Each change is an event in the ledger."""

from random import Random
from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import DAY_MS, PAID_STATUSES, SALE_STATUSES, STATUS_INDEX
from hotmart_simulator.sales.facts import Sale, code_of, serial_of
from hotmart_simulator.sales.transitions import EXPIRY_MS, WAITING_STATUSES

SOLD: Final = ("APPROVED", "COMPLETE")
UNPAID: Final = tuple(status for status in SALE_STATUSES if status not in PAID_STATUSES)
EXTENSION_DAYS: Final = 7


class SaleChanges:
    """Changes of sales. Each method changes up to `count` sales and returns their transactions."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._setting = account.setting

    def set_status(self, transaction: str, status: str, at_ms: int | None = None) -> None:
        """Change the status of one sale. Its subscription transaction is updated at the same moment.

        Raise ValueError for an unknown status and KeyError for an unknown transaction.
        """
        if status not in STATUS_INDEX:
            raise ValueError(f"{status} is none of {', '.join(SALE_STATUSES)}")
        with self._account.lock:
            self._record("sale.status", [self.known(transaction)], at_ms, status)

    def change_status(
        self,
        count: int,
        from_statuses: str | tuple[str, ...],
        to_status: str,
        at_ms: Moment = None,
        seed: int | None = None,
        *,
        ordered: tuple[int, int] | None = None,
    ) -> list[str]:
        """Change sales in some statuses, picked at random among those ordered in a date range."""
        statuses = (from_statuses,) if isinstance(from_statuses, str) else from_statuses
        random = None if seed is None else Random(seed)
        with self._account.lock:
            serials = self._picked(count, self._found(statuses, ordered), random)
            return self._record("sale.status", serials, at_ms, to_status)

    def refund(self, count: int, at_ms: Moment = None, *, within_days: int = 60) -> list[str]:
        """Refund paid sales ordered within a number of days before now."""
        return self.change_status(count, SOLD, "REFUNDED", at_ms, ordered=self._last(within_days))

    def refund_partially(self, count: int, at_ms: Moment = None, *, within_days: int = 60) -> list[str]:
        """Refund a part of paid sales ordered within a number of days before now."""
        return self.change_status(count, SOLD, "PARTIALLY_REFUNDED", at_ms, ordered=self._last(within_days))

    def charge_back(self, count: int, at_ms: Moment = None, *, within_days: int | None = None) -> list[str]:
        """Charge back paid sales ordered within a number of days before now, by default as many as the switch says."""
        days = self._account.switches.latest_chargeback_days if within_days is None else within_days
        return self.change_status(count, SOLD, "CHARGEBACK", at_ms, ordered=self._last(days))

    def return_chargebacks(self, count: int, at_ms: Moment = None) -> list[str]:
        """Approve charged-back sales again, unless chargebacks are final."""
        return self.change_status(count, "CHARGEBACK", "APPROVED", at_ms) if self._can_come_back else []

    def protest(self, count: int, at_ms: Moment = None) -> list[str]:
        """Request the refund of approved sales."""
        return self.change_status(count, "APPROVED", "PROTESTED", at_ms)

    def drop_protests(self, count: int, at_ms: Moment = None) -> list[str]:
        """Approve protested sales again, unless protests are final."""
        return self.change_status(count, "PROTESTED", "APPROVED", at_ms) if self._can_come_back else []

    def grant_protests(self, count: int, at_ms: Moment = None) -> list[str]:
        """Refund protested sales."""
        return self.change_status(count, "PROTESTED", "REFUNDED", at_ms)

    def pay_boletos(self, count: int, at_ms: Moment = None) -> list[str]:
        """Receive the payment of sales that wait for it and are not due to expire. They are approved at that moment."""
        with self._account.lock:
            latest_ms, changed_of = self._account.now_ms - EXPIRY_MS, self._account.sales.changed_of
            in_time = [serial for serial in self._found(WAITING_STATUSES) if changed_of[serial] > latest_ms]
            return self._record("sale.status", self._picked(count, in_time), at_ms, "APPROVED")

    def expire_boletos(self, count: int, at_ms: Moment = None) -> list[str]:
        """Let sales expire that wait for their payment."""
        return self.change_status(count, WAITING_STATUSES, "EXPIRED", at_ms)

    def pay_pre_orders(self, count: int, at_ms: Moment = None) -> list[str]:
        """Receive the payment of pre-orders. They are approved at that moment."""
        return self.change_status(count, "PRE_ORDER", "APPROVED", at_ms)

    def extend_warranties(self, count: int, at_ms: Moment = None) -> list[str]:
        """Extend the warranty of approved sales by a week, unless warranties are fixed."""
        with self._account.lock:
            can_move = self._account.switches.warranty == "some_extended"
            serials = self._picked(count, self._found(("APPROVED",))) if can_move else []
            return self._record("sale.warranty_extended", serials, at_ms, EXTENSION_DAYS)

    def delete(self, count: int, at_ms: Moment = None) -> list[str]:
        """Delete unpaid one-off sales, if the switch `sale_deletions` allows it."""
        with self._account.lock:
            can_vanish = self._account.switches.sale_deletions == "some"
            subscription_of = self._account.sales.subscription_of
            unpaid = [serial for serial in self._found(UNPAID) if subscription_of[serial] < 0]
            return self._record("sale.deleted", self._picked(count, unpaid) if can_vanish else [], at_ms)

    def age(self, count: int | None = None) -> list[str]:
        """Make the changes that are due by now, each at its due moment: the earliest ones, or all.

        An approved sale becomes COMPLETE about half a day after its warranty, and a sale that waits for its payment
        becomes EXPIRED after five days.
        """
        with self._account.lock:
            due = sorted(self._due())[:count]
            for due_ms, serial, status in due:
                self._record("sale.status", [serial], due_ms, status)
            return [self._code(serial) for _, serial, _ in due]

    def known(self, transaction: str) -> int:
        """Return the serial of a sale. Raise KeyError for an unknown one."""
        serial = serial_of(self._account, transaction)
        if serial is None:
            raise KeyError(transaction)
        return serial

    def _due(self) -> list[tuple[int, int, str]]:
        """Return due moment, serial and new status of each change that is due by now."""
        account = self._account
        changes = [(Sale(account, serial).complete_ms, serial, "COMPLETE") for serial in self._found(("APPROVED",))]
        changed_of = account.sales.changed_of
        changes += [(changed_of[serial] + EXPIRY_MS, serial, "EXPIRED") for serial in self._found(WAITING_STATUSES)]
        return [change for change in changes if change[0] <= account.now_ms]

    @property
    def _can_come_back(self) -> bool:
        return self._account.switches.chargebacks == "come_back"

    def _last(self, days: int) -> tuple[int, int]:
        return self._account.now_ms - days * DAY_MS, self._account.now_ms

    def _found(self, statuses: tuple[str, ...], ordered: tuple[int, int] | None = None) -> list[int]:
        """Return the sales in some statuses, newest first."""
        start_ms, end_ms = ordered or (None, None)
        found = self._account.sales.find(start_ms, end_ms, statuses)
        return found.page(0, found.total)

    def _picked(self, count: int, serials: list[int], random: Random | None = None) -> list[int]:
        return (random or self._setting.random).sample(serials, min(count, len(serials)))

    def _record(self, kind: str, serials: list[int], at_ms: Moment, value: object = None) -> list[str]:
        """Record one event for each sale. Return the transactions as they were before a deletion."""
        transactions = [self._code(serial) for serial in serials]
        for serial in serials:
            self._setting.record(kind, serial, self._setting.moment(at_ms), value)
        return transactions

    def _code(self, serial: int) -> str:
        book = self._account.sales
        return code_of(self._account, serial, book.traits(serial, book.bits(serial)))
