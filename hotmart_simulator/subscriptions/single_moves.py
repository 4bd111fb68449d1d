"""Changes of one named subscription, and imports of subscriptions with their charges."""

from typing import Final

from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import DAY_MS, SALE_STATUSES, SUBSCRIPTION_STATUSES
from hotmart_simulator.subscriptions.charge_moves import ChargeMoves
from hotmart_simulator.subscriptions.codes import with_code
from hotmart_simulator.subscriptions.event_values import Beginning

IMPORTED_DAYS: Final = (400, 900)
"""Default age of an imported subscription's accession, so that two yearly charges lie in the past."""


class SingleMoves(ChargeMoves):
    """Changes of the subscriptions that the caller names by their subscriber codes."""

    def begin(self, at_ms: int, *, period_days: int = 30) -> str:
        """Begin a subscription of a plan with this period, charged at each due date until now. Return its code.

        Raise ValueError where no product has such a plan.
        """
        plans = [plan for product in self._account.products.recurring for plan in product.plans]
        if period_days not in {plan.period_days for plan in plans}:
            raise ValueError(f"no plan has a period of {period_days} days")
        with self._account.lock:
            # The plan follows from the number, so the numbers in between are never listed.
            index = self._state.reserve(at_ms)
            while self._contract(index).plan.period_days != period_days:
                index = self._state.reserve(at_ms)
            self._record("begun", index, at_ms, Beginning("ACTIVE", at_ms))
            self._charge_until_now(index, None)
            return self._contract(index).code

    def charge(self, code: str, at_ms: int | None = None, *, status: str = "APPROVED") -> str:
        """Charge a subscription for its next recurrence, by default now. Return the transaction.

        `status` is that of the sale. Raise ValueError for another word, or if the charge is not due by now.
        """
        if status not in SALE_STATUSES:
            raise ValueError(f"{status} is none of {', '.join(SALE_STATUSES)}")
        with self._account.lock:
            index = self._known(code)
            number, due_ms = self._next(index)
            if due_ms > self._account.now_ms:
                raise ValueError(f"the next charge of {code} is due at {due_ms} only")
            charged_ms = max(due_ms, self._setting.moment(at_ms))
            return self._charge(self._contract(index), charged_ms, status, (number,))

    def pay_boleto(self, code: str, at_ms: int | None = None) -> str:
        """Receive the payment of the oldest unpaid recurrence. Return the transaction.

        The subscription keeps its status, such as OVERDUE. Raise ValueError if nothing is unpaid.
        """
        with self._account.lock:
            index = self._known(code)
            if not self._history(index).unpaid:
                raise ValueError(f"nothing of {code} is unpaid")
            return self._pay_oldest(index, self._setting.moment(at_ms))

    def set_subscription_status(self, code: str, status: str, at_ms: int | None = None) -> None:
        """Give a subscription another status. Raise ValueError for an unknown one."""
        if status not in SUBSCRIPTION_STATUSES:
            raise ValueError(f"{status} is none of {', '.join(SUBSCRIPTION_STATUSES)}")
        with self._account.lock:
            self._record("status", self._known(code), self._setting.moment(at_ms), status)

    def import_charged(
        self, count: int, at_ms: Moment = None, *, charges: int = 2, status: str = "CANCELLED_BY_CUSTOMER"
    ) -> list[str]:
        """Import subscriptions with charges of long ago, listed from now on. Return their codes.

        Each was charged at its first due dates, up to `charges` times, and got `status` a day after the last charge.
        An ACTIVE one was charged later as well, by charges that the account does not have.
        """
        with self._account.lock:
            now_ms = self._account.now_ms
            earliest, latest = IMPORTED_DAYS[1], IMPORTED_DAYS[0]
            span = (now_ms - earliest * DAY_MS, now_ms - latest * DAY_MS) if at_ms is None else at_ms
            imported = []
            for _ in range(count):
                begun_ms = self._setting.moment(span)
                index = self._state.reserve(begun_ms)
                until_ms = now_ms if status == "ACTIVE" else begun_ms
                self._record("begun", index, begun_ms, Beginning("ACTIVE", until_ms))
                last_ms = self._charge_until_now(index, charges)
                if status != "ACTIVE":
                    self._record("status", index, min(now_ms, last_ms + DAY_MS), status)
                imported.append(index)
            return self._codes(imported)

    def _charge_until_now(self, index: int, most: int | None) -> int:
        """Charge each recurrence that has started, from the first one on, and return the time of the last charge."""
        contract, number, charged_ms = self._contract(index), 1, 0
        until = contract.plan.max_cycles if most is None else min(most, contract.plan.max_cycles or most)
        while (until is None or number <= until) and contract.start_of(number) <= self._account.now_ms:
            charged_ms = contract.start_of(number)
            transaction = self._charge(self._contract(index), charged_ms, "APPROVED", (number,))
            self._sales.complete(transaction)
            number += 1
        return charged_ms

    def _known(self, code: str) -> int:
        """Return the first subscription with a code. Raise KeyError for an unknown code."""
        found = with_code(self._account, code)
        if not found:
            raise KeyError(code)
        return found[0]
