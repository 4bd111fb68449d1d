"""Read response bodies within limits, a few at a time, and recognise the page that was requested.

A response counts as a page if it is 2xx, is JSON, and has the known envelope of its endpoint. An empty or an HTML 200
never counts as "no rows" by default: Hotmart sends empty bodies for wrong paths, and firewalls send HTML.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import BoundedSemaphore, local
from typing import Any, Final

import requests
from urllib3.exceptions import HTTPError as TransferError

from source_hotmart.api.decoding import UnexpectedBody, decode_json
from source_hotmart.api.transport import ran_out_of_time

MOST_PAGES: Final = 4
"""Maximum pages to decode at the same time, because all threads together would need a lot of memory.

A page of 500 sales has 0.5 MiB as it arrives, and 2 MiB as rows. Only one thread at a time can convert rows.
"""
LONGEST_WAIT_S: Final = 20.0
"""Seconds after which a page is decoded without a slot, so that slots can never stop a sync."""
BODY_WAIT_S: Final = 2.0
"""Seconds after which a body is read without a slot, so that slow responses cannot hold up the others."""
_CHUNK_BYTES = 1 << 16
"""Maximum bytes per chunk of a body, also after decompression."""
_DECODED = ("", "identity", "gzip", "x-gzip")
"""Accepted content encodings. The connector does not request any other."""
MOST_ROWS = 20
"""A page with more than so many times the requested rows is rejected. Endpoints may ignore a smaller `max_results`."""
LONGEST_TOKEN = 8192
"""Maximum characters of a page token, which is sent back in a URL. Known ones have fewer than 100."""


class TruncatedBody(Exception):
    """The body did not arrive completely, or exceeded the limits of time and size."""


@dataclass(frozen=True)
class Limits:
    """Timeouts of one request in seconds, and limits for its decoded body in bytes."""

    connect_s: float = 10
    read_s: float = 60
    total_s: float = 120
    """For the whole response, see `transport.py`."""
    body_bytes: int = 8 << 20
    """A page of 500 sales has half a MiB."""
    error_bytes: int = 1 << 20
    """Limit for a response that is not 2xx. For a longer one only the status is used."""


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Envelope:
    """The form of an endpoint's response, by default rows under `items` next to a `page_info`."""

    rows: str = "items"
    """The field with the list of rows. Empty: the body itself is that list."""
    one_row: bool = False
    """Whether the body itself is one row, an object."""
    empty_body_is_none: bool = False
    """Whether an empty body means that there are no rows."""
    empty_object_is_none: bool = False
    """Whether `{}` in place of the rows means that there are none, unless a total contradicts it."""

    has_page_info: bool = True
    """Whether the endpoint sends a `page_info` with every page. A bare list or object cannot contain one."""

    def __post_init__(self) -> None:
        if not self.rows:
            object.__setattr__(self, "has_page_info", False)

    def open(self, body: bytes) -> Page:
        """Return the page in a body. Raise `UnexpectedBody` if the body is anything else."""
        if self.empty_body_is_none and not body.strip():
            return NO_ROWS
        answer, repaired = decode_json(body)
        page = self._page_in(answer)
        return replace(page, repaired=repaired) if repaired else page

    def _page_in(self, answer: Any) -> Page:
        if not self.rows and isinstance(answer, list):
            return Page(rows=answer, next_token=None, total=None, has_page_info=False)
        if not isinstance(answer, dict):
            what = f"JSON that is not an object with {self.rows!r}" if self.rows else "JSON that is not a list"
            raise UnexpectedBody(what, breaks_contract=True)
        if self.one_row and answer and "error" not in answer:
            return Page(rows=[answer], next_token=None, total=None, has_page_info=False)
        sent = answer.get("page_info")
        info = sent if isinstance(sent, dict) else {}
        total, token = info.get("total_results"), info.get("next_page_token")
        rows = self._rows_in(answer, info if info is sent else None)
        if token is not None and not isinstance(token, str):
            raise UnexpectedBody("a page token that is not text", breaks_contract=True)
        if token and len(token) > LONGEST_TOKEN:
            raise UnexpectedBody(f"a page token of more than {LONGEST_TOKEN:,} characters", breaks_contract=True)
        return Page(
            rows=rows,
            next_token=token or None,
            total=total if type(total) is int else None,
            has_page_info=info is sent,
        )

    def _rows_in(self, answer: Mapping[str, Any], info: Mapping[str, Any] | None) -> list[Any]:
        """Return the rows of a page, none if Hotmart omits the list and its `page_info` counts no rows."""
        rows = answer.get(self.rows)
        if isinstance(rows, list):
            return rows
        if self.empty_object_is_none and rows == {} and not (info or {}).get("total_results"):
            return []
        if "error" in answer:
            raise UnexpectedBody("an error object")
        if self.has_page_info and info is not None and rows is None and "message" not in answer and _counts_none(info):
            return []
        wanted = f"an object without a list of {self.rows!r}" if self.rows else "an object of another kind"
        raise UnexpectedBody(wanted, breaks_contract=True)


def _counts_none(info: Mapping[str, Any]) -> bool:
    """Whether a `page_info` implies no rows: no total above 0, no next page, no rows on this page."""
    if info.get("next_page_token"):
        return False
    total = info.get("total_results")
    return total == 0 if total is not None else not info.get("results_per_page")


@dataclass(frozen=True)
class Page:
    """One page of rows as Hotmart sent them."""

    rows: Sequence[Any]
    next_token: str | None
    """The page token of the next page, `None` on the last page."""
    total: int | None
    """Hotmart's own count of all rows of the query, if the endpoint sends one."""
    has_page_info: bool = True
    """Whether the response has a `page_info`."""
    repaired: str = ""
    """Which invalid parts of the JSON were replaced, such as "invalid bytes". Never contains a value."""


NO_ROWS = Page(rows=(), next_token=None, total=None)
"""The page of an endpoint with nothing to list."""


def read_body(response: requests.Response, limits: Limits) -> bytes:
    """Return the decoded body of a streamed response, or nothing for an error response over its size limit.

    Raise `TruncatedBody` if the body is incomplete or exceeds `limits`. The content is then removed from the
    response, so that logging it cannot reveal a buyer's data.
    """
    chunks: list[bytes] = []
    size = 0
    is_good = 200 <= response.status_code < 300
    limit = limits.body_bytes if is_good else min(limits.error_bytes, limits.body_bytes)
    decodes = response.headers.get("Content-Encoding", "").strip().lower() in _DECODED
    try:
        # Unlike `iter_content`, `read1` returns as soon as any bytes arrive, so the size is checked in time.
        while size <= limit and (chunk := response.raw.read1(_CHUNK_BYTES, decode_content=decodes)):
            chunks.append(chunk)
            size += len(chunk)
    except (TransferError, OSError) as lost:
        _empty(response)
        raise TruncatedBody(too_late(limits) if ran_out_of_time(lost) else "broke off") from None
    if size <= limit:
        return b"".join(chunks)
    _empty(response)
    if is_good:
        raise TruncatedBody(f"is larger than {limit >> 20} MiB")
    return b""


def _empty(response: requests.Response) -> None:
    """Close a response, and drop its decoded content, since the CDK logs the content when it retries."""
    response.close()
    response.raw = io.BytesIO()


def too_late(limits: Limits) -> str:
    """Return what a message says of a response that exceeded its total timeout."""
    return f"took more than {limits.total_s:g} seconds"


class _Thread(local):
    """What a thread has or needs."""

    has_slot = False
    needs_slot = False


class PageSlots:
    """Slots for threads that read lists. Other requests need none, because their pages are small and soon dropped."""

    def __init__(self, slots: int = MOST_PAGES, body_wait_s: float = BODY_WAIT_S) -> None:
        self._free = BoundedSemaphore(slots)
        self._body_wait_s = body_wait_s
        self._thread = _Thread()

    @contextmanager
    def reading_page(self) -> Iterator[None]:
        """Take a slot before the page's body is read, and free it after its last row was passed on."""
        self._thread.needs_slot = not self._thread.has_slot
        try:
            yield
        finally:
            self._thread.needs_slot = False
            self._free_slot()

    def wait_to_read(self) -> None:
        """Wait shortly for a slot, if this thread needs one."""
        self._take(self._body_wait_s)

    def wait_to_decode(self) -> None:
        """Wait for a slot, if this thread needs one."""
        self._take(LONGEST_WAIT_S)
        self._thread.needs_slot = False

    def _take(self, longest_s: float) -> None:
        if self._thread.needs_slot:
            self._thread.has_slot = self._free.acquire(timeout=longest_s)
            self._thread.needs_slot = not self._thread.has_slot

    def put_back(self) -> None:
        """Free the slot of this thread until it reads another response."""
        self._thread.needs_slot |= self._thread.has_slot
        self._free_slot()

    def _free_slot(self) -> None:
        if self._thread.has_slot:
            self._thread.has_slot = False
            self._free.release()


PAGE_SLOTS: Final = PageSlots()
"""The slots of this process."""
