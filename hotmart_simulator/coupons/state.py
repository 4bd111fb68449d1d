"""The coupons of the account's products."""

from array import array

from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.ledger import Event
from hotmart_simulator.products.state import Product, ProductState


class CouponState:
    """The start (epoch ms) of every coupon by its number, and the coupons that expired or were removed since.

    The product of a coupon of the first population follows from its number: half of the coupons are of one product, so
    that its list has pages, and every third product has none.
    """

    def __init__(self, setting: Setting, products: ProductState, count: int) -> None:
        self._bits = setting.seed_of("coupons")
        self._products = products
        self.product_numbers = tuple(product.number for place, product in enumerate(products.own) if place % 3 != 1)
        """The products that have coupons in the first population."""
        self.start_of = array("q")
        self.expired: set[int] = set()
        self.removed: set[int] = set()
        self._product_of: dict[int, int] = {}
        setting.ledger.project("coupon.created", self._on_created)
        setting.ledger.project("coupon.expired", self._on_expired)
        setting.ledger.project("coupon.removed", self._on_removed)
        for number in range(count if self.product_numbers else 0):
            bits = self.bits(number)
            self.start_of.append(setting.now_ms - bits % (setting.now_ms - setting.start_ms + 1))
            if bits >> 12 & 7 == 0:
                self.expired.add(number)

    def __len__(self) -> int:
        return len(self.start_of)

    def bits(self, number: int) -> int:
        return scatter(self._bits + number)

    def id(self, number: int) -> int:
        return 900_000 + number * 3

    def product_number(self, number: int) -> int:
        """Return the number of the product that a coupon was created for."""
        if number in self._product_of:
            return self._product_of[number]
        place = 0 if number % 2 == 0 else self.bits(number) >> 32
        return self.product_numbers[place % len(self.product_numbers)]

    def product(self, number: int) -> Product:
        """Return the current state of the product that a coupon was created for."""
        return self._products.numbered(self.product_number(number))

    def _on_created(self, event: Event) -> None:
        """`value` is the number of the product."""
        self.start_of.append(event.at_ms)
        self._product_of[event.subject] = event.value

    def _on_expired(self, event: Event) -> None:
        self.expired.add(event.subject)

    def _on_removed(self, event: Event) -> None:
        self.removed.add(event.subject)
