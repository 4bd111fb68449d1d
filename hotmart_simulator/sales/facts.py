"""What is true of one sale, worked out anew from its number whenever it is asked for."""

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import RATES
from hotmart_simulator.common.people import Person
from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, MINUTE_MS, PAID_STATUSES
from hotmart_simulator.products.state import Product
from hotmart_simulator.sales.payments import PAIRS
from hotmart_simulator.subscriptions.facts import Contract


class Sale:
    """Facts that the four sales records and the subscription transactions share; dates in epoch ms."""

    __slots__ = (
        "affiliate",
        "approved_ms",
        "bits",
        "buyer",
        "cents",
        "changed_ms",
        "currency",
        "instalments",
        "list_cents",
        "method",
        "offer_code",
        "offer_mode",
        "order_ms",
        "payment_type",
        "product",
        "recurrency",
        "serial",
        "status",
        "subscription",
        "transaction",
    )

    product: Product
    buyer: Person
    affiliate: Person | None
    offer_code: str
    payment_type: str
    status: str

    def __init__(self, account: Account, serial: int, status: str | None = None) -> None:
        book = account.sales
        self.serial = serial
        self.transaction = account.sales.transactions.text(serial)
        self.order_ms = order_ms = book.order_of[serial]
        self.changed_ms = changed_ms = book.changed_of[serial]
        self.status = status = status or book.status(serial)
        self.bits = bits = scatter(account.sales.bits_seed + serial)
        self.subscription = subscription = book.subscription_of[serial]
        self.method, self.payment_type = method, _ = PAIRS[bits & 255]
        if subscription >= 0:
            contract = Contract(account, subscription)
            product, buyer, plan = contract.product, contract.subscriber, contract.plan
            self.offer_code, self.offer_mode = plan.offer_code, "SUBSCRIPTION"
            self.list_cents = contract.cents
            self.instalments = 1
            self.recurrency: int | None = contract.recurrency_number(order_ms)
        else:
            products = account.products.one_off
            product = products[(bits >> 8) % len(products)]
            buyer = account.people.buyers[(bits >> 16) % len(account.people.buyers)]
            self.offer_code, self.offer_mode = product.offers[(bits >> 24) % 3]
            self.list_cents = max(100, int(product.price_cents * RATES[buyer.currency]))
            self.instalments = (bits >> 28) % 12 + 1 if "CREDIT_CARD" in method and bits >> 27 & 1 else 1
            several = bits >> 33 & 7
            # 5.1: absent on some one-off sales, above 1 on instalment plans although no subscription.
            self.recurrency = None if several < 4 else (several - 3 if several > 5 else 1)
        self.product, self.buyer, self.currency = product, buyer, buyer.currency
        # The buyer pays interest on instalments and a fee in some cases (5.5).
        extra = self.list_cents * (self.instalments - 1) // 60
        self.cents = self.list_cents + extra + (self.fee_cents if bits >> 40 & 3 == 0 else 0)
        self.affiliate = (
            account.people.owner
            if product.role == "AFFILIATE"
            else account.people.affiliates[(bits >> 44) % len(account.people.affiliates)]
            if bits >> 42 & 3 == 0
            else None
        )
        self.approved_ms: int | None = None
        if status in PAID_STATUSES:
            delay_ms = (bits >> 48) % (3 * DAY_MS) + HOUR_MS if "BILLET" in method else (bits >> 48) % MINUTE_MS
            self.approved_ms = min(order_ms + delay_ms, max(order_ms, changed_ms))

    @property
    def warranty_expire_ms(self) -> int:
        """The end of a day, so many days after the approval, or after the order where there was none."""
        paid_ms = self.order_ms if self.approved_ms is None else self.approved_ms
        return (paid_ms // DAY_MS + self.product.warranty_days + 1) * DAY_MS

    @property
    def fee_cents(self) -> int:
        return self.list_cents // 12 + 49

    @property
    def has_fee(self) -> bool:
        return self.bits >> 40 & 3 == 0
