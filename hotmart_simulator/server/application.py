"""The WSGI application: from a request to a response, through login, rate limit, routes and faults."""

import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

import orjson
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from hotmart_simulator.server import control, delivery
from hotmart_simulator.server.date_forms import reformed
from hotmart_simulator.server.endpoint import Answer, Desk, Endpoint
from hotmart_simulator.server.errors import Elsewhere, Refusal, envelope
from hotmart_simulator.server.fault_injection import has_keys, tampered
from hotmart_simulator.server.faults import DELIVERY_KINDS, Fault
from hotmart_simulator.server.login import TOKEN_PATH, WrongCredential
from hotmart_simulator.server.missing_fields import completed
from hotmart_simulator.server.other_paths import is_served
from hotmart_simulator.server.page_order import PageOrder
from hotmart_simulator.server.page_tokens import PageTokens
from hotmart_simulator.server.parameters import Asked, understood
from hotmart_simulator.server.passing_400 import PassingRefusals
from hotmart_simulator.server.rate_limit import LOGINS_PER_MINUTE, Quota, Standing
from hotmart_simulator.server.replies import (
    DOCUMENTATION_PATH,
    html,
    redirect,
    too_many_requests,
    unknown_path,
    wrong_credential,
)
from hotmart_simulator.server.request_log import KEPT_HEADERS, Call
from hotmart_simulator.server.routes import ENDPOINTS, OTHER_ENDPOINTS, PREFIXES
from hotmart_simulator.server.service import Service
from hotmart_simulator.switches import Switches

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


RAW_KINDS = frozenset(DELIVERY_KINDS) - {"truncated_json", "bad_utf8", "bad_gzip", "gzip_bomb"}
SPOILED_KINDS = frozenset(DELIVERY_KINDS) - RAW_KINDS
UNANSWERED_KINDS = frozenset(("reset", "hang", "drip_head"))


@cache
def routes() -> Map:
    """Return the paths as Werkzeug rules. They are compiled once, because this takes most of the start-up time."""
    rules = [Rule(endpoint.path, endpoint=endpoint.path) for endpoint in (*ENDPOINTS, *OTHER_ENDPOINTS)]
    return Map(rules, strict_slashes=True, merge_slashes=False)


@dataclass(slots=True)
class Exchange:
    """A request and what is known of it so far, also for faults and for the headers of errors."""

    request: Request
    call: Call
    endpoint: Endpoint | None = None
    asked: Asked | None = None
    standing: Standing | None = None


class Application:
    """The application of one simulator. Many threads call it at the same time."""

    def __init__(self, simulator: Service) -> None:
        self._simulator = simulator
        self._quota, self._logins = Quota(simulator.clock), Quota(simulator.clock)
        self._passing = PassingRefusals(simulator.world.seed)
        self._desk = Desk(simulator.world, PageTokens(simulator.world.seed), PageOrder())
        self._endpoints = {endpoint.path: endpoint for endpoint in (*ENDPOINTS, *OTHER_ENDPOINTS)}
        self._routes = routes()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        request = Request(environ)
        fault: Fault | None = None
        try:
            if request.path.startswith(control.PREFIX):
                answer = control.answer(self._simulator, request)
            else:
                answer, fault = self._served(request)
        except Exception as mistake:
            self._simulator.mistakes.append(mistake)
            traceback.print_exc()
            answer = Answer(status=500, document=envelope("simulator_error", repr(mistake)))
        return self._send(request, answer, fault)(environ, start_response)

    def _served(self, request: Request) -> tuple[Answer, Fault | None]:
        """Return the response to a request, and the fault to apply when it is sent."""
        exchange = Exchange(request, self._entered(request))
        call, is_data = exchange.call, request.path.startswith(PREFIXES)
        try:
            if request.path == TOKEN_PATH:
                answer = self._login(request, call)
            elif is_data:
                answer = self._data(exchange)
            elif request.path.startswith("/docs"):
                answer = html("Documentation")
            else:
                answer = html("Not found", 404)
        except Refusal as refusal:
            answer = Answer(status=refusal.status, document=refusal.document)
        except Elsewhere as elsewhere:
            place = f"{self._simulator.url}{DOCUMENTATION_PATH}"
            answer = redirect(place) if elsewhere.redirected else html("Documentation")
        if exchange.standing is not None:
            answer.headers += exchange.standing.headers
        page_info = answer.document.get("page_info") if isinstance(answer.document, dict) else None
        is_last = answer.status == 200 and not (page_info or {}).get("next_page_token")
        answer = self._with_bad_rows(answer, exchange, is_data=is_data, is_last=is_last)
        fault = self._simulator.fault_registry.due(call, is_data=is_data, is_last=is_last)
        if fault is not None and fault.kind == "wrong_date":
            date = fault.value
            if not isinstance(date, str):
                date = formatdate(self._simulator.clock() + (date or 0), usegmt=True)
            answer.headers.append(("Date", date))
        elif fault is not None and fault.kind not in DELIVERY_KINDS:
            answer = self._tampered(fault, answer, exchange)
        call.rows = answer.rows
        call.status = 0 if fault is not None and fault.kind in UNANSWERED_KINDS else answer.status
        return answer, fault

    def _entered(self, request: Request) -> Call:
        """Return the request as an entry of the log of calls."""
        query = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True, encoding="utf-8")
        headers = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
        call = Call(self._simulator.clock(), request.method, request.path, query, headers)
        self._simulator.log.enter(call)
        with suppress(NotFound):
            path, ids = self._routes.bind("").match(request.path, "GET")
            if is_served(path, self._simulator.switches):
                call.route, call.ids = path, {name: str(value) for name, value in ids.items()}
        return call

    def _with_bad_rows(self, answer: Answer, exchange: Exchange, *, is_data: bool, is_last: bool) -> Answer:
        """Apply every due fault for single rows to the response."""
        endpoint, whole = exchange.endpoint, answer
        due = self._simulator.fault_registry.due_on_rows(
            exchange.call, is_data=is_data, is_last=is_last, has_keys=lambda fault: has_keys(fault, whole, endpoint)
        )
        for fault in due:
            answer = self._tampered(fault, answer, exchange)
        return answer

    def _tampered(self, fault: Fault, answer: Answer, exchange: Exchange) -> Answer:
        """Apply a fault to the content of the response."""
        endpoint = exchange.endpoint or self._endpoints.get(exchange.call.route)
        standing = exchange.standing
        answer = tampered(fault, answer, self._desk, endpoint, exchange.asked, standing)
        if standing is not None and fault.quota_headers:
            sent = {name for name, _ in answer.headers}
            answer.headers += [(name, value) for name, value in standing.headers if name not in sent]
        return answer

    def _login(self, request: Request, call: Call) -> Answer:
        if request.method != "POST":
            raise Refusal(405, "method_not_allowed", f"Request method {request.method} is not supported")
        switches = self._simulator.switches
        if switches.login_limit == "few_per_minute":
            standing = self._logins.take(switches, LOGINS_PER_MINUTE)
            if standing.exceeded:
                return too_many_requests(switches, standing.reset_s)
        form, authorization = list(request.form.items(multi=True)), request.headers.get("Authorization")
        try:
            return Answer(document=self._simulator.login.grant(call.query, form, authorization, switches))
        except WrongCredential:
            return wrong_credential(switches)

    def _data(self, exchange: Exchange) -> Answer:
        request, call, switches = exchange.request, exchange.call, self._simulator.switches
        if switches.latency_ms:
            time.sleep(switches.latency_ms / 1000)
        self._simulator.login.check(request.headers.get("Authorization"), switches)
        if switches.sandbox:
            raise Refusal(401, "unauthorized_client", "The credential belongs to another environment")
        exchange.standing = self._quota.take(switches, switches.limit_per_minute)
        if exchange.standing.exceeded:
            return too_many_requests(switches, exchange.standing.reset_s)
        if request.method != "GET":
            raise Refusal(405, "method_not_allowed", f"Request method {request.method} is not supported")
        _check_permission(request.path, switches)
        if switches.passing_400 == "now_and_then":
            self._passing.check(call)
        self._simulator.before_answer(call)
        if not call.route:
            return unknown_path(request.path, switches)
        exchange.endpoint = endpoint = self._endpoints[call.route]
        exchange.asked = asked = self._asked(endpoint, call, switches)
        answer = endpoint.answer(endpoint, self._desk, asked)
        is_cut = "select" in asked
        dated = reformed(answer.document, endpoint.shape, switches, is_cut=is_cut)
        answer.document = completed(dated, endpoint.shape, switches, is_cut=is_cut)
        busy_ms = answer.rows * switches.ms_per_row_sent + answer.found * switches.ms_per_row_found
        if busy_ms:
            time.sleep(busy_ms / 1000)
        return answer

    def _asked(self, endpoint: Endpoint, call: Call, switches: Switches) -> Asked:
        """Return the query as its endpoint parses it."""

        def ignore(name: str) -> None:
            self._simulator.log.ignored(call, name)

        return understood(
            endpoint.parameters,
            call.query,
            call.ids,
            split_lists=switches.comma_lists == "accept",
            on_unknown=ignore if switches.unknown_parameters == "dropped" else None,
        )

    def _send(self, request: Request, answer: Answer, fault: Fault | None) -> Response:
        body = answer.content
        if body is None:
            body = b"" if answer.document is None else orjson.dumps(answer.document)
            for mark, raw in answer.raw.items():
                body = body.replace(orjson.dumps(mark), raw)
        headers = [("Content-Type", answer.content_type), *answer.headers] if body else list(answer.headers)
        if fault is not None and fault.kind in SPOILED_KINDS:
            headers, body = delivery.spoiled(fault, headers, body)
        if fault is not None and fault.kind in RAW_KINDS:
            connection = cast("Any", request.environ["werkzeug.socket"])
            delivery.send_raw(fault, connection, self._simulator.stopped, answer.status, headers, body)
        response = Response(body, answer.status, headers)
        if not body:
            response.headers.pop("Content-Type", None)
        return response


def _check_permission(path: str, switches: Switches) -> None:
    """Raise `Refusal` for a family of paths that the credential may not read."""
    if switches.permission == "none" and path.startswith("/payments/"):
        raise Refusal(403, "unauthorized_client", "The client has no permission for this resource")
    if path.split("/")[1] in switches.refused_families:
        error = "unauthorized" if switches.refused_with == 401 else "unauthorized_client"
        raise Refusal(switches.refused_with, error, "The client has no permission for this resource")
