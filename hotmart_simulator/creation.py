"""The first population of an account: sales spread over its years, and subscriptions that begin with some of them."""

from random import Random

from hotmart_simulator.account import Account
from hotmart_simulator.common.random_source import scatter, seed_of
from hotmart_simulator.common.vocabulary import HOUR_MS, PAID_STATUSES, SALE_STATUSES
from hotmart_simulator.sales import transitions
from hotmart_simulator.subscriptions.population import Starter, settle


def populate(account: Account, sales: int, subscriptions: int) -> None:
    """Fill an empty account in one pass, by date."""
    random = Random(seed_of(account.seed, "birth"))
    book, starter = account.sales, Starter(account, random)
    step_ms = (account.now_ms - account.start_ms) / max(1, sales)
    begun = min(subscriptions, sales // 2)
    recurring = bool(account.products.recurring)
    warranties = [product.warranty_days for product in account.products.one_off]
    first, next_first = 0, 0
    order_ms = account.start_ms
    for number in range(sales):
        # Sometimes two sales share their millisecond, as real ones do.
        if number % 101 != 100:
            order_ms = account.start_ms + int((number + random.random() * (number > 0)) * step_ms)
        age_ms = account.now_ms - order_ms
        is_first = recurring and first < begun and number == next_first
        index = -1 if is_first else starter.due(order_ms)
        if is_first:
            index = starter.begin(order_ms + 2_000)
            first += 1
            next_first = first * sales // begun
        main = -1
        if index >= 0:
            warranty_days = starter.begun[index].warranty_days
        else:
            bits = scatter(book.bits_seed + number)
            warranty_days = warranties[(bits >> 8) % len(warranties)]
            main = book.first_traits(number, bits, index).main
        if main < 0:
            status, delay_ms = transitions.drawn(random, age_ms, warranty_days, paid=is_first)
        else:  # an order bump is bought with its main sale, and is unpaid if that is unpaid
            order_ms = book.order_of[main]
            status, delay_ms = book.statuses[main], book.changed_of[main] - order_ms
            if SALE_STATUSES[status] in PAID_STATUSES:
                status, delay_ms = transitions.drawn(random, account.now_ms - order_ms, warranty_days, paid=True)
        book.enter(order_ms, status, order_ms + delay_ms, index)
        if index >= 0:
            starter.charge(index, number, status)
    for position, status in transitions.missing(book.statuses, book.subscription_of):
        book.statuses[position] = status
        if status == transitions.APPROVED or status in transitions.WAITING:  # not due to change yet
            book.changed_of[book.serials[position]] = max(book.order_ms[position], account.now_ms - HOUR_MS)
    for _ in range(subscriptions - first if recurring else 0):
        starter.begin(account.start_ms + int(random.random() * (account.now_ms - account.start_ms)))
    settle(account, random)
