"""Products, their offers, plans and coupons."""

from __future__ import annotations

from source_hotmart.api.pages import Envelope
from source_hotmart.streams.child import ChildStream
from source_hotmart.streams.coupon_lists import CouponStream
from source_hotmart.streams.product_list import ProductStream

DRAFTS = {"status": ("DRAFT",)}
"""Products for which Hotmart may know no lists yet."""


class Products(ProductStream):
    """The account's own products. https://developers.hotmart.com/docs/en/v1/product/product-list/"""

    endpoint = "products/api/v1/products"
    cost_note = "one for 100 products, and one for each of seven statuses that no listed product has"
    primary_key = "id"
    page_size = 100


class ProductOffers(ChildStream):
    """The prices at which a product is sold. https://developers.hotmart.com/docs/en/ > Product > Offers

    Hotmart finds them by the product's uuid, not by its number.
    """

    endpoint = "products/api/v1/products/{product_ucode}/offers"
    cost_note = "one for each product"
    primary_key = ["product_ucode", "code"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 100
    parent = Products
    parent_label = "product"
    parent_fields = (("product_ucode", "ucode"), ("product_id", "id"))
    may_have_none = DRAFTS


class ProductPlans(ChildStream):
    """The plans of a product. https://developers.hotmart.com/docs/en/v1/product/product-plans/

    For a product without plans Hotmart answers 400 `invalid_parameter`, as was seen in March 2026. `is_subscription` is
    false for Smart Instalment and some combos, which can have plans.
    """

    endpoint = "products/api/v1/products/{product_ucode}/plans"
    cost_note = "one for each product"
    primary_key = ["product_ucode", "code"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 100
    envelope = Envelope(empty_body_is_none=True)
    parent = Products
    parent_label = "product"
    parent_fields = (("product_ucode", "ucode"), ("product_id", "id"))
    may_have_none = {"is_subscription": (False,)}  # noqa: RUF012 - a constant
    empty_on_status = (400,)
    empty_on_code = "invalid_parameter"
    doubts_empty = True
    requests_again = True


class Coupons(CouponStream):
    """The discount coupons of a product. https://developers.hotmart.com/docs/en/v1/coupon/coupon-get-coupon/

    Hotmart finds them by the product's number. A coupon of several products has a row for each.
    """

    endpoint = "products/api/v1/coupon/product/{product_id}"
    cost_note = "one for each product"
    primary_key = ["id", "product_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    parent = Products
    parent_label = "product"
    parent_fields = (("product_id", "id"), ("product_ucode", "ucode"))
    may_have_none = DRAFTS
