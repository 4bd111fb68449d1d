"""The coupons of the account's products."""

from array import array

from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.ledger import Event
from hotmart_simulator.products.state import Product, ProductState


class CouponState:
    """Start (epoch ms) of every coupon by its number; its product follows from the number.

    Half of them are of one product, so that its list has pages; every third product has none.
    """

    def __init__(self, setting: Setting, products: ProductState, count: int) -> None:
        self._bits = setting.seed_of("coupons")
        self.products = tuple(product for place, product in enumerate(products.own) if place % 3 != 1)
        self.start_of = array("q")
        setting.ledger.project("coupon.created", self._on_created)
        for number in range(count if self.products else 0):
            age_ms = self.bits(number) % (setting.now_ms - setting.start_ms + 1)
            self.start_of.append(setting.now_ms - age_ms)

    def __len__(self) -> int:
        return len(self.start_of)

    def bits(self, number: int) -> int:
        return scatter(self._bits + number)

    def id(self, number: int) -> int:
        return 900_000 + number * 3

    def product(self, number: int) -> Product:
        place = 0 if number % 2 == 0 else self.bits(number) >> 32
        return self.products[place % len(self.products)]

    def numbers(self, product: Product) -> list[int]:
        """The coupons of a product."""
        return [number for number in range(len(self)) if self.product(number) is product]

    def _on_created(self, event: Event) -> None:
        self.start_of.append(event.at_ms)
