"""Apply faults to the content of a response."""

from dataclasses import replace
from typing import Any

import orjson

from hotmart_simulator.server.endpoint import (
    Answer,
    Desk,
    Endpoint,
    PagedEndpoint,
    place_of,
    token_of,
)
from hotmart_simulator.server.errors import ERROR_CODES, envelope
from hotmart_simulator.server.faults import ROW_KINDS, Fault
from hotmart_simulator.server.page_tokens import Place
from hotmart_simulator.server.parameters import Asked
from hotmart_simulator.server.rate_limit import Standing
from hotmart_simulator.server.replies import DOCUMENTATION_PATH, html, redirect


def tampered(
    fault: Fault,
    answer: Answer,
    desk: Desk,
    endpoint: Endpoint | None,
    asked: Asked | None,
    standing: Standing | None,
) -> Answer:
    """Return the response with this fault. A response without a place for the fault is unchanged."""
    if isinstance(fault.kind, int):
        return _status(fault, fault.kind, standing)
    whole = {
        "html200": lambda: html("Request blocked"),
        "html503": lambda: html("Service unavailable", 503),
        "empty200": lambda: Answer(),
        "empty_object": lambda: Answer(document={}),
        "error_object": lambda: Answer(document=envelope(fault.error or "internal_server_error", "Try again later")),
        "redirect": lambda: redirect(fault.location or DOCUMENTATION_PATH),
    }.get(fault.kind)
    if whole is not None:
        return whole()
    if answer.status != 200 or answer.document is None:
        return answer
    # Records share parts with others, so only a copy may change.
    document: Any = orjson.loads(orjson.dumps(answer.document))
    answer.document = document
    if fault.kind in ("items_null", "items_missing", "items_object"):
        if isinstance(document, list):
            _bare(answer, fault.kind)
        else:
            _items(document, fault.kind)
    elif fault.kind in ROW_KINDS and endpoint is not None:
        _change_rows(fault, answer, endpoint)
    elif fault.kind == "empty_list":
        _empty(answer)
    elif fault.kind == "many_rows":
        _rows(document).extend([None] * fault.value)
    elif isinstance(document, list):
        return answer  # an array has neither tokens nor totals
    elif fault.kind in ("repeat_token", "empty_page_with_token", "same_page_with_token"):
        _token(document, fault.kind, desk, endpoint, asked)
        answer.rows = len(document.get("items", ()))
    elif fault.kind == "long_token":
        document.setdefault("page_info", {})["next_page_token"] = "x" * fault.value
    elif fault.kind == "wrong_total":
        page_info = document.get("page_info", {})
        if "total_results" in page_info:
            page_info["total_results"] += 1 if fault.value is None else fault.value
    elif fault.kind == "no_page_info":
        document.pop("page_info", None)
    return answer


def has_keys(fault: Fault, answer: Answer, endpoint: Endpoint | None) -> bool:
    """Whether a response has a row with one of the primary keys of a fault."""
    if endpoint is None or answer.status != 200 or answer.document is None:
        return False
    return any(_has_key(row, fault, endpoint) for row in _rows(answer.document))


def _has_key(row: Any, fault: Fault, endpoint: Endpoint) -> bool:
    """Whether a fault names this row. Moves return numbers as text, so both forms match."""
    for name in endpoint.key:
        row = row.get(name) if isinstance(row, dict) else None
    return row is not None and str(row) in map(str, fault.keys)


def _status(fault: Fault, status: int, standing: Standing | None) -> Answer:
    answer = Answer(status=status, headers=list(fault.headers.items()), content_type=fault.content_type)
    if fault.body is not None:
        answer.content = fault.body.encode()
    else:
        answer.document = envelope(fault.error or ERROR_CODES[status], f"Ordered fault {status}")
    if status == 429 and fault.quota_headers and standing is not None:
        quota = dict(replace(standing, remaining=0).headers)
        if fault.reset_s is not None:
            quota["RateLimit-Reset"] = str(fault.reset_s)
        answer.headers += quota.items()
        if fault.retry_after_s is None and standing.switches.retry_after == "present":
            reset_s = standing.reset_s if fault.reset_s is None else fault.reset_s
            answer.headers.append(("Retry-After", str(reset_s)))
    if fault.retry_after_s is not None:
        answer.headers.append(("Retry-After", str(fault.retry_after_s)))
    return answer


def _rows(document: Any) -> list[Any]:
    """Return the records of a document: all items of its list, or itself where it is one record."""
    if isinstance(document, list):
        return document
    rows = document.get(_list_name(document), [] if "page_info" in document else [document])
    return rows if isinstance(rows, list) else []


def _list_name(document: dict[str, Any]) -> str:
    """Return the name of the field with the rows. The lessons of a student have their own (3.4)."""
    return "lessons" if "lessons" in document else "items"


def _items(document: dict[str, Any], kind: str) -> None:
    name = _list_name(document)
    if kind == "items_missing":
        document.pop(name, None)
    else:
        document[name] = None if kind == "items_null" else {}


def _bare(answer: Answer, kind: str) -> None:
    """Send `null` or an empty object in place of an array."""
    answer.document, answer.rows = {}, 0
    if kind == "items_null":
        answer.content = b"null"


def _token(document: dict[str, Any], kind: str, desk: Desk, endpoint: Endpoint | None, asked: Asked | None) -> None:
    """Add a token that leads back to this page: the requested one, or a new one."""
    if not isinstance(endpoint, PagedEndpoint) or asked is None:
        return
    place = place_of(endpoint, desk, asked)
    page_info = document.setdefault("page_info", {})
    if kind == "repeat_token":
        page_info["next_page_token"] = asked.get("page_token") or token_of(endpoint, desk, asked, place)
        return
    if kind == "empty_page_with_token":
        document["items"] = []
        page_info["results_per_page"] = 0
    again = Place(place.page, place.rows, place.turn + 1)
    page_info["next_page_token"] = token_of(endpoint, desk, asked, again)


def _empty(answer: Answer) -> None:
    """Remove all rows and the token, and set a total, if any, to 0. A document without a list is unchanged."""
    document = answer.document
    if isinstance(document, list):
        answer.document, answer.rows = [], 0
    elif "page_info" in document or _list_name(document) in document:
        document[_list_name(document)], answer.rows = [], 0
        if "page_info" in document:
            total = {"total_results": 0} if "total_results" in document["page_info"] else {}
            document["page_info"] = {"results_per_page": 0, **total}


def _change_rows(fault: Fault, answer: Answer, endpoint: Endpoint) -> None:
    """Change the row at the fault's index, or the rows with its keys."""
    rows = _rows(answer.document)
    if fault.keys:
        places = [place for place, row in enumerate(rows) if _has_key(row, fault, endpoint)]
    else:
        places = [fault.row] if fault.row < len(rows) else []
    for place in places:
        if fault.kind == "null_row":
            rows[place] = None
        elif isinstance(rows[place], dict):
            _record(rows[place], fault, endpoint, answer)


def _record(record: dict[str, Any], fault: Fault, endpoint: Endpoint, answer: Answer) -> None:
    usual = {"no_key": endpoint.key, "null_key": endpoint.key, "raw_key": endpoint.key, "bad_date": endpoint.date}
    name = fault.field_name.split(".") if fault.field_name else usual.get(str(fault.kind), endpoint.text)
    if not name:
        return
    *parents, last = name
    target: Any = record
    for parent in parents:
        target = target.setdefault(parent, {})
    if fault.kind == "no_key":
        target.pop(last, None)
    elif fault.kind == "null_key":
        target[last] = None
    elif fault.kind in ("raw_value", "raw_key"):
        target[last] = mark = f"raw value {len(answer.raw)} of a fault"
        answer.raw[mark] = ("NaN" if fault.value is None else str(fault.value)).encode("latin-1")
    else:
        is_default = fault.kind == "number_for_string" and fault.value is None
        target[last] = 12_345 if is_default else fault.value
