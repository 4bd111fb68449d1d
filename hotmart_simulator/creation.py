"""The first population of a world: sales spread over its years, subscriptions begun by some of them."""

from random import Random
from typing import TYPE_CHECKING

from hotmart_simulator.common.random_source import scatter, seed_of
from hotmart_simulator.sales import transitions

if TYPE_CHECKING:
    from hotmart_simulator.world import World

FURTHER_CHARGES = 0.36  # share of the remaining sales that renew a subscription


def populate(world: "World", sales: int, subscriptions: int) -> None:
    """Fill an empty world; one pass, by date."""
    random = Random(seed_of(world.seed, "birth"))
    book, contracts = world.sales, world.subscriptions
    step_ms = (world.now_ms - world.start_ms) / max(1, sales)
    begun = min(subscriptions, sales // 2)
    recurring = bool(world.catalogue.recurring)
    warranties = [product.warranty_days for product in world.catalogue.one_off]
    first, next_first = 0, 0
    order_ms = world.start_ms
    for number in range(sales):
        # Now and then two sales share their millisecond, as live ones do.
        if number % 101 != 100:
            order_ms = world.start_ms + int((number + random.random() * (number > 0)) * step_ms)
        age_ms = world.now_ms - order_ms
        is_first = recurring and first < begun and number == next_first
        if is_first:
            index = _begin(world, order_ms + 2_000)
            first += 1
            next_first = first * sales // begun
        elif first and random.random() < FURTHER_CHARGES:
            index = int(random.random() * first)
        else:
            index = -1
        if index >= 0:
            warranty_days = contracts.contract(index).product.warranty_days
            contracts.last_sale_of[index] = number
        else:
            warranty_days = warranties[(scatter(world.sale_bits + number) >> 8) % len(warranties)]
        status, delay_ms = transitions.drawn(random, age_ms, warranty_days, paid=is_first)
        book.add(order_ms, status, order_ms + delay_ms, index)
    for position, status in transitions.missing(book.statuses):
        book.statuses[position] = status
    for _ in range(subscriptions - first if recurring else 0):
        _begin(world, world.start_ms + int(random.random() * (world.now_ms - world.start_ms)))
    contracts.settle(random, world.now_ms)


def _begin(world: "World", accession_ms: int) -> int:
    # The books' own `add` keeps an order that `settle` makes anyway, once and faster.
    contracts = world.subscriptions
    contracts.accession_of.append(min(accession_ms, world.now_ms))
    contracts.end_of.append(0)
    contracts.statuses.append(0)
    contracts.last_sale_of.append(-1)
    return len(contracts) - 1
