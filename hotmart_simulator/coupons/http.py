"""The coupons of one product, under two prefixes (hotmart-api.md 0.5, 4.17)."""

from typing import Final, Literal

from hotmart_simulator.coupons import facts, records
from hotmart_simulator.products.facts import has_children
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
    """Respond to the number of a product. One without coupons has an empty list or an empty body."""
    if not endpoint.path.startswith(f"/{desk.switches.coupon_prefix}/"):
        return Answer()  # the known answer to a wrong prefix (0.5)
    product_id = number("product_id", asked.path["product_id"])  # a uuid is a value of the wrong type (2.4)
    answer = paged(endpoint, desk, asked)
    if not answer.found and "code" not in asked and "page_token" not in asked:
        form = desk.switches.no_coupons
        if form == "empty" or (form == "mixed" and product_id % 2):
            return Answer()
    return answer


def find(desk: Desk, asked: Asked) -> Matches:
    """Find the coupons of the product in the path."""
    account = desk.account
    product = account.products.by_id(int(asked.path["product_id"]))
    if product is None or not has_children(account, product):
        raise Refusal(404, "not_found", "The product does not exist")
    rows_of_product = [records.coupon(account, number) for number in facts.numbers(account, product)]
    if "code" in asked:
        rows_of_product = [record for record in rows_of_product if record["coupon_code"] == asked.get("code")]
    return Matches(len(rows_of_product), lambda offset, rows: rows_of_product[offset : offset + rows])


def _endpoint(prefix: Literal["products", "payments"]) -> PagedEndpoint:
    return PagedEndpoint(
        path=f"/{prefix}/api/v1/coupon/product/<product_id>",
        parameters={**PAGING, "code": Parameter(text)},
        answer=of_product,
        key=("id",),
        date=("start_date",),
        text=("coupon_code",),
        find=find,
        cap="products_cap",
        default_rows=20,  # 3.2: an example answer shows 20
    )


ENDPOINTS: Final = (_endpoint("products"), _endpoint("payments"))
