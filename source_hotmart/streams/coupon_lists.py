"""The coupons of products, which exist under two addresses. The wrong one answers with an empty body."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any

from source_hotmart.api.errors import HotmartError
from source_hotmart.api.pages import Envelope, Page
from source_hotmart.reading.lists import ListReader
from source_hotmart.reading.passes import Query
from source_hotmart.streams.api import Api
from source_hotmart.streams.child import ChildStream, NothingThere, Reading

PREFIXES = ("products/", "payments/")


class CouponStream(ChildStream, ABC):
    """A list of each product, under the first address that answers with one.

    An empty body can mean that a product has no coupons. Until an address has answered with a list for any product,
    the other one is tried as well.
    """

    envelope = Envelope(empty_body_is_none=True)
    doubts_empty = True
    requests_again = True

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._prefix: str | None = None
        """The address that has answered with a list."""

    def read_parent(self, query: Query, reader: ListReader) -> Reading:
        """Yield the coupons of a product. Raises `NothingThere` if all addresses have an empty body."""
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

    def path(
        self,
        *,
        stream_state: Mapping[str, Any] | None = None,
        stream_slice: Mapping[str, Any] | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the path under the prefix of the query."""
        path = super().path(stream_slice=stream_slice)
        return path.replace(PREFIXES[0], (stream_slice or {})["prefix"], 1)

    def fetch(self, query: Query, page_token: str | None = None) -> Page:
        """Return a page of coupons, and note an address that answers with a list."""
        page = super().fetch(query, page_token)
        self._prefix = self._prefix or query["prefix"]
        return page
