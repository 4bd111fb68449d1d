"""Shared parts of the moves of subscriptions: pick candidates and record events in the ledger."""

from collections.abc import Callable, Iterable
from itertools import islice

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.sales.moves import SaleMoves
from hotmart_simulator.sales.orders import LISTING_DELAY_MS
from hotmart_simulator.subscriptions.charges import History
from hotmart_simulator.subscriptions.event_values import ChargeKind, Numbering, Segment
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.state import INDEX_OF


class Recorder:
    """Base of the moves of subscriptions."""

    def __init__(self, account: Account, sales: SaleMoves) -> None:
        self._account = account
        self._setting = account.setting
        self._state = account.subscriptions
        self._sales = sales
        self._charged: dict[int, int] = {}
        """The highest recurrence that a move has charged. Its sale may not be listed yet."""

    def _contract(self, index: int) -> Contract:
        return Contract(self._account, index)

    def _history(self, index: int) -> History:
        return History(self._account, index)

    def _due(self, contract: Contract) -> tuple[int, int] | None:
        """Return number and due date (epoch ms) of the next charge, or None where the plan has no further one."""
        due, charged = contract.due(), self._charged.get(contract.index, 0)
        if due is None or due[0] > charged:
            return due
        most = contract.plan.max_cycles
        return None if most is not None and charged >= most else (charged + 1, contract.start_of(charged + 1))

    def _next(self, index: int) -> tuple[int, int]:
        """Return number and due date of the next charge. Raise ValueError where the plan has no further one."""
        due = self._due(self._contract(index))
        if due is None:
            raise ValueError(f"subscription {index} has no further charge")
        return due

    def _codes(self, indexes: Iterable[int]) -> list[str]:
        return [self._contract(index).code for index in indexes]

    def _picked(
        self, count: int, statuses: tuple[str, ...], wanted: Callable[[Contract], bool] = lambda contract: True
    ) -> list[int]:
        """Return up to `count` wanted subscriptions in some statuses, at random."""
        kept, state = {INDEX_OF[status] for status in statuses}, self._state
        found = [i for i, status in enumerate(state.statuses) if status in kept and i not in state.hidden]
        self._setting.random.shuffle(found)
        return list(islice((index for index in found if wanted(self._contract(index))), count))

    def _moment(self, at_ms: Moment, earliest_ms: int) -> int:
        """Return the moment for an argument, but not before an earlier event of the subscription."""
        return max(self._setting.moment(at_ms), earliest_ms)

    def _free(self, index: int, at_ms: int) -> int:
        """Return a moment, or the next free one: without a charge or a new plan of the subscription.

        A charge is identified by its order date, and its plan is the one of that moment.
        """
        taken = {self._account.sales.order_of[serial] for serial in self._state.charges(index)}
        taken.update(changed_ms for changed_ms, _ in self._state.plan_changes.get(index, ()))
        while at_ms in taken:
            at_ms += 1
        return at_ms

    def _record(self, what: str, index: int, at_ms: int, value: object = None) -> None:
        """Record an event that the API shows at once, even if it lies in the past."""
        self._setting.record(f"subscription.{what}", index, at_ms, value, shown_ms=max(at_ms, self._account.now_ms))

    def _reschedule(self, contract: Contract, number: int, start_ms: int, at_ms: int) -> None:
        """Let a recurrence start on a date other than agreed. The later ones follow it by the current plan."""
        period_days = self._contract(contract.index).plan.period_days
        self._record("scheduled", contract.index, at_ms, Segment(number, start_ms, period_days, at_ms))

    def _charge(
        self, contract: Contract, order_ms: int, status: str, numbers: tuple[int, ...], kind: ChargeKind = "AUTOMATIC"
    ) -> str:
        """Charge a subscription for some recurrences by a sale in a status, listed at once or by the switch later.

        Return the transaction.
        """
        index, now_ms = contract.index, self._account.now_ms
        order_ms = self._free(index, order_ms)
        delay_ms = LISTING_DELAY_MS if self._account.switches.new_sales == "minutes_later" else 0
        shown_ms = max(now_ms, order_ms + delay_ms)
        is_obvious = kind == "AUTOMATIC" and numbers == (contract.recurrency_number(order_ms),)
        if not is_obvious or order_ms < contract.last_charge_ms:
            numbering = Numbering(order_ms, numbers, kind, max(contract.reached, *numbers))
            self._setting.record("subscription.numbered", index, order_ms, numbering, shown_ms=shown_ms)
        self._charged[index] = max(self._charged.get(index, 0), *numbers)
        return self._sales.sell(order_ms, status, index, shown_ms=shown_ms)
