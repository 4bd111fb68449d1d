"""products/api (hotmart-api.md 4.10)."""

from typing import Any, Final

from integration_tests.simulator.endpoints.endpoint import PAGING, Desk, Matches, PagedEndpoint, paged
from integration_tests.simulator.parameters import Asked, Parameter, number, one_of
from integration_tests.simulator.vocabulary import PRODUCT_FORMATS, PRODUCT_STATUSES


def find(desk: Desk, asked: Asked) -> Matches:
    names = [name for name in ("id", "status", "format") if name in asked]
    records: list[dict[str, Any]] = [
        product.raw
        for product in desk.world.catalogue.own
        if all(product.raw[name] == asked.get(name) for name in names)
    ]
    return Matches(len(records), lambda offset, rows: records[offset : offset + rows])


ENDPOINTS: Final = (
    PagedEndpoint(
        path="/products/api/v1/products",
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
)
