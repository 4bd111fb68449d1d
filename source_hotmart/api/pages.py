"""What Hotmart answered: a body read within limits, and a page only where it is the page that was asked for.

An answer counts as a page when it is 2xx, JSON, and has the envelope that its endpoint is known for. An empty
or an HTML 200 is never "no rows" elsewhere: Hotmart sends the first for wrong paths and firewalls send the second.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import requests
from urllib3.exceptions import HTTPError as TransferError

from source_hotmart.api.deadline import ran_out_of_time
from source_hotmart.api.decoding import MOST_VALUES, TooDeep, TooManyValues, decode_json

_CHUNK_BYTES = 1 << 16
"""Also the most that one chunk of a compressed body is decoded to."""
_DECODED = ("", "identity", "gzip", "x-gzip")
"""A body that is compressed in another way was not asked for, and is no JSON."""
MOST_ROWS = 20
"""So many times the rows that were asked for are no page. Endpoints may ignore a smaller number."""
LONGEST_TOKEN = 8192
"""Characters of a page token, which is sent back in an address. Those that are known have fewer than 100."""
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_CODE_DIGITS = 5
"""Known codes have four digits at the most. Documents, telephone numbers and credentials have more."""


class UnexpectedBody(Exception):
    """The body is not the page that was asked for; the text says what came instead, never any of the body.

    `breaks_contract` says that it is an answer of the API itself, of another form than is known.
    """

    def __init__(self, what: str, *, breaks_contract: bool = False) -> None:
        super().__init__(what)
        self.breaks_contract = breaks_contract


class TruncatedBody(Exception):
    """The body did not arrive whole, or not within the limits of time and size."""


@dataclass(frozen=True)
class Limits:
    """How long one call may take, in seconds, and how large its decoded body may be.

    `requests` measures its read time-out from byte to byte, so an answer that drips never runs into it: `total_s`
    is the time of the whole response, see `deadline.py`.
    """

    connect_s: float = 10
    read_s: float = 60
    total_s: float = 120
    body_bytes: int = 8 << 20
    """A page of 500 sales has half a MiB."""
    error_bytes: int = 1 << 20
    """For an answer that is not 2xx. Of a longer one only the status counts."""


DEFAULT_LIMITS = Limits()


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

    has_page_info: bool = True
    """Whether the endpoint sends a `page_info` with every page. A bare list or object has no place for one."""

    def __post_init__(self) -> None:
        if not self.rows:
            object.__setattr__(self, "has_page_info", False)

    def open(self, body: bytes) -> Page:
        """Return the page in a body. Raise `UnexpectedBody` if the body is anything else."""
        if self.empty_body_is_none and not body.strip():
            return NO_ROWS
        answer, repaired = _decode(body)
        page = self._page_in(answer)
        return replace(page, repaired=repaired) if repaired else page

    def _page_in(self, answer: Any) -> Page:
        if not self.rows and isinstance(answer, list):
            return Page(rows=answer, next_token=None, total=None, has_page_info=False)
        if not isinstance(answer, dict):
            what = f"JSON that is no object with {self.rows!r}" if self.rows else "JSON that is no list"
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
        """Return the rows of a page: none where Hotmart left the list out and its `page_info` counts no rows."""
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
    """Whether nothing in a `page_info` speaks of rows: no total above 0, no next page, no rows on this page."""
    if info.get("next_page_token"):
        return False
    total = info.get("total_results")
    return total == 0 if total is not None else not info.get("results_per_page")


@dataclass(frozen=True)
class Page:
    """One page of rows as Hotmart sent them."""

    rows: Sequence[Any]
    next_token: str | None
    """Asks for the next page; `None` on the last one."""
    total: int | None
    """Rows of the whole query by Hotmart's own count, where the endpoint tells it."""
    has_page_info: bool = True
    """Whether a `page_info` was sent with the rows."""
    repaired: str = ""
    """What was invalid in the JSON and has been replaced, such as "invalid bytes". Never a value."""

    def has_more_than(self, rows: int | None) -> bool:
        """Whether it has many more rows than were asked for; `None` where pages have no size."""
        return rows is not None and len(self.rows) > MOST_ROWS * rows


NO_ROWS = Page(rows=(), next_token=None, total=None)
"""The page of an endpoint that has nothing to list."""


def decode(body: bytes) -> Any:
    """Return the content of a JSON body in which nothing is invalid. Raise `UnexpectedBody` if it is something else."""
    content, repaired = _decode(body)
    if repaired:  # a token or an error code must not be guessed
        raise UnexpectedBody("a body that is not JSON")
    return content


def _decode(body: bytes) -> tuple[Any, str]:
    """Return the content of a JSON body, and what had to be replaced in it."""
    if not body.strip():
        raise UnexpectedBody("an empty body")
    try:
        return decode_json(body)
    except TooDeep:
        raise UnexpectedBody("JSON that is nested too deeply") from None
    except TooManyValues:
        raise UnexpectedBody(f"JSON of more than {MOST_VALUES:,} values") from None
    except ValueError:
        what = "an HTML page" if body.lstrip()[:1] == b"<" else "a body that is not JSON"
        raise UnexpectedBody(what) from None


def read_body(response: requests.Response, limits: Limits) -> bytes:
    """Return the decoded body of a streamed response, nothing of an error answer that is too long.

    Raise `TruncatedBody` when it breaks off, or passes `limits`. The response then holds no content, so that nothing
    that logs responses can print a buyer's data.
    """
    chunks: list[bytes] = []
    size = 0
    is_good = 200 <= response.status_code < 300
    limit = limits.body_bytes if is_good else min(limits.error_bytes, limits.body_bytes)
    decodes = response.headers.get("Content-Encoding", "").strip().lower() in _DECODED
    try:
        # Unlike `iter_content`, `read1` returns as soon as anything arrived, so the size is seen in time.
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=decodes):
            chunks.append(chunk)
            size += len(chunk)
            if size > limit and not is_good:
                _empty(response)
                return b""
            if size > limit:
                raise TruncatedBody(f"an answer of more than {limit >> 20} MiB")
    except (TransferError, OSError) as lost:
        _empty(response)
        late = ran_out_of_time(lost)
        raise TruncatedBody(too_late(limits) if late else "an answer that broke off") from None
    except TruncatedBody:
        _empty(response)
        raise
    return b"".join(chunks)


def _empty(response: requests.Response) -> None:
    """Close a response of which nothing is of use, and drop what was decoded: the CDK logs contents when it retries."""
    response.close()
    response.raw = io.BytesIO()


def too_late(limits: Limits) -> str:
    """What is said of an answer that `deadline.py` ended."""
    return f"an answer that took more than {limits.total_s:g} seconds"


def error_code(body: bytes) -> str:
    """Return Hotmart's code of an error answer such as `invalid_parameter` or `0006`; empty when it has none.

    It stands in messages, so a text that has not the form of a code is none.

    https://developers.hotmart.com/docs/en/start/http-response-codes/; the Club has `code` instead of `error`.
    """
    try:
        answer = decode(body)
    except UnexpectedBody:
        return ""
    code = (answer.get("error") or answer.get("code")) if isinstance(answer, dict) else None
    if not isinstance(code, str) or not _CODE.fullmatch(code) or sum(map(str.isdigit, code)) > _CODE_DIGITS:
        return ""
    return code
