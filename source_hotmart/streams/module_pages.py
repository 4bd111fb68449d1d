"""The pages of modules. The newer endpoint requires a product, but no endpoint names the product of a module."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Iterator
from dataclasses import replace
from threading import Lock
from typing import Any, ClassVar

from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.errors import HotmartError, QueryRefused
from source_hotmart.api.pages import NO_ROWS, Envelope, Page
from source_hotmart.reading.passes import Query
from source_hotmart.records.columns import put
from source_hotmart.state.slices import ParentKey, ParentsSlice
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.child import ChildStream, NothingThere
from source_hotmart.streams.parents import ParentSelector

MAX_PRODUCTS = 20
"""Maximum number of products to try per module."""

PAGES_ENVELOPE = Envelope(rows="", empty_body_is_none=True)
"""A list. Hotmart sends an empty body for endpoints that it has removed."""


class PagesOfProduct(HotmartStream):
    """The pages of a module, by product. https://developers.hotmart.com/docs/en/v1/club/get-pages/"""

    endpoint = "club/api/v2/modules/{module_id}/pages"
    primary_key = None
    page_size = None
    envelope = PAGES_ENVELOPE
    name = "club_pages"  # the stream that uses it, for messages


class ModuleStream(ChildStream, ABC):
    """One list per module, from the older endpoint that only requires the members area, or from the newer one.

    The modules of a members area are read sequentially, so that a product with pages is tried first for the others.
    """

    envelope = PAGES_ENVELOPE
    may_have_none = {"total_pages": (0,)}  # noqa: RUF012 - a constant
    products: ClassVar[type[HotmartStream]]
    """The stream of products to try."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._by_product = PagesOfProduct(api)
        self._product_selector = ParentSelector(self.products, lambda row: row.get("id"))
        self._product_ids: list[str] | None = None
        self._no_products: AirbyteTracedException | None = None
        self._with_pages: dict[str, list[str]] = {}
        """Products that had pages, by members area."""
        self._lock = Lock()

    def register(self) -> None:
        """Register what this stream needs of modules and products."""
        super().register()
        self.api.parents.register_child(self._product_selector)

    def slices(self) -> Iterable[StreamSlice]:
        """Yield a slice per members area. Wait for selected products here, since a slice must not wait."""
        if self.api.parents.is_selected(self.products):
            self._candidates("")
        yield from super().slices()

    def groups(self, subdomain: str, parents: list[ParentKey]) -> Iterator[StreamSlice]:
        """Yield all modules of a members area together."""
        if parents:
            yield ParentsSlice(subdomain, parents)

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return the pages of a module. Raise `HotmartError` if neither endpoint has any.

        A 400 may be temporary. It is raised as `QueryRefused` or `NothingThere`, so that the module is read again.
        """
        refusal: HotmartError | None = None
        page = NO_ROWS
        try:
            page = super().fetch(query, page_token)
        except NothingThere as nothing:
            refusal = nothing.answer
        except HotmartError as problem:
            if not problem.status or problem.status == 401:
                raise
            refusal = problem
        may_have_none = query["parent"].may_have_none
        rows, rejected = page.rows, refusal if isinstance(refusal, QueryRefused) else None
        if not rows:
            rows, of_product = self._by_products(query, only_with_pages=may_have_none)
            rejected = rejected or of_product
        if rows:
            return replace(page, rows=rows)
        if not may_have_none:
            raise self._unknown(refusal, rejected)
        if rejected:
            raise NothingThere(rejected)
        return page

    def _by_products(self, query: Query, *, only_with_pages: bool) -> tuple[list[Any], QueryRefused | None]:
        """Return the pages of the first product that has any, with that product, and the last 400 of a product."""
        module_id, subdomain = query["module_id"], query["subdomain"]
        with_pages = self._with_pages.setdefault(subdomain, [])
        rejected: QueryRefused | None = None
        for product_id in list(with_pages) if only_with_pages else self._candidates(subdomain):
            try:
                rows = self._by_product.fetch({"module_id": module_id, "product_id": product_id}).rows
            except QueryRefused as problem:
                rejected = problem
                continue
            except HotmartError as problem:
                if not problem.status or problem.status == 401:
                    raise
                continue
            if rows:
                if product_id not in with_pages:
                    with_pages.append(product_id)
                for row in rows:
                    if isinstance(row, dict):
                        put(row, "product_id", product_id)
                return list(rows), rejected
        return [], rejected

    def _candidates(self, subdomain: str) -> list[str]:
        """Return the products to try, first those that had pages in this members area."""
        with self._lock:
            if self._product_ids is None:
                try:
                    self._product_ids = self.api.parents.take(self._product_selector)
                except AirbyteTracedException as failed:
                    self._product_ids, self._no_products = [], failed
        with_pages = self._with_pages.get(subdomain, [])
        return [*with_pages, *(each for each in self._product_ids if each not in with_pages)][:MAX_PRODUCTS]

    def _unknown(self, refusal: HotmartError | None, rejected: QueryRefused | None) -> HotmartError:
        reason = rejected.problem if rejected else str(refusal or self._no_products or "")
        sentence = (
            f"{self.name}: Hotmart did not return the pages of the module. Tried its members area and the account's "
            f"first {MAX_PRODUCTS} products. {reason}".rstrip()
        )
        if rejected:
            return QueryRefused(sentence)
        unknown = HotmartError(sentence)
        unknown.status = refusal.status if refusal else 404
        return unknown
