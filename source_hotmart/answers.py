"""What Hotmart answered: a body read within bounds, and a page only where it is the page that was asked for.

An answer counts as a page when it is 2xx, JSON, and has the envelope that its endpoint is known for. An empty
or an HTML 200 is never "no rows" elsewhere: Hotmart sends the first for wrong paths and firewalls send the second.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
import requests
from urllib3.exceptions import HTTPError as TransferError

from source_hotmart.deadline import ran_out_of_time

_CHUNK_BYTES = 1 << 16


class Unreadable(Exception):
    """The body is not the page that was asked for; the text says what came instead, never any of the body.

    `breaks_contract` says that it is an answer of the API itself, of another form than is known.
    """

    def __init__(self, what: str, *, breaks_contract: bool = False) -> None:
        super().__init__(what)
        self.breaks_contract = breaks_contract


class CutOff(Exception):
    """The body did not arrive whole, or not within the bounds of time and size."""


@dataclass(frozen=True)
class Bounds:
    """How long one call may take, in seconds, and how large its decoded body may be.

    `requests` measures its read time-out from byte to byte, so an answer that drips never runs into it: `total_s`
    bounds the whole of it, see `deadline.py`.
    """

    connect_s: float = 10
    read_s: float = 60
    total_s: float = 120
    body_bytes: int = 64 << 20


DEFAULT_BOUNDS = Bounds()


@dataclass(frozen=True)
class Envelope:
    """The form of an endpoint's answer: rows under `items` beside a `page_info`, unless a stream says otherwise."""

    rows: str = "items"
    """The field that holds the list of rows; empty: the body itself is that list."""
    one_row: bool = False
    """Whether the body itself is the one row, an object."""
    empty_body_is_none: bool = False
    """Whether an empty body means that there are no rows."""
    empty_object_is_none: bool = False
    """Whether `{}` in the place of the rows means that there are none, where no total says otherwise."""

    def open(self, body: bytes) -> Page:
        """The page in a body. Raises `Unreadable` when it is anything else."""
        if self.empty_body_is_none and not body.strip():
            return NO_ROWS
        answer = decode(body)
        if not self.rows and isinstance(answer, list):
            return Page(rows=answer, next_token=None, total=None)
        if not isinstance(answer, dict):
            what = f"JSON that is no object with {self.rows!r}" if self.rows else "JSON that is no list"
            raise Unreadable(what, breaks_contract=True)
        if self.one_row and answer and "error" not in answer:
            return Page(rows=[answer], next_token=None, total=None)
        info = answer.get("page_info")
        info = info if isinstance(info, dict) else {}
        total, token = info.get("total_results"), info.get("next_page_token")
        rows = answer.get(self.rows)
        if self.empty_object_is_none and rows == {} and not total:
            rows = []
        if not isinstance(rows, list):
            if "error" in answer:
                raise Unreadable("an error object")
            wanted = f"an object without a list of {self.rows!r}" if self.rows else "an object of another kind"
            raise Unreadable(wanted, breaks_contract=True)
        if token is not None and not isinstance(token, str):
            raise Unreadable("a page token that is not text", breaks_contract=True)
        return Page(
            rows=rows,
            next_token=token or None,
            total=total if type(total) is int else None,
        )


@dataclass(frozen=True)
class Page:
    """One page of rows as Hotmart sent them."""

    rows: Sequence[Any]
    next_token: str | None
    """Asks for the next page; `None` on the last one."""
    total: int | None
    """Rows of the whole query by Hotmart's own count, where the endpoint tells it."""
    has_page_info: bool = True
    """Whether the page said if there is a next one."""


NO_ROWS = Page(rows=(), next_token=None, total=None)
"""The page of an endpoint that has nothing to list."""


def decode(body: bytes) -> Any:
    """JSON in a body. Raises `Unreadable`."""
    if not body.strip():
        raise Unreadable("an empty body")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        with suppress(ValueError):
            return orjson.loads(_with_whole_characters(body))
        what = "an HTML page" if body.lstrip()[:1] == b"<" else "a body that is not JSON"
        raise Unreadable(what) from None


def _with_whole_characters(body: bytes) -> str:
    """JSON in which each half of a character, such as of an emoji that was cut, is the mark of an unknown one.

    Other encoders write such halves as an escape, and no UTF-8 can hold them. Raises `ValueError`.
    """
    text = json.dumps(json.loads(body), ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_body(response: requests.Response, bounds: Bounds) -> bytes:
    """The decoded body of a streamed response.

    Raises `CutOff` when it breaks off, or passes `bounds`. The response then holds no content, so that nothing
    that logs responses can print a buyer's data.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        # Unlike `iter_content`, `read1` returns as soon as anything arrived, so the size is seen in time.
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > bounds.body_bytes:
                raise CutOff(f"an answer of more than {bounds.body_bytes >> 20} MiB")
    except (TransferError, OSError) as lost:
        _empty(response)
        late = ran_out_of_time(lost)
        raise CutOff(too_late(bounds) if late else "an answer that broke off") from None
    except CutOff:
        _empty(response)
        raise
    return b"".join(chunks)


def _empty(response: requests.Response) -> None:
    """Close a response of which nothing is of use; the CDK asks for its content when it logs a retry."""
    response.close()
    response._content = b""


def too_late(bounds: Bounds) -> str:
    """What is said of an answer that `deadline.py` ended."""
    return f"an answer that took more than {bounds.total_s:g} seconds"


def error_code(body: bytes) -> str:
    """Hotmart's code of an error answer such as `invalid_parameter` or `0006`; empty when it has none.

    https://developers.hotmart.com/docs/en/start/http-response-codes/; the Club has `code` instead of `error`.
    """
    try:
        answer = decode(body)
    except Unreadable:
        return ""
    code = (answer.get("error") or answer.get("code")) if isinstance(answer, dict) else None
    return code if isinstance(code, str) else ""
