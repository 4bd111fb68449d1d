"""The coupons of the account's products."""

from array import array
from typing import TYPE_CHECKING

from hotmart_simulator.common.random_source import scatter, seed_of
from hotmart_simulator.products.state import Product

if TYPE_CHECKING:
    from hotmart_simulator.expected import Key
    from hotmart_simulator.world import Moment, World


class CouponBook:
    """Start (epoch ms) of every coupon by its number; its product follows from the number.

    Half of them are of one product, so that its list has pages; every third product has none.
    """

    def __init__(self, world: "World", count: int) -> None:
        self._world = world
        self._bits = seed_of(world.seed, "coupons")
        self._products = tuple(product for place, product in enumerate(world.catalogue.own) if place % 3 != 1)
        self.start_of = array("q")
        for number in range(count if self._products else 0):
            age_ms = self.bits(number) % (world.now_ms - world.start_ms + 1)
            self.start_of.append(world.now_ms - age_ms)

    def __len__(self) -> int:
        return len(self.start_of)

    def bits(self, number: int) -> int:
        return scatter(self._bits + number)

    def id(self, number: int) -> int:
        return 900_000 + number * 3

    def product(self, number: int) -> Product:
        place = 0 if number % 2 == 0 else self.bits(number) >> 32
        return self._products[place % len(self._products)]

    def numbers(self, product: Product) -> list[int]:
        """The coupons of a product."""
        return [number for number in range(len(self)) if self.product(number) is product]

    def add(self, count: int, at_ms: "Moment" = None) -> list["Key"]:
        """New coupons; returns their ids."""
        if not self._products:
            raise ValueError("the account has no products to give a discount on")
        with self._world.lock:
            first = len(self)
            self.start_of.extend(self._world.moment(at_ms) for _ in range(count))
            self._world.version += 1
            return [str(self.id(number)) for number in range(first, len(self))]
