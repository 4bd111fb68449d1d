"""The products of each coupon."""

from hotmart_simulator.account import Account
from hotmart_simulator.products.state import Product


def product_numbers(account: Account, number: int) -> tuple[int, ...]:
    """Return the products of a coupon: one, or for every second coupon up to three under `several_products`."""
    state = account.coupons
    first, bits = state.product_number(number), state.bits(number)
    if account.switches.coupons_of == "one_product" or bits >> 40 & 1:
        return (first,)
    known = state.product_numbers
    others = (known[(bits >> shift) % len(known)] for shift in (41, 47) if known)
    return tuple(dict.fromkeys((first, *others)))


def numbers(account: Account, product: Product) -> list[int]:
    """Return the coupons that are listed under a product now."""
    state = account.coupons
    return [
        number
        for number in range(len(state))
        if number not in state.removed and product.number in product_numbers(account, number)
    ]
