"""How the pages of a module are found, of which Hotmart's newer address asks for a product that nothing tells."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, ClassVar

from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.answers import Envelope
from source_hotmart.base import Api, HotmartStream
from source_hotmart.child import ChildStream, Entry
from source_hotmart.errors import HotmartError
from source_hotmart.parents import ParentUnread, Want
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query, Record

MAX_PRODUCTS_A_CLUB = 20
"""So many products at the most are tried for the modules of one club."""

PAGES_ENVELOPE = Envelope(rows="", empty_body_is_none=True)
"""A list; an empty body is what Hotmart sends for addresses that it no longer has."""


class PagesOfProduct(HotmartStream):
    """The pages of a module, by a product. https://developers.hotmart.com/docs/en/v1/club/get-pages/"""

    endpoint = "club/api/v2/modules/{module_id}/pages"
    primary_key = None
    page_size = None
    envelope = PAGES_ENVELOPE

    @property
    def name(self) -> str:
        """In messages the stream that it is read for."""
        return "club_pages"


class ModuleStream(ChildStream, ABC):
    """A list of each module, by the older address that only asks for the club, or else by the newer one.

    The modules of a club are read one after the other, so that a product that has answered is the first to be tried.
    """

    envelope = PAGES_ENVELOPE
    products: ClassVar[type[HotmartStream]]
    """The stream of products that may be tried."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._by_product = PagesOfProduct(api)
        self._want_products = Want(self.products, lambda row: row.get("id"))
        self._product_ids: list[str] | None = None
        self._no_products: ParentUnread | None = None
        self._answered: dict[str, list[str]] = {}
        self._lock = Lock()

    def join_in(self) -> None:
        """As every child, with the products."""
        super().join_in()
        self.api.parents.want(self._want_products)

    def stream_slices(
        self,
        *,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterator[StreamSlice]:
        """A slice a club. Where products are read anyway they are waited for here, as no slice may wait for another."""
        if self.api.parents.expects(self.products):
            self._candidates("")
        yield from super().stream_slices(sync_mode=sync_mode)

    def groups(self, entries: list[Entry]) -> list[list[Entry]]:
        """All modules of a club together."""
        return [entries] if entries else []

    def entry(self, row: Record) -> Entry | None:
        """A module, filed with its number of pages: one that says it has none is not asked for."""
        return None if row.get("total_pages") == 0 else super().entry(row)

    def read_parent(self, ids: Query, reader: ListReader, stream_slice: StreamSlice) -> Iterator[Record]:
        """The pages of a module. Raises `HotmartError` for one of which neither address tells any."""
        refusal: HotmartError | None = None
        rows: Sequence[Any] = ()
        try:
            rows = self.fetch(ids).rows
        except HotmartError as problem:
            if not problem.status or problem.status == 401:
                raise
            refusal = problem
        if rows:
            yield from self._records(rows, {})
            return
        for product_id in self._candidates(ids["subdomain"]):
            rows = self._try_product(ids, product_id)
            if rows:
                yield from self._records(rows, {**ids, "product_id": product_id})
                return
        raise self._unknown(refusal)

    def _records(self, rows: Sequence[Any], ids: Query) -> Iterator[Record]:
        self.progress.page_read(self.name, len(rows))
        for row in rows:
            yield self.record({**row, **ids} if isinstance(row, dict) else row)[1]

    def _try_product(self, ids: Query, product_id: str) -> list[Any]:
        try:
            rows = list(self._by_product.fetch({"module_id": ids["module_id"], "product_id": product_id}).rows)
        except HotmartError as problem:
            if not problem.status or problem.status == 401:
                raise
            return []
        if rows:
            with self._lock:
                answered = self._answered.setdefault(ids["subdomain"], [])
                if product_id not in answered:
                    answered.append(product_id)
        return rows

    def _candidates(self, subdomain: str) -> list[str]:
        """The products to try, first those that have answered in this club."""
        with self._lock:
            if self._product_ids is None:
                try:
                    self._product_ids = self.api.parents.take(self._want_products)
                except ParentUnread as unread:
                    self._product_ids, self._no_products = [], unread
            answered = self._answered.get(subdomain, [])
            return [*answered, *(one for one in self._product_ids if one not in answered)][:MAX_PRODUCTS_A_CLUB]

    def _unknown(self, refusal: HotmartError | None) -> HotmartError:
        reason = str(refusal or self._no_products or "")
        unknown = HotmartError(
            f"{self.name}: Hotmart tells the module's pages neither by its club nor by any of the account's first "
            f"{MAX_PRODUCTS_A_CLUB} products. {reason}".rstrip()
        )
        unknown.status = refusal.status if refusal else 404
        return unknown
