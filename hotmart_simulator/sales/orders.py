"""New sales of every kind (hotmart-api.md 6.1). Each order is an event in the ledger."""

from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, MINUTE_MS
from hotmart_simulator.sales.facts import Sale, code_of, serial_of
from hotmart_simulator.sales.traits import ORDINARY, Order, Traits

BOLETO: Final = ("BILLET", "BILLET")
LISTING_DELAY_MS: Final = 10 * MINUTE_MS
"""Delay between an order and its appearance in lists under the switch `new_sales`."""


class SaleOrders:
    """Orders. Each method returns the transactions of the new sales, even if they are not listed yet."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._setting = account.setting

    def add(self, count: int, at_ms: Moment = None, *, status: str = "APPROVED") -> list[str]:
        """Add sales. One in three is a further charge of a running subscription."""
        with self._account.lock:
            made = []
            for _ in range(count):
                order_ms = self._setting.moment(at_ms)
                made.append(self.sell(order_ms, status, self._charged_subscription(order_ms)))
            return made

    def sell(
        self,
        order_ms: int,
        status: str,
        subscription: int = -1,
        *,
        traits: Traits = ORDINARY,
        shown_ms: int | None = None,
    ) -> str:
        """Add one sale, as a charge of a subscription if its number is given.

        The sale is listed from `shown_ms` on, by default at once, or by the switch some minutes after its order.
        """
        account = self._account
        serial = account.sales.reserve(order_ms, subscription)
        delay_ms = LISTING_DELAY_MS if account.switches.new_sales == "minutes_later" else 0
        shown_ms = max(account.now_ms, order_ms + delay_ms, shown_ms or 0)
        self._setting.record("sale.ordered", serial, order_ms, Order(status, traits), shown_ms=shown_ms)
        if subscription >= 0:
            self._setting.record("subscription.charged", subscription, order_ms, serial, shown_ms=shown_ms)
        return code_of(account, serial, traits)

    def add_boletos(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales by boleto, which are not paid yet."""
        return self._add_special(count, at_ms, Traits(payment=BOLETO), "PRINTED_BILLET")

    def add_pre_orders(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add pre-orders of a product before its launch."""
        return self._add_special(count, at_ms, ORDINARY, "PRE_ORDER")

    def add_free(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales at price 0."""
        return self._add_special(count, at_ms, Traits(is_free=True))

    def add_coproduced(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales of products with two co-producers."""
        return self._add_special(count, at_ms, Traits(has_two_coproducers=True))

    def add_without_buyer(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales without the buyer's data. Their records have no buyer."""
        return self._add_special(count, at_ms, Traits(has_buyer=False))

    def add_without_product(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales whose records lack their product, if the switch `sale_products` allows it."""
        return self._add_special(count, at_ms, Traits(has_product=False)) if self._some_lack_objects else []

    def add_without_producer(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales whose records lack their producer, if the switch `sale_products` allows it."""
        return self._add_special(count, at_ms, Traits(has_producer=False)) if self._some_lack_objects else []

    def add_own_affiliate(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales of own products through the account's own affiliate link, which gives it two roles."""
        products = self._account.products.one_off
        own = [place for place, product in enumerate(products) if product.role == "PRODUCER"]
        made: list[str] = []
        for _ in range(count if own else 0):
            traits = Traits(is_own_affiliate=True, product=self._setting.random.choice(own))
            made += self._add_special(1, at_ms, traits)
        return made

    def add_order_bumps(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales with an order bump, which is a sale of its own. Return the transactions of the order bumps."""
        with self._account.lock:
            made = []
            for _ in range(count):
                order_ms, main = self._setting.moment(at_ms), len(self._account.sales.order_of)
                self.sell(order_ms, "APPROVED")
                made.append(self.sell(order_ms, "APPROVED", traits=Traits(main=main)))
            return made

    def add_late(self, count: int, at_ms: Moment = None, *, shown_ms: Moment = None) -> list[str]:
        """Add sales that are listed late. `at_ms` is the moment of the order, `shown_ms` that of the listing.

        By default the order lies up to six hours back, and every second sale is listed only within the next hour.
        """
        with self._account.lock:
            made, now_ms = [], self._account.now_ms
            for number in range(count):
                order_ms = self._setting.moment((now_ms - 6 * HOUR_MS, now_ms - MINUTE_MS) if at_ms is None else at_ms)
                later = (now_ms, now_ms + HOUR_MS) if number % 2 else now_ms
                listed_ms = self._setting.moment(later if shown_ms is None else shown_ms)
                subscription = self._charged_subscription(order_ms)
                made.append(self.sell(order_ms, "APPROVED", subscription, shown_ms=listed_ms))
            return made

    def import_old(self, count: int, at_ms: Moment = None) -> list[str]:
        """Add sales with old order dates, by default one month to 30 months ago, as an import from another shop does.

        A sale whose warranty has ended has been COMPLETE since then.
        """
        with self._account.lock:
            made, now_ms = [], self._account.now_ms
            span_ms = (now_ms - 900 * DAY_MS, now_ms - 30 * DAY_MS) if at_ms is None else at_ms
            for _ in range(count):
                made.append(self.sell(self._setting.moment(span_ms), "APPROVED"))
                self.complete(made[-1])
            return made

    def complete(self, transaction: str) -> None:
        """Make an approved sale COMPLETE since the end of its warranty, if it is listed and the warranty has ended."""
        serial, now_ms = serial_of(self._account, transaction), self._account.now_ms
        if serial is not None and (due_ms := Sale(self._account, serial).complete_ms) <= now_ms:
            self._setting.record("sale.status", serial, due_ms, "COMPLETE", shown_ms=now_ms)

    @property
    def _some_lack_objects(self) -> bool:
        return self._account.switches.sale_products == "some_missing"

    def _add_special(self, count: int, at_ms: Moment, traits: Traits, status: str = "APPROVED") -> list[str]:
        with self._account.lock:
            return [self.sell(self._setting.moment(at_ms), status, traits=traits) for _ in range(count)]

    def _charged_subscription(self, order_ms: int) -> int:
        subscriptions, random = self._account.subscriptions, self._setting.random
        begun = subscriptions.begun_by(order_ms)
        if not begun or random.random() > 1 / 3:
            return -1
        index = subscriptions.by_accession[int(random.random() * begun)]
        return -1 if subscriptions.cancelled_by(index, order_ms) else index
