"""Failed charges of subscriptions, their retries, payments and cancellations (hotmart-api.md 5.7 to 5.9, 6.1)."""

from typing import Final

from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.subscriptions.charges import MOST_ATTEMPTS
from hotmart_simulator.subscriptions.event_values import ChargeKind
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.recording import Recorder

IN_ARREARS: Final = ("DELAYED", "OVERDUE")
UNPAID_LIMIT: Final = 5
"""Number of unpaid recurrences that cancels a subscription (6.1)."""
WAITING: Final = ("PRINTED_BILLET", "WAITING_PAYMENT")


class ArrearsMoves(Recorder):
    """Failed charges and their consequences. Moves return the subscriber codes."""

    def fail(self, count: int, at_ms: Moment = None) -> list[str]:
        """Let the next charge of active subscriptions fail, which makes them DELAYED or OVERDUE.

        Those whose charge is due are picked first. The others get a new charge date, the moment of the failure.
        """
        with self._account.lock:
            now_ms = self._account.now_ms
            found = self._picked(
                len(self._state), ("ACTIVE",), lambda each: not each.in_trial and bool(self._due(each))
            )
            picked = sorted(found, key=lambda index: self._next(index)[1] > now_ms)[:count]
            for index in picked:
                number, due_ms = self._next(index)
                moment_ms = self._setting.moment(at_ms)
                if due_ms > moment_ms:
                    self._reschedule(self._contract(index), number, moment_ms, moment_ms)
                self._charge(self._contract(index), moment_ms, "OVERDUE", (number,))
                self._record("status", index, moment_ms, self._setting.random.choice(("DELAYED", "DELAYED", "OVERDUE")))
            return self._codes(picked)

    def retry(self, count: int) -> list[str]:
        """Retry failed charges, a whole number of days after the last attempt. They fail again.

        After the last possible attempt the subscription is OVERDUE.
        """
        with self._account.lock:
            picked = self._picked(count, ("DELAYED",), self._can_retry)
            for index in picked:
                last = self._history(index).last
                assert last is not None
                order_ms = last.order_ms + (self._account.now_ms - last.order_ms) // DAY_MS * DAY_MS
                self._charge(self._contract(index), order_ms, "OVERDUE", (last.number,))
                if last.sequence + 1 >= MOST_ATTEMPTS:
                    self._record("status", index, order_ms, "OVERDUE")
            return self._codes(picked)

    def recover(self, count: int, at_ms: Moment = None) -> list[str]:
        """Receive the payment of the only unpaid recurrence. The subscription is ACTIVE again."""
        with self._account.lock:
            picked = self._picked(count, IN_ARREARS, lambda contract: len(self._history(contract.index).unpaid) == 1)
            for index in picked:
                self._settle(index, tuple(self._history(index).unpaid), "AUTOMATIC", at_ms)
            return self._codes(picked)

    def negotiate(self, count: int, at_ms: Moment = None) -> list[str]:
        """Receive one payment for several recurrences (5.8). The subscription is ACTIVE again.

        They are the unpaid ones, or a single unpaid one and the next one.
        """
        with self._account.lock:
            picked = self._picked(count, IN_ARREARS, lambda contract: len(self._negotiable(contract)) > 1)
            for index in picked:
                self._settle(index, self._negotiable(self._contract(index)), "NEGOTIATION", at_ms)
            return self._codes(picked)

    def pay_overdue(self, count: int, at_ms: Moment = None) -> list[str]:
        """Receive the payment of a boleto for the oldest unpaid recurrence. The subscription stays OVERDUE or STARTED.

        A boleto that waits for its payment is approved. For an overdue charge another boleto is sold.
        """
        with self._account.lock:
            picked = self._picked(count, ("OVERDUE", "STARTED"), lambda each: bool(self._history(each.index).unpaid))
            for index in picked:
                self._pay_oldest(index, self._setting.moment(at_ms))
            return self._codes(picked)

    def expire(self, count: int) -> list[str]:
        """Cancel subscriptions in arrears when the fifth unpaid recurrence fails, if it is due by now."""
        with self._account.lock:
            picked = self._picked(count, IN_ARREARS, self._expires)
            for index in picked:
                expiry_ms = self._account.now_ms
                for _ in range(UNPAID_LIMIT - len(self._history(index).unpaid)):
                    expiry_ms = self._fail_again(index)
                if self._contract(index).end_ms is None:
                    self._record("status", index, expiry_ms, "CANCELLED_BY_ADMIN")
            return self._codes(picked)

    def _pay_oldest(self, index: int, moment_ms: int) -> str:
        """Receive the payment of the oldest unpaid recurrence, and return the transaction."""
        history = self._history(index)
        number = history.unpaid[0]
        waiting = [charge for charge in history.attempts(number) if charge.status in WAITING]
        if not waiting:
            return self._charge(history.contract, moment_ms, "APPROVED", (number,))
        transaction = history.sale(waiting[-1]).transaction
        self._sales.set_status(transaction, "APPROVED", moment_ms)
        return transaction

    def _fail_again(self, index: int) -> int:
        """Let the next charge of a subscription in arrears fail, and return when it was due.

        The fifth unpaid recurrence cancels the subscription.
        """
        number, due_ms = self._next(index)
        self._charge(self._contract(index), due_ms, "OVERDUE", (number,))
        if len(self._history(index).unpaid) >= UNPAID_LIMIT:
            self._record("status", index, due_ms, "CANCELLED_BY_ADMIN")
        return due_ms

    def _expires(self, contract: Contract) -> bool:
        missing = UNPAID_LIMIT - len(self._history(contract.index).unpaid)
        due, most = self._due(contract), contract.plan.max_cycles
        if missing <= 0 or due is None:
            return missing <= 0
        last = due[0] + missing - 1
        return (most is None or last <= most) and contract.start_of(last) <= self._account.now_ms

    def _settle(self, index: int, numbers: tuple[int, ...], kind: ChargeKind, at_ms: Moment) -> None:
        moment_ms = self._setting.moment(at_ms)
        self._charge(self._contract(index), moment_ms, "APPROVED", numbers, kind)
        self._record("status", index, moment_ms, "ACTIVE")

    def _negotiable(self, contract: Contract) -> tuple[int, ...]:
        history, most = self._history(contract.index), contract.plan.max_cycles
        unpaid = tuple(history.unpaid)
        if unpaid == (history.reached,) and (most is None or history.reached < most):
            return (*unpaid, history.reached + 1)
        return unpaid

    def _can_retry(self, contract: Contract) -> bool:
        history = self._history(contract.index)
        last = history.last
        return last is not None and history.has_retry(last) and self._account.now_ms - last.order_ms >= DAY_MS
