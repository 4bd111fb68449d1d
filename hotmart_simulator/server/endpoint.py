"""An endpoint: its path, its parameters and how it is answered; families are modules beside this one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hotmart_simulator.account import Account
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.page_tokens import PageTokens, Place
from hotmart_simulator.server.parameters import Asked, Parameter, count, text
from hotmart_simulator.switches import Switches

PAGING: Mapping[str, Parameter] = {"max_results": Parameter(count), "page_token": Parameter(text)}


@dataclass(frozen=True, slots=True)
class Desk:
    """What an endpoint answers from."""

    account: Account
    switches: Switches
    tokens: PageTokens


@dataclass(slots=True)
class Answer:
    """A document to send as JSON, or raw content; None and no content is an empty body."""

    status: int = 200
    document: Any = None
    content: bytes | None = None
    content_type: str = "application/json"
    headers: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0
    found: int = 0
    """Rows of the query, on whatever page."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The records of a query: how many, and those of one page; the window in ms where there is one."""

    total: int
    page: Callable[[int, int], Sequence[Any]]
    window_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the table of routes; `key`, `date` and `text` are the fields that faults tamper with."""

    path: str
    parameters: Mapping[str, Parameter]
    answer: Callable[["Endpoint", Desk, Asked], Answer]
    key: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedEndpoint(Endpoint):
    """An endpoint with the envelope of items and page_info; `cap` names its field of Switches."""

    find: Callable[[Desk, Asked], Matches]
    cap: str
    default_rows: int
    totals: bool
    token_form: Literal["rows", "size", "opaque"] = "rows"  # 3.3


def paged(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """One page of the live list as it is now (3.1, 3.3): rows shift when the world moves between pages."""
    assert isinstance(endpoint, PagedEndpoint)
    place = place_of(endpoint, desk, asked)
    with desk.account.lock:
        matches = endpoint.find(desk, asked)
        refuse_heavy(desk.switches, asked, matches.total, matches.window_ms)
        items = list(matches.page(place.offset, place.rows))
        page_info: dict[str, Any] = {"results_per_page": len(items)}
        if endpoint.totals and desk.switches.totals != "nowhere":
            page_info["total_results"] = matches.total
        if place.page > 1:
            page_info["prev_page_token"] = token_of(endpoint, desk, asked, Place(place.page - 1, place.rows))
        if place.offset + len(items) < matches.total and items:
            page_info["next_page_token"] = token_of(endpoint, desk, asked, Place(place.page + 1, place.rows))
        return Answer(document={"items": items, "page_info": page_info}, rows=len(items), found=matches.total)


def bare(rows: Sequence[Any]) -> Answer:
    """All rows in an array without an envelope (3.4)."""
    return Answer(document=list(rows), rows=len(rows))


def place_of(endpoint: PagedEndpoint, desk: Desk, asked: Asked) -> Place:
    """The page asked for; max_results is clamped without a word (3.2)."""
    token = asked.get("page_token")
    if token is not None:
        owner = _owner(endpoint, asked)
        if endpoint.token_form == "opaque":
            return desk.tokens.read_opaque(owner, token)
        return desk.tokens.read_numbered(owner, token, endpoint.token_form)
    cap: int = getattr(desk.switches, endpoint.cap)
    if desk.switches.page_cap is not None:
        cap = min(cap, desk.switches.page_cap)
    default = endpoint.default_rows if desk.switches.default_rows is None else desk.switches.default_rows
    return Place(1, min(cap, asked.get("max_results", default)))


def token_of(endpoint: PagedEndpoint, desk: Desk, asked: Asked, place: Place) -> str:
    """The token of a page of this query."""
    owner = _owner(endpoint, asked)
    if endpoint.token_form == "opaque":
        return desk.tokens.opaque(owner, place)
    return desk.tokens.numbered(owner, place, endpoint.token_form)


def _owner(endpoint: Endpoint, asked: Asked) -> str:
    return f"{endpoint.path}?{asked.fingerprint}"


def refuse_heavy(switches: Switches, asked: Asked, rows: int, window_ms: int | None) -> None:
    """Hotmart ends a query after about 30 s with 502 (2.4); here its size decides."""
    if asked.get("max_results") == 1 or window_ms is None:
        return
    too_many = switches.heavy_rows is not None and rows > switches.heavy_rows
    too_long = switches.heavy_days is not None and window_ms > switches.heavy_days * DAY_MS
    if too_many or too_long:
        raise Refusal(502, "internal_server_error", "The query took too long")
