"""The WSGI application: from a request to an answer, through login, quota, routes and faults."""

import time
import traceback
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

import orjson
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from hotmart_simulator.members_area.http import CLUB, EMPTY_PATHS, nowhere
from hotmart_simulator.server import control, delivery
from hotmart_simulator.server.endpoint import Answer, Desk, Endpoint
from hotmart_simulator.server.errors import Elsewhere, Refusal, envelope
from hotmart_simulator.server.fault_injection import DOCUMENTATION_PATH, html, redirect, tampered
from hotmart_simulator.server.faults import DELIVERY_KINDS, Fault
from hotmart_simulator.server.login import TOKEN_PATH
from hotmart_simulator.server.page_tokens import PageTokens
from hotmart_simulator.server.parameters import understood
from hotmart_simulator.server.rate_limit import Quota, Standing
from hotmart_simulator.server.request_log import KEPT_HEADERS, Call
from hotmart_simulator.server.routes import ENDPOINTS, PREFIXES
from hotmart_simulator.server.service import Service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


RAW_KINDS = frozenset(DELIVERY_KINDS) - {"truncated_json", "bad_utf8", "bad_gzip", "gzip_bomb"}
SPOILED_KINDS = frozenset(DELIVERY_KINDS) - RAW_KINDS


@cache
def routes() -> Map:
    """The paths as Werkzeug matches them; compiled once, which is most of the time that a start takes."""
    rules = [Rule(endpoint.path, endpoint=endpoint.path) for endpoint in ENDPOINTS]
    return Map(rules, strict_slashes=True, merge_slashes=False)


class Application:
    """Answers for one simulator; called in many threads at once."""

    def __init__(self, simulator: Service) -> None:
        self._simulator = simulator
        self._quota = Quota(simulator.clock)
        self._tokens = PageTokens(simulator.world.seed)
        self._endpoints = {endpoint.path: endpoint for endpoint in ENDPOINTS}
        self._routes = routes()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        request = Request(environ)
        if request.path.startswith(control.PREFIX):
            answer, fault = control.answer(self._simulator, request), None
        else:
            try:
                answer, fault = self._served(request)
            except Exception as mistake:
                self._simulator.mistakes.append(mistake)
                traceback.print_exc()
                answer, fault = Answer(status=500, document=envelope("simulator_error", repr(mistake))), None
        return self._send(request, answer, fault)(environ, start_response)

    def _served(self, request: Request) -> tuple[Answer, Fault | None]:
        query = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True, encoding="utf-8")
        headers = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
        call = Call(self._simulator.clock(), request.method, request.path, query, headers)
        self._simulator.log.enter(call)
        is_login, is_data = request.path == TOKEN_PATH, request.path.startswith(PREFIXES)
        desk = Desk(self._simulator.world, self._simulator.switches, self._tokens)
        endpoint: Endpoint | None = None
        standing: Standing | None = None
        charge = _Charge()
        with suppress(NotFound):
            path, ids = self._routes.bind("").match(request.path, "GET")
            call.route, call.ids = path, {name: str(value) for name, value in ids.items()}
        try:
            if is_login:
                answer = self._login(request, call, desk)
            elif is_data:
                answer, endpoint = self._data(request, call, desk, charge)
            elif request.path.startswith("/docs"):
                answer = html("Documentation")
            else:
                answer = html("Not found", 404)
        except Refusal as refusal:
            answer = Answer(status=refusal.status, document=refusal.document)
        except Elsewhere as elsewhere:
            place = f"{self._simulator.url}{DOCUMENTATION_PATH}"
            answer = redirect(place) if elsewhere.redirected else html("Documentation")
        standing = charge.standing
        if standing is not None:
            answer.headers += standing.headers
        page_info = answer.document.get("page_info") if isinstance(answer.document, dict) else None
        is_last = answer.status == 200 and not (page_info or {}).get("next_page_token")
        fault = self._simulator.fault_registry.due(call, is_data=is_data, is_last=is_last)
        if fault is not None and fault.kind not in DELIVERY_KINDS:
            if endpoint is None:
                endpoint = self._endpoints.get(call.route)
            answer = tampered(fault, answer, call, endpoint, desk, standing)
            if standing is not None and fault.quota_headers:
                sent = {name for name, _ in answer.headers}
                answer.headers += [(name, value) for name, value in standing.headers if name not in sent]
        call.rows = answer.rows
        call.status = 0 if fault is not None and fault.kind in ("reset", "hang", "drip_head") else answer.status
        return answer, fault

    def _login(self, request: Request, call: Call, desk: Desk) -> Answer:
        if request.method != "POST":
            raise Refusal(405, "method_not_allowed", f"Request method {request.method} is not supported")
        pairs = [*call.query, *request.form.items(multi=True)]
        granted = self._simulator.login.grant(pairs, request.headers.get("Authorization"), desk.switches.token_life_s)
        return Answer(document=granted)

    def _data(self, request: Request, call: Call, desk: Desk, charge: "_Charge") -> tuple[Answer, Endpoint | None]:
        switches = desk.switches
        if switches.latency_ms:
            time.sleep(switches.latency_ms / 1000)
        self._simulator.login.check(request.headers.get("Authorization"))
        if switches.sandbox:
            raise Refusal(401, "unauthorized_client", "The credential belongs to another environment")
        charge.standing = self._quota.take(switches)
        if charge.standing.exceeded:
            raise Refusal(429, "too_many_requests", "The rate limit is exceeded")
        if request.method != "GET":
            raise Refusal(405, "method_not_allowed", f"Request method {request.method} is not supported")
        if switches.permission == "none" and request.path.startswith("/payments/"):
            raise Refusal(403, "unauthorized_client", "The client has no permission for this resource")
        family = request.path.split("/")[1]
        if family in switches.refused_families:
            error = "unauthorized" if switches.refused_with == 401 else "unauthorized_client"
            raise Refusal(switches.refused_with, error, "The client has no permission for this resource")
        self._simulator.before_answer(call)
        if not call.route:
            if request.path.startswith(CLUB) and request.path not in EMPTY_PATHS:
                raise nowhere(switches)
            return Answer(), None
        endpoint = self._endpoints[call.route]
        asked = understood(endpoint.parameters, call.query, call.ids, split_lists=switches.comma_lists == "accept")
        answer = endpoint.answer(endpoint, desk, asked)
        busy_ms = answer.rows * switches.ms_per_row_sent + answer.found * switches.ms_per_row_found
        if busy_ms:
            time.sleep(busy_ms / 1000)
        return answer, endpoint

    def _send(self, request: Request, answer: Answer, fault: Fault | None) -> Response:
        body = answer.content
        if body is None:
            body = b"" if answer.document is None else orjson.dumps(answer.document)
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


class _Charge:
    """Where a call leaves its standing, for the headers of the refusals as well."""

    standing: Standing | None = None
