"""Beginnings, ends and changes of subscriptions (hotmart-api.md 4.6 and 4.19)."""

from typing import Final

from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.subscriptions.event_values import Beginning
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.recording import Recorder
from hotmart_simulator.subscriptions.state import CANCELLED_STATUSES

TRIAL_DAYS: Final = 7  # of a plan without a trial of its own
IMPORTED_DAYS: Final = (30, 900)
"""Age of an imported subscription's accession."""


class LifeMoves(Recorder):
    """Beginnings, cancellations, reactivations, plan switches and rests. Moves return the subscriber codes."""

    def add(self, count: int, at_ms: Moment = None) -> list[str]:
        """Begin subscriptions, each with its first sale."""
        with self._account.lock:
            begun = []
            for _ in range(count):
                accession_ms = self._setting.moment(at_ms)
                index = self._begin(accession_ms, "ACTIVE")
                self._sales.sell(accession_ms, "APPROVED", index)
                begun.append(index)
            return self._codes(begun)

    def add_trials(self, count: int, at_ms: Moment = None) -> list[str]:
        """Begin subscriptions with a trial, which are STARTED or ACTIVE and charged at its end for the first time."""
        with self._account.lock:
            begun = []
            for _ in range(count):
                accession_ms = self._setting.moment(at_ms)
                status = self._setting.random.choice(("STARTED", "ACTIVE"))
                begun.append(self._begin(accession_ms, status, has_trial=True))
            return self._codes(begun)

    def import_old(self, count: int, at_ms: Moment = None) -> list[str]:
        """Import subscriptions, which are listed from now on with accession dates of long ago.

        They have no sales in the account yet. They are charged from their next due date on.
        """
        with self._account.lock:
            now_ms = self._account.now_ms
            earliest, latest = IMPORTED_DAYS
            span = (now_ms - latest * DAY_MS, now_ms - earliest * DAY_MS) if at_ms is None else at_ms
            moments = [self._setting.moment(span) for _ in range(count)]
            return self._codes([self._begin(moment_ms, "ACTIVE", charged_until_ms=now_ms) for moment_ms in moments])

    def cancel(self, count: int, at_ms: Moment = None) -> list[str]:
        """Cancel active subscriptions by their customers."""
        return self._change(count, ("ACTIVE",), "CANCELLED_BY_CUSTOMER", at_ms)

    def cancel_by_seller(self, count: int, at_ms: Moment = None) -> list[str]:
        """Cancel active subscriptions by the seller."""
        return self._change(count, ("ACTIVE",), "CANCELLED_BY_SELLER", at_ms)

    def cancel_by_admin(self, count: int, at_ms: Moment = None) -> list[str]:
        """Cancel active subscriptions by Hotmart."""
        return self._change(count, ("ACTIVE",), "CANCELLED_BY_ADMIN", at_ms)

    def rest(self, count: int, at_ms: Moment = None) -> list[str]:
        """Make active subscriptions INACTIVE. They are charged on only by the switch `inactive`."""
        return self._change(count, ("ACTIVE",), "INACTIVE", at_ms)

    def reactivate(self, count: int, at_ms: Moment = None) -> list[str]:
        """Reactivate cancelled subscriptions. They are charged at once if the paid time has ended."""
        with self._account.lock:
            picked = self._picked(count, CANCELLED_STATUSES, _has_charges_left)
            for index in picked:
                contract = self._contract(index)
                moment_ms = self._moment(at_ms, contract.end_ms or 0)
                number = contract.covered(contract.reached) + 1
                has_ended = contract.start_of(number) <= moment_ms
                if has_ended:
                    self._reschedule(contract, number, moment_ms, moment_ms)
                self._record("reactivated", index, moment_ms)
                self._record("status", index, moment_ms, "ACTIVE")
                if has_ended:
                    self._charge(self._contract(index), moment_ms, "APPROVED", (number,))
            return self._codes(picked)

    def switch_plan(self, count: int, at_ms: Moment = None) -> list[str]:
        """Switch active subscriptions to another plan of their product.

        Plan and price change at once. The next charge keeps its date and has the new price, and the new period starts
        with it.
        """
        with self._account.lock:
            picked = self._picked(count, ("ACTIVE",), lambda contract: self._due(contract) is not None)
            for index in picked:
                contract, moment_ms = self._contract(index), self._free(index, self._setting.moment(at_ms))
                number, due_ms = self._next(index)
                plans = contract.product.plans
                place = self._setting.random.choice([p for p, plan in enumerate(plans) if plan is not contract.plan])
                self._record("plan", index, moment_ms, place)
                self._reschedule(contract, number, due_ms, moment_ms)
            return self._codes(picked)

    def _change(self, count: int, statuses: tuple[str, ...], to_status: str, at_ms: Moment) -> list[str]:
        with self._account.lock:
            picked = self._picked(count, statuses)
            for index in picked:
                self._record("status", index, self._setting.moment(at_ms), to_status)
            return self._codes(picked)

    def _begin(
        self, accession_ms: int, status: str, *, charged_until_ms: int | None = None, has_trial: bool = False
    ) -> int:
        index = self._state.reserve(accession_ms)
        trial_days = (self._contract(index).plan.trial_days or TRIAL_DAYS) if has_trial else 0
        until_ms = accession_ms if charged_until_ms is None else charged_until_ms
        self._record("begun", index, accession_ms, Beginning(status, until_ms, trial_days))
        return index


def _has_charges_left(contract: Contract) -> bool:
    most = contract.plan.max_cycles
    return most is None or contract.covered(contract.reached) < most
