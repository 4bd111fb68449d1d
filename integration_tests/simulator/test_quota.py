"""The simulator's quota, and the queries that it rejects as too heavy (hotmart-api.md 2.3 and 2.4)."""

from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from integration_tests.simulator.conftest import Clock

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
COMMISSIONS = "/payments/api/v1/sales/commissions"
DETAILS = "/payments/api/v1/sales/price/details"
SUMMARY = "/payments/api/v1/sales/summary"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"
PRODUCTS = "/products/api/v1/products"
ME = "/user/api/v1/me"


def year(**more: Any) -> dict[str, Any]:
    return {"start_date": NOW_MS - 365 * DAY_MS, "end_date": NOW_MS, **more}


def test_requests_beyond_the_quota_are_rejected_until_the_minute_ends(
    simulator: Simulator, client: Client, clock: Clock
) -> None:
    simulator.switches = Switches(limit_per_minute=3)
    client.log_in()
    clock.now_s += 0.5
    left = [client.get(path).headers["RateLimit-Remaining"] for path in (ME, HISTORY, "/payments/api/v1/nothing")]
    refused = client.get(ME)

    assert left == ["2", "1", "0"]
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
    assert refused.headers["RateLimit-Limit"] == refused.headers["X-RateLimit-Limit-Minute"] == "3"
    assert refused.headers["RateLimit-Remaining"] == refused.headers["X-RateLimit-Remaining-Minute"] == "0"
    seconds = int(refused.headers["RateLimit-Reset"])
    assert seconds == 40  # 39.5, rounded up
    clock.now_s += 39
    assert client.get(ME).status_code == 429
    clock.now_s += 1
    assert [client.get(ME).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_rejected_requests_and_logins_use_no_quota(simulator: Simulator, client: Client, clock: Clock) -> None:
    simulator.switches = Switches(limit_per_minute=2)
    token = client.log_in()
    client.session.headers["Authorization"] = "Bearer wrong"
    assert client.get(ME).status_code == 401
    client.session.headers["Authorization"] = f"Bearer {token}"
    statuses = [client.get(ME).status_code for _ in range(6)]
    clock.now_s += 60

    assert statuses == [200, 200, 429, 429, 429, 429]
    assert client.get(ME).headers["RateLimit-Remaining"] == "1"


@pytest.mark.parametrize(
    ("side", "content_type", "start"),
    [
        ("envelope", "application/json", b'{"error":"too_many_requests",'),
        ("message", "application/json", b'{"message":"API rate limit exceeded"}'),
        ("html", "text/html;charset=UTF-8", b"<!DOCTYPE html>"),
    ],
)
def test_a_429_has_one_of_three_bodies(
    simulator: Simulator, client: Client, side: Any, content_type: str, start: bytes
) -> None:
    simulator.switches = Switches(refusal_429=side, limit_per_minute=1)
    answers = [client.get(ME) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["Content-Type"] == content_type
    assert answers[1].content.startswith(start)
    assert answers[1].headers["RateLimit-Remaining"] == "0"
    assert 0 < int(answers[1].headers["RateLimit-Reset"]) <= 60


def test_a_switch_removes_the_rate_limit_headers(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(quota_names="none", limit_per_minute=1)
    answers = [client.get(ME) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert not [name for answer in answers for name in answer.headers if "ratelimit" in name.lower()]


def test_a_date_range_with_too_many_rows_answers_502_except_for_counts(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(heavy_rows=100)

    for path in (HISTORY, USERS, COMMISSIONS, DETAILS, SUMMARY):
        heavy = client.get(path, **year())
        assert (heavy.status_code, heavy.json()["error"]) == (502, "internal_server_error"), path
        assert client.get(path, **year(max_results=1)).status_code == 200
        assert client.get(path).status_code == 200
    assert client.get(TRANSACTIONS, transaction_date=0).status_code == 502
    assert client.get(SUBSCRIPTIONS, accession_date=0).status_code == 502
    assert client.get(PRODUCTS).status_code == 200


def test_a_date_range_of_too_many_days_answers_502(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(heavy_days=31)

    assert client.get(HISTORY, **year()).status_code == 502
    assert client.get(HISTORY, start_date=NOW_MS - 31 * DAY_MS).status_code == 200
    assert client.get(SUBSCRIPTIONS, accession_date=0).status_code == 502
    assert client.get(SUBSCRIPTIONS).status_code == 200
