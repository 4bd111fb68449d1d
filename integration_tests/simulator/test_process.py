"""The simulator as a process, controlled over HTTP."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from unit_tests.simulator.lookup import keyed

HISTORY = "/payments/api/v1/sales/history"
ME = "/user/api/v1/me"
ROOT = Path(__file__).parents[2]


@pytest.fixture(name="simulator")
def running() -> Iterator[Simulator]:
    now_ms = 1_768_478_400_000  # 2026-01-15T12:00:00Z
    start_ms = now_ms - 100 * DAY_MS
    world = World(seed=4, sales=200, subscriptions=40, students=10, products=8, start_ms=start_ms, now_ms=now_ms)
    with Simulator(world) as simulator:
        yield simulator


def control(simulator: Simulator, method: str, name: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{simulator.url}/_simulator/{name}", json=body, timeout=60)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_process_prints_one_line_and_ends_cleanly(ending: signal.Signals) -> None:
    now = ["--now", "2026-01-15T12:00:00Z", "--start", "2024-01-01"]
    command = [sys.executable, "-m", "hotmart_simulator", "--sales", "300", "--seed", "7", *now]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        form = {"grant_type": "client_credentials"}
        headers = {"Authorization": f"Basic {ready['token']}"}
        token = requests.post(f"{ready['url']}/security/oauth/token", data=form, headers=headers, timeout=60).json()
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        page = requests.get(f"{ready['url']}{HISTORY}", headers=bearer, timeout=60).json()
        process.send_signal(ending)
        rest, errors = process.communicate(timeout=60)

    assert set(ready) == {"url", "client_id", "client_secret", "token", "subdomain", "start_date"}
    assert (ready["subdomain"], ready["start_date"]) == ("my-school", "2024-01-01T00:00:00Z")
    assert page["items"]
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_change_over_http_returns_the_changed_keys(simulator: Simulator) -> None:
    before = keyed(simulator.world, "sales_history")
    body = {"sales": 3, "refunds": 2, "chargebacks": 1, "cancellations": 2, "subscriptions": 1}
    body |= {"studies": 4, "checkins": 2, "participants": 3, "coupons": 1}
    moved = control(simulator, "POST", "move", body).json()
    after = keyed(simulator.world, "sales_history")

    assert {name: len(keys) for name, keys in moved.items()} == body
    assert len(after) == len(before) + 4
    assert {after[key]["purchase"]["status"] for key in moved["refunds"]} <= {"REFUNDED", "CHARGEBACK"}
    assert [tuple(key) for key in moved["studies"]] == simulator.moves[0]["studies"]
    assert {name: keys for name, keys in simulator.moves[0].items() if name != "studies"} == {
        name: keys for name, keys in moved.items() if name != "studies"
    }


def test_the_account_can_change_automatically(simulator: Simulator, client: Client) -> None:
    assert control(simulator, "POST", "every", {"calls": 2, "move": {"sales": 1}}).status_code == 200
    for _ in range(5):
        client.get(ME)

    assert len(simulator.moves) == 2


def test_requests_are_counted_by_path_and_status_until_reset(simulator: Simulator, client: Client) -> None:
    client.get(HISTORY)
    client.get(HISTORY, start_date="x")
    counts = control(simulator, "GET", "calls").json()

    assert counts["paths"][HISTORY] == {"200": 1, "400": 1}
    assert counts["paths"]["/security/oauth/token"] == {"200": 1}
    assert (counts["total"], counts["statuses"]) == (3, {"200": 2, "400": 1})
    for code in list(keyed(simulator.world, "subscriptions"))[:3]:
        client.get(f"/payments/api/v1/subscriptions/{code}/purchases")
    paths = control(simulator, "GET", "calls").json()["paths"]
    assert paths["/payments/api/v1/subscriptions/<subscriber_code>/purchases"] == {"200": 3}
    control(simulator, "POST", "reset_log")
    assert control(simulator, "GET", "calls").json() == {"total": 0, "statuses": {}, "paths": {}}


@pytest.mark.parametrize("stream", ["sales_history", "subscription_transactions", "club_lessons", "sales_summary"])
def test_expected_rows_are_available_over_http(simulator: Simulator, stream: str) -> None:
    rows = simulator.world.expected(stream)

    whole = control(simulator, "GET", f"expected/{stream}").json()

    assert [(tuple(row["identity"]), row["record"]) for row in whole] == [(row.identity, row.record) for row in rows]
    assert control(simulator, "GET", f"expected/{stream}?fields=count").json() == {"rows": len(rows)}


def test_switches_are_changed_individually(simulator: Simulator, client: Client) -> None:
    control(simulator, "POST", "switches", {"page_cap": 3})
    answer = control(simulator, "POST", "switches", {"limit_per_minute": 9, "subdomains": ["one"]})

    assert (answer.json()["page_cap"], answer.json()["limit_per_minute"]) == (3, 9)
    assert simulator.switches == Switches(page_cap=3, limit_per_minute=9, subdomains=("one",))
    assert len(client.get(HISTORY).json()["items"]) == 3


def test_faults_and_token_revocation_are_available_over_http(simulator: Simulator, client: Client) -> None:
    control(simulator, "POST", "faults", {"kind": 502, "path": ME, "times": 2})
    control(simulator, "POST", "faults", {"kind": "empty200", "path": ME})
    answers = [client.get(ME) for _ in range(4)]
    control(simulator, "POST", "end_tokens")

    assert [answer.status_code for answer in answers] == [502, 502, 200, 200]
    assert [bool(answer.content) for answer in answers] == [True, True, False, True]
    assert client.get(ME).status_code == 401


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("POST", "move", {"horses": 1}, 400),
        ("POST", "switches", {"colour": 1}, 400),
        ("POST", "switches", {"transaction_date_filters": "last_updated"}, 400),
        ("POST", "switches", {"refused_families": ["clubs"]}, 400),
        ("POST", "faults", {"kind": 499}, 400),
        ("POST", "every", {}, 400),
        ("GET", "expected/horses", None, 400),
        ("GET", "move", None, 404),
        ("POST", "horses", {}, 404),
    ],
)
def test_an_invalid_control_request_is_rejected_with_a_message(
    simulator: Simulator, method: str, name: str, body: Any, status: int
) -> None:
    answer = control(simulator, method, name, body)

    assert answer.status_code == status
    assert answer.json()["message"]


def test_control_requests_are_not_logged_and_use_no_quota(simulator: Simulator, client: Client) -> None:
    simulator.reset_log()
    for _ in range(5):
        control(simulator, "GET", "calls")
    answer = client.get(ME)

    assert answer.headers["RateLimit-Remaining"] == "499"
    assert simulator.count() == 1
