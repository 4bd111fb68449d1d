"""Every row of the lists of products, offers and plans that a complete read can return now."""

from collections.abc import Iterator

from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.products import facts, records
from hotmart_simulator.products.state import Product


def products(account: Account) -> Iterator[Row]:
    """Yield every listed product, of every status."""
    for product in facts.listed(account):
        yield Row(("products", product.number), product.raw)


def product_offers(account: Account) -> Iterator[Row]:
    """Yield every offer. The identity holds the product's id and ucode."""
    for product in _parents(account):
        for place, record in enumerate(records.offers(product)):
            yield Row(("product_offers", product.id, product.ucode, place), record)


def product_plans(account: Account) -> Iterator[Row]:
    """Yield every plan. The identity holds the product's id and ucode."""
    for product in _parents(account):
        for place, record in enumerate(records.plans(product, facts.plan_offers(account, product))):
            yield Row(("product_plans", product.id, product.ucode, place), record)


def _parents(account: Account) -> Iterator[Product]:
    return (product for product in facts.listed(account) if facts.has_children(account, product))
