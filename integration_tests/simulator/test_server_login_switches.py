"""The switches of the login, of rejected tokens, of the rate limit and of paths (hotmart-api.md 1, 2.3 and 2.4)."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import pytest
import requests

from hotmart_simulator import Fault, Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.server.rate_limit import LOGINS_PER_MINUTE
from integration_tests.simulator.conftest import NOW_MS, Clock

ME = "/user/api/v1/me"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
CHARGES = f"{SUBSCRIPTIONS}/transactions"
STUDENTS = "/club/api/v1/users"
SCHOOL = {"subdomain": "my-school"}
SCRAPED_STUDENTS = "/club/api/v1/students"
SCRAPED_PROGRESS = "/club/api/v1/students/progress"
EMPTY = (200, b"")


@pytest.fixture(scope="module", name="world")
def small_world() -> World:
    """An account as small as those of the flips, where every side must be visible."""
    return World(seed=5, sales=120, subscriptions=30, students=24, products=8, now_ms=NOW_MS)


def flip(simulator: Simulator, **sides: Any) -> None:
    simulator.switches = replace(simulator.switches, **sides)


def me_with(client: Client, token: str) -> int:
    """Return the status of a data request with this token."""
    client.session.headers["Authorization"] = f"Bearer {token}"
    return client.get(ME).status_code


def form_login(simulator: Simulator, query: dict[str, str], form: dict[str, str]) -> requests.Response:
    url, headers = f"{simulator.url}/security/oauth/token", {"Authorization": f"Basic {simulator.basic}"}
    return requests.post(url, params=query, data=form, headers=headers, timeout=10)


def test_a_percent_encoded_or_plain_token_works_only_as_received(simulator: Simulator, client: Client) -> None:
    encoded = client.ask_token().json()["access_token"]
    flip(simulator, token_text="plain")
    plain = client.ask_token().json()["access_token"]

    assert all(part in encoded for part in ("%2B", "%2F", "%3D"))
    assert not set(encoded) & set("+/=")
    assert all(part in plain for part in "+/=")
    assert "%" not in plain
    assert [me_with(client, token) for token in (encoded, plain)] == [200, 200]
    assert [me_with(client, token) for token in (unquote(encoded), quote(encoded), quote(plain, safe=""))] == [401] * 3


def test_a_form_body_is_accepted_or_rejected(simulator: Simulator, client: Client) -> None:
    grant = {"grant_type": "client_credentials"}
    assert form_login(simulator, {}, grant).status_code == 200

    flip(simulator, login_form="query_only")
    refused = [form_login(simulator, query, grant) for query in ({}, grant)]
    assert [(answer.status_code, answer.json()["error"]) for answer in refused] == [(400, "invalid_request")] * 2
    assert client.ask_token().status_code == 200


def test_logins_are_unlimited_or_limited_per_minute(simulator: Simulator, client: Client, clock: Clock) -> None:
    assert {client.ask_token().status_code for _ in range(4 * LOGINS_PER_MINUTE)} == {200}

    flip(simulator, login_limit="few_per_minute")
    answers = [client.ask_token() for _ in range(LOGINS_PER_MINUTE + 2)]
    assert [answer.status_code for answer in answers] == [200] * LOGINS_PER_MINUTE + [429, 429]
    assert answers[-1].json()["error"] == "too_many_requests"
    assert client.get(ME).status_code == 200
    clock.now_s += 60
    assert client.ask_token().status_code == 200


@pytest.mark.parametrize("side", ["invalid_client", "unauthorized"])
def test_wrong_credentials_answer_401_with_a_code(simulator: Simulator, client: Client, side: str) -> None:
    assert client.ask_token(client_secret="wrong").json()["error"] == "invalid_client"
    flip(simulator, wrong_secret=side)
    answers = [client.ask_token(**{name: "wrong"}) for name in ("client_id", "client_secret", "basic")]

    assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(401, side)}


def test_wrong_credentials_can_return_a_body_without_json(simulator: Simulator, client: Client) -> None:
    flip(simulator, wrong_secret="no_json")
    answer = client.ask_token(client_secret="wrong")

    assert answer.status_code == 401
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert client.ask_token().status_code == 200


@pytest.mark.parametrize(
    ("side", "codes"),
    [
        ("by_cause", ["unauthorized", "invalid_token", "token_expired"]),
        ("unauthorized", ["unauthorized"] * 3),
        ("invalid_token", ["invalid_token"] * 3),
    ],
)
def test_a_rejected_token_returns_a_specific_or_general_error_code(
    simulator: Simulator, client: Client, side: str, codes: list[str]
) -> None:
    flip(simulator, refusal_401=side)
    ended = client.log_in()
    simulator.login.end_tokens()
    answers = []
    for bearer in (None, "Bearer wrong", f"Bearer {ended}"):
        client.session.headers["Authorization"] = bearer  # type: ignore[assignment]
        answers.append(client.get(ME))
    client.log_in()

    assert [answer.status_code for answer in answers] == [401] * 3
    assert [answer.json()["error"] for answer in answers] == codes
    assert all("Full authentication is required" in answer.json()["error_description"] for answer in answers)
    assert client.get(ME).status_code == 200


@pytest.mark.parametrize("body", ["envelope", "message", "html"])
def test_a_switch_adds_retry_after_to_429(simulator: Simulator, client: Client, clock: Clock, body: str) -> None:
    flip(simulator, limit_per_minute=1, refusal_429=body, login_limit="few_per_minute")
    first = client.get(ME)
    clock.now_s += 0.5
    assert [answer.status_code for answer in (first, client.get(ME))] == [200, 429]
    assert "Retry-After" not in client.get(ME).headers

    flip(simulator, retry_after="present")
    over = [client.get(ME), [client.ask_token() for _ in range(LOGINS_PER_MINUTE + 1)][-1]]
    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in over] == [(429, "40")] * 2  # 39.5 left
    clock.now_s += 40
    assert "Retry-After" not in client.get(ME).headers


def test_a_429_fault_has_the_retry_after_of_the_switch(simulator: Simulator, client: Client) -> None:
    def waits(**more: Any) -> str | None:
        simulator.add_fault(Fault(kind=429, **more))
        return client.get(ME).headers.get("Retry-After")

    assert waits() is None
    flip(simulator, retry_after="present")
    assert [waits(), waits(reset_s=7), waits(retry_after_s=9)] == ["40", "7", "9"]


def seen(client: Client, path: str, **query: Any) -> tuple[int, bytes]:
    """Return the status and the body, without the body for a redirect."""
    answer = client.get(path, **query)
    return answer.status_code, b"" if answer.status_code == 302 else answer.content


def test_charges_are_listed_per_account_or_per_subscriber(simulator: Simulator, client: Client) -> None:
    rows = client.rows(CHARGES, transaction_date=0)
    code = rows[0]["subscriber_code"]
    by_code = client.rows(CHARGES, transaction_date=0, subscriber_code=code)
    assert seen(client, f"{SUBSCRIPTIONS}/{code}/transactions", transaction_date=0) == EMPTY

    flip(simulator, paths="charges_by_subscriber")
    assert 0 < len(by_code) < len(rows)
    assert client.rows(f"{SUBSCRIPTIONS}/{code}/transactions", transaction_date=0, max_results=1) == by_code
    assert seen(client, CHARGES, transaction_date=0) == EMPTY
    assert client.get(f"{SUBSCRIPTIONS}/UNKNOWN1/transactions").status_code == 404
    codes = {row["subscriber_code"] for row in rows}
    found = [row for each in codes for row in client.rows(f"{SUBSCRIPTIONS}/{each}/transactions", transaction_date=0)]
    assert len(found) == len(rows)


def test_students_are_listed_at_one_of_two_paths(simulator: Simulator, client: Client) -> None:
    rows = client.rows(STUDENTS, **SCHOOL)
    lessons = f"{STUDENTS}/{rows[0]['user_id']}/lessons"
    assert rows
    assert seen(client, SCRAPED_STUDENTS, **SCHOOL) == EMPTY

    flip(simulator, paths="club_students")
    assert client.rows(SCRAPED_STUDENTS, **SCHOOL, max_results=5) == rows
    assert "total_results" in client.get(SCRAPED_STUDENTS, **SCHOOL).json()["page_info"]
    assert seen(client, STUDENTS, **SCHOOL) == (302, b"")  # unknown, and never observed to be empty
    flip(simulator, unknown_path="empty_body")
    assert seen(client, STUDENTS, **SCHOOL) == EMPTY
    assert client.get(lessons, **SCHOOL).json()["lessons"]


def test_lessons_are_listed_at_one_of_two_paths(simulator: Simulator, client: Client) -> None:
    user_id = client.rows(STUDENTS, **SCHOOL)[0]["user_id"]
    lessons = client.get(f"{STUDENTS}/{user_id}/lessons", **SCHOOL).json()
    assert lessons["lessons"]
    assert seen(client, SCRAPED_PROGRESS, **SCHOOL, user_id=user_id) == (302, b"")

    flip(simulator, paths="student_progress")
    assert client.get(SCRAPED_PROGRESS, **SCHOOL, user_id=user_id).json() == lessons
    assert client.get(SCRAPED_PROGRESS, **SCHOOL, user_id="nobody").status_code == 404
    assert client.get(SCRAPED_PROGRESS, **SCHOOL).status_code == 422
    assert seen(client, f"{STUDENTS}/{user_id}/lessons", **SCHOOL) == (302, b"")


def test_a_path_disabled_by_a_switch_has_no_route_in_the_log(simulator: Simulator, client: Client) -> None:
    client.get(STUDENTS, **SCHOOL)
    flip(simulator, paths="club_students")
    client.get(STUDENTS, **SCHOOL)
    client.get(SCRAPED_STUDENTS, **SCHOOL)

    assert [call.route for call in simulator.calls[-3:]] == [STUDENTS, "", SCRAPED_STUDENTS]


@pytest.mark.parametrize(
    ("side", "statuses"), [("mixed", [200, 200, 302, 200, 200]), ("empty_body", [200] * 5), ("redirect", [302] * 5)]
)
def test_an_unknown_path_returns_an_empty_body_or_a_redirect(
    simulator: Simulator, client: Client, side: str, statuses: list[int]
) -> None:
    flip(simulator, unknown_path=side)
    paths = (SCRAPED_STUDENTS, "/club/api/v1/pages", "/club/api/v1/wrong", "/payments/api/v1/coupon", "/user/api/v1/x")
    answers = [client.get(path) for path in paths]

    assert [answer.status_code for answer in answers] == statuses
    assert all(answer.content == b"" for answer in answers if answer.status_code == 200)
    places = [answer.headers["Location"] for answer in answers if answer.status_code == 302]
    assert set(places) <= {f"{simulator.url}/docs/en/"}
