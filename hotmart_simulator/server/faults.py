"""Faults to order: what goes wrong, on which calls, how often."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, Final, Literal

from hotmart_simulator.server.request_log import Call

STATUSES: Final = (400, 401, 403, 404, 405, 408, 418, 422, 425, 429, 500, 502, 503, 504, 524)
# What is wrong with the answer's content.
CONTENT_KINDS: Final = (
    "html200",
    "html503",
    "empty200",
    "empty_object",
    "items_null",
    "items_missing",
    "items_object",
    "error_object",
    "redirect",
    "repeat_token",
    "empty_page_with_token",
    "wrong_total",
    "no_key",
    "number_for_string",
    "bad_date",
)
# What is wrong with the way it is sent.
DELIVERY_KINDS: Final = (
    "truncated_json",
    "wrong_length",
    "reset_body",
    "drip_head",
    "bad_utf8",
    "bad_gzip",
    "gzip_bomb",
    "reset",
    "cut",
    "hang",
    "drip",
    "huge",
)
Page = Literal["first", "middle", "last", "any"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing going wrong: from the `nth` matching call on, `times` times (None: for ever).

    `path` is exact, with `*` for any text; without it every data call matches (the token
    endpoint only by its own path). A fault of the last or a middle page is matched by the answer it would
    spoil. An integer `kind` is an HTTP status. The other fields serve some kinds only:

    - statuses: `error` (code of the envelope), `body` and `content_type` instead of the envelope, `headers`
      besides; for 429 also `reset_s` and `retry_after_s` (sent as given), and `quota_headers=False`;
    - redirect: `location`; error_object: `error`; huge, gzip_bomb: `megabytes`; drip, drip_head (before
      the body): `interval_s` a byte;
    - bad_date, number_for_string: `value`; these and no_key: `field_name` (dotted), not the usual field,
      and `row` of the page (0);
    - wrong_total, wrong_length: `value` to add.
    """

    kind: int | str
    path: str | None = None
    nth: int = 1
    times: int | None = 1
    page: Page = "any"
    where: Callable[[Call], bool] | None = None
    error: str | None = None
    body: str | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    reset_s: int | str | None = None
    retry_after_s: int | str | None = None
    quota_headers: bool = True
    location: str | None = None
    value: Any = None
    field_name: str | None = None
    row: int = 0
    interval_s: float = 1.0
    megabytes: int = 100
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in (*STATUSES, *CONTENT_KINDS, *DELIVERY_KINDS):
            raise ValueError(f"no fault of kind {self.kind!r}")
        if self.page not in ("first", "middle", "last", "any"):
            raise ValueError(f"no page {self.page!r}")

    def fits(self, call: Call, *, is_data: bool, is_last: bool) -> bool:
        """Whether this call is one of those the fault is meant for."""
        if self.path is None:
            if not is_data:
                return False
        elif not fnmatchcase(call.path, self.path):
            return False
        is_first = call.get("page_token") is None
        fits_page = {
            "any": True,
            "first": is_first,
            "last": is_last,
            "middle": not is_first and not is_last,
        }[self.page]
        return fits_page and (self.where is None or self.where(call))


class Faults:
    """The faults in force, in the order in which they were added; the first that is due fires."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.ordered: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self.ordered.append(fault)
            return fault

    def clear(self) -> None:
        with self._lock:
            self.ordered.clear()

    def due(self, call: Call, *, is_data: bool, is_last: bool) -> Fault | None:
        """The fault for this call, counted as fired."""
        with self._lock:
            for fault in self.ordered:
                spent = fault.times is not None and fault.fired >= fault.times
                if spent or not fault.fits(call, is_data=is_data, is_last=is_last):
                    continue
                fault.seen += 1
                if fault.seen >= fault.nth:
                    fault.fired += 1
                    return fault
        return None
