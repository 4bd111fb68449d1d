"""The coupons of one product (hotmart-api.md 4.17)."""

from typing import Final

from hotmart_simulator.products import records as products
from hotmart_simulator.server.endpoint import (
    PAGING,
    Answer,
    Desk,
    Endpoint,
    Matches,
    PagedEndpoint,
    paged,
)
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.parameters import Asked, Parameter, number, text


def of_product(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """By the number of a product; for one without coupons an empty list or an empty body."""
    product_id = number("product_id", asked.path["product_id"])  # a uuid is a value of the wrong type (2.4)
    answer = paged(endpoint, desk, asked)
    if not answer.rows and "code" not in asked and "page_token" not in asked:
        form = desk.switches.no_coupons
        if form == "empty" or (form == "mixed" and product_id % 2):
            return Answer()
    return answer


def find(desk: Desk, asked: Asked) -> Matches:
    product_id = int(asked.path["product_id"])
    product = next((own for own in desk.account.products.own if own.id == product_id), None)
    if product is None:
        raise Refusal(404, "not_found", "The product does not exist")
    numbers = desk.account.coupons.numbers(product)
    records = [products.coupon(desk.account, number) for number in numbers]
    if "code" in asked:
        records = [record for record in records if record["coupon_code"] == asked.get("code")]
    return Matches(len(records), lambda offset, rows: records[offset : offset + rows])


ENDPOINTS: Final = (
    PagedEndpoint(
        path="/products/api/v1/coupon/product/<product_id>",
        parameters={**PAGING, "code": Parameter(text)},
        answer=of_product,
        key=("id",),
        date=("start_date",),
        text=("coupon_code",),
        find=find,
        cap="products_cap",
        default_rows=20,  # 3.2: an example answer shows 20
        totals=False,
    ),
)
