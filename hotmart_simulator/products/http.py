"""products/api: products, and the offers and plans of one (hotmart-api.md 4.10 to 4.12)."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from hotmart_simulator.account import Account
from hotmart_simulator.common.vocabulary import PRODUCT_FORMATS, PRODUCT_STATUSES
from hotmart_simulator.products import facts
from hotmart_simulator.products import records as products
from hotmart_simulator.products.state import Product
from hotmart_simulator.server.endpoint import (
    PAGING,
    Answer,
    Desk,
    Endpoint,
    Matches,
    PagedEndpoint,
    paged,
)
from hotmart_simulator.server.errors import Refusal, wrong_parameter
from hotmart_simulator.server.parameters import Asked, Parameter, number, one_of

PRODUCTS: Final = "/products/api/v1/products"
Render = Callable[[Account, Product], list[dict[str, Any]]]


def find(desk: Desk, asked: Asked) -> Matches:
    """Find the listed products. Without `status` the switch `products_by_default` decides which ones."""
    wanted = {name: asked.get(name) for name in ("id", "status", "format") if name in asked}
    if desk.switches.products_by_default == "active":
        wanted.setdefault("status", "ACTIVE")
    records: list[dict[str, Any]] = [
        product.raw
        for product in facts.listed(desk.account)
        if all(product.raw[name] == value for name, value in wanted.items())
    ]
    return Matches(len(records), lambda offset, rows: records[offset : offset + rows])


def by_ucode(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Respond to a UUID. The number of a product gets an empty 200 or a 500 (0.5, 4.11)."""
    try:
        UUID(asked.path["ucode"])
    except ValueError:
        if desk.switches.numeric_ucode == "500":
            document = {"error": "internal_error"}
            raise Refusal(500, "internal_error", "A ucode is expected", document=document) from None
        return Answer()
    return paged(endpoint, desk, asked)


def finder(render: Render) -> Callable[[Desk, Asked], Matches]:
    """Return a function that finds all records of the product in the path."""

    def find(desk: Desk, asked: Asked) -> Matches:
        product = desk.account.products.by_ucode(asked.path["ucode"].lower())
        if product is None or not facts.has_children(desk.account, product):
            raise Refusal(404, "not_found", "The product does not exist")
        records = render(desk.account, product)
        return Matches(len(records), lambda offset, rows: records[offset : offset + rows])

    return find


def plans_of_product(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Reject a product without plans, as was seen, or return an empty list or an empty body (4.12)."""
    answer = by_ucode(endpoint, desk, asked)
    if answer.document is not None and not answer.found:
        if desk.switches.no_plans == "400":
            raise wrong_parameter("ucode", "the product has no plans")
        if desk.switches.no_plans == "empty":
            return Answer()
    return answer


def _offers(account: Account, product: Product) -> list[dict[str, Any]]:
    return products.offers(product)


def _plans(account: Account, product: Product) -> list[dict[str, Any]]:
    return products.plans(product, facts.plan_offers(account, product))


def child(name: str, render: Render, answer: Callable[[Endpoint, Desk, Asked], Answer] = by_ucode) -> PagedEndpoint:
    """Return the endpoint of a list below a product."""
    return PagedEndpoint(
        path=f"{PRODUCTS}/<ucode>/{name}",
        parameters=PAGING,
        answer=answer,
        key=("code",),
        text=("payment_mode",),
        find=finder(render),
        cap="products_cap",
        default_rows=50,
        token_form="size",
    )


ENDPOINTS: Final = (
    PagedEndpoint(
        path=PRODUCTS,
        parameters={
            **PAGING,
            "id": Parameter(number),
            "status": Parameter(one_of(PRODUCT_STATUSES)),
            "format": Parameter(one_of(PRODUCT_FORMATS)),
        },
        answer=paged,
        key=("id",),
        date=("created_at",),
        text=("name",),
        find=find,
        cap="products_cap",
        default_rows=50,  # 4.10
    ),
    child("offers", _offers),
    child("plans", _plans, plans_of_product),
)
