"""Facts about one sale, derived from its number and its recorded events."""

from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.money import RATES
from hotmart_simulator.common.people import Person
from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, MINUTE_MS, PAID_STATUSES
from hotmart_simulator.products.state import Product
from hotmart_simulator.sales.payments import PAIRS
from hotmart_simulator.sales.traits import SUFFIX, Traits
from hotmart_simulator.sales.transitions import COMPLETION_DELAY_MS
from hotmart_simulator.subscriptions.facts import Contract

UNLISTED_STATUS: Final = "UNDER_REVIEW"
"""A status that the docs do not list, under the switch `unlisted_status`."""
INTEREST_CURRENCIES: Final = frozenset(("BRL", "MXN"))  # 0.5
VAT_PERCENT: Final = {"EUR": 21, "MXN": 16}  # only in Europe and Mexico (0.5)


class Sale:
    """Facts that the four sales records and the subscription transactions share. Dates are epoch ms."""

    __slots__ = (
        "account",
        "affiliate",
        "approved_ms",
        "bits",
        "buyer",
        "cents",
        "changed_ms",
        "currency",
        "instalments",
        "interest_cents",
        "list_cents",
        "method",
        "offer_code",
        "offer_mode",
        "order_ms",
        "payment_type",
        "product",
        "recurrency",
        "role",
        "serial",
        "status",
        "subscription",
        "traits",
        "transaction",
        "vat_cents",
    )

    product: Product
    buyer: Person
    affiliate: Person | None
    approved_ms: int | None
    instalments: int
    list_cents: int
    method: str
    offer_code: str
    offer_mode: str
    payment_type: str
    recurrency: int | None
    role: str
    status: str
    traits: Traits

    def __init__(self, account: Account, serial: int, status: str | None = None, role: str | None = None) -> None:
        """Take a known `status` to save a lookup. `role` is the account's role in the row, by default the main one."""
        book, switches = account.sales, account.switches
        self.account = account
        self.serial = serial
        self.order_ms = order_ms = book.order_of[serial]
        self.changed_ms = book.changed_of[serial]
        self.bits = bits = scatter(book.bits_seed + serial)
        self.subscription = subscription = book.subscription_of[serial]
        self.traits = traits = book.traits(serial, bits)
        self.transaction = code_of(account, serial, traits)
        # The buyer's choices are the same for an order bump as for its main sale.
        buyer_bits = bits if traits.main < 0 else scatter(book.bits_seed + traits.main)
        self.status = status = status or book.status(serial)
        if switches.unlisted_status == "some_sales" and subscription < 0 and _is_unlisted(account, serial, bits):
            self.status = status = UNLISTED_STATUS
        self.method, self.payment_type = traits.payment or PAIRS[buyer_bits & 255]
        if subscription >= 0:
            self._charge(Contract(account, subscription, order_ms))
        else:
            self._buy(account, buyer_bits)
        product, buyer, list_cents = self.product, self.buyer, self.list_cents
        self.currency = currency = buyer.currency
        self.role = role or product.role
        # The buyer pays the interest on instalments. In Europe and Mexico half of the sales are free of VAT (5.5).
        instalments = self.instalments
        has_interest = instalments > 1 and currency in INTEREST_CURRENCIES
        self.interest_cents = interest_cents = list_cents * (instalments - 1) // 60 if has_interest else 0
        has_vat = currency in VAT_PERCENT and bits >> 50 & 3 > 1
        self.vat_cents = vat_cents = list_cents * VAT_PERCENT[currency] // 100 if has_vat else 0
        self.cents = list_cents + interest_cents + vat_cents
        if product.role == "AFFILIATE" or traits.is_own_affiliate:
            self.affiliate = account.people.owner
        elif bits >> 42 & 3 == 0:
            self.affiliate = account.people.affiliates[(bits >> 44) % len(account.people.affiliates)]
        else:
            self.affiliate = None
        self.approved_ms = self._approval_ms(buyer_bits >> 48) if status in PAID_STATUSES else None

    def _charge(self, contract: Contract) -> None:
        """Set the facts that a charge shares with its subscription when it is ordered. Later plans change nothing."""
        self.product, self.buyer, plan = contract.product, contract.subscriber, contract.plan
        self.offer_code, self.offer_mode = plan.offer_code, "SUBSCRIPTION"
        self.list_cents = contract.cents
        self.instalments = 1
        self.recurrency = contract.recurrency_number(self.order_ms)

    def _buy(self, account: Account, buyer_bits: int) -> None:
        """Pick the product, the buyer and the terms of a one-off sale."""
        bits, traits, products, buyers = self.bits, self.traits, account.products.one_off, account.people.buyers
        self.product = product = products[(bits >> 8) % len(products) if traits.product < 0 else traits.product]
        self.buyer = buyer = buyers[(buyer_bits >> 16) % len(buyers)]
        self.offer_code, self.offer_mode = product.offers[(bits >> 24) % 3]
        self.list_cents = 0 if traits.is_free else max(100, int(product.price_cents * RATES[buyer.currency]))
        in_instalments = "CREDIT_CARD" in self.method and buyer_bits >> 27 & 1 and not traits.is_free
        self.instalments = (buyer_bits >> 28) % 12 + 1 if in_instalments else 1
        several = bits >> 33 & 7
        # 5.1: absent on some one-off sales, above 1 on instalment plans although no subscription.
        self.recurrency = None if several < 4 else (several - 3 if several > 5 else 1)

    def _approval_ms(self, delay: int) -> int:
        """Return when a sale was approved: when it was paid, or shortly after the order, by boleto days after it."""
        book, serial, order_ms = self.account.sales, self.serial, self.order_ms
        if serial in book.paid_of:
            return book.paid_of[serial]
        # A change of status that is recorded later does not move the approval.
        known_ms = book.first_of[serial][1] if serial in book.first_of else self.changed_ms
        delay_ms = delay % (3 * DAY_MS) + HOUR_MS if "BILLET" in self.method else delay % MINUTE_MS
        return min(order_ms + delay_ms, max(order_ms, known_ms))

    @property
    def warranty_days(self) -> int:
        """Return the product's warranty plus the days of all extensions."""
        return self.product.warranty_days + self.account.sales.extended_days_of.get(self.serial, 0)

    @property
    def warranty_expire_ms(self) -> int:
        """Return the end of the warranty's last day, counted from the approval, or from the order of an unpaid sale."""
        paid_ms = self.order_ms if self.approved_ms is None else self.approved_ms
        return (paid_ms // DAY_MS + self.warranty_days + 1) * DAY_MS

    @property
    def complete_ms(self) -> int:
        """Return when an approved sale becomes COMPLETE: about half a day after its warranty (6.1).

        A sale approved again after a protest or a chargeback waits for at least half a day.
        """
        paid_ms = self.order_ms if self.approved_ms is None else self.approved_ms
        return max(paid_ms + self.warranty_days * DAY_MS, self.changed_ms) + COMPLETION_DELAY_MS

    @property
    def coproducers(self) -> tuple[Person, ...]:
        """Return the product's co-producer, or two different ones."""
        first = self.product.coproducer
        if not self.traits.has_two_coproducers:
            return () if first is None else (first,)
        partners = self.account.people.partners[3:]
        place = self.bits % len(partners)
        if first is None:
            first = partners[place - 1]
        return first, partners[place] if partners[place] is not first else partners[place - 1]

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles of the account, the main one first."""
        role = self.product.role
        both = role != "AFFILIATE" and self.affiliate is self.account.people.owner
        return (role, "AFFILIATE") if both else (role,)

    @property
    def has_vat(self) -> bool:
        """Whether VAT is shown. It may be 0."""
        return self.currency in VAT_PERCENT and self.bits >> 50 & 3 > 0


def code_of(account: Account, serial: int, traits: Traits) -> str:
    """Return the code of a sale. An order bump has the main sale's code with a suffix, if the switch says so."""
    codes = account.sales.transactions
    if traits.main < 0 or account.switches.transaction_codes == "digits":
        return codes.text(serial)
    return codes.text(traits.main) + SUFFIX


def serial_of(account: Account, transaction: str) -> int | None:
    """Return the number of the sale with a code, or None if no listed sale has it."""
    book = account.sales
    if account.switches.transaction_codes == "digits":
        return book.serial(transaction)
    if transaction.endswith(SUFFIX):
        main = book.transactions.serial(transaction.removesuffix(SUFFIX))
        return None if main is None else book.bump_of(main)
    serial = book.serial(transaction)
    if serial is None:
        return None
    return serial if book.traits(serial, book.bits(serial)).main < 0 else None


def _is_unlisted(account: Account, serial: int, bits: int) -> bool:
    """Whether the switch gives a one-off sale its unlisted status: about one sale in 30, until its status changes."""
    return bits % 17 == 3 and serial not in account.sales.first_of
