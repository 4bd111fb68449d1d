"""Read the products of every status, also where Hotmart lists only some statuses by default."""

from __future__ import annotations

import logging
from abc import ABC
from collections.abc import Iterator, Mapping
from typing import Any, Final

from source_hotmart.base import HotmartStream
from source_hotmart.errors import BadRow, QueryRefused
from source_hotmart.reader import Reader, Record

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
        reader = Reader(self)
        listed: set[Any] = set()
        bad_row: BadRow | None = None
        try:
            for record in reader.read_list({}, "the whole list"):
                listed.add(record.get("status"))
                yield record
        except BadRow as bad:  # the other statuses are read before the stream fails
            bad_row = bad
        for status in PRODUCT_STATUSES:
            if status in listed:
                continue
            try:
                yield from self._read_status(reader, status)
            except BadRow as bad:
                bad_row = bad_row or bad
        if bad_row:
            raise bad_row

    def _read_status(self, reader: Reader, status: str) -> Iterator[Record]:
        """Read the products of one status, none where Hotmart does not accept it."""
        is_accepted = False
        try:
            for record in reader.read_list({"status": status}, f"the list of status {status}"):
                is_accepted = True
                yield record
        except QueryRefused:
            if is_accepted:  # a later page was refused, so products are missing
                raise
            LOGGER.info("%s: Hotmart does not accept the status %s, so it was skipped.", self.name, status)
