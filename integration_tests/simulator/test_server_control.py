"""Control over HTTP: time, changes and ignored parameters."""

import json
from typing import Any

import pytest
import requests

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from integration_tests.simulator.conftest import NOW_MS

HISTORY = "/payments/api/v1/sales/history"
ME = "/user/api/v1/me"


@pytest.fixture(name="world")
def moving_world() -> World:
    start_ms = NOW_MS - 100 * DAY_MS
    return World(seed=4, sales=200, subscriptions=40, students=10, products=8, start_ms=start_ms, now_ms=NOW_MS)


def control(simulator: Simulator, method: str, name: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{simulator.url}/_simulator/{name}", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_time_advances_on_request(simulator: Simulator, client: Client) -> None:
    assert client.rows(HISTORY)
    assert control(simulator, "POST", "advance", {"ms": 400 * DAY_MS}) == {"now_ms": NOW_MS + 400 * DAY_MS}

    assert simulator.world.now_ms == NOW_MS + 400 * DAY_MS
    assert client.rows(HISTORY) == []


@pytest.mark.parametrize("body", [{}, {"ms": -1}, {"ms": "1"}, {"ms": 1.5}, {"days": 1}])
def test_an_invalid_time_is_rejected(simulator: Simulator, body: Any) -> None:
    answer = requests.post(f"{simulator.url}/_simulator/advance", json=body, timeout=60)

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert simulator.world.now_ms == NOW_MS


def test_every_change_is_listed_and_can_be_made(simulator: Simulator) -> None:
    names = control(simulator, "GET", "moves")

    assert names == list(simulator.world.moves)
    assert {"sales", "refunds", "cancellations", "checkins"} <= set(names)
    for name in names:
        moved = control(simulator, "POST", "move", {name: 1})
        assert moved == json.loads(json.dumps(simulator.moves[-1]))
        assert list(moved) == [name]
    assert sum(any(moved.values()) for moved in simulator.moves) > len(names) // 2
    assert len(control(simulator, "POST", "move", {"sales": 3})["sales"]) == 3


def test_an_unknown_automatic_change_is_rejected_at_once(simulator: Simulator, client: Client) -> None:
    body = {"calls": 1, "move": {"horses": 1}}
    answer = requests.post(f"{simulator.url}/_simulator/every", json=body, timeout=60)

    assert answer.status_code == 400
    assert "horses" in answer.json()["message"]
    assert client.get(ME).status_code == 200


def test_ignored_parameters_are_listed_until_the_log_is_reset(simulator: Simulator, client: Client) -> None:
    client.get(HISTORY, start="2025-01-01")
    client.get(ME, verbose="true")

    assert control(simulator, "GET", "unknown_parameters") == [[HISTORY, "start"], [ME, "verbose"]]
    control(simulator, "POST", "reset_log")
    assert control(simulator, "GET", "unknown_parameters") == []


def test_changing_a_switch_keeps_the_others(simulator: Simulator, client: Client) -> None:
    before = simulator.switches
    answer = control(simulator, "POST", "switches", {"unknown_parameters": "refused"})

    assert client.get(ME, verbose="true").status_code == 400
    assert {name for name, value in answer.items() if getattr(before, name) != value} <= {
        "unknown_parameters",
        "subdomains",
        "refused_families",
        "refused_statuses",
    }
    control(simulator, "POST", "switches", {"unknown_parameters": "dropped"})
    assert simulator.switches == before


def test_an_unknown_control_request_lists_the_known_ones(simulator: Simulator) -> None:
    answer = requests.get(f"{simulator.url}/_simulator/horses", timeout=60)

    assert answer.status_code == 404
    for name in ("GET /_simulator/moves", "POST /_simulator/advance", "GET /_simulator/unknown_parameters"):
        assert name in answer.json()["message"]


def test_the_simulator_and_the_account_share_switches(world: World) -> None:
    switches = Switches(page_cap=2)
    with Simulator(world, switches) as simulator:
        assert world.switches is simulator.switches is switches
        control(simulator, "POST", "switches", {"page_cap": None})
        assert world.switches == Switches()
