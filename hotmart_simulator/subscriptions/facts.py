"""Facts about one subscription now or at an earlier moment, derived from its number and its recorded events.

Sales build on this module, so it uses nothing of a sale but its order date.
"""

from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import RATES
from hotmart_simulator.common.people import Person
from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS
from hotmart_simulator.products.state import Plan, Product
from hotmart_simulator.subscriptions.codes import shares_code
from hotmart_simulator.subscriptions.event_values import Segment, Standing

MOST_MS: Final = 2**63
CHARGED_STATUSES: Final = ("ACTIVE", "DELAYED", "OVERDUE")
BILLING_TYPE_OF: Final = {0: "SMART_INSTALLMENT", 1: "SMART_RECOVERY"}
COUPONS: Final = ("SPRING10", "WELCOME20", "FRIENDS15")


class Contract:
    """Facts about a subscription at one moment. Dates are epoch ms, prices cents.

    Recurrence 1 starts with the accession or at the end of the trial, and the next ones with every period. `plan` and
    `cents` are those of the moment, so a charge keeps its price when the plan is switched later.
    """

    __slots__ = (
        "_rhythm",
        "_standing",
        "account",
        "at_ms",
        "began_ms",
        "bits",
        "cents",
        "index",
        "plan",
        "product",
        "subscriber",
    )

    product: Product
    plan: Plan
    subscriber: Person
    index: int

    def __init__(self, account: Account, index: int, at_ms: int | None = None) -> None:
        """Load the facts. `at_ms` is the moment, None for now."""
        state = account.subscriptions
        self.account = account
        self.index = index
        self.at_ms = at_ms
        self.bits = bits = scatter(state.bits_seed + index)
        products = account.products.recurring
        self.product = products[bits % len(products)]
        self.plan = self.product.plans[self._plan_place() if index in state.plan_changes else (bits >> 8) % 3]
        buyers = account.people.buyers
        self.subscriber = buyers[(bits >> 16) % len(buyers)]
        if bits >> 40 & 7 == 0 and shares_code(account, index):
            self.subscriber = buyers[(scatter(state.bits_seed + index - 1) >> 16) % len(buyers)]
        self.cents = max(100, int(self.plan.price_cents * RATES[self.subscriber.currency]))
        self.began_ms = state.accession_of[index]
        self._rhythm: tuple[int, int] | None = None
        self._standing: Standing | None = None

    def _plan_place(self) -> int:
        place = (self.bits >> 8) % 3
        for changed_ms, changed_place in self.account.subscriptions.plan_changes[self.index]:
            if self.at_ms is None or changed_ms <= self.at_ms:
                place = changed_place
        return place

    # Identity and dates

    @property
    def code(self) -> str:
        """Return the subscriber code. By the switch `subscriber_codes` another subscription can have the same one."""
        shared = self.account.switches.subscriber_codes == "shared" and shares_code(self.account, self.index)
        return self.account.subscriptions.codes.text(self.index - shared)

    @property
    def id(self) -> int:
        """Return the `subscription_id`."""
        return 5_500_000 + self.index * 3

    @property
    def accession_ms(self) -> int:
        """Return when it began, or by the switch `reactivation` when it was last reactivated."""
        return shown_accession_ms(self.account, self.index, self.at_ms)

    @property
    def created_ms(self) -> int:
        """Return when it was created, which never changes and is seconds before the accession (0.5, 5.6)."""
        return self.began_ms - (self.bits >> 50 & 3) * 1_000 - 1_000

    @property
    def standing(self) -> Standing:
        """Return status and end."""
        if self._standing is None:
            self._standing = self.account.subscriptions.standing(self.index, self.at_ms)
        return self._standing

    @property
    def status(self) -> str:
        """Return the status, spelled as in 4.6."""
        return self.account.subscriptions.status(self.index) if self.at_ms is None else self.standing.status

    @property
    def end_ms(self) -> int | None:
        """Return when it was cancelled."""
        return (self.account.subscriptions.end_of[self.index] if self.at_ms is None else self.standing.end_ms) or None

    # Plan

    @property
    def trial_days(self) -> int:
        """Return the days of its trial, also after its end, or 0 without one."""
        beginning = self.account.subscriptions.beginnings.get(self.index)
        return beginning.trial_days if beginning else first_trial_days(self.account, self.index, self.bits)

    @property
    def in_trial(self) -> bool:
        """Whether it has a trial and was not charged yet."""
        return self.trial_days > 0 and self.reached == 0

    @property
    def billing_type(self) -> str:
        """Return the reason for its repeated charges (4.8)."""
        return BILLING_TYPE_OF.get(self.bits >> 53 & 15, "SUBSCRIPTION")

    @property
    def coupon(self) -> str | None:
        """Return the code of the coupon used for its purchase."""
        return COUPONS[(self.bits >> 30) % len(COUPONS)] if self.bits >> 34 & 3 == 0 else None

    # Recurrences

    @property
    def rhythm(self) -> tuple[int, int]:
        """Return the start of recurrence 1 and the length of each, in ms. The length is 0 where it varies."""
        if self._rhythm is None:
            first_ms = self.began_ms + self.trial_days * DAY_MS
            is_even = self.index not in self.account.subscriptions.segments
            self._rhythm = first_ms, self._first_plan.period_days * DAY_MS if is_even else 0
        return self._rhythm

    @property
    def _first_plan(self) -> Plan:
        return self.product.plans[(self.bits >> 8) % 3]

    @property
    def _segments(self) -> list[Segment]:
        first = Segment(1, self.rhythm[0], self._first_plan.period_days, self.began_ms)
        return [first, *self.account.subscriptions.segments[self.index]]

    def number_at(self, at_ms: int) -> int:
        """Return the number of the last recurrence that has started by a moment, or 0 before the first one."""
        first_ms, period_ms = self.rhythm
        if period_ms:
            return (at_ms - first_ms) // period_ms + 1 if at_ms >= first_ms else 0
        number, segments = 0, self._segments
        for segment, later in zip(segments, [*segments[1:], None], strict=True):
            if segment.start_ms <= at_ms:
                number = (at_ms - segment.start_ms) // (segment.period_days * DAY_MS) + segment.number
                if later is not None:
                    number = min(number, later.number - 1)
        return number

    def start_of(self, number: int) -> int:
        """Return the agreed start of a recurrence as known at the moment. Its charge is due then."""
        first_ms, period_ms = self.rhythm
        if period_ms:
            return first_ms + (number - 1) * period_ms
        known = [each for each in self._segments if self.at_ms is None or each.decided_ms <= self.at_ms]
        segment = next(each for each in reversed(known) if each.number <= number)
        return segment.start_ms + (number - segment.number) * segment.period_days * DAY_MS

    def recurrency_number(self, order_ms: int) -> int:
        """Return the number of the recurrence of the charge with this order date, the highest of several."""
        numbering = self.account.subscriptions.numberings.get((self.index, order_ms))
        # The first charge can be seconds older than the accession.
        return max(1, self.number_at(order_ms)) if numbering is None else numbering.numbers[-1]

    @property
    def reached(self) -> int:
        """Return the highest recurrence that was charged or tried by now, or 0 in a trial."""
        state, serial = self.account.subscriptions, self.last_sale
        if serial is not None:
            return max(state.reached.get(self.index, 0), self.recurrency_number(self.account.sales.order_of[serial]))
        return self.unseen_reached

    @property
    def unseen_reached(self) -> int:
        """Return the recurrence that was charged before the account's first sale, for a subscription without a sale."""
        if not self.trial_days:
            return 1
        return min(1, self.number_at(self._charged_until_ms))

    @property
    def _charged_until_ms(self) -> int:
        account = self.account
        beginning = account.subscriptions.beginnings.get(self.index)
        until_ms = account.born_ms if beginning is None else beginning.charged_until_ms
        return until_ms if self.at_ms is None else min(until_ms, self.at_ms)

    def covered(self, reached: int) -> int:
        """Return the number of the last recurrence that counts as charged.

        The first population has few charges. Even so, its subscriptions count as charged until the account's creation,
        or until their end if they were cancelled.
        """
        if self.status == "STARTED":
            return reached
        return max(reached, self.number_at(min(self.end_ms or MOST_MS, self._charged_until_ms)))

    def next_charge_ms(self, reached: int | None = None) -> int | None:
        """Return noon of the day of the next charge, or for a cancelled one of the last day of access (5.6).

        The date is absent for some that are inactive, and after the last charge that the plan allows. `reached` is the
        highest recurrence charged by the moment.
        """
        status = self.status
        if status in ("INACTIVE", "STARTED") and self.bits >> 28 & 1:
            return None
        number = self.covered(self.reached if reached is None else reached) + 1
        if self.plan.max_cycles is not None and number > self.plan.max_cycles and status in CHARGED_STATUSES:
            return None
        return self.start_of(number) // DAY_MS * DAY_MS + 12 * HOUR_MS

    def due(self) -> tuple[int, int] | None:
        """Return number and start (epoch ms) of the next recurrence to charge if the subscription continues.

        Return None after the last charge that the plan allows.
        """
        number = max(self.reached, self.number_at(self._charged_until_ms)) + 1
        is_last = self.plan.max_cycles is not None and number > self.plan.max_cycles
        return None if is_last else (number, self.start_of(number))

    # The last charge as of now

    @property
    def last_sale(self) -> int | None:
        """Return the serial of the last charge."""
        serial = self.account.subscriptions.last_sale_of[self.index]
        return None if serial < 0 else serial

    @property
    def last_charge_ms(self) -> int:
        """Return the order date of the last charge, or the accession where there is none."""
        serial = self.last_sale
        return self.accession_ms if serial is None else self.account.sales.order_of[serial]

    @property
    def transaction(self) -> str:
        """Return the transaction of the last charge."""
        serial = self.last_sale
        # Without a sale, the charge was made before the account's first sale, or not yet.
        return self.account.sales.transactions.text(3_000_000_000 + self.index if serial is None else serial)


def shown_accession_ms(account: Account, index: int, at_ms: int | None = None) -> int:
    """Return the accession date that the API shows at a moment."""
    state = account.subscriptions
    if index in state.reactivations and account.switches.reactivation == "new_accession":
        shown = [date_ms for date_ms in state.reactivations[index] if at_ms is None or date_ms <= at_ms]
        if shown:
            return shown[-1]
    return state.accession_of[index]


def first_trial_days(account: Account, index: int, bits: int) -> int:
    """Return the days of trial of a subscription of the first population: one in sixteen, if its plan has a trial."""
    if bits >> 24 & 15 or index >= account.subscriptions.first_count:
        return 0
    products = account.products.recurring
    return products[bits % len(products)].plans[(bits >> 8) % 3].trial_days or 0
