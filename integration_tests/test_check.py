"""`check` as a user sees it: each error has its own message with a remedy, and appears quickly."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest

from hotmart_simulator import Fault, Simulator, World
from hotmart_simulator.server.login import TOKEN_PATH
from tools.harness import NOW_MS, Connector, VirtualClock, small_world

SALES_PATH = "/payments/api/v1/sales/history"
PRODUCTS_PATH = "/products/api/v1/products"
CLUB_PATH = "/club/api/v1/users"
LONGEST_S = 30

WHAT_TO_DO = re.compile(r"\b(copy|check|create|choose|give|fill|try|wait|report|correct)\b", re.IGNORECASE)
FOREIGN_WORDS = ("Exhausted", "see logs", "next sync", "request window", "Something went wrong", "Exception", "Tried 1")


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
def closed_url() -> Iterator[str]:
    """Return a local address without a listener."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def check(connector: Connector, **changes: Any) -> tuple[str, str]:
    """Return the status and message of a check. Assert that it prints no trace and ends quickly."""
    started_s = connector.simulator.clock()

    run = connector.run("check", config={**connector.config, **changes})

    assert not run.of_type("TRACE"), run.sentences
    assert run.exit_code == 0
    assert connector.simulator.clock() - started_s <= LONGEST_S
    status = run.connection_status
    return status["status"], status.get("message") or ""


def basic(client_id: str, client_secret: str) -> str:
    return base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


def test_a_readable_account_succeeds_without_a_note(connector):
    assert check(connector) == ("SUCCEEDED", "")


def test_check_makes_one_small_request_per_api_family(connector):
    check(connector)

    calls = [
        (call.method, call.path, call.get("max_results"), call.get("subdomain")) for call in connector.simulator.calls
    ]
    assert calls == [
        ("POST", TOKEN_PATH, None, None),
        ("GET", SALES_PATH, "1", None),
        ("GET", PRODUCTS_PATH, "1", None),
        ("GET", CLUB_PATH, "1", "my-school"),
        ("GET", CLUB_PATH, "1", "second-school"),
    ]


def test_check_sends_no_future_date(connector):
    check(connector)

    (call,) = [call for call in connector.simulator.calls if call.path == SALES_PATH]
    assert int(call.get("start_date") or 0) < int(call.get("end_date") or 0) <= NOW_MS


def test_without_a_members_area_only_the_account_is_checked(connector):
    assert check(connector, members_area_subdomain="") == ("SUCCEEDED", "")

    assert connector.simulator.count(CLUB_PATH) == 0


@pytest.mark.parametrize(("wrong_id", "wrong_secret"), [(True, False), (False, True), (True, True)])
def test_a_wrong_id_or_secret_message_names_the_values_to_copy(connector, wrong_id, wrong_secret):
    client_id = "11111111-2222" if wrong_id else connector.config["client_id"]
    client_secret = "33333333-4444" if wrong_secret else connector.config["client_secret"]

    status, sentence = check(
        connector, client_id=client_id, client_secret=client_secret, token=basic(client_id, client_secret)
    )

    assert status == "FAILED"
    assert "rejected the Client ID and Client Secret. Copy all three values again from Hotmart" in sentence


def test_a_token_of_another_credential_is_rejected_without_a_request(connector):
    status, sentence = check(connector, token=basic("another-id", "another-secret"))

    assert status == "FAILED"
    assert sentence.startswith("token: it does not belong to this Client ID and Client Secret. Copy the Basic value")
    assert connector.simulator.calls == []


def test_a_missing_permission_message_names_who_must_create_the_credential(connector):
    refuse(connector, "payments", "products", "club")

    status, sentence = check(connector)

    assert status == "FAILED"
    assert sentence == (
        "These credentials have no permission to read sales and subscriptions, products, the members area 'my-school' "
        "and the members area 'second-school' (403). Create a credential as the owner of the account, in Hotmart under "
        "Tools > Developer Credentials."
    )


STREAMS_OF = {
    "payments": {
        *("sales_history", "sales_users", "sales_commissions", "sales_price_details", "sales_summary"),
        *("subscriptions", "subscription_transactions", "subscription_summary", "subscription_purchases"),
    },
    "products": {"products", "product_offers", "product_plans", "coupons", "event_participants"},
    "club": {"club_students", "club_modules", "club_pages", "club_lessons"},
}
LABELS = {"payments": "sales and subscriptions", "products": "products", "club": "the members area 'my-school'"}


def refuse(connector: Connector, *families: str, status: Literal[401, 403] = 403) -> None:
    switches = connector.simulator.switches
    connector.simulator.switches = replace(switches, refused_families=families, refused_with=status)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "families", [("payments",), ("products",), ("club",), ("payments", "products"), ("payments", "club")], ids=str
)
def test_a_partial_permission_succeeds_and_lists_unreadable_streams(connector, families, status):
    refuse(connector, *families, status=status)

    run = connector.run("check", config={**connector.config, "members_area_subdomain": "my-school"})

    outcome = run.connection_status
    assert outcome["status"] == "SUCCEEDED"
    labels = " and ".join(LABELS[family] for family in families)
    assert outcome["message"].startswith(f"These credentials have no permission to read {labels} ({status}). ")
    (named,) = re.findall(
        r"These streams would fail: ([a-z_, ]+)\. Deselect them, or create a credential", outcome["message"]
    )
    assert set(named.split(", ")) == set().union(*(STREAMS_OF[family] for family in families))
    assert f"WARN {outcome['message']}" in run.logs
    assert "deselect this stream" not in outcome["message"]


def test_streams_excluded_by_the_settings_are_not_listed(connector):
    refuse(connector, "products")

    status, note = check(connector, members_area_subdomain="")

    assert status == "SUCCEEDED"
    assert "club" not in note


def test_check_lists_exactly_the_streams_that_fail_in_a_sync(connector):
    refuse(connector, "products")
    note = connector.run("check").connection_status["message"]

    run = connector.read()

    failed = {stream for stream, status in run.statuses.items() if status == "INCOMPLETE"}
    assert failed == {stream for stream in run.statuses if re.search(rf"\b{stream}\b", note.partition("fail: ")[2])}


def test_one_rejected_members_area_of_two_is_named(connector):
    connector.simulator.add_fault(
        Fault(kind=403, path=CLUB_PATH, times=None, where=lambda call: call.get("subdomain") == "second-school")
    )

    status, note = check(connector)

    assert status == "SUCCEEDED"
    assert "the members area 'second-school' (403)" in note
    assert "my-school" not in note


@pytest.mark.parametrize("status", [401, 403])
def test_a_firewall_is_not_reported_as_a_rejection_by_hotmart(connector, status):
    connector.simulator.add_fault(
        Fault(kind=status, path=SALES_PATH, times=None, body="<html>blocked</html>", content_type="text/html")
    )

    outcome, sentence = check(connector)

    assert outcome == "FAILED"
    assert sentence.startswith(
        f"sales_history: A firewall or proxy on the way to Hotmart rejected the request ({status})."
    )
    assert "blocked" not in sentence


def test_a_login_of_another_program_does_not_fail_the_check(connector):
    """Another program logs in after each request of the check except the last ones."""
    login = connector.simulator.login
    calls = 0

    def log_in_elsewhere(call: Any) -> None:
        nonlocal calls
        if call.path != TOKEN_PATH and (calls := calls + 1) <= 3:
            login.end_tokens()

    connector.simulator.before_call = log_in_elsewhere

    assert check(connector) == ("SUCCEEDED", "")


def test_a_rejected_token_is_reported_despite_a_login_rate_limit(connector):
    """Hotmart accepts three logins per minute, and the first check makes one of them."""
    connector.simulator.switches = replace(connector.simulator.switches, login_limit="few_per_minute")
    assert check(connector) == ("SUCCEEDED", "")
    connector.simulator.switches = replace(connector.simulator.switches, sandbox=True)

    status, sentence = check(connector)

    assert status == "FAILED"
    assert "Choose production or sandbox" in sentence
    assert connector.simulator.count(TOKEN_PATH, status=429) == 1


@pytest.mark.parametrize("answer", ["404", "redirect", "html"])
def test_an_unknown_members_area_is_named_with_its_setting(connector, answer):
    connector.simulator.switches = replace(connector.simulator.switches, unknown_subdomain=answer)

    status, sentence = check(connector, members_area_subdomain="wrong-one")

    assert status == "FAILED"
    assert "'wrong-one'" in sentence
    assert "Check members_area_subdomain" in sentence


@pytest.mark.parametrize("answer", ["404", "redirect", "html"])
@pytest.mark.parametrize("clubs", ["my-school, wrong-one", "wrong-one, my-school"])
def test_the_wrong_one_of_two_members_areas_is_named(connector, answer, clubs):
    connector.simulator.switches = replace(connector.simulator.switches, unknown_subdomain=answer)

    status, sentence = check(connector, members_area_subdomain=clubs)

    assert status == "FAILED"
    assert "'wrong-one'" in sentence
    assert "my-school" not in sentence


@pytest.mark.parametrize(
    ("start_date", "problem"),
    [
        ("2024-02-31", "start_date: '2024-02-31' is not a date that exists. Give a day such as"),
        ("1st of May", "start_date: '1st of May' is not in the form YYYY-MM-DD. Give a day such as"),
        ("2026-01-02", "start_date: '2026-01-02' is in the future. Give a day such as"),
        ("2001-01-01", "start_date: '2001-01-01' is before Hotmart existed (choose 2010-01-01 or later)."),
    ],
)
def test_an_invalid_start_date_is_reported(connector, start_date, problem):
    status, sentence = check(connector, start_date=start_date)

    assert status == "FAILED"
    assert sentence.startswith(problem)


@pytest.mark.parametrize("variable", ["HOTMART_AUTH_URL", "HOTMART_API_URL"])
def test_a_network_failure_is_not_reported_as_wrong_credentials(connector, monkeypatch, closed_url, variable):
    monkeypatch.setenv(variable, closed_url)

    status, sentence = check(connector)

    assert status == "FAILED"
    assert "Hotmart could not be reached" in sentence
    assert re.search("network|connection|internet|proxy|firewall", sentence)


def test_an_exhausted_quota_succeeds_with_a_note(connector):
    connector.simulator.add_fault(Fault(kind=429, times=None))

    status, note = check(connector)

    assert status == "SUCCEEDED"
    assert "accepted the credentials" in note
    assert "quota" in note


def test_a_quota_exhausted_during_the_check_succeeds_without_waiting(connector):
    connector.simulator.switches = replace(connector.simulator.switches, limit_per_minute=1)

    status, note = check(connector)

    assert status == "SUCCEEDED"
    assert "quota" in note


def test_a_rate_limited_login_fails_the_check(connector):
    connector.simulator.add_fault(Fault(kind=429, path=TOKEN_PATH, times=None))

    status, sentence = check(connector, client_secret="wrong", token=basic(connector.config["client_id"], "wrong"))

    assert status == "FAILED"
    assert sentence == (
        "Hotmart accepts no more logins for now (429), so the credentials could not be checked. Try again in a minute."
    )


def test_slow_responses_of_many_members_areas_have_a_total_timeout(connector, clock: VirtualClock):
    clubs = tuple(f"school-{number}" for number in range(8))
    connector.simulator.switches = replace(connector.simulator.switches, subdomains=clubs)
    connector.simulator.before_call = lambda call: clock.advance(seconds=6)

    check(connector, members_area_subdomain=", ".join(clubs))


FAULTS: dict[str, Fault | dict[str, Any]] = {
    "bad query": {"kind": 400},
    "stale page token": {"kind": 400, "error": "invalid_token"},
    "401 by a firewall": {"kind": 401, "body": "<html>blocked</html>", "content_type": "text/html"},
    "403 by a firewall": {"kind": 403, "body": "<html>blocked</html>", "content_type": "text/html"},
    "404": {"kind": 404},
    "407": {"kind": 407},
    "405": {"kind": 405},
    "422": {"kind": 422},
    "500": {"kind": 500},
    "502": {"kind": 502},
    "503": {"kind": 503},
    "503 in HTML": {"kind": "html503"},
    "504": {"kind": 504},
    "HTML": {"kind": "html200"},
    "nothing": {"kind": "empty200"},
    "an empty object": {"kind": "empty_object"},
    "an error object": {"kind": "error_object"},
    "a redirect": {"kind": "redirect"},
    "half a JSON": {"kind": "truncated_json"},
    "a broken connection": {"kind": "reset"},
    "half an answer": {"kind": "cut"},
    "broken compression": {"kind": "bad_gzip"},
}


@pytest.mark.parametrize(
    "path", [TOKEN_PATH, SALES_PATH, PRODUCTS_PATH, CLUB_PATH], ids=["token", "sales", "products", "club"]
)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_every_error_message_is_our_own_and_has_a_remedy(connector, fault, path):
    connector.simulator.add_fault(Fault(**fault, path=path, times=None))

    status, sentence = check(connector)

    assert status == "FAILED"
    assert not [words for words in FOREIGN_WORDS if words in sentence], sentence
    assert WHAT_TO_DO.search(sentence), sentence


def test_different_causes_have_different_messages(connector, monkeypatch, closed_url):
    def wrong_secret(simulator: Simulator) -> dict[str, Any]:
        return {"client_secret": "wrong", "token": basic(simulator.client_id, "wrong")}

    def switched(**changes: Any) -> Callable[[Simulator], dict[str, Any]]:
        def switch(simulator: Simulator) -> dict[str, Any]:
            simulator.switches = replace(simulator.switches, **changes)
            return {}

        return switch

    def unreachable(simulator: Simulator) -> dict[str, Any]:
        monkeypatch.setenv("HOTMART_API_URL", closed_url)
        return {}

    good = connector.simulator.switches
    causes: list[Callable[[Simulator], dict[str, Any]]] = [
        wrong_secret,
        lambda simulator: {"token": basic("another", "credential")},
        switched(refused_families=("payments", "products", "club")),
        switched(sandbox=True),
        lambda simulator: {"members_area_subdomain": "wrong-one"},
        lambda simulator: {"start_date": "2024-02-31"},
        lambda simulator: {"start_date": "2030-01-01"},
        unreachable,
    ]
    sentences = []
    for cause in causes:
        connector.simulator.switches = good
        status, sentence = check(connector, **cause(connector.simulator))
        assert status == "FAILED"
        sentences.append(sentence)

    assert len(set(sentences)) == len(causes)
