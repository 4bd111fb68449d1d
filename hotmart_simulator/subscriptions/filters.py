"""Shared parts of the queries of subscriptions: parameters, date ranges and their errors."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.server.endpoint import Desk
from hotmart_simulator.server.errors import Refusal, wrong_parameter
from hotmart_simulator.server.parameters import Asked, Parameter, number, text
from hotmart_simulator.subscriptions.facts import Contract

SUBSCRIPTIONS: Final = "/payments/api/v1/subscriptions"
TEXT: Final = Parameter(text)
NUMBER: Final = Parameter(number)
ContractTest = Callable[[Contract, Any], bool]
CONTRACT_TESTS: Final[Mapping[str, ContractTest]] = {
    "product_id": lambda contract, wanted: contract.product.id == wanted,
    "plan": lambda contract, wanted: contract.plan.name in wanted,
    "plan_id": lambda contract, wanted: contract.plan.id == wanted,
    "status": lambda contract, wanted: contract.status in wanted,
    "subscriber_code": lambda contract, wanted: contract.code == wanted,
    "subscriber_email": lambda contract, wanted: contract.subscriber.email.lower() == wanted.lower(),
    "transaction": lambda contract, wanted: contract.transaction == wanted,
    "trial": lambda contract, wanted: contract.in_trial == wanted,
}


def default_window_ms(desk: Desk) -> int:
    """Return the length of the date range of a query without dates: 30 days as a rule."""
    return desk.switches.default_window_days * DAY_MS


def check_window(desk: Desk, name: str, start_ms: int | None, end_ms: int | None) -> None:
    """Raise `Refusal` for a date range that the switch finds too long. `name` is the parameter of its start."""
    longest_days = desk.switches.max_subscription_window_days
    if longest_days is None or start_ms is None or end_ms is None or end_ms - start_ms <= longest_days * DAY_MS:
        return
    raise wrong_parameter(name, f"the period is longer than {longest_days} days")


def check_product(desk: Desk, asked: Asked) -> None:
    """Raise `Refusal` for a product without subscriptions, unless the switch says that the list is empty (4.6)."""
    product_id = asked.get("product_id")
    if desk.switches.product_without_subscriptions == "empty":
        return
    if any(product.id == product_id and not product.is_subscription for product in desk.account.products.own):
        raise Refusal(404, "not_found", "The product has no subscriptions")
