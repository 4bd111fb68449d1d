"""products/api: products, and the offers and plans of one (hotmart-api.md 4.10 to 4.12)."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from hotmart_simulator.common.vocabulary import PRODUCT_FORMATS, PRODUCT_STATUSES
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


def find(desk: Desk, asked: Asked) -> Matches:
    names = [name for name in ("id", "status", "format") if name in asked]
    records: list[dict[str, Any]] = [
        product.raw
        for product in desk.account.products.own
        if all(product.raw[name] == asked.get(name) for name in names)
        and (product.raw["status"] != "DELETED" or desk.switches.deleted_products == "listed")
    ]
    return Matches(len(records), lambda offset, rows: records[offset : offset + rows])


def by_ucode(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """What is no uuid, such as the number of a product, answers 200 with nothing (4.11)."""
    try:
        UUID(asked.path["ucode"])
    except ValueError:
        return Answer()
    return paged(endpoint, desk, asked)


def finder(render: Callable[[Product], list[dict[str, Any]]]) -> Callable[[Desk, Asked], Matches]:
    """All records of the product in the path."""

    def find(desk: Desk, asked: Asked) -> Matches:
        ucode = asked.path["ucode"].lower()
        product = next((own for own in desk.account.products.own if own.ucode == ucode), None)
        if product is None:
            raise Refusal(404, "not_found", "The product does not exist")
        records = render(product)
        return Matches(len(records), lambda offset, rows: records[offset : offset + rows])

    return find


def plans_of_product(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """A product that is no subscription is refused, as was seen, or has an empty list or an empty body (4.12)."""
    answer = by_ucode(endpoint, desk, asked)
    if answer.document is not None and not answer.found:
        if desk.switches.no_plans == "400":
            raise wrong_parameter("ucode", "the product has no plans")
        if desk.switches.no_plans == "empty":
            return Answer()
    return answer


def child(
    name: str,
    render: Callable[[Product], list[dict[str, Any]]],
    answer: Callable[[Endpoint, Desk, Asked], Answer] = by_ucode,
) -> PagedEndpoint:
    return PagedEndpoint(
        path=f"{PRODUCTS}/<ucode>/{name}",
        parameters=PAGING,
        answer=answer,
        key=("code",),
        text=("payment_mode",),
        find=finder(render),
        cap="products_cap",
        default_rows=50,
        totals=False,
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
        totals=False,
    ),
    child("offers", products.offers),
    child("plans", products.plans, plans_of_product),
)
