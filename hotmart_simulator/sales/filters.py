"""The conditions of a sales query on each sale, and its statuses (hotmart-api.md 4.0 to 4.5)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import DEFAULT_SALE_STATUSES
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.sales.records import tracking_of
from hotmart_simulator.sales.views import View, accepted, found_by_transaction, roles, unites_statuses
from hotmart_simulator.server.errors import wrong_parameter
from hotmart_simulator.server.parameters import Asked
from hotmart_simulator.switches import Switches

Test = Callable[[Sale, Any], bool]
TESTS: Final[Mapping[str, Test]] = {
    "product_id": lambda sale, wanted: sale.product.id == wanted,
    "sales_source": lambda sale, wanted: (tracking_of(sale) or {}).get("source") == wanted,
    "buyer_name": lambda sale, wanted: wanted.lower() in sale.buyer.name.lower(),
    "buyer_email": lambda sale, wanted: sale.buyer.email.lower() == wanted.lower(),
    "affiliate_name": lambda sale, wanted: sale.affiliate is not None and wanted.lower() in sale.affiliate.name.lower(),
    "payment_type": lambda sale, wanted: sale.payment_type == wanted,
    "offer_code": lambda sale, wanted: sale.offer_code == wanted,
    "commission_as": lambda sale, wanted: wanted in roles(sale),
}


def tests(asked: Asked) -> list[Callable[[Sale], bool]]:
    """Return the conditions of all parameters but dates, statuses and transaction."""

    def bound(test: Test, value: Any) -> Callable[[Sale], bool]:
        return lambda sale: test(sale, value)

    return [bound(TESTS[name], value) for name, value in asked.values.items() if name in TESTS]


def statuses(view: View, asked: Asked, switches: Switches) -> frozenset[str] | None:
    """Return the statuses that a query finds, None for every one.

    Raise `Refusal` for a status that the view does not accept, and for several ones where only one is accepted.
    """
    wanted: list[str] | None = asked.get("transaction_status")
    if wanted is None:
        if "transaction" in asked:
            return found_by_transaction(switches)
        return frozenset(DEFAULT_SALE_STATUSES) if switches.statuses_by_default == "paid" else None
    for status in wanted:
        if status not in accepted(view, switches):
            raise wrong_parameter("transaction_status", f"{status} is not a valid value")
    if len(wanted) > 1 and switches.several_statuses == "refused":
        raise wrong_parameter("transaction_status", "it is given more than once")
    return frozenset(wanted if unites_statuses(view, switches) else wanted[:1])
