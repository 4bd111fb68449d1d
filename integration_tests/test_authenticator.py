"""The access token: requested once, used unchanged, renewed in time, with retries and clear errors for logins."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, World
from hotmart_simulator.server.login import TOKEN_PATH
from tools.harness import Connector, Run, VirtualClock, small_world, stream_names
from tools.rows import difference

SALES_PATH = "/payments/api/v1/sales/history"
PRODUCTS_PATH = "/products/api/v1/products"


@pytest.fixture
def world() -> World:
    return small_world()


def token_calls(connector: Connector) -> list[Call]:
    return [call for call in connector.simulator.calls if call.path == TOKEN_PATH]


def data_calls(connector: Connector) -> list[Call]:
    return [call for call in connector.simulator.calls if call.path != TOKEN_PATH]


def assert_complete(run: Run, connector: Connector, stream: str) -> None:
    """Assert that every row of the account arrived once."""
    assert not difference(stream, connector.simulator.world.expected(stream), run.records(stream))


def test_the_token_request_is_the_documented_one(connector):
    connector.read(["products"])

    (call,) = token_calls(connector)
    assert call.method == "POST"
    assert sorted(call.query) == [
        ("client_id", connector.config["client_id"]),
        ("client_secret", connector.config["client_secret"]),
        ("grant_type", "client_credentials"),
    ]
    assert call.headers["authorization"] == f"Basic {connector.config['token']}"
    assert call.headers["content-type"] == "application/json"


def test_one_token_serves_all_streams_and_threads(connector):
    run = connector.read(config={**connector.config, "num_workers": 32})

    assert run.exit_code == 0
    assert len(token_calls(connector)) == 1
    assert len({call.headers["authorization"] for call in data_calls(connector)}) == 1


def test_the_token_is_used_unchanged(connector):
    granted: list[str] = []
    grant = connector.simulator.login.grant

    def remember(*asked: Any) -> dict[str, Any]:
        answer = grant(*asked)
        granted.append(answer["access_token"])
        return answer

    connector.simulator.login.grant = remember

    connector.read(["products"])

    assert "%2B" in granted[0]
    assert {call.headers["authorization"] for call in data_calls(connector)} == {f"Bearer {granted[0]}"}


def test_only_the_token_request_is_a_post(connector):
    connector.run("check")
    connector.run("discover")
    connector.read()

    assert {call.method for call in token_calls(connector)} == {"POST"}
    assert {call.method for call in data_calls(connector)} == {"GET"}
    assert len(data_calls(connector)) > 20


def test_discover_makes_no_request(connector):
    connector.run("discover")

    assert connector.simulator.calls == []


@pytest.mark.parametrize("life_s", [60, 119, 300, 3_600])
def test_a_token_is_renewed_before_it_expires(connector, clock: VirtualClock, life_s):
    connector.simulator.switches = replace(connector.simulator.switches, token_life_s=life_s, page_cap=1)
    connector.simulator.before_call = lambda call: clock.advance(seconds=50)

    run = connector.read(["sales_history"], config={**connector.config, "num_workers": 1})

    assert_complete(run, connector, "sales_history")
    assert connector.simulator.count(status=401) == 0
    assert len(data_calls(connector)) > 60
    ends = len(data_calls(connector)) * 50 // life_s
    assert len(token_calls(connector)) >= ends


@pytest.mark.parametrize("life_s", [300, 3_600])
def test_no_request_uses_a_token_in_its_last_minute(connector, clock: VirtualClock, life_s):
    connector.simulator.switches = replace(connector.simulator.switches, token_life_s=life_s, page_cap=1)
    connector.simulator.before_call = lambda call: clock.advance(seconds=7)
    granted_at_s: dict[str, float] = {}
    grant = connector.simulator.login.grant

    def remember(*asked: Any) -> dict[str, Any]:
        answer = grant(*asked)
        granted_at_s[f"Bearer {answer['access_token']}"] = clock.time()
        return answer

    connector.simulator.login.grant = remember

    connector.read(["sales_history", "sales_users"], config={**connector.config, "num_workers": 1})

    ages_s = [call.at_s - granted_at_s[call.headers["authorization"]] for call in data_calls(connector)]
    assert len(ages_s) * 7 > 800
    assert max(ages_s) <= life_s - 60


def test_a_token_is_not_renewed_long_before_it_expires(connector, clock: VirtualClock):
    connector.simulator.switches = replace(connector.simulator.switches, token_life_s=3_600, page_cap=1)
    connector.simulator.before_call = lambda call: clock.advance(seconds=50)

    connector.read(["sales_history"], config={**connector.config, "num_workers": 1})

    lives = len(data_calls(connector)) * 50 / 3_600
    assert len(token_calls(connector)) <= lives * 1.2 + 1


@pytest.mark.parametrize("page", ["first", "middle", "last"])
def test_a_rejected_token_is_renewed_and_the_request_retried(connector, page):
    connector.simulator.switches = replace(connector.simulator.switches, page_cap=1)
    connector.simulator.add_fault(Fault(kind=401, path=SALES_PATH, page=page))

    run = connector.read(["sales_history"])

    assert run.exit_code == 0
    assert_complete(run, connector, "sales_history")
    assert len(token_calls(connector)) == 2
    (refused,) = [call for call in data_calls(connector) if call.status == 401]
    assert len([call for call in data_calls(connector) if call.query == refused.query]) >= 2


@pytest.fixture
def long_sync(connector, clock: VirtualClock) -> Connector:
    """A sync that is longer than several token lifetimes."""
    connector.simulator.switches = replace(connector.simulator.switches, token_life_s=600, page_cap=1)
    connector.simulator.before_call = lambda call: clock.advance(seconds=20)
    connector.config["num_workers"] = 1
    return connector


@pytest.mark.parametrize("kind", [400, 401, 403, 404, 500])
def test_a_temporarily_rejected_renewal_loses_no_row(long_sync, kind):
    refusal = long_sync.simulator.add_fault(Fault(kind=kind, path=TOKEN_PATH, nth=2))

    run = long_sync.read(["sales_history", "products"])

    assert run.exit_code == 0, run.sentences
    assert_complete(run, long_sync, "sales_history")
    assert refusal.fired == 1
    assert long_sync.simulator.count(status=401) == (kind == 401)


def test_permanently_rejected_renewals_are_a_transient_error(long_sync):
    long_sync.simulator.add_fault(Fault(kind=403, path=TOKEN_PATH, nth=2, times=None))

    run = long_sync.read(["sales_history", "products"])

    assert run.exit_code == 1
    assert {error["failure_type"] for error in run.errors} == {"transient_error"}
    assert "now rejects them when the access token is renewed" in run.sentences
    assert len(data_calls(long_sync)) * 20 > 560  # until the token expires


def test_a_token_revoked_during_the_sync_is_renewed_once(connector):
    count = 0

    def revoke(call: Call) -> None:
        nonlocal count
        count += 1
        if count == 12:
            connector.simulator.login.end_tokens()

    connector.simulator.before_call = revoke

    run = connector.read(config={**connector.config, "num_workers": 16})

    assert run.exit_code == 0
    assert connector.simulator.count(status=401) >= 1
    assert len(token_calls(connector)) == 2
    for stream in ("sales_history", "subscriptions", "products", "club_students"):
        assert_complete(run, connector, stream)


HTML: dict[str, Any] = {"body": "<html>Request blocked</html>", "content_type": "text/html"}
DATA = "/*/api/*"


def failure_of(run: Run, stream: str) -> dict[str, Any]:
    return next(error for error in run.errors if error["message"].startswith(f"{stream}: "))


def test_a_stream_with_only_rejected_requests_fails_alone_and_soon(connector, clock: VirtualClock):
    connector.simulator.add_fault(Fault(kind=401, path=PRODUCTS_PATH, times=None))

    run = connector.read(["products", "sales_history"])

    error = failure_of(run, "products")
    assert error["failure_type"] == "transient_error"
    assert (
        "accepted these credentials earlier in this sync, but rejected every new access token for this stream (401)"
        in (error["message"])
    )
    assert run.statuses == {"products": "INCOMPLETE", "sales_history": "COMPLETE"}
    assert_complete(run, connector, "sales_history")
    assert 2 < connector.simulator.count(PRODUCTS_PATH) <= 10
    assert 30 < sum(clock.slept_s) < 120


def test_a_credential_that_never_worked_is_reported_as_wrong(connector, clock: VirtualClock):
    connector.simulator.switches = replace(connector.simulator.switches, sandbox=True)

    run = connector.read(["products", "sales_history", "product_offers", "club_students"])

    assert run.exit_code == 1
    assert {error["failure_type"] for error in run.errors} == {"config_error"}
    for stream in ("products", "sales_history", "club_students"):
        message = failure_of(run, stream)["message"]
        assert "(401)" in message
        assert "Choose production or sandbox" in message
    assert sum(clock.slept_s) < 600


def test_a_credential_that_stops_working_is_a_transient_error(connector):
    connector.simulator.switches = replace(connector.simulator.switches, page_cap=5)
    connector.simulator.add_fault(Fault(kind=401, path=DATA, nth=12, times=None))

    run = connector.read(["sales_history", "sales_users", "products", "club_students"])

    assert run.exit_code == 1
    assert {error["failure_type"] for error in run.errors} == {"transient_error"}
    assert "production or sandbox" not in run.sentences


@pytest.mark.parametrize("times", [1, 3, 6])
def test_a_request_rejected_several_times_is_retried(connector, clock: VirtualClock, times):
    connector.simulator.add_fault(Fault(kind=401, path=PRODUCTS_PATH, times=times))

    run = connector.read(["products"])

    assert run.exit_code == 0
    assert_complete(run, connector, "products")
    assert len(token_calls(connector)) == 1 + times
    pauses = clock.slept_s
    assert len(pauses) == times - 1  # the first renewal is immediate
    for number, pause_s in enumerate(pauses):
        assert 2**number / 2 <= pause_s <= 2**number * 3 / 2


def test_renewal_pauses_are_random(connector, clock: VirtualClock):
    connector.simulator.add_fault(Fault(kind=401, path=PRODUCTS_PATH, times=None))
    connector.read(["products"])
    first = list(clock.slept_s)
    clock.slept_s.clear()

    connector.read(["products"])

    assert len(first) == len(clock.slept_s)
    assert first != clock.slept_s


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("answer", [HTML, {"body": "Access denied", "content_type": "text/plain"}, {"body": "[]"}])
def test_a_login_blocked_temporarily_by_a_firewall_is_retried(connector, status, answer):
    refusal = connector.simulator.add_fault(Fault(kind=status, path=TOKEN_PATH, times=2, **answer))

    run = connector.read(["products"])

    assert run.exit_code == 0
    assert refusal.fired == 2
    assert_complete(run, connector, "products")


@pytest.mark.parametrize("command", ["check", "read"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_login_blocked_by_a_firewall_has_its_own_message(connector, command, status):
    connector.simulator.add_fault(Fault(kind=status, path=TOKEN_PATH, times=None, **HTML))

    run = connector.read(["products"]) if command == "read" else connector.run("check")

    sentence = run.sentences if command == "read" else run.connection_status["message"]
    assert f"A firewall or proxy on the way to Hotmart rejected the request ({status})." in sentence
    assert "Client Secret" not in sentence
    assert "blocked" not in run.output
    assert {error["failure_type"] for error in run.errors} <= {"transient_error"}


@pytest.mark.parametrize("body", ["", " \n", "{}", '{"message":"Unauthorized"}'])
def test_a_rejected_login_without_an_html_page_blames_the_credentials(connector, body):
    connector.simulator.add_fault(Fault(kind=401, path=TOKEN_PATH, times=None, body=body))

    run = connector.run("check")

    assert "Copy all three values again" in run.connection_status["message"]


def test_read_reports_wrong_credentials_like_check(connector):
    token = base64.b64encode(f"{connector.config['client_id']}:wrong-secret".encode()).decode()

    run = connector.read(["products"], config={**connector.config, "client_secret": "wrong-secret", "token": token})

    assert run.exit_code != 0
    assert "rejected the Client ID and Client Secret. Copy all three values again" in run.sentences
    assert {error["failure_type"] for error in run.errors} == {"config_error"}
    assert data_calls(connector) == []


@pytest.mark.parametrize("reset_s", [1, 37, 60])
def test_a_rate_limited_token_request_is_retried(connector, clock: VirtualClock, reset_s):
    connector.simulator.add_fault(Fault(kind=429, path=TOKEN_PATH, times=2, headers={"RateLimit-Reset": str(reset_s)}))

    run = connector.read(["products"])

    assert run.exit_code == 0
    assert_complete(run, connector, "products")
    assert len(token_calls(connector)) == 3
    assert 2 * reset_s <= sum(clock.slept_s) <= 2 * (reset_s + 2.5)


@pytest.mark.parametrize(
    "kind", [500, 502, 503, 504, "html200", "empty200", "empty_object", "reset", "cut", "bad_gzip"]
)
def test_a_token_request_that_fails_twice_is_retried(connector, kind):
    connector.simulator.add_fault(Fault(kind=kind, path=TOKEN_PATH, times=2))

    run = connector.read(["products"])

    assert run.exit_code == 0
    assert_complete(run, connector, "products")
    assert len(token_calls(connector)) == 3


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (500, "access token: Hotmart had an internal error (500)."),
        ("html200", "access token: Hotmart sent an HTML page"),
        ("empty200", "access token: Hotmart sent an empty body"),
        ("empty_object", "access token: Hotmart sent a response without an access token"),
        ("error_object", "access token: Hotmart sent a response without an access token"),
        ("reset", "access token: Hotmart could not be reached."),
    ],
)
def test_a_permanently_failing_token_request_fails_the_sync(connector, kind, sentence):
    connector.simulator.add_fault(Fault(kind=kind, path=TOKEN_PATH, times=None))

    run = connector.read(["products"])

    assert run.exit_code != 0
    assert sentence in run.sentences
    assert data_calls(connector) == []
    assert run.statuses == {"products": "INCOMPLETE"}


@pytest.mark.parametrize("status", [400, 401, 403])
def test_rejected_credentials_are_not_retried(connector, status):
    connector.simulator.add_fault(Fault(kind=status, path=TOKEN_PATH, times=None))

    run = connector.run("check")

    assert run.connection_status["status"] == "FAILED"
    assert "Copy all three values again" in run.connection_status["message"]
    assert len(token_calls(connector)) == 1


@pytest.mark.parametrize("location", ["/elsewhere", "http://127.0.0.1:9/elsewhere"])
def test_a_redirect_of_the_token_request_is_not_followed(connector, location):
    connector.simulator.add_fault(Fault(kind="redirect", path=TOKEN_PATH, times=None, location=location))

    run = connector.read(["products"])

    assert run.exit_code != 0
    assert {call.path for call in connector.simulator.calls} == {TOKEN_PATH}
    assert "access token: The request was redirected to another address" in run.sentences


def strange_token(connector: Any, **fields: Any) -> None:
    """Replace these fields in each login's response. None removes a field."""
    grant = connector.simulator.login.grant

    def strange(*asked: Any) -> dict[str, Any]:
        answer = {**grant(*asked), **fields}
        return {name: value for name, value in answer.items() if value is not None}

    connector.simulator.login.grant = strange


@pytest.mark.parametrize("life", [None, "3600", 0, -5, -(10**18), True, 10**9, 3_599.5], ids=repr)
def test_an_unusual_token_lifetime_is_accepted(connector, life):
    strange_token(connector, expires_in=life)

    run = connector.read(["products", "subscriptions", "sales_history"])

    assert run.exit_code == 0
    for stream in ("products", "subscriptions", "sales_history"):
        assert_complete(run, connector, stream)
    assert len(token_calls(connector)) == 1  # no login for each call


@pytest.mark.parametrize(
    "token",
    [
        "KEPT\r\nX-Other: KEPT",
        "KEPT\n",
        "KEPT BACK",
        "KEPT\x00",
        "KEPT\xe9",
        "KEPT\u2028",
        "KEPT" * 2_049,
        7,
        ["KEPT"],
        "",
    ],
    ids=lambda token: repr(token)[:12],
)
def test_an_invalid_token_is_neither_sent_nor_printed(connector, token):
    strange_token(connector, access_token=token)

    run = connector.read(["products"])

    assert run.exit_code == 1
    assert data_calls(connector) == []
    assert re.search("an access token that is not printable ASCII|a response without an access token", run.sentences)
    assert "KEPT" not in run.output


def test_a_token_of_eight_kilobytes_is_used(connector):
    token = "x" * 8_192
    strange_token(connector, access_token=token)
    connector.simulator.login.check = lambda *_: None

    run = connector.read(["products"])

    assert run.exit_code == 0
    assert {call.headers["authorization"] for call in data_calls(connector)} == {f"Bearer {token}"}


def test_a_netrc_file_does_not_replace_the_credentials(connector, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    run = connector.read(["products"])

    assert run.exit_code == 0
    assert token_calls(connector)[0].headers["authorization"] == f"Basic {connector.config['token']}"
    assert all(call.headers["authorization"].startswith("Bearer ") for call in data_calls(connector))


def test_a_pasted_basic_prefix_is_not_duplicated(connector):
    run = connector.read(["products"], config={**connector.config, "token": f"Basic {connector.config['token']}\n"})

    assert run.exit_code == 0
    assert token_calls(connector)[0].headers["authorization"] == f"Basic {connector.config['token']}"


@pytest.mark.parametrize("secret", ["p+/=&% ?#x", "sécret-ção", 'quo"te\\slash', "%2B%2F", "a b  c"])
def test_a_secret_with_special_characters_is_sent_unchanged(connector, secret):
    login = connector.simulator.login
    login.client_secret = secret

    run = connector.read(["products"], config={**connector.config, "client_secret": secret, "token": login.basic})

    assert run.exit_code == 0
    assert token_calls(connector)[0].get("client_secret") == secret


def test_every_stream_can_request_the_token(connector):
    for stream in stream_names():
        connector.simulator.reset_log()
        run = connector.read([stream])
        assert run.exit_code == 0, stream
        assert len(token_calls(connector)) == 1, stream
