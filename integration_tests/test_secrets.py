"""No credential, access token or buyer's e-mail address is ever printed."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from hotmart_simulator import Fault, Simulator, World
from hotmart_simulator.server.login import TOKEN_PATH
from integration_tests.secrecy import assert_hidden, secrets_of
from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.errors import HotmartError
from source_hotmart.config.form import Config
from tools.harness import Connector, catalog, small_world

STREAMS = ["sales_history", "subscription_transactions", "club_students"]
AWKWARD_SECRETS = ["p+/=&% ?#x-9f2c", 'quo"te\\slash-9f2c', "sécret-ção-日本-9f2c", "%2B%2F%3D-9f2c"]


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
def closed_url() -> Iterator[str]:
    """Return a local address without a listener."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def said(output: str) -> str:
    """Return the output without the records."""
    return "\n".join(line for line in output.splitlines() if not line.startswith('{"type":"RECORD"'))


def mails(world: World) -> set[str]:
    """Return the e-mail addresses of everybody in the account."""
    return {person.email for person in [*world.people.buyers, world.people.owner]}


def wrong_secret(simulator: Simulator) -> dict[str, Any]:
    token = base64.b64encode(f"{simulator.client_id}:another-secret-77aa".encode()).decode()
    return {"client_secret": "another-secret-77aa", "token": token}


def switch(**changes: Any) -> Callable[[Simulator], dict[str, Any]]:
    def apply(simulator: Simulator) -> dict[str, Any]:
        simulator.switches = replace(simulator.switches, **changes)
        return {}

    return apply


def fault(kind: int | str, **details: Any) -> Callable[[Simulator], dict[str, Any]]:
    def order(simulator: Simulator) -> dict[str, Any]:
        simulator.add_fault(Fault(kind=kind, **{"times": None, **details}))
        return {}

    return order


TROUBLES: dict[str, Callable[[Simulator], dict[str, Any]]] = {
    "nothing": lambda simulator: {},
    "a wrong secret": wrong_secret,
    "a token of another credential": lambda simulator: {"token": wrong_secret(simulator)["token"]},
    "no permission": switch(permission="none"),
    "the other environment": switch(sandbox=True),
    "an unknown club": lambda simulator: {"members_area_subdomain": "wrong-one"},
    "a bad start date": lambda simulator: {"start_date": "2024-02-31"},
    "400 for ever": fault(400),
    "401 for ever": fault(401),
    "403 for ever": fault(403),
    "500 for ever": fault(500),
    "token: 429": fault(429, path=TOKEN_PATH, times=2),
    "token: 500 for ever": fault(500, path=TOKEN_PATH),
    "token: HTML for ever": fault("html200", path=TOKEN_PATH),
    "token: half an answer": fault("cut", path=TOKEN_PATH),
    "token: broken connection": fault("reset", path=TOKEN_PATH),
    "token: redirect": fault("redirect", path=TOKEN_PATH),
    "page: half an answer": fault("cut", times=3),
    "page: broken connection": fault("reset", times=3),
    "page: no key": fault("no_key", times=1),
}


@pytest.mark.parametrize("command", ["check", "read"])
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=list(TROUBLES))
def test_no_secret_is_printed_after_any_failure(connector, command_line, trouble, command):
    connector.config |= trouble(connector.simulator)

    _, output = command_line(command, "--debug", catalog=catalog(STREAMS) if command == "read" else None)

    assert '"type":"LOG"' in output
    assert_hidden(output, secrets_of(connector))


@pytest.mark.parametrize("command", ["check", "read"])
@pytest.mark.parametrize("variable", ["HOTMART_AUTH_URL", "HOTMART_API_URL"])
def test_no_secret_is_printed_if_a_host_is_unreachable(
    connector, command_line, monkeypatch, closed_url, variable, command
):
    monkeypatch.setenv(variable, closed_url)

    exit_code, output = command_line(command, "--debug", catalog=catalog(STREAMS) if command == "read" else None)

    assert "could not be reached" in output
    assert exit_code == (1 if command == "read" else 0)
    assert_hidden(output, secrets_of(connector))


@pytest.mark.parametrize("secret", AWKWARD_SECRETS)
@pytest.mark.parametrize("trouble", ["nothing", "401 for ever", "token: 500 for ever", "token: broken connection"])
def test_a_secret_with_special_characters_is_not_printed_in_any_form(connector, command_line, secret, trouble):
    login = connector.simulator.login
    login.client_secret = secret
    connector.config |= {"client_secret": secret, "token": login.basic, **TROUBLES[trouble](connector.simulator)}

    for command in ("check", "read"):
        _, output = command_line(command, "--debug", catalog=catalog(["products"]) if command == "read" else None)
        assert '"type":"LOG"' in output
        assert_hidden(output, secrets_of(connector))


@pytest.mark.parametrize("trouble", ["nothing", "a wrong secret", "token: 500 for ever", "500 for ever"])
def test_no_secret_is_printed_at_the_platforms_debug_level(connector, command_line, monkeypatch, trouble):
    monkeypatch.setenv("LOG_LEVEL", "debug")
    connector.config |= TROUBLES[trouble](connector.simulator)

    _, output = command_line("read", catalog=catalog(STREAMS))

    assert '"level":"DEBUG"' in output
    assert_hidden(output, secrets_of(connector))


def reachable(exception: BaseException) -> set[BaseException]:
    """Return every exception reachable from one: causes, contexts, and exceptions in arguments."""
    found: set[BaseException] = set()
    waiting: list[Any] = [exception]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in found:
            found.add(one)
            waiting += [one.__cause__, one.__context__, *one.args, *vars(one).values()]
    return found


LOGIN_TROUBLES: dict[str, Callable[[Simulator], dict[str, Any]]] = {
    **{name: order for name, order in TROUBLES.items() if name.startswith("token: ")},
    "a wrong secret": wrong_secret,
    "token: 429": fault(429, path=TOKEN_PATH),
    "token: 404": fault(404, path=TOKEN_PATH),
}


@pytest.mark.parametrize("trouble", [*LOGIN_TROUBLES, "no TLS", "nobody listens"])
def test_login_exceptions_contain_no_secret(connector, monkeypatch, closed_url, trouble):
    simulator, secret = connector.simulator, AWKWARD_SECRETS[0]
    simulator.login.client_secret = secret
    connector.config |= {"client_secret": secret, "token": simulator.login.basic}
    hosts = {"no TLS": simulator.url.replace("http:", "https:"), "nobody listens": closed_url}
    monkeypatch.setenv("HOTMART_AUTH_URL", hosts.get(trouble, simulator.url))
    connector.config |= LOGIN_TROUBLES.get(trouble, TROUBLES["nothing"])(simulator)
    authenticator = HotmartAuthenticator(Config.from_mapping(connector.config))

    with pytest.raises(HotmartError) as caught:
        authenticator.get_auth_header()

    for one in reachable(caught.value):
        address = getattr(getattr(one, "request", None), "url", "")
        assert_hidden(f"{one!r} {one} {address} {vars(one)}", secrets_of(connector))


@pytest.mark.parametrize("secret", AWKWARD_SECRETS)
def test_secrets_in_logged_urls_are_redacted(connector, secret):
    login = connector.simulator.login
    login.client_secret = secret
    connector.config |= {"client_secret": secret, "token": login.basic}

    connector.read(["products"])

    (token_call,) = [call for call in connector.simulator.calls if call.path == TOKEN_PATH]
    for query in (urlencode(token_call.query), urlencode(token_call.query, quote_via=quote)):
        assert_hidden(filter_secrets(f"Connection to /security/oauth/token?{query} timed out"), secrets_of(connector))
    for hidden in secrets_of(connector):
        for text in (f"Authorization: Bearer {hidden}", quote(hidden, safe=""), quote_plus(hidden)):
            assert_hidden(filter_secrets(text), [hidden])


def test_no_secret_is_printed_by_a_process_with_an_unreachable_token_host(connector: Connector, closed_url):
    connector.environment = {"HOTMART_API_URL": closed_url, "HOTMART_AUTH_URL": closed_url}
    connector.simulator.login.client_secret = AWKWARD_SECRETS[0]
    connector.config |= {"client_secret": AWKWARD_SECRETS[0], "token": connector.simulator.basic}

    process = connector.start("check", "--debug")
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert b"could not be reached" in output
    assert_hidden(output.decode(), secrets_of(connector))


QUOTING: dict[str, Callable[[str], Fault]] = {
    "400 that quotes a buyer": lambda mail: Fault(
        kind=400, times=None, body=json.dumps({"error": "invalid_parameter", "error_description": f"buyer {mail}"})
    ),
    "403 that quotes a buyer": lambda mail: Fault(
        kind=403, times=None, body=json.dumps({"error": "x", "message": mail})
    ),
    "422 that quotes a buyer": lambda mail: Fault(
        kind=422, times=None, body=json.dumps({"error": "x", "message": mail})
    ),
    "500 in HTML that quotes a buyer": lambda mail: Fault(
        kind=500, times=None, body=f"<html>{mail}</html>", content_type="text/html"
    ),
    "a mail where a date is": lambda mail: Fault(kind="bad_date", value=mail, times=None),
    "a mail where a number is": lambda mail: Fault(
        kind="number_for_string", field_name="purchase.price.value", value=mail, times=None
    ),
    "a mail where an object is": lambda mail: Fault(
        kind="number_for_string", field_name="product", value=mail, times=None
    ),
    "rows without a key": lambda mail: Fault(kind="no_key", times=None),
    "half an answer": lambda mail: Fault(kind="truncated_json", times=None),
    "a broken encoding": lambda mail: Fault(kind="bad_utf8", times=None),
    "a wrong total": lambda mail: Fault(kind="wrong_total", times=None),
}


@pytest.mark.parametrize("order", QUOTING.values(), ids=list(QUOTING))
def test_no_email_address_is_logged_after_any_failure(connector, command_line, order):
    addresses = mails(connector.simulator.world)
    connector.simulator.add_fault(order(min(addresses)))

    _, output = command_line("read", "--debug", catalog=catalog(STREAMS))

    assert '"type":"LOG"' in output
    assert not [address for address in addresses if address in said(output)]


def test_records_keep_the_email_addresses(connector, command_line):
    _, output = command_line("read", catalog=catalog(["sales_history"]))

    assert [address for address in mails(connector.simulator.world) if address in output]
