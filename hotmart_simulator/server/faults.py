"""Faults that a test orders: what goes wrong, on which calls and how often."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, Final, Literal

from hotmart_simulator.server.request_log import Call

STATUSES: Final = (400, 401, 403, 404, 405, 407, 408, 418, 422, 425, 429, 500, 502, 503, 504, 524)
# Faults in the response's content.
CONTENT_KINDS: Final = (
    "html200",
    "html503",
    "empty200",
    "empty_object",
    "items_null",
    "items_missing",
    "items_object",
    "empty_list",
    "no_page_info",
    "error_object",
    "redirect",
    "repeat_token",
    "empty_page_with_token",
    "same_page_with_token",
    "long_token",
    "many_rows",
    "wrong_total",
    "no_key",
    "null_key",
    "null_row",
    "number_for_string",
    "bad_date",
    "raw_value",
    "raw_key",
)
ROW_KINDS: Final = ("no_key", "null_key", "null_row", "number_for_string", "bad_date", "raw_value", "raw_key")
"""The kinds that change one row, or the rows with some primary keys."""
HEADER_KINDS: Final = ("wrong_date",)
# Faults in the transfer.
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
    """One thing that goes wrong, from the `nth` matching call on and `times` times (None: always).

    `path` is exact, with `*` for any text. Without it every data call matches, and the token endpoint matches only its
    own path. Whether a call is for the last or a middle page depends on the answer that the fault would change. An
    integer `kind` is an HTTP status. The other fields belong to some kinds:

    - statuses: `error` is the code of the envelope, `body` and `content_type` replace the envelope, and `headers` are
      added. A 429 also has `reset_s` and `retry_after_s`, sent as given, and `quota_headers=False`.
    - redirect: `location`. error_object: `error`. huge and gzip_bomb: `megabytes`.
    - drip and drip_head (before the body): `interval_s` per byte.
    - bad_date, number_for_string, raw_value and raw_key: `value`. These, no_key and null_key: `field_name` (dotted) in
      place of the usual field. For raw_value and raw_key it is JSON text that is sent as it is, in Latin-1: `NaN` (the
      default), `1e999`, or a string with its quotes and with bytes that JSON does not allow.
    - null_row (`null` in place of the row) and the kinds before: `row` of the page, from 0. Or `keys`, primary keys as
      the reference has them: the rows with these keys, on each page that has one. Faults with `keys` happen before the
      one other fault that an answer has.
    - empty_list: no rows and a total of 0, no token. no_page_info: rows without `page_info`.
    - repeat_token, empty_page_with_token and same_page_with_token: the next page is this page. The last two have a new
      token each time. long_token: a token of `value` characters. many_rows: `value` times `null` after the rows.
    - wrong_total and wrong_length: `value` to add. wrong_date: seconds to add to the header `Date`, or
      the text of the header.
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
    keys: Collection[object] = ()
    interval_s: float = 1.0
    megabytes: int = 100
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in (*STATUSES, *CONTENT_KINDS, *DELIVERY_KINDS, *HEADER_KINDS):
            raise ValueError(f"no fault of kind {self.kind!r}")
        if self.keys and self.kind not in ROW_KINDS:
            raise ValueError(f"a fault of kind {self.kind!r} has no keys")
        if self.page not in ("first", "middle", "last", "any"):
            raise ValueError(f"no page {self.page!r}")

    def fits(self, call: Call, *, is_data: bool, is_last: bool) -> bool:
        """Whether the fault applies to this call."""
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
    """The active faults in the order of their creation. The first one that is due fires."""

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
        """Return the fault for this call, if one is due, and count it as fired. Faults with `keys` are left out."""
        with self._lock:
            others = (fault for fault in self.ordered if not fault.keys)
            return next((fault for fault in others if _fires(fault, call, is_data=is_data, is_last=is_last)), None)

    def due_on_rows(
        self, call: Call, *, is_data: bool, is_last: bool, has_keys: Callable[[Fault], bool]
    ) -> list[Fault]:
        """Return every fault with `keys` that is due, and count it as fired. `has_keys` says if the answer has one."""
        with self._lock:
            keyed = [fault for fault in self.ordered if fault.keys and has_keys(fault)]
            return [fault for fault in keyed if _fires(fault, call, is_data=is_data, is_last=is_last)]


def _fires(fault: Fault, call: Call, *, is_data: bool, is_last: bool) -> bool:
    """Count a call that the fault applies to, and return whether it fires."""
    spent = fault.times is not None and fault.fired >= fault.times
    if spent or not fault.fits(call, is_data=is_data, is_last=is_last):
        return False
    fault.seen += 1
    if fault.seen < fault.nth:
        return False
    fault.fired += 1
    return True
