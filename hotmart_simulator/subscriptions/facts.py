"""What is true of one subscription, worked out anew from its number whenever it is asked for."""

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import RATES
from hotmart_simulator.common.people import Person
from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS
from hotmart_simulator.products.state import Plan, Product


class Contract:
    """Facts of a subscription that do not change with time; dates in epoch ms, price in cents."""

    __slots__ = ("accession_ms", "account", "bits", "cents", "index", "plan", "product", "subscriber")

    product: Product
    plan: Plan
    subscriber: Person
    index: int

    def __init__(self, account: Account, index: int) -> None:
        self.account = account
        self.index = index
        self.bits = bits = scatter(account.subscriptions.bits_seed + index)
        products = account.products.recurring
        self.product = products[bits % len(products)]
        self.plan = self.product.plans[(bits >> 8) % 3]
        self.subscriber = account.people.buyers[(bits >> 16) % len(account.people.buyers)]
        self.cents = max(100, int(self.plan.price_cents * RATES[self.subscriber.currency]))
        self.accession_ms = account.subscriptions.accession_of[index]

    @property
    def code(self) -> str:
        return self.account.subscriptions.codes.text(self.index)

    @property
    def id(self) -> int:
        return 5_500_000 + self.index * 3

    @property
    def status(self) -> str:
        return self.account.subscriptions.status(self.index)

    @property
    def trial(self) -> bool:
        return self.bits >> 24 & 15 == 0

    @property
    def end_ms(self) -> int | None:
        """When it was cancelled."""
        return self.account.subscriptions.end_of[self.index] or None

    @property
    def last_sale(self) -> int | None:
        serial = self.account.subscriptions.last_sale_of[self.index]
        return None if serial < 0 else serial

    @property
    def last_charge_ms(self) -> int:
        serial = self.last_sale
        return self.accession_ms if serial is None else self.account.sales.order_of[serial]

    @property
    def transaction(self) -> str:
        serial = self.last_sale
        # A world with fewer sales than subscriptions: its charge was made before the account's sales begin.
        return self.account.sales.transactions.text(3_000_000_000 + self.index if serial is None else serial)

    @property
    def next_charge_ms(self) -> int | None:
        return self.next_charge_after(self.last_charge_ms)

    def next_charge_after(self, charge_ms: int) -> int | None:
        """Noon of a day (5.6); for a cancelled one the last day of access; absent for some inactive ones."""
        if self.status in ("INACTIVE", "STARTED") and self.bits >> 28 & 1:
            return None
        due_ms = charge_ms + self.plan.period_days * DAY_MS
        return due_ms // DAY_MS * DAY_MS + 12 * HOUR_MS

    def recurrency_number(self, order_ms: int) -> int:
        """1 for the first charge, one more for every period since."""
        return max(0, order_ms - self.accession_ms) // (self.plan.period_days * DAY_MS) + 1
