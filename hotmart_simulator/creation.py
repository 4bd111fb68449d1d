"""The first population of a account: sales spread over its years, subscriptions begun by some of them."""

from random import Random

from hotmart_simulator.account import Account
from hotmart_simulator.common.random_source import scatter, seed_of
from hotmart_simulator.sales import transitions
from hotmart_simulator.subscriptions.facts import Contract

FURTHER_CHARGES = 0.36  # share of the remaining sales that renew a subscription


def populate(account: Account, sales: int, subscriptions: int) -> None:
    """Fill an empty account; one pass, by date."""
    random = Random(seed_of(account.seed, "birth"))
    book, contracts = account.sales, account.subscriptions
    step_ms = (account.now_ms - account.start_ms) / max(1, sales)
    begun = min(subscriptions, sales // 2)
    recurring = bool(account.products.recurring)
    warranties = [product.warranty_days for product in account.products.one_off]
    first, next_first = 0, 0
    order_ms = account.start_ms
    for number in range(sales):
        # Now and then two sales share their millisecond, as live ones do.
        if number % 101 != 100:
            order_ms = account.start_ms + int((number + random.random() * (number > 0)) * step_ms)
        age_ms = account.now_ms - order_ms
        is_first = recurring and first < begun and number == next_first
        if is_first:
            index = _begin(account, order_ms + 2_000)
            first += 1
            next_first = first * sales // begun
        elif first and random.random() < FURTHER_CHARGES:
            index = int(random.random() * first)
        else:
            index = -1
        if index >= 0:
            warranty_days = Contract(account, index).product.warranty_days
            contracts.last_sale_of[index] = number
        else:
            warranty_days = warranties[(scatter(account.sales.bits_seed + number) >> 8) % len(warranties)]
        status, delay_ms = transitions.drawn(random, age_ms, warranty_days, paid=is_first)
        book.enter(order_ms, status, order_ms + delay_ms, index)
    for position, status in transitions.missing(book.statuses):
        book.statuses[position] = status
    for _ in range(subscriptions - first if recurring else 0):
        _begin(account, account.start_ms + int(random.random() * (account.now_ms - account.start_ms)))
    contracts.settle(random, account.now_ms)


def _begin(account: Account, accession_ms: int) -> int:
    # The books' own `add` keeps an order that `settle` makes anyway, once and faster.
    contracts = account.subscriptions
    contracts.accession_of.append(min(accession_ms, account.now_ms))
    contracts.end_of.append(0)
    contracts.statuses.append(0)
    contracts.last_sale_of.append(-1)
    return len(contracts) - 1
