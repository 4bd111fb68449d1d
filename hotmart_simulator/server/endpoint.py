"""An endpoint: its path, its parameters and its response. Each resource lists its own in `http.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

from hotmart_simulator.account import Account
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.page_layout import span
from hotmart_simulator.server.page_order import Order, PageOrder
from hotmart_simulator.server.page_tokens import PageTokens, Place
from hotmart_simulator.server.parameters import Asked, Parameter, count, text
from hotmart_simulator.switches import Switches

TokenForm = Literal["rows", "size", "opaque"]  # 3.3
PAGING: Mapping[str, Parameter] = {"max_results": Parameter(count), "page_token": Parameter(text)}


@dataclass(frozen=True, slots=True)
class Desk:
    """The context of an endpoint: the account, and the parts of the server that its pages need."""

    account: Account
    tokens: PageTokens
    order: PageOrder

    @property
    def switches(self) -> Switches:
        """Return the current settings of the server and sides of the beliefs."""
        return self.account.switches


@dataclass(slots=True)
class Answer:
    """A document to send as JSON, or raw content. With neither, the body is empty."""

    status: int = 200
    document: Any = None
    content: bytes | None = None
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0
    found: int = 0
    """Number of rows of the query, over all pages."""
    raw: dict[str, bytes] = field(default_factory=dict)
    """Texts of the document, and the bytes to send in their place, which need not be JSON."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The records of a query: their number, a function that returns some, and the date range's length in ms."""

    total: int
    page: Callable[[int, int], Sequence[Any]]
    window_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the table of routes.

    `key`, `date` and `text` are the fields that faults tamper with. `shape` names the record in `shapes.yaml`. It is
    filled in by `descriptions.py` and empty where the records have no shape.
    """

    path: str
    parameters: Mapping[str, Parameter]
    answer: Callable[["Endpoint", Desk, Asked], Answer]
    key: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    shape: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedEndpoint(Endpoint):
    """An endpoint with the envelope of items and page_info.

    `cap` names its field of `Switches`. `totals` is whether hotmart-api.md 3.5 lists the endpoint and is filled in by
    `descriptions.py`.
    """

    find: Callable[[Desk, Asked], Matches]
    cap: str
    default_rows: int
    totals: bool = False
    token_form: TokenForm = "rows"


def paged(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Return one page of the current list (3.1, 3.3). Rows shift when the account changes between pages."""
    assert isinstance(endpoint, PagedEndpoint)
    switches, query = desk.switches, _query(endpoint, asked)
    place = place_of(endpoint, desk, asked)
    sends_total = endpoint.totals if switches.totals == "documented" else switches.totals == "everywhere"
    order: Order = "stable" if sends_total else switches.untotalled_order
    with desk.account.lock:
        refuse_large_page(switches, place.rows)
        matches = endpoint.find(desk, asked)
        refuse_heavy(switches, asked, matches.total, matches.window_ms)
        held = span(switches.middle_pages, place)
        items = desk.order.page(order, query, held, matches.total, matches.page) if held.rows else []
    page_info: dict[str, Any] = {"results_per_page": 0 if switches.results_per_page == "zero" else len(items)}
    if sends_total:
        page_info["total_results"] = _total(switches, matches.total, len(items))
    if place.page > 1:
        page_info["prev_page_token"] = token_of(endpoint, desk, asked, Place(place.page - 1, place.rows))
    has_next = held.offset + len(items) < matches.total and (bool(items) or not held.rows)
    if has_next:
        page_info["next_page_token"] = token_of(endpoint, desk, asked, Place(place.page + 1, place.rows))
    elif switches.last_page_token != "absent":
        page_info["next_page_token"] = None if switches.last_page_token == "null" else ""
    document: dict[str, Any] = {"items": items, "page_info": page_info}
    if not items and not has_next and switches.empty_pages == "some_without_items" and _is_one_of_two(query):
        del document["items"]
    elif switches.page_info == "absent_on_single_page" and place.page == 1 and not has_next:
        del document["page_info"]
    return Answer(document=document, rows=len(items), found=matches.total)


def _total(switches: Switches, total: int, on_page: int) -> int:
    if switches.totals_count == "page":
        return on_page
    return min(total, switches.total_cap) if switches.totals_count == "capped" else total


def _is_one_of_two(query: str) -> bool:
    """Choose about half of all queries, always the same ones."""
    return blake2b(query.encode(), digest_size=1).digest()[0] % 2 == 1


def bare(rows: Sequence[Any]) -> Answer:
    """Return all rows in an array without an envelope (3.4)."""
    return Answer(document=list(rows), rows=len(rows))


def place_of(endpoint: PagedEndpoint, desk: Desk, asked: Asked) -> Place:
    """Return the requested page. A max_results that is too large is clamped without an error (3.2)."""
    token, switches = asked.get("page_token"), desk.switches
    if token is not None:
        query, form = _query(endpoint, asked), _token_form(endpoint, switches)
        return (
            desk.tokens.read_opaque(query, token) if form == "opaque" else desk.tokens.read_numbered(query, token, form)
        )
    cap: int = getattr(switches, endpoint.cap)
    if switches.page_cap is not None:
        cap = min(cap, switches.page_cap)
    default = endpoint.default_rows if switches.default_rows is None else switches.default_rows
    return Place(1, min(cap, asked.get("max_results", default)))


def token_of(endpoint: PagedEndpoint, desk: Desk, asked: Asked, place: Place) -> str:
    """Return the token of a page of this query."""
    query, form = _query(endpoint, asked), _token_form(endpoint, desk.switches)
    return desk.tokens.opaque(query, place) if form == "opaque" else desk.tokens.numbered(query, place, form)


def _token_form(endpoint: PagedEndpoint, switches: Switches) -> TokenForm:
    """Return the form of the tokens. Those of subscriptions were once seen in that of sales (0.5)."""
    if endpoint.token_form == "opaque" and switches.subscription_tokens == "page_numbers":
        return "rows"
    return endpoint.token_form


def _query(endpoint: Endpoint, asked: Asked) -> str:
    """Return the text that all pages of one query have in common."""
    return f"{endpoint.path}?{asked.fingerprint}"


def refuse_heavy(switches: Switches, asked: Asked, rows: int, window_ms: int | None) -> None:
    """Raise `Refusal` with 502 for a large query. Hotmart ends a query after about 30 s (2.4)."""
    if asked.get("max_results") == 1 or window_ms is None:
        return
    too_many = switches.heavy_rows is not None and rows > switches.heavy_rows
    too_long = switches.heavy_days is not None and window_ms > switches.heavy_days * DAY_MS
    if too_many or too_long:
        raise Refusal(502, "internal_server_error", "The query took too long")


def refuse_large_page(switches: Switches, rows: int) -> None:
    """Raise `Refusal` with 502 for a page of more rows than the server can return, on any date range (2.4)."""
    if switches.heavy_page_rows is not None and rows > switches.heavy_page_rows:
        raise Refusal(502, "internal_server_error", "The query took too long")
