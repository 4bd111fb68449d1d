"""The pages of a module that can be read in version 1, and by product in version 2."""

from hotmart_simulator.account import Account
from hotmart_simulator.members_area.state import Module, Page
from hotmart_simulator.products.facts import is_listed


def product_numbers(account: Account, module: Module) -> tuple[int, ...]:
    """Return the products that a module belongs to: one, or two for every second module under `several`."""
    is_shared = account.switches.module_products == "several" and module.sequence % 2 == 0
    return module.product_numbers if is_shared else module.product_numbers[:1]


def pages_of_product(account: Account, module: Module, product_id: int) -> tuple[Page, ...] | None:
    """Return the pages of a module that belong to one product, or None where the module does not belong to it.

    Each of two products has every second page.
    """
    product, numbers = account.products.by_id(product_id), product_numbers(account, module)
    if product is None or product.number not in numbers or not is_listed(account, product):
        return None
    return module.pages[numbers.index(product.number) :: len(numbers)]


def pages_of_version_1(account: Account, module: Module) -> tuple[Page, ...]:
    """Return the pages that version 1 has of a module, or none where it rejects every module."""
    form = account.switches.pages_v1
    is_known = form == "all" or (form == "some_empty" and module.sequence % 2 == 1)
    return module.pages if is_known else ()


def shown_total_pages(account: Account, module: Module) -> int:
    """Return `total_pages`. Under the switch `zero` every fourth module reports none."""
    if account.switches.module_total_pages == "zero" and module.sequence % 4 == 1:
        return 0
    return len(module.pages)
