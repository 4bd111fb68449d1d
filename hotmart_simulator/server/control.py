"""Control over HTTP for other processes, below /_simulator/, without token and quota and outside the log of calls."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from werkzeug.wrappers import Request

from hotmart_simulator.server.endpoint import Answer
from hotmart_simulator.server.faults import Fault
from hotmart_simulator.server.service import Service

PREFIX: Final = "/_simulator/"
EXPECTED: Final = "expected/"


def answer(simulator: Service, request: Request) -> Answer:
    """Respond to one control call. A mistake in it gets a 400 with a message."""
    name = request.path.removeprefix(PREFIX)
    try:
        if request.method == "GET" and name.startswith(EXPECTED):
            return Answer(document=_expected(simulator, name.removeprefix(EXPECTED), request))
        action = ACTIONS.get((request.method, name))
        if action is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in ACTIONS)
            return Answer(status=404, document={"message": f"Known: {known}, GET {PREFIX}{EXPECTED}<stream>"})
        body = orjson.loads(request.get_data() or b"{}")
        return Answer(document=action(simulator, body))
    except (KeyError, TypeError, ValueError) as mistake:
        return Answer(status=400, document={"message": str(mistake)})


def _expected(simulator: Service, stream: str, request: Request) -> Any:
    with simulator.world.lock:
        rows = simulator.world.iter_expected(stream)
        if request.args.get("fields") == "count":
            return {"rows": sum(1 for _ in rows)}
        return [{"identity": row.identity, "record": row.record} for row in rows]


def _move(simulator: Service, body: Mapping[str, int]) -> Any:
    return simulator.move(body)


def _moves(simulator: Service, body: Any) -> Any:
    return list(simulator.world.moves)


def _advance(simulator: Service, body: Mapping[str, int]) -> Any:
    ms = body["ms"]
    if not isinstance(ms, int) or ms < 0:
        raise ValueError("ms is a whole number of at least 0")
    return {"now_ms": simulator.world.advance(ms)}


def _every(simulator: Service, body: Mapping[str, Any]) -> Any:
    simulator.move_every(body["calls"], body["move"])
    return {"calls": body["calls"], "move": body["move"]}


def _calls(simulator: Service, body: Any) -> Any:
    return simulator.log.summary()


def _unknown_parameters(simulator: Service, body: Any) -> Any:
    return simulator.unknown_parameters


def _reset_log(simulator: Service, body: Any) -> Any:
    simulator.reset_log()
    return {}


def _switches(simulator: Service, body: Mapping[str, Any]) -> Any:
    changes: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in body.items()}
    simulator.switches = dataclasses.replace(simulator.switches, **changes)
    return dataclasses.asdict(simulator.switches)


def _fault(simulator: Service, body: Mapping[str, Any]) -> Any:
    fault = simulator.add_fault(Fault(**body))
    return {"kind": fault.kind}


def _end_tokens(simulator: Service, body: Any) -> Any:
    simulator.login.end_tokens()
    return {}


ACTIONS: Final[Mapping[tuple[str, str], Callable[[Service, Any], Any]]] = {
    ("GET", "moves"): _moves,
    ("POST", "move"): _move,
    ("POST", "advance"): _advance,
    ("POST", "every"): _every,
    ("GET", "calls"): _calls,
    ("GET", "unknown_parameters"): _unknown_parameters,
    ("POST", "reset_log"): _reset_log,
    ("POST", "switches"): _switches,
    ("POST", "faults"): _fault,
    ("POST", "end_tokens"): _end_tokens,
}
