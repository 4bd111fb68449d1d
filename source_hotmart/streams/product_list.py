"""Read the products of every status, also where Hotmart lists only some statuses by default."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from source_hotmart.api.errors import QueryRefused
from source_hotmart.reading.lists import ListReader, noting
from source_hotmart.reading.passes import Record
from source_hotmart.streams.base import HotmartStream

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


class ProductStream(HotmartStream, ABC):
    """A list of products that may have a default filter of its own.

    Hotmart does not document which products it lists without `status`. The stream reads that list, and then asks for
    each documented status that no product in it had. This takes at most seven calls more per sync.
    """

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """Read the default list, then the statuses that are missing in it. Yield each product once."""
        reader = ListReader(self)
        listed: set[Any] = set()
        label = "the whole list"
        bad_rows = (
            yield from noting(reader.read({}, label), lambda product: listed.add(product.get("status")))
        ).bad_rows
        bad_again = 0
        for status in PRODUCT_STATUSES:
            if status not in listed:
                bad_again += yield from self._read_status(reader, status)
        # A row without a key has no status either, so a list by status repeats it.
        bad_rows = max(bad_rows, bad_again)
        if bad_rows:
            raise reader.bad_rows(bad_rows, label)

    def _read_status(self, reader: ListReader, status: str) -> Generator[Record, None, int]:
        """Read the products of one status, none where Hotmart does not accept it. Return the number of bad rows."""
        listed: set[Any] = set()
        try:
            rows = reader.read({"status": status}, f"the list of status {status}")
            result = yield from noting(rows, lambda product: listed.add(product.get("status")))
        except QueryRefused:
            if listed:  # a later page was refused, so products are missing
                raise
            LOGGER.info("%s: Hotmart does not accept the status %s, so it was skipped.", self.name, status)
            return 0
        return result.bad_rows
