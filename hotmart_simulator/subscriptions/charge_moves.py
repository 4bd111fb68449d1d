"""Charges of subscriptions on their due date or before (hotmart-api.md 4.6, 5.8)."""

from heapq import heapify, heappop, heappush

from hotmart_simulator.common.setting import Moment
from hotmart_simulator.subscriptions.arrears_moves import IN_ARREARS, ArrearsMoves
from hotmart_simulator.subscriptions.facts import Contract


class ChargeMoves(ArrearsMoves):
    """Renewals, ends of trials and early payments. Moves return the subscriber codes."""

    def renew(self, count: int, at_ms: Moment = None) -> list[str]:
        """Charge subscriptions whose next charge is due by now."""
        return self._charge_due(count, at_ms, in_trial=False)

    def convert_trials(self, count: int, at_ms: Moment = None) -> list[str]:
        """Charge subscriptions whose trial has ended for the first time. They are ACTIVE from then on."""
        return self._charge_due(count, at_ms, in_trial=True)

    def anticipate(self, count: int, at_ms: Moment = None) -> list[str]:
        """Receive the payment of the next recurrence of active subscriptions before it is due."""

        def is_ahead(contract: Contract) -> bool:
            due = self._due(contract)
            return due is not None and due[1] > self._account.now_ms and not contract.in_trial

        with self._account.lock:
            picked = self._picked(count, ("ACTIVE",), is_ahead)
            for index in picked:
                number, _ = self._next(index)
                self._charge(self._contract(index), self._setting.moment(at_ms), "APPROVED", (number,), "ANTICIPATION")
            return self._codes(picked)

    def age(self, count: int | None = None) -> list[str]:
        """Make the charges that are due by now, each at its due moment: the earliest ones, or all.

        The charges of delayed and overdue subscriptions fail, and the fifth unpaid recurrence cancels them.
        """
        with self._account.lock:
            statuses = (*self._charged_statuses, *IN_ARREARS)
            indexes = self._picked(len(self._state), statuses, self._is_due)
            waiting = [(self._next(index)[1], index) for index in indexes]
            heapify(waiting)
            charged: list[int] = []
            while waiting and (count is None or len(charged) < count):
                _, index = heappop(waiting)
                charged.append(index)
                if self._contract(index).status in IN_ARREARS:
                    self._fail_again(index)
                else:
                    self._pay_due(index, None)
                contract = self._contract(index)
                if contract.end_ms is None and self._is_due(contract):
                    heappush(waiting, (self._next(index)[1], index))
            return self._codes(dict.fromkeys(charged))

    def _charge_due(self, count: int, at_ms: Moment, *, in_trial: bool) -> list[str]:
        with self._account.lock:
            picked = self._picked(
                count, self._charged_statuses, lambda each: each.in_trial == in_trial and self._is_due(each)
            )
            for index in picked:
                self._pay_due(index, self._setting.moment(at_ms))
            return self._codes(picked)

    def _pay_due(self, index: int, at_ms: int | None) -> None:
        """Charge what is due, at a moment or by default on the due date."""
        contract = self._contract(index)
        number, due_ms = self._next(index)
        charged_ms = due_ms if at_ms is None else max(due_ms, at_ms)
        self._charge(contract, charged_ms, "APPROVED", (number,))
        if contract.status == "STARTED":
            self._record("status", index, charged_ms, "ACTIVE")

    def _is_due(self, contract: Contract) -> bool:
        """Whether the next charge is due. A subscription that was never paid is charged only at the end of a trial."""
        due = self._due(contract)
        is_running = contract.status != "STARTED" or contract.in_trial
        return is_running and due is not None and due[1] <= self._account.now_ms

    @property
    def _charged_statuses(self) -> tuple[str, ...]:
        is_charged = self._account.switches.inactive == "is_charged"
        return ("ACTIVE", "STARTED", "INACTIVE") if is_charged else ("ACTIVE", "STARTED")
