"""The subscriptions of the first population: their beginnings, their charges, and statuses that match the charges."""

from math import inf
from random import Random
from typing import Final, NamedTuple

from hotmart_simulator.account import Account
from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.vocabulary import (
    DAY_MS,
    PAID_STATUSES,
    PENDING_STATUSES,
    STATUS_INDEX,
    SUBSCRIPTION_STATUSES,
)
from hotmart_simulator.subscriptions.charges import History
from hotmart_simulator.subscriptions.event_values import ChargeKind, Numbering
from hotmart_simulator.subscriptions.facts import CHARGED_STATUSES, Contract, first_trial_days
from hotmart_simulator.subscriptions.state import CANCELLED, INDEX_OF

FURTHER_CHARGES: Final = 0.36  # share of the remaining sales that may charge a subscription again
PICKS: Final = 2  # number of subscriptions to try before a sale counts as one-off
RETRIES: Final = 0.7  # share of the failed charges that the next sale tries again
# Out of a hundred subscriptions, in the order of SUBSCRIPTION_STATUSES.
SHARES: Final = (58, 5, 4, 17, 6, 4, 2, 4)
PAID: Final = frozenset(STATUS_INDEX[status] for status in PAID_STATUSES)
PENDING: Final = frozenset(STATUS_INDEX[status] for status in PENDING_STATUSES)
COMPLETE: Final = STATUS_INDEX["COMPLETE"]
OVERDUE_CHARGE: Final = STATUS_INDEX["OVERDUE"]
UNPAID_STATUSES: Final = ("DELAYED", "OVERDUE")
DELAYED_FOR_MS: Final = 30 * DAY_MS
RARE: Final = 64
"""One subscription in this many can have a negotiation as its last charge, and as many an anticipation."""


class Begun(NamedTuple):
    """The dates (epoch ms) that determine whether a subscription may be charged."""

    first_ms: int
    period_ms: int
    most_charges: float
    warranty_days: int


class Starter:
    """Begin subscriptions and pick those that a sale charges, while the sales are entered by date."""

    def __init__(self, account: Account, random: Random) -> None:
        self._account = account
        self._random = random
        self.begun: list[Begun] = []
        self._last_numbers: list[int] = []
        self._is_paid = bytearray()
        self._failed = -1

    def begin(self, charged_ms: int) -> int:
        """Begin a subscription whose first charge is due at a moment, which is the end of its trial if it has one."""
        state, index = self._account.subscriptions, len(self.begun)
        first_ms = min(charged_ms, self._account.now_ms)
        trial_days = first_trial_days(self._account, index, scatter(state.bits_seed + index))
        state.accession_of.append(first_ms - trial_days * DAY_MS)
        state.end_of.append(0)
        state.statuses.append(0)
        state.last_sale_of.append(-1)
        contract = Contract(self._account, index)
        plan, warranty_days = contract.plan, contract.product.warranty_days
        self.begun.append(Begun(first_ms, plan.period_days * DAY_MS, plan.max_cycles or inf, warranty_days))
        self._last_numbers.append(0)
        self._is_paid.append(False)
        return index

    def due(self, order_ms: int) -> int:
        """Return a subscription that a sale may charge, or -1 for none.

        Either its last charge has failed, or its current recurrence was not charged yet.
        """
        random, failed = self._random.random, self._failed
        self._failed = -1
        if failed >= 0 and random() < RETRIES and self._is_due(failed, order_ms):
            return failed
        if not self.begun or random() >= FURTHER_CHARGES:
            return -1
        for _ in range(PICKS):
            index = int(random() * len(self.begun))
            if self._is_due(index, order_ms):
                return index
        return -1

    def charge(self, index: int, serial: int, status: int) -> None:
        """Record a sale as a charge."""
        sales, begun = self._account.sales, self.begun[index]
        self._account.subscriptions.last_sale_of[index] = serial
        self._last_numbers[index] = max(0, sales.order_of[serial] - begun.first_ms) // begun.period_ms + 1
        self._is_paid[index] = status in PAID
        if status not in PAID and status not in PENDING:
            self._failed = index

    def _is_due(self, index: int, order_ms: int) -> bool:
        begun, last = self.begun[index], self._last_numbers[index]
        number = max(0, order_ms - begun.first_ms) // begun.period_ms + 1
        return number <= begun.most_charges and (number > last or not self._is_paid[index])


def settle(account: Account, random: Random) -> None:
    """Set a status and an end that match the charges of every subscription, after the first sales are entered."""
    state, now_ms = account.subscriptions, account.now_ms
    count = len(state)
    drawn = random.choices(range(len(SHARES)), weights=SHARES, k=count)
    if count >= 2 * len(SHARES):
        for status, index in _examples(account).items():
            drawn[index] = status
    for index, status in enumerate(drawn):
        state.statuses[index] = status = _fitting(account, index, status)
        if status in CANCELLED:
            begun_ms = Contract(account, index).last_charge_ms
            state.end_of[index] = begun_ms + int(random.random() * max(0, now_ms - begun_ms))
    state.list_all()
    _number(account)


def _examples(account: Account) -> dict[int, int]:
    """Return a subscription for each status, so that every status occurs."""
    state, free = account.subscriptions, iter(range(len(account.subscriptions)))
    examples = {}
    for status in ("DELAYED", "OVERDUE", "STARTED"):
        index = next((i for i in free if _can_fail(account, i, is_first=status == "STARTED")), None)
        if index is not None:
            examples[INDEX_OF[status]] = index
    others = (index for index in range(len(state)) if index not in examples.values())
    for status in ("ACTIVE", "INACTIVE", "CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER", "CANCELLED_BY_ADMIN"):
        examples[INDEX_OF[status]] = next(others)
    return examples


def _is_first(account: Account, index: int) -> bool:
    """Whether the last charge of a subscription is its only one."""
    state = account.subscriptions
    first_ms = state.accession_of[index] + Contract(account, index).trial_days * DAY_MS
    return account.sales.order_of[state.last_sale_of[index]] <= first_ms


def _can_fail(account: Account, index: int, *, is_first: bool) -> bool:
    """Whether the last charge, the only one or not, has failed or can be made to fail. It is a completed sale then."""
    last = account.subscriptions.last_sale_of[index]
    if last < 0 or account.sales.statuses[last] in PENDING or is_first != _is_first(account, index):
        return False
    return account.sales.statuses[last] == COMPLETE or account.sales.statuses[last] not in PAID


def _fitting(account: Account, index: int, status: int) -> int:
    """Return the status, or another one if it does not match the charges. Let the last charge fail for some."""
    state, sales = account.subscriptions, account.sales
    last = state.last_sale_of[index]
    if last < 0:
        return INDEX_OF["ACTIVE"] if SUBSCRIPTION_STATUSES[status] in UNPAID_STATUSES else status
    name = SUBSCRIPTION_STATUSES[status]
    if sales.statuses[last] in PAID:
        if name not in (*UNPAID_STATUSES, "STARTED"):
            return status
        if not _can_fail(account, index, is_first=name == "STARTED"):
            return INDEX_OF["ACTIVE"]
        sales.statuses[last] = OVERDUE_CHARGE
        sales.changed_of[last] = min(account.now_ms, sales.order_of[last] + DAY_MS)
        return status
    if name not in (*CHARGED_STATUSES, "STARTED"):
        return status
    if _is_first(account, index):
        return INDEX_OF["STARTED"]
    if sales.statuses[last] in PENDING:
        return INDEX_OF["ACTIVE"]
    is_recent = account.now_ms - sales.order_of[last] < DELAYED_FOR_MS
    return status if name in UNPAID_STATUSES else INDEX_OF["DELAYED" if is_recent else "OVERDUE"]


def _number(account: Account) -> None:
    """Make the last charges of some subscriptions negotiations and anticipations, at least one of each."""
    seed, count = account.subscriptions.bits_seed, len(account.subscriptions)
    places = [scatter(seed + index) >> 44 & RARE - 1 for index in range(count)]
    kinds: tuple[ChargeKind, ...] = ("NEGOTIATION", "ANTICIPATION")
    for chosen, kind in enumerate(kinds):
        made = [_renumber(account, index, kind) for index, place in enumerate(places) if place == chosen]
        if not any(made):
            others = (index for index, place in enumerate(places) if place >= len(kinds))
            next((index for index in others if _renumber(account, index, kind)), None)


def _renumber(account: Account, index: int, kind: ChargeKind) -> bool:
    """Change the kind of the last charge, if possible."""
    history = History(account, index)
    last, plan = history.last, history.contract.plan
    if last is None or last.kind != "AUTOMATIC" or not last.is_paid or last.sequence > 1:
        return False
    number = last.number
    if kind == "NEGOTIATION":
        numbers: tuple[int, ...] = (number - 1, number)
        possible = number > 1 and not any(one.is_paid and one.number == number - 1 for one in history.charges)
    else:
        numbers = (number + 1,)
        possible = plan.max_cycles is None or number < plan.max_cycles
    if possible:
        state = account.subscriptions
        state.numberings[index, last.order_ms] = Numbering(last.order_ms, numbers, kind, numbers[-1])
        state.reached[index] = numbers[-1]
    return possible
