"""An answer of Hotmart's as the questions look at it: its form and its rows, and words for it without any content."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import requests

from source_hotmart.answers import Bounds, CutOff, Envelope, Unreadable, decode, error_code, read_body

KNOWN_CODES: Final = frozenset(
    {
        "invalid_parameter",
        "invalid_value_parameter",
        "invalid_value_headers",
        "invalid_token",
        "unauthorized",
        "unauthorized_client",
        "token_expired",
        "not_found",
        "method_not_allowed",
        "too_many_requests",
        "internal_server_error",
        "0006",
    }
)
"""Codes of https://developers.hotmart.com/docs/en/start/http-response-codes/: others are not printed, as they could
quote anything."""
QUOTA_HEADERS: Final = (
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-RateLimit-Limit-Minute",
    "X-RateLimit-Remaining-Minute",
    "Retry-After",
)


class Form(Enum):
    """What an answer is, whatever its status."""

    PAGE = "a page"
    LIST = "a list"
    OTHER = "JSON of another form"
    EMPTY = "an empty body"
    HTML = "an HTML page"
    NOTHING = "no whole answer"


@dataclass(frozen=True)
class Answer:
    """One answer; its rows are for counting and for further questions, never for printing."""

    status: int
    """Zero: none came."""
    form: Form
    code: str = ""
    rows: list[Any] = field(default_factory=list, repr=False)
    total: int | None = None
    has_more: bool = False
    seconds: float = 0.0
    quota: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_page(self) -> bool:
        """Whether it holds rows, or says that there are none."""
        return self.status == 200 and self.form in (Form.PAGE, Form.LIST)

    @property
    def is_refusal(self) -> bool:
        """Whether Hotmart did not accept the query."""
        return self.status == 400

    @property
    def is_forbidden(self) -> bool:
        """Whether the credential may not ask this."""
        return self.status in (401, 403)

    @property
    def is_passing(self) -> bool:
        """Whether it may be another one in a while."""
        return self.status in (0, 429) or self.status >= 500

    @property
    def count(self) -> int | None:
        """Rows of the whole query; `None` where neither Hotmart's count nor a single page tells it."""
        return self.total if self.total is not None else None if self.has_more else len(self.rows)

    @property
    def says(self) -> str:
        """The answer in words that hold nothing of its content."""
        if self.status == 0:
            return f"no whole answer in {self.seconds:.0f} s"
        if 300 <= self.status < 400:
            return f"{self.status}, a redirect"
        if self.is_page:
            return f"{self.status}" if self.rows else f"{self.status}, an empty list"
        if self.status == 200 or not self.code:
            return f"{self.status}, {self.form.value}"
        return f"{self.status} {self.code if self.code in KNOWN_CODES else 'with another code'}"

    def values(self, path: str) -> Iterator[Any]:
        """A field of each row, by its dotted name; rows without it are left out."""
        for row in self.rows:
            value = value_at(row, path)
            if value is not None:
                yield value


def value_at(row: Any, path: str) -> Any:
    """A field of a row by its dotted name, `None` where it is missing."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def open_answer(response: requests.Response, bounds: Bounds, seconds: float) -> Answer:
    """Take an answer apart. `seconds` is how long it took to come."""
    quota = {name: response.headers[name] for name in QUOTA_HEADERS if name in response.headers}
    try:
        body = read_body(response, bounds)
    except CutOff:
        return Answer(0, Form.NOTHING, seconds=seconds, quota=quota)
    status, code = response.status_code, error_code(body)
    if not body.strip():
        return Answer(status, Form.EMPTY, code, seconds=seconds, quota=quota)
    try:
        page = Envelope().open(body)
    except Unreadable:
        form, rows = _other_form(body)
        return Answer(status, form, code, rows, seconds=seconds, quota=quota)
    has_more = page.next_token is not None
    return Answer(status, Form.PAGE, code, list(page.rows), page.total, has_more, seconds, quota)


def _other_form(body: bytes) -> tuple[Form, list[Any]]:
    try:
        document = decode(body)
    except Unreadable:
        return (Form.HTML if body.lstrip()[:1] == b"<" else Form.OTHER), []
    return (Form.LIST, document) if isinstance(document, list) else (Form.OTHER, [])
