"""The table of faults: the expected outcome of each, on each kind of request, once and permanently."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hotmart_simulator import Call
from hotmart_simulator.server.faults import Page
from tools.faults import outcomes as out
from tools.faults.one_of_many import of_one_parent
from tools.faults.outcomes import Outcome

HISTORY: Final = "/payments/api/v1/sales/history"
STUDENTS: Final = "/club/api/v1/users"
TOKEN: Final = "/security/oauth/token"
SECOND_CLUB: Final = "second-school"
SECOND_PRODUCT: Final = "0f882dc9-8537-4f55-88b5-ef3e992c76c4"
"""One of the account's four products."""
YEAR_S: Final = 365 * 86_400
NO_TOKEN: Final = "Hotmart sent a response without an access token instead of rows."


@dataclass(frozen=True, kw_only=True)
class CallKind:
    """A kind of request, and the stream that makes it. To add a kind, add an entry to `CALLS`."""

    name: str
    head: str
    """Column heading in the document."""
    stream: str
    """The stream named in the message."""
    path: str
    page: Page = "any"
    label: str = ""
    """How messages name what was read, if it is not a date range."""
    meets: Callable[[Call], bool] = lambda call: True


TOKEN_CALL: Final = CallKind(name="token", head="login", stream="access token", path=TOKEN)
FIRST: Final = CallKind(name="first page", head="first", stream="sales_history", path=HISTORY, page="first")
MIDDLE: Final = CallKind(name="middle page", head="middle", stream="sales_history", path=HISTORY, page="middle")
LAST: Final = CallKind(
    name="last page",
    head="last",
    stream="sales_history",
    path=HISTORY,
    page="last",
    meets=lambda call: call.get("page_token") is not None,
)
CLUB: Final = CallKind(
    name="club call",
    head="club",
    stream="club_students",
    path=STUDENTS,
    label=f"members area {SECOND_CLUB}",
    meets=lambda call: call.get("subdomain") == SECOND_CLUB,
)
PARENT: Final = CallKind(
    name="parent call",
    head="parent",
    stream="product_offers",
    path="/products/api/v1/products/*/offers",
    label=SECOND_PRODUCT,
    meets=lambda call: SECOND_PRODUCT in call.path,
)
CALLS: Final = (TOKEN_CALL, FIRST, MIDDLE, LAST, CLUB, PARENT)

Cells = Mapping[str, Outcome]
"""Outcomes by kind of request. The fault cannot affect kinds that are missing here."""


def cells(
    *,
    token: Outcome | None = None,
    first: Outcome | None = None,
    middle: Outcome | None = None,
    last: Outcome | None = None,
    club: Outcome | None = None,
    parent: Outcome | None = None,
) -> Cells:
    """Return outcomes for the given kinds of request. `parent` is the outcome in a list that is read whole."""
    calls = (TOKEN_CALL, FIRST, MIDDLE, LAST, CLUB, PARENT)
    given = (token, first, middle, last, club, parent and of_one_parent(parent))
    return {call.name: outcome for call, outcome in zip(calls, given, strict=True) if outcome}


def everywhere(outcome: Outcome, *, token: Outcome | None = None) -> Cells:
    """Return one outcome for all data requests."""
    return cells(token=token, first=outcome, middle=outcome, last=outcome, club=outcome, parent=outcome)


def in_dated_rows(outcome: Outcome) -> Cells:
    """Return one outcome for all data requests except offers, which have neither dates nor a total."""
    return cells(first=outcome, middle=outcome, last=outcome, club=outcome)


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """Outcomes of a family of faults."""

    once: Cells
    always: Cells


REPEATED: Final = Treatment(
    once=everywhere(out.OUTLIVED, token=out.OUTLIVED), always=everywhere(out.ENDED, token=out.NO_LOGIN)
)
UNKNOWN_FORM: Final = Treatment(
    once=everywhere(out.OUTLIVED, token=out.OUTLIVED), always=everywhere(out.CONTRACT, token=out.NO_LOGIN_CONTRACT)
)
TOO_DEEP: Final = Treatment(once=everywhere(out.OUTLIVED), always=everywhere(out.ENDED))
NO_ROWS: Final = Treatment(once=everywhere(out.OUTLIVED), always=everywhere(out.CONTRACT))
TOO_HEAVY: Final = Treatment(
    once=everywhere(out.OUTLIVED, token=out.OUTLIVED),
    always=cells(
        token=out.NO_LOGIN,
        first=out.UNAVAILABLE,
        middle=out.HALVED,
        last=out.HALVED,
        club=out.SILENT,
        parent=out.SILENT,
    ),
)
BAD_QUERY: Final = Treatment(
    once=everywhere(out.OUTLIVED, token=out.LOGIN_FAILS),
    always=cells(
        token=out.LOGIN_FAILS,
        first=out.ALL_REFUSED,
        middle=out.HALVED,
        last=out.HALVED,
        club=out.REFUSED,
        parent=out.REFUSED,
    ),
)
BAD_TOKEN: Final = Treatment(
    once=everywhere(out.OUTLIVED, token=out.LOGIN_FAILS),
    always=cells(
        token=out.LOGIN_FAILS,
        first=out.ALL_REFUSED,
        middle=out.STALE,
        last=out.STALE,
        club=out.REFUSED,
        parent=out.REFUSED,
    ),
)
UNAUTHORISED: Final = Treatment(
    once=everywhere(out.OUTLIVED, token=out.LOGIN_FAILS),
    always=everywhere(out.TOKENS_REJECTED, token=out.LOGIN_FAILS),
)
PROXY_LOGIN: Final = Treatment(
    once=everywhere(out.PROXY_LOGIN, token=out.NO_PROXY_LOGIN),
    always=everywhere(out.PROXY_LOGIN, token=out.NO_PROXY_LOGIN),
)
LATE_LOGIN: Final = Treatment(once=cells(token=out.WARNED), always=cells(token=out.WARNED))
EARLY_LOGIN: Final = Treatment(once=cells(token=out.OUTLIVED), always=cells(token=out.NO_LOGIN))
FORBIDDEN: Final = Treatment(
    once=everywhere(out.NO_PERMISSION, token=out.LOGIN_FAILS),
    always=everywhere(out.NO_PERMISSION, token=out.LOGIN_FAILS),
)
UNREMEDIED: Final = Treatment(
    once=everywhere(out.FINAL, token=out.LOGIN_FINAL), always=everywhere(out.FINAL, token=out.LOGIN_FINAL)
)
QUOTA: Final = Treatment(
    once=everywhere(out.OUTLIVED, token=out.OUTLIVED), always=everywhere(out.QUOTA, token=out.NO_LOGIN_QUOTA)
)
SENT_ELSEWHERE: Final = Treatment(
    once=cells(
        token=out.LOGIN_ELSEWHERE,
        first=out.ELSEWHERE,
        middle=out.ELSEWHERE,
        last=out.ELSEWHERE,
        club=out.UNKNOWN_CLUB,
        parent=out.UNKNOWN_CLUB,
    ),
    always=cells(
        token=out.LOGIN_ELSEWHERE,
        first=out.ELSEWHERE,
        middle=out.ELSEWHERE,
        last=out.ELSEWHERE,
        club=out.UNKNOWN_CLUB,
        parent=out.UNKNOWN_CLUB,
    ),
)
HOST_AWAY: Final = Treatment(
    once=everywhere(out.OUTLIVED, token=out.OUTLIVED), always=everywhere(out.AWAY, token=out.NO_LOGIN)
)
NO_TLS: Final = Treatment(once={}, always=cells(token=out.TLS, first=out.TLS))
IN_A_CIRCLE: Final = Treatment(
    once=everywhere(out.OUTLIVED),
    # The first page links to itself through a token, so it is no longer a first page.
    always=cells(first=out.OUTLIVED, middle=out.CIRCLE, last=out.CIRCLE, club=out.CIRCLE, parent=out.CIRCLE),
)
WRONG_COUNT: Final = Treatment(once=in_dated_rows(out.OUTLIVED), always=in_dated_rows(out.WARNED))
REPAIRED: Final = Treatment(once=everywhere(out.REPAIRED), always=everywhere(out.REPAIRED))
UNREADABLE_LOGIN: Final = Treatment(once=cells(token=out.OUTLIVED), always=cells(token=out.NO_LOGIN))
EMPTY_ONCE: Final = Treatment(once=cells(first=out.OUTLIVED), always={})
WITHOUT_PAGE_INFO: Final = Treatment(once=in_dated_rows(out.OUTLIVED), always={})
KEYLESS: Final = Treatment(once=everywhere(out.NO_KEY), always=everywhere(out.NO_KEY))
CONVERTED: Final = Treatment(once=everywhere(out.KEPT), always=everywhere(out.KEPT))
ANOTHER_DATE: Final = Treatment(once=in_dated_rows(out.KEPT), always=in_dated_rows(out.KEPT))
ODD_DATE: Final = Treatment(once=in_dated_rows(out.WARNED), always=in_dated_rows(out.WARNED))
ODD_VALUE: Final = Treatment(once=everywhere(out.WARNED), always=everywhere(out.WARNED))
GUESSED: Final = Treatment(once=everywhere(out.GUESSED_KEY), always=everywhere(out.GUESSED_KEY))
CLUB_ONLY: Final = Treatment(once=cells(club=out.UNKNOWN_CLUB), always=cells(club=out.UNKNOWN_CLUB))


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fault: its display name, how to inject it, and its outcomes.

    `order` has fields of the simulator's `Fault`, or `network`, the way that a host is unreachable. `reason` is the
    part of the message that identifies this fault. `costs_s` is the duration of an affected request in seconds.
    """

    name: str
    order: Mapping[str, Any]
    treatment: Treatment
    reason: str = ""
    login_reason: str = ""
    """Reason for the login, if it differs."""
    costs_s: int = 0
    changes_values: bool = False
    exceptions: Mapping[str, Outcome] = field(default_factory=dict)
    """Outcomes by kind of request where a permanent fault differs from the treatment."""

    def outcome(self, call: CallKind, *, always: bool) -> Outcome | None:
        """Return the outcome of this fault on a kind of request, or `None` if it cannot occur."""
        if not always:
            return self.treatment.once.get(call.name)
        return self.exceptions.get(call.name) or self.treatment.always.get(call.name)


ROWS: Final[Sequence[Row]] = (
    *(
        Row(
            name=f"400 `{code}`" if code else "400 without a code",
            order={"kind": 400, "error": code} if code else {"kind": 400, "body": "{}"},
            treatment=BAD_QUERY,
            reason=f"Hotmart rejected the query (400 {code or 'without a code'}).",
        )
        for code in ("invalid_parameter", "invalid_value_parameter", "invalid_value_headers", "")
    ),
    Row(
        name="400 whose code is a mail address",
        order={"kind": 400, "error": "ana.souza@example.com"},
        treatment=BAD_QUERY,
        reason="Hotmart rejected the query (400 without a code).",
    ),
    Row(
        name="400 nested a thousand levels deep",
        order={"kind": 400, "body": '{"error":' + "[" * 1000 + "]" * 1000 + "}"},
        treatment=BAD_QUERY,
        reason="Hotmart rejected the query (400 without a code).",
    ),
    Row(
        name="400 `invalid_token` (of the page)",
        order={"kind": 400, "error": "invalid_token"},
        treatment=BAD_TOKEN,
        reason="Hotmart rejected the query (400 invalid_token).",
    ),
    Row(name="401", order={"kind": 401}, treatment=UNAUTHORISED),
    Row(name="403", order={"kind": 403}, treatment=FORBIDDEN),
    *(
        Row(
            name=f"{status} by a firewall, in {form}",
            order={"kind": status, "body": body, "content_type": content_type},
            treatment=REPEATED,
            reason=f"A firewall or proxy on the way to Hotmart rejected the request ({status}).",
        )
        for status in (401, 403, 405)
        for form, body, content_type in (
            ("HTML", "<html>blocked</html>", "text/html"),
            ("plain text", "Access denied", "text/plain"),
        )
        if status == 403 or form == "HTML"
    ),
    Row(name="403 with an empty body", order={"kind": 403, "body": ""}, treatment=FORBIDDEN),
    Row(
        name="407 of a proxy",
        order={"kind": 407, "body": "<html>who are you?</html>", "content_type": "text/html"},
        treatment=PROXY_LOGIN,
    ),
    *(
        Row(
            name=f"{status}",
            order={"kind": status},
            treatment=UNREMEDIED,
            reason=f"Hotmart answered with an unexpected status ({status} {code}).",
        )
        for status, code in (
            (404, "not_found"),
            (405, "method_not_allowed"),
            (418, "i_am_a_teapot"),
            (422, "unprocessable_entity"),
        )
    ),
    *(
        Row(
            name=f"422 with {what} as its code",
            order={"kind": 422, "error": code},
            treatment=UNREMEDIED,
            reason="Hotmart answered with an unexpected status (422).",
        )
        for what, code in (
            ("a document", "123.456.789-09"),
            ("control characters", "a\x1b[31m\rb\u2028c"),
            ("two million characters", "x" * 2_000_000),
        )
    ),
    Row(
        name="404 of an unknown members area",
        order={"kind": 404, "body": '{"code":"0006","message":"The subdomain does not exist"}'},
        treatment=CLUB_ONLY,
    ),
    *(
        Row(
            name=f"429 {told}",
            order={"kind": 429, **order},
            treatment=QUOTA,
            reason="Hotmart's quota of requests per minute is used up (429).",
        )
        for told, order in (
            ("with a reset of 0 s", {"reset_s": 0}),
            ("with a reset of 59 s", {"reset_s": 59}),
            ("with a reset of 3,600 s", {"reset_s": 3600}),
            ("with garbage as reset", {"reset_s": "soon"}),
            ("with `Retry-After` alone", {"quota_headers": False, "retry_after_s": 3}),
            ("without headers or JSON", {"quota_headers": False, "body": "slow down", "content_type": "text/plain"}),
        )
    ),
    *(
        Row(name=name, order={"kind": kind}, treatment=REPEATED, reason=reason, login_reason=login_reason)
        for name, kind, reason, login_reason in (
            ("500", 500, "Hotmart had an internal error (500).", ""),
            ("503", 503, "Hotmart is not available (503).", ""),
            ("503 in HTML", "html503", "Hotmart is not available (503).", ""),
            ("425", 425, "Hotmart asked to try again later (425).", ""),
            ("HTML with 200", "html200", "Hotmart sent an HTML page instead of rows.", ""),
            (
                "an object with `error` and no rows",
                "error_object",
                "Hotmart sent an error object instead of rows.",
                NO_TOKEN,
            ),
            ("truncated JSON", "truncated_json", "Hotmart sent a body that is not JSON instead of rows.", ""),
            ("connection reset before the answer", "reset", "Hotmart could not be reached.", ""),
        )
    ),
    Row(
        name="empty 200",
        order={"kind": "empty200"},
        treatment=REPEATED,
        reason="Hotmart sent an empty body instead of rows.",
    ),
    Row(
        name="invalid UTF-8 in the access token",
        order={"kind": "bad_utf8"},
        treatment=UNREADABLE_LOGIN,
        reason="Hotmart sent a body that is not JSON instead of rows.",
    ),
    *(
        Row(
            name=f"an access token with a `Date` {told}",
            order={"kind": "wrong_date", "value": seconds},
            treatment=treatment,
            reason=reason,
        )
        for told, seconds, treatment, reason in (
            ("30 years ahead", 30 * YEAR_S, LATE_LOGIN, ""),
            (
                "of three years ago",
                -3 * YEAR_S,
                EARLY_LOGIN,
                "The time in Hotmart's login response is 1,095 days behind this machine's clock. Set the clock if it "
                "is wrong.",
            ),
        )
    ),
    Row(
        name="`Content-Length` too short",
        order={"kind": "wrong_length", "value": -25},
        treatment=REPEATED,
        reason="Hotmart sent a body that is not JSON instead of rows.",
    ),
    Row(
        name="`{}`",
        order={"kind": "empty_object"},
        treatment=UNKNOWN_FORM,
        login_reason=NO_TOKEN,
        reason="Hotmart sent an object without a list of 'items' instead of rows.",
    ),
    *(
        Row(
            name=name,
            order={"kind": kind},
            treatment=NO_ROWS,
            reason="Hotmart sent an object without a list of 'items' instead of rows.",
        )
        for name, kind in (
            ("`items` is null", "items_null"),
            ("`items` is missing", "items_missing"),
            ("`items` is an object", "items_object"),
        )
    ),
    *(
        Row(
            name=f"{status}",
            order={"kind": status},
            treatment=TOO_HEAVY,
            reason=reason,
            costs_s=30,
        )
        for status, reason in (
            (408, "Hotmart ended the request because it took too long (408)."),
            (502, "Hotmart could not answer the query in time (502)."),
            (504, "Hotmart could not answer the query in time (504)."),
            (524, "Hotmart could not answer the query in time (524)."),
        )
    ),
    *(
        Row(
            name=name,
            order=order,
            treatment=TOO_HEAVY,
            reason="Hotmart's response broke off.",
        )
        for name, order in (
            ("`Content-Length` too long", {"kind": "wrong_length", "value": 25}),
            ("gzip that breaks", {"kind": "bad_gzip"}),
            ("half an answer", {"kind": "cut"}),
            ("connection reset in the body", {"kind": "reset_body"}),
        )
    ),
    Row(
        name="accepted and never answered",
        order={"kind": "hang"},
        treatment=TOO_HEAVY,
        reason="Hotmart did not answer within {read_s} seconds.",
        costs_s=60,
    ),
    Row(
        name="headers, one byte a second",
        order={"kind": "drip_head"},
        treatment=TOO_HEAVY,
        reason="Hotmart's response took more than {total_s} seconds.",
        costs_s=120,
    ),
    Row(
        name="body, one byte a second",
        order={"kind": "drip"},
        treatment=TOO_HEAVY,
        reason="Hotmart's response took more than {total_s} seconds.",
        costs_s=120,
    ),
    Row(
        name="a page of 200 MB",
        order={"kind": "huge", "megabytes": 200},
        treatment=TOO_HEAVY,
        reason="Hotmart's response is larger than {body_mib} MiB.",
        costs_s=120,
    ),
    Row(
        name="a small body that swells to 200 MB",
        order={"kind": "gzip_bomb", "megabytes": 200},
        treatment=TOO_HEAVY,
        reason="Hotmart's response is larger than {body_mib} MiB.",
    ),
    *(
        Row(name=f"redirect to {where}", order={"kind": "redirect", "location": location}, treatment=SENT_ELSEWHERE)
        for where, location in (
            ("the documentation", "/docs/en/"),
            ("another host (http)", "http://{elsewhere}/"),  # ignore-https-check: what a server may send
            ("another host (https)", "https://{elsewhere}/"),
        )
    ),
    Row(
        name="host name not found (DNS)",
        order={"network": "no name"},
        treatment=HOST_AWAY,
        reason="Hotmart could not be reached.",
    ),
    Row(
        name="connection refused",
        order={"network": "refused"},
        treatment=HOST_AWAY,
        reason="Hotmart could not be reached.",
    ),
    Row(name="no TLS at the host", order={"network": "no TLS"}, treatment=NO_TLS),
    Row(name="a page token that repeats", order={"kind": "repeat_token"}, treatment=IN_A_CIRCLE),
    Row(name="an empty page with a next token", order={"kind": "empty_page_with_token"}, treatment=IN_A_CIRCLE),
    Row(name="the same page with a new token", order={"kind": "same_page_with_token"}, treatment=IN_A_CIRCLE),
    Row(
        name="a page token of 10,000 characters",
        order={"kind": "long_token", "value": 10_000},
        treatment=NO_ROWS,
        reason="Hotmart sent a page token of more than 8,192 characters instead of rows.",
    ),
    Row(
        name="20,000 rows more than were requested",
        order={"kind": "many_rows", "value": 20_000},
        treatment=NO_ROWS,
        reason="Hotmart sent a page with many more rows than were requested.",
    ),
    Row(
        name="a row that is nested a thousand levels deep",
        order={"kind": "raw_value", "value": '{"a":[' * 500 + "1" + "]}" * 500},
        treatment=TOO_DEEP,
        reason="Hotmart sent JSON that is nested too deeply instead of rows.",
    ),
    Row(
        name="an empty list with a total of 0, against the count before",
        order={"kind": "empty_list"},
        treatment=EMPTY_ONCE,
    ),
    Row(name="a page without `page_info`", order={"kind": "no_page_info"}, treatment=WITHOUT_PAGE_INFO),
    Row(name="`total_results` one too high", order={"kind": "wrong_total"}, treatment=WRONG_COUNT),
    Row(name="`total_results` two too low", order={"kind": "wrong_total", "value": -2}, treatment=WRONG_COUNT),
    Row(name="a record without its key", order={"kind": "no_key"}, treatment=KEYLESS),
    *(
        Row(name=name, order={"kind": "raw_value", "value": value}, treatment=REPAIRED, changes_values=True)
        for name, value in (
            ("a byte of Latin-1 in a text", '"caf\xe9"'),
            ("a line break in a text", '"one\ntwo"'),
            ("`NaN`", "NaN"),
            ("`1e999`", "1e999"),
        )
    ),
    Row(
        name="a number where text was",
        order={"kind": "number_for_string"},
        treatment=CONVERTED,
        changes_values=True,
    ),
    *(
        Row(name=name, order={"kind": "bad_date", "value": value}, treatment=ANOTHER_DATE, changes_values=True)
        for name, value in (
            ("a date in the year 9999", 253_370_764_800_000),
            ("a date in seconds", 1_700_000_000),
            ("a date as text", "2023-11-14T22:13:20-03:00"),
            ("a date in eight digits", "20231114"),
            ("an empty date", ""),
            ("0 where a date was", 0),
        )
    ),
    *(
        Row(name=name, order={"kind": "bad_date", "value": value}, treatment=ODD_DATE, changes_values=True)
        for name, value in (
            ("a negative date", -1),
            ("a date in the year 0", -62_167_219_200_000),
            ("a date after the year 9999", 10**15),
            ("a date that is no date", "tomorrow"),
            ("an object where a date was", {"day": 1}),
        )
    ),
    *(
        Row(
            name=name,
            order={"kind": "raw_value", "value": value},
            treatment=ODD_VALUE,
            changes_values=True,
        )
        for name, value in (
            ("an object where text was", '{"a": 1}'),
            ("a number whose digits are not known where text was", "1.8446744073709551617E19"),
        )
    ),
    *(
        Row(name=name, order={"kind": "raw_value", "value": value}, treatment=CONVERTED, changes_values=True)
        for name, value in (
            ("an integer of 70 bits where text was", str(2**70)),
            ("U+0000 in a text, which becomes U+FFFD", r'"a\u0000b"'),
        )
    ),
    Row(
        name="a field that is not declared",
        order={"kind": "raw_value", "field_name": "brand_new", "value": '{"a": 1}'},
        treatment=CONVERTED,
        changes_values=True,
    ),
    Row(
        name="an invalid byte in the primary key",
        order={"kind": "raw_key", "value": '"caf\xe9"'},
        treatment=GUESSED,
    ),
)
