"""Products with their offers, plans and coupons."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from source_hotmart.api.errors import HotmartError, QueryRefused
from source_hotmart.api.pages import Envelope, Page
from source_hotmart.reading.lists import ListReader, noting
from source_hotmart.reading.passes import Query, Record
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.child import ChildStream, NothingThere, Reading

LOGGER = logging.getLogger("airbyte.hotmart")

PRODUCT_STATUSES: Final = (
    "DRAFT",
    "ACTIVE",
    "PAUSED",
    "NOT_APPROVED",
    "IN_REVIEW",
    "DELETED",
    "CHANGES_PENDING_ON_PRODUCT",
)
"""Every documented status: https://developers.hotmart.com/docs/en/v1/product/product-list/"""
PREFIXES = ("products/", "payments/")
DRAFTS = {"status": ("DRAFT",)}
"""Products that may not have any lists on Hotmart yet."""


class Products(HotmartStream):
    """The account's own products. https://developers.hotmart.com/docs/en/v1/product/product-list/

    Hotmart does not document which products it lists without `status`. The stream reads that list, and then requests
    each documented status that none of its products has: at most seven more requests per sync.
    """

    endpoint = "products/api/v1/products"
    cost_note = "one per 100 products, and one for each of seven statuses that no listed product has"
    primary_key = "id"
    page_size: int | None = 100

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Read the default list, then the statuses that it lacks. Yield each product once."""
        reader = ListReader(self)
        listed: set[Any] = set()
        label = "the whole list"
        result = yield from noting(reader.read({}, label), lambda product: listed.add(product.get("status")))
        bad_again = 0
        for status in PRODUCT_STATUSES:
            if status not in listed:
                bad_again += yield from self._read_status(reader, status)
        # A row without a key has no status either, so a list by status repeats it.
        bad_rows = max(result.bad_rows, bad_again)
        if bad_rows:
            raise reader.bad_rows(bad_rows, label)

    def _read_status(self, reader: ListReader, status: str) -> Generator[Record, None, int]:
        """Read the products of one status, none if Hotmart does not accept it. Return the number of invalid rows."""
        listed: set[Any] = set()
        try:
            rows = reader.read({"status": status}, f"the list of status {status}")
            result = yield from noting(rows, lambda product: listed.add(product.get("status")))
        except QueryRefused:
            if listed:  # Hotmart rejected a later page, so products are missing
                raise
            LOGGER.info("%s: Hotmart does not accept the status %s, so it was skipped.", self.name, status)
            return 0
        return result.bad_rows


class ProductOffers(ChildStream):
    """The prices of a product. https://developers.hotmart.com/docs/en/ > Product > Offers

    Hotmart finds them by the product's uuid, not by its number.
    """

    endpoint = "products/api/v1/products/{product_ucode}/offers"
    cost_note = "one per product"
    primary_key = ["product_ucode", "code"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 100
    parent = Products
    parent_label = "product"
    parent_fields = (("product_ucode", "ucode"), ("product_id", "id"))
    may_have_none = DRAFTS


class ProductPlans(ChildStream):
    """The plans of a product. https://developers.hotmart.com/docs/en/v1/product/product-plans/

    For a product without plans Hotmart returns 400 `invalid_parameter` (seen in March 2026). `is_subscription` is false
    for Smart Instalment and some combos, although they can have plans.
    """

    endpoint = "products/api/v1/products/{product_ucode}/plans"
    cost_note = "one per product, two for products without plans"
    primary_key = ["product_ucode", "code"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 100
    envelope = Envelope(empty_body_is_none=True)
    parent = Products
    parent_label = "product"
    parent_fields = (("product_ucode", "ucode"), ("product_id", "id"))
    may_have_none = {"is_subscription": (False,)}  # noqa: RUF012 - a constant
    empty_on = (400, "invalid_parameter")
    doubts_empty = True


class Coupons(ChildStream):
    """The discount coupons of a product. https://developers.hotmart.com/docs/en/v1/coupon/coupon-get-coupon/

    Hotmart finds them by the product's number. A coupon for several products has a row for each. The endpoint exists
    under two paths, and the wrong one returns an empty body. An empty body can also mean that a product has no coupons,
    so the other path is tried as well until one has returned a list for any product.
    """

    endpoint = "products/api/v1/coupon/product/{product_id}"
    cost_note = "one per product"
    primary_key = ["id", "product_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    parent = Products
    parent_label = "product"
    parent_fields = (("product_id", "id"), ("product_ucode", "ucode"))
    may_have_none = DRAFTS
    envelope = Envelope(empty_body_is_none=True)
    doubts_empty = True
    internal_fields = ("parent", "prefix")

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._prefix: str | None = None
        """The path prefix that has returned a list."""

    def read_parent(self, query: Query, reader: ListReader) -> Reading:
        """Yield the coupons of a product. Raise `NothingThere` if all paths return an empty body."""
        nothing: NothingThere | None = None
        for prefix in (self._prefix,) if self._prefix else PREFIXES:
            try:
                return (yield from super().read_parent({**query, "prefix": prefix}, reader))
            except NothingThere as empty:
                nothing = nothing or empty
            except HotmartError as problem:
                if nothing is None or not problem.status or problem.status == 401:
                    raise
        raise nothing or AssertionError

    def path(self, *, stream_slice: Mapping[str, Any] | None = None, **_: Any) -> str:
        path = super().path(stream_slice=stream_slice)
        return path.replace(PREFIXES[0], (stream_slice or {})["prefix"], 1)

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return a page of coupons, and remember a path that returns a list."""
        page = super().fetch(query, page_token)
        self._prefix = self._prefix or query["prefix"]
        return page
