"""A valid request can be rejected once and accepted the next time (hotmart-api.md 2.2 and 0.5)."""

from dataclasses import replace
from itertools import pairwise

import pytest

from hotmart_simulator import Simulator
from hotmart_simulator.client import Client
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.passing_400 import PassingRefusals
from hotmart_simulator.server.request_log import Call

HISTORY = "/payments/api/v1/sales/history"
ME = "/user/api/v1/me"


def passes(refusals: PassingRefusals, path: str) -> bool:
    try:
        refusals.check(Call(0.0, "GET", path, [("max_results", "1")]))
    except Refusal as refusal:
        assert (refusal.status, refusal.document["error"]) == (400, "invalid_parameter")
        return False
    return True


def test_about_one_request_in_twelve_is_rejected_reproducibly() -> None:
    first, again = ([passes(refusals, f"/{n}") for n in range(3_000)] for refusals in map(PassingRefusals, (5, 5)))

    assert first == again
    assert 200 < first.count(False) < 300


def test_a_rejected_request_succeeds_on_retry_after_other_requests() -> None:
    refusals = PassingRefusals(5)
    refused = [f"/{number}" for number in range(3_000) if not passes(refusals, f"/{number}")]

    assert all(passes(refusals, path) for path in refused)


def test_no_request_is_rejected_twice_in_a_row() -> None:
    refusals = PassingRefusals(5)
    results = [passes(refusals, "/same") for _ in range(3_000)]

    assert False in results
    assert all(result or following for result, following in pairwise(results))


@pytest.mark.parametrize(("side", "statuses"), [("never", {200}), ("now_and_then", {200, 400})])
def test_a_switch_rejects_some_data_requests(
    simulator: Simulator, client: Client, side: str, statuses: set[int]
) -> None:
    simulator.switches = replace(simulator.switches, passing_400=side)  # type: ignore[arg-type]
    answers = [client.get(path, max_results=1) for _ in range(30) for path in (HISTORY, ME)]
    refused = [answer.json()["error"] for answer in answers if answer.status_code == 400]

    assert {answer.status_code for answer in answers} == statuses
    assert set(refused) <= {"invalid_parameter"}
    assert all(client.ask_token().status_code == 200 for _ in range(30))


def test_a_rejected_request_uses_quota_and_succeeds_on_retry(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, passing_400="now_and_then")
    left = []
    while (answer := client.get(HISTORY)).status_code == 200:
        left.append(int(answer.headers["RateLimit-Remaining"]))
    again = client.get(HISTORY)

    assert int(answer.headers["RateLimit-Remaining"]) == left[-1] - 1
    assert again.status_code == 200
    assert again.json()["items"]
