"""One response as the questions see it: its form, its rows, and a description that contains none of its content."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tools.live_probe.words import KNOWN_CODES

Row = dict[str, Any]


class Form(Enum):
    """The form of a body, for any status (hotmart-api.md 2.4, 3.1 and 3.4)."""

    PAGE = "a page"
    LIST = "a list"
    OBJECT = "an object"
    EMPTY = "an empty body"
    HTML = "an HTML page"
    OTHER = "a body of another form"
    NOTHING = "no whole answer"


@dataclass(frozen=True)
class Answer:
    """One response. Its rows are counted and used for further questions, and never printed."""

    status: int
    """Zero: no complete response arrived."""
    form: Form = Form.NOTHING
    document: Any = field(default=None, repr=False)
    seconds: float = 0.0
    quota: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_page(self) -> bool:
        """Whether it holds rows, or says that there are none."""
        return self.status == 200 and self.form in (Form.PAGE, Form.LIST)

    @property
    def is_refusal(self) -> bool:
        """Whether Hotmart rejected the query."""
        return self.status == 400

    @property
    def is_forbidden(self) -> bool:
        """Whether the credential has no permission."""
        return self.status in (401, 403)

    @property
    def is_passing(self) -> bool:
        """Whether a later call may get a different response."""
        return self.status in (0, 408, 429) or self.status >= 500

    @property
    def is_unknown_path(self) -> bool:
        """Whether it has a form of an unknown path: an empty body, or a redirect to or a page of the documentation."""
        return (self.status == 200 and self.form in (Form.EMPTY, Form.HTML)) or 300 <= self.status < 400

    @property
    def rows(self) -> list[Row]:
        """Return the rows that are objects."""
        rows = self.document if self.form is Form.LIST else self.value("items")
        return [row for row in rows if isinstance(row, dict)] if self.is_page and isinstance(rows, list) else []

    @property
    def page_info(self) -> Row | None:
        """Return the `page_info`, or None where there is none."""
        info = self.value("page_info")
        return info if isinstance(info, dict) else None

    @property
    def total(self) -> int | None:
        """Return Hotmart's own count of the rows of the query, or None without one."""
        total = (self.page_info or {}).get("total_results")
        return total if type(total) is int else None

    @property
    def token(self) -> str:
        """Return the token of the next page. It is empty on the last page."""
        token = (self.page_info or {}).get("next_page_token")
        return token if isinstance(token, str) else ""

    @property
    def count(self) -> int | None:
        """Return the number of rows: Hotmart's count, or the rows of a single page. None if neither is known."""
        return self.total if self.total is not None else None if self.token else len(self.rows)

    @property
    def code(self) -> str:
        """Return the code of an error, or `another code` for one that the reference does not list."""
        code = self.value("error") or self.value("code")
        return "" if not isinstance(code, str) else code if code in KNOWN_CODES else "another code"

    @property
    def says(self) -> str:
        """Describe the response without its content."""
        if not self.status:
            return f"no whole answer in {self.seconds:.0f} s"
        if 300 <= self.status < 400:
            return f"{self.status}, a redirect"
        if self.is_page:
            return f"{self.status}" if self.rows else f"{self.status}, an empty list"
        return f"{self.status} {self.code}" if self.code else f"{self.status}, {self.form.value}"

    def value(self, name: str) -> Any:
        """Return a top-level field of the body, or None where it is missing."""
        return self.document.get(name) if isinstance(self.document, dict) else None

    def values(self, path: str) -> Iterator[Any]:
        """Yield a field of each row by its dotted name. Rows without it are left out."""
        return (value for row in self.rows if (value := value_at(row, path)) is not None)


def value_at(row: Any, path: str) -> Any:
    """Return a field of a row by its dotted name, or None where it is missing."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def parse(body: bytes) -> tuple[Form, Any]:
    """Return the form of a body and its JSON, or None where it is not JSON."""
    text = body.strip()
    if not text:
        return Form.EMPTY, None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return Form.HTML if text.startswith(b"<") else Form.OTHER, None
    if isinstance(document, list):
        return Form.LIST, document
    if not isinstance(document, dict):
        return Form.OTHER, None
    is_page = isinstance(document.get("items"), list | dict) or isinstance(document.get("page_info"), dict)
    return Form.PAGE if is_page else Form.OBJECT, document
