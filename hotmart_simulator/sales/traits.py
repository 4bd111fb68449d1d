"""Special facts of a few sales: price 0, order bumps, missing objects, two co-producers, two roles of the account."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Traits:
    """The special facts of one sale. The defaults are those of an ordinary sale.

    `is_own_affiliate` is a sale through the account's own affiliate link, where it has two roles. `main` is the serial
    of the sale that an order bump was bought with, `payment` the method and type of payment and `product` an index into
    `ProductState.one_off`. With -1 and None the sale's number determines them.
    """

    is_free: bool = False
    has_product: bool = True
    has_buyer: bool = True
    has_producer: bool = True
    has_two_coproducers: bool = False
    is_own_affiliate: bool = False
    main: int = -1
    payment: tuple[str, str] | None = None
    product: int = -1


ORDINARY: Final = Traits()


@dataclass(frozen=True, slots=True)
class Order:
    """The value of an event `sale.ordered`."""

    status: str
    traits: Traits = ORDINARY


# The first population: a sale's bits modulo DIVISOR are the place of its traits here, an ordinary one from the end on.
# Price 0 and order bumps are for one-off sales only, and a bump needs a one-off sale before it, so they have more
# places. About one sale in 50 is of each kind.
DIVISOR: Final = 251
BUMP: Final = Traits(main=0)
FIRST_TRAITS: Final = tuple(
    traits
    for traits, places in (
        (Traits(is_free=True), 12),
        (BUMP, 18),
        (Traits(has_product=False), 6),
        (Traits(has_producer=False), 6),
        (Traits(has_two_coproducers=True), 6),
        (Traits(is_own_affiliate=True), 7),
    )
    for _ in range(places)
)
SUFFIX: Final = "C1"
"""Suffix of an order bump's code after the main sale's code."""


def traits_by_bits(bits: int) -> Traits:
    """Return the traits of a sale of the first population by its bits."""
    place = bits % DIVISOR
    return FIRST_TRAITS[place] if place < len(FIRST_TRAITS) else ORDINARY
