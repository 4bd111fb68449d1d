"""Every coupon that a complete read can return now."""

from collections.abc import Iterator

from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.coupons import facts, records
from hotmart_simulator.products.facts import has_children, listed


def coupons(account: Account) -> Iterator[Row]:
    """Yield every coupon once for each product that lists it. The identity holds the product's id."""
    for product in listed(account):
        if has_children(account, product):
            for number in facts.numbers(account, product):
                yield Row(("coupons", product.id, number), records.coupon(account, number))
