"""Members areas (Hotmart Club): students, modules, pages and the progress by lesson."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any, ClassVar

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.errors import HotmartError, QueryRefused, UnknownMembersArea
from source_hotmart.api.pages import NO_ROWS, Envelope, Page
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record
from source_hotmart.records.columns import copy_where_missing, put
from source_hotmart.state.lookback import VISITS_OVERLAP_DAYS
from source_hotmart.state.slices import ParentKey, ParentsSlice
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.changed_parents import ChangedParentsStream
from source_hotmart.streams.child import ChildStream, NothingThere
from source_hotmart.streams.parents import ParentSelector
from source_hotmart.streams.products import Products

MAX_PRODUCTS = 20
"""Maximum number of products to try per module."""

PAGES_ENVELOPE = Envelope(rows="", empty_body_is_none=True)
"""A list. Hotmart sends an empty body for endpoints that it has removed."""


class MembersAreaStream(HotmartStream, ABC):
    """A list of a members area, read for each members area in the settings."""

    needs_members_area = True
    context_fields = parameters = ("subdomain",)
    variants: ClassVar[tuple[Mapping[str, str], ...]] = ({},)
    """Queries that each return a part of the list."""

    def slices(self) -> Iterable[StreamSlice]:
        for subdomain in self.api.config.members_area_subdomain:
            yield StreamSlice(partition={"subdomain": subdomain}, cursor_slice={})

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return one page. Raise `UnknownMembersArea` with the name of the members area."""
        try:
            return super().fetch(query, page_token)
        except UnknownMembersArea:
            raise UnknownMembersArea(
                f"{self.name}: Hotmart knows no members area {query['subdomain']!r}. Check members_area_subdomain: "
                "it is NAME in hotmart.com/club/NAME.",
                FailureType.config_error,
            ) from None

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the whole list of one members area, every key once."""
        subdomain = stream_slice["subdomain"]
        reader = ListReader(self)
        bad_rows = 0
        for variant in self.variants:
            label = ", ".join([f"members area {subdomain}", *(f"{name} {value}" for name, value in variant.items())])
            bad_rows += (yield from reader.read({"subdomain": subdomain, **variant}, label)).bad_rows
        if bad_rows:
            raise reader.bad_rows(bad_rows, f"members area {subdomain}")


class ClubStudents(MembersAreaStream):
    """The students of a members area. https://developers.hotmart.com/docs/en/v1/club/get-users/"""

    endpoint = "club/api/v1/users"
    cost_note = "one per 50 students of each members area"
    primary_key = ["subdomain", "user_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = 50
    envelope = Envelope(empty_object_is_none=True)

    def transform_row(self, row: Record) -> None:
        """Set whether a student has Plus access, and keep Hotmart's word for it in another column."""
        word = row.get("plus_access")
        if isinstance(word, str) and word.lower() not in ("", "true", "false"):
            put(row, "plus_access_type", word)
            row["plus_access"] = word != "WITHOUT_PLUS_ACCESS"


class ClubModules(MembersAreaStream):
    """The modules of a members area, extra ones included. https://developers.hotmart.com/docs/en/ > Members area

    Hotmart does not document the default of `is_extra`, so both values are requested.
    """

    endpoint = "club/api/v1/modules"
    cost_note = "two per members area"
    primary_key = ["subdomain", "module_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    envelope = Envelope(rows="")
    variants = ({"is_extra": "false"}, {"is_extra": "true"})


class PagesOfProduct(HotmartStream):
    """The pages of a module, by product. https://developers.hotmart.com/docs/en/v1/club/get-pages/"""

    endpoint = "club/api/v2/modules/{module_id}/pages"
    primary_key = None
    page_size = None
    envelope = PAGES_ENVELOPE
    name = "club_pages"  # the stream that uses it, for messages


class ClubPages(ChildStream):
    """The pages of the modules. https://developers.hotmart.com/docs/en/ > Members area > Get pages

    Version 1 of the endpoint only requires the members area. Version 2 requires a product, but no endpoint names the
    product of a module. The modules of a members area are read sequentially, so that a product with pages is tried
    first for the others.
    """

    endpoint = "club/api/v1/modules/{module_id}/pages"
    cost_note = "one per module, and up to 20 more if Hotmart requires a product"
    primary_key = ["module_id", "page_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    envelope = PAGES_ENVELOPE
    parent = ClubModules
    needs_members_area = True
    parent_label = "module"
    parent_fields = (("module_id", "module_id"), ("subdomain", "subdomain"))
    may_have_none = {"total_pages": (0,)}  # noqa: RUF012 - a constant
    parameters = ("subdomain",)
    key_spans_parents = True

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._by_product = PagesOfProduct(api)
        self._product_selector = ParentSelector(Products, lambda row: row.get("id"))
        self._product_ids: list[str] | None = None
        self._no_products: AirbyteTracedException | None = None
        self._with_pages: dict[str, list[str]] = {}
        """Products that had pages, by members area."""
        self._lock = Lock()

    def register(self) -> None:
        super().register()
        self.api.parents.register_child(self._product_selector)

    def slices(self) -> Iterable[StreamSlice]:
        """Yield a slice per members area. Wait for selected products here, since a slice must not wait."""
        if self.api.parents.is_selected(Products):
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

    def transform_row(self, row: Record) -> None:
        """Unite both spellings of whether a page is published in one column."""
        copy_where_missing(row, "is_published", "published")


class ClubLessons(ChangedParentsStream):
    """The progress of each student by lesson. https://developers.hotmart.com/docs/en/ > Members area

    It is read for students who are new or have entered the members area since the last sync.
    """

    endpoint = "club/api/v1/users/{user_id}/lessons"
    cost_note = "one per student, in later syncs only for those who are new or visited the members area"
    primary_key = ["subdomain", "user_id", "page_id"]  # noqa: RUF012 - the CDK's own form of a compound key
    page_size = None
    envelope = Envelope(rows="lessons", has_page_info=False)
    parent = ClubStudents
    needs_members_area = True
    parent_label = "student"
    parent_is_person = True
    parent_fields = (("user_id", "user_id"), ("subdomain", "subdomain"))
    may_have_none = {"role": ("OWNER", "ADMIN", "CONTENT_EDITOR", "MODERATOR")}  # noqa: RUF012 - a constant
    parameters = ("subdomain",)
    changed_fields = ("last_access_date", "purchase_date", "first_access_date")
    scope_field = "subdomain"
    overlap_days = VISITS_OVERLAP_DAYS
