"""The simulator's faults affect the requests that they were added for, and no others."""

from typing import Any

import pytest
import requests

from hotmart_simulator import Call, Fault, Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.server.faults import CONTENT_KINDS, DELIVERY_KINDS, STATUSES
from unit_tests.simulator.lookup import keyed

HISTORY = "/payments/api/v1/sales/history"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"
PRODUCTS = "/products/api/v1/products"
ME = "/user/api/v1/me"
TOKEN = "/security/oauth/token"


@pytest.fixture(name="world", scope="module")
def still_world() -> World:
    """An account of forty days, so that the default date ranges have rows. Tests must not change it."""
    now_ms = 1_768_478_400_000  # 2026-01-15T12:00:00Z
    start_ms = now_ms - 40 * DAY_MS
    return World(seed=8, sales=60, subscriptions=20, students=30, products=8, start_ms=start_ms, now_ms=now_ms)


def test_a_fault_fires_from_the_nth_request_a_given_number_of_times(simulator: Simulator, client: Client) -> None:
    fault = simulator.add_fault(Fault(kind=503, path=HISTORY, nth=2, times=2))

    assert [client.get(HISTORY).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert fault.fired == 2


def test_a_permanent_fault_lasts_until_it_is_cleared(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind=500, path=HISTORY, times=None))

    assert [client.get(HISTORY).status_code for _ in range(4)] == [500] * 4
    simulator.clear_faults()
    assert client.get(HISTORY).status_code == 200
    assert simulator.faults == []


def test_a_fault_matches_an_exact_path_a_pattern_or_every_path(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind=500, path=SUBSCRIPTIONS, times=None))
    assert [client.get(path).status_code for path in (SUBSCRIPTIONS, TRANSACTIONS, ME)] == [500, 200, 200]
    simulator.clear_faults()
    simulator.add_fault(Fault(kind=500, path=f"{SUBSCRIPTIONS}*", times=None))
    assert [client.get(path).status_code for path in (SUBSCRIPTIONS, TRANSACTIONS, ME)] == [500, 500, 200]
    simulator.clear_faults()
    one, two = (f"{SUBSCRIPTIONS}/{code}/purchases" for code in list(keyed(simulator.world, "subscriptions"))[:2])
    simulator.add_fault(Fault(kind=500, path=f"{SUBSCRIPTIONS}/*/purchases", times=None))
    assert [client.get(path).status_code for path in (one, two, SUBSCRIPTIONS, ME)] == [500, 500, 200, 200]
    simulator.clear_faults()
    simulator.add_fault(Fault(kind=403, path=one, times=None))
    assert [client.get(path).status_code for path in (one, two)] == [403, 200]
    simulator.clear_faults()
    simulator.add_fault(Fault(kind=500, times=None))
    assert [client.get(path).status_code for path in (SUBSCRIPTIONS, ME, "/docs/en/")] == [500, 500, 200]
    assert client.ask_token().status_code == 200


def test_a_fault_of_the_token_endpoint_needs_its_path(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind=503, path=TOKEN))
    simulator.add_fault(Fault(kind="empty_object", path=TOKEN))
    answers = [client.ask_token() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert answers[1].json() == {}
    assert "access_token" in answers[2].json()


@pytest.mark.parametrize(("page", "failed"), [("first", 0), ("middle", 1), ("last", 3)])
def test_a_fault_can_select_the_first_middle_or_last_page(
    simulator: Simulator, client: Client, page: Any, failed: int
) -> None:
    pages = list(client.pages(PRODUCTS, max_results=2))
    tokens = [None, *(each["page_info"]["next_page_token"] for each in pages[:-1])]
    simulator.add_fault(Fault(kind=502, path=PRODUCTS, page=page))
    statuses = [client.get(PRODUCTS, max_results=2, page_token=token).status_code for token in tokens]

    assert len(pages) == 4
    assert [number for number, status in enumerate(statuses) if status == 502] == [failed]


def test_a_fault_can_affect_some_queries_only(simulator: Simulator, client: Client) -> None:
    def asks_for_refunds(call: Call) -> bool:
        return "REFUNDED" in call.all("transaction_status")

    simulator.add_fault(Fault(kind=400, path=HISTORY, where=asks_for_refunds, times=None))

    assert client.get(HISTORY).status_code == 200
    assert client.get(HISTORY, transaction_status=["APPROVED", "REFUNDED"]).status_code == 400


def test_faults_fire_in_the_order_they_were_added(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind=500))
    simulator.add_fault(Fault(kind=502))

    assert [client.get(ME).status_code for _ in range(3)] == [500, 502, 200]


def test_an_unknown_kind_or_page_is_rejected() -> None:
    with pytest.raises(ValueError, match="no fault of kind 499"):
        Fault(kind=499)
    with pytest.raises(ValueError, match="no fault of kind 'html'"):
        Fault(kind="html")
    with pytest.raises(ValueError, match="no page 'second'"):
        Fault(kind=500, page="second")  # type: ignore[arg-type]


SLOW_KINDS = ("hang", "drip", "drip_head")
QUICK_KINDS = [kind for kind in (*STATUSES, *CONTENT_KINDS, *DELIVERY_KINDS) if kind not in SLOW_KINDS]


@pytest.mark.parametrize("kind", QUICK_KINDS)
def test_the_same_request_succeeds_after_a_fault(simulator: Simulator, client: Client, kind: int | str) -> None:
    before = client.get(HISTORY).content
    simulator.add_fault(Fault(kind=kind, path=HISTORY, megabytes=1, value=3))
    try:
        spoiled = client.get(HISTORY).content
    except requests.RequestException:
        spoiled = b"none"

    assert spoiled != before
    assert client.get(HISTORY).content == before


@pytest.mark.parametrize("status", STATUSES)
def test_an_error_status_has_the_usual_body(simulator: Simulator, client: Client, status: int) -> None:
    simulator.add_fault(Fault(kind=status, error="some_code"))
    answer = client.get(HISTORY)

    assert (answer.status_code, answer.json()["error"]) == (status, "some_code")
    assert set(answer.json()) == {"error", "error_description", "error_uri"}
    assert answer.headers["RateLimit-Limit"] == "100000"


def test_a_429_has_the_given_headers_and_body(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind=429, reset_s=7))
    simulator.add_fault(Fault(kind=429, reset_s="soon", retry_after_s=3))
    simulator.add_fault(Fault(kind=429, quota_headers=False, body='{"message":"API rate limit exceeded"}'))
    told, nonsense, silent = (client.get(ME) for _ in range(3))

    assert (told.headers["RateLimit-Reset"], told.headers["RateLimit-Remaining"]) == ("7", "0")
    assert "Retry-After" not in told.headers
    assert (nonsense.headers["RateLimit-Reset"], nonsense.headers["Retry-After"]) == ("soon", "3")
    assert not [name for name in silent.headers if "ratelimit" in name.lower()]
    assert silent.json() == {"message": "API rate limit exceeded"}


def test_a_status_can_have_any_body(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind=403, body="<html>blocked</html>", content_type="text/html", headers={"X-A": "b"}))
    answer = client.get(ME)

    assert (answer.status_code, answer.text, answer.headers["X-A"]) == (403, "<html>blocked</html>", "b")
    assert answer.headers["Content-Type"] == "text/html"


def test_an_error_in_a_hook_fails_the_test(world: World) -> None:
    def fail(call: Call) -> None:
        raise AssertionError(f"not expected: {call.path}")

    with (
        pytest.raises(RuntimeError, match="a hook of the test, failed"),
        Simulator(world) as simulator,
        Client(simulator) as client,
    ):
        simulator.before_call = fail
        assert client.get(ME).json()["error"] == "simulator_error"
    assert [str(mistake) for mistake in simulator.mistakes] == [f"not expected: {ME}"]


def test_a_stopped_simulator_restarts_on_the_same_port(simulator: Simulator, client: Client) -> None:
    url = simulator.url
    simulator.stop()
    simulator.stop()
    with pytest.raises(requests.ConnectionError):
        client.get(ME)
    simulator.start()

    assert simulator.url == url
    assert client.get(ME).status_code == 200
    with pytest.raises(RuntimeError, match="running already"):
        simulator.start()
