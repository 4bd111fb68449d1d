"""Responses of a hostile server: they neither exhaust memory nor get acted upon or printed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from hotmart_simulator import World
from hotmart_simulator.server.login import TOKEN_PATH
from integration_tests.forks import Forks
from integration_tests.secrecy import secrets_of
from tools.faults.hostile import ECHOES, LARGE, LOGIN, NO_HTTP, WILD_HEADERS
from tools.faults.raw_server import Answer, Asked, RawServer, answer
from tools.harness import Connector, catalog, small_world
from tools.sample import sample
from unit_tests.secrecy import forms

HISTORY = ["sales_history"]
MOST_MEMORY_MB = 180
"""Memory limit of a forked process in MB. A check of a small account uses about 70."""
NOT_PRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")


def login_or(other: Answer) -> Answer:
    """Return a handler that grants an access token and passes all other requests to the given function."""
    return lambda asked: answer(json.dumps(LOGIN).encode()) if asked.path == TOKEN_PATH else other(asked)


@pytest.fixture
def world() -> World:
    """Placeholder account: each test's own server answers instead."""
    return small_world()


@pytest.fixture
def serve(monkeypatch, connector: Connector) -> Iterator[Callable[..., RawServer]]:
    """Make a server answer for both hosts of Hotmart."""
    servers: list[RawServer] = []

    def start(answers: Answer) -> RawServer:
        servers.append(RawServer(answers).__enter__())
        for name in ("HOTMART_API_URL", "HOTMART_AUTH_URL"):
            monkeypatch.setenv(name, servers[-1].url)
            connector.environment[name] = servers[-1].url
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__()


def texts(output: str) -> list[str]:
    """Return every text in the printed lines, as a protocol reader decodes it."""
    found: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                collect(item)

    for line in output.splitlines():
        collect(json.loads(line))
    return found


# Memory


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("forks")) as forks:
        yield forks


@pytest.mark.parametrize(
    ("large", "whose"), [*((large, "data") for large in LARGE), *((large, "login") for large in list(LARGE)[:2])]
)
def test_large_responses_use_little_memory(forks, serve, connector, large, whose):
    sent = LARGE[large]()
    serve((lambda asked: sent) if whose == "login" else login_or(lambda asked: sent))

    ended = forks.run(connector.arguments("check"), connector.environment)

    assert b'"status":"FAILED"' in ended.stdout, (ended.stdout + ended.stderr)[-1_000:]
    assert ended.peak_mb < MOST_MEMORY_MB


# Headers


def test_an_invalid_redirect_address_fails_the_check(serve, command_line):
    serve(login_or(lambda asked: answer(b"", 302, "Location: http://[::1")))

    exit_code, output = command_line("check")

    assert exit_code == 0
    assert '"status":"FAILED"' in output
    assert "another address (302)" in output


@pytest.mark.parametrize("command", ["check", "read"])
def test_cookies_are_not_kept(serve, command_line, command):
    cookies = [f"Set-Cookie: name{number}={'x' * 1_000}; Path=/" for number in range(50)]
    empty = b'{"items":[],"page_info":{"total_results":0}}'
    server = serve(
        lambda asked: answer(json.dumps(LOGIN).encode() if asked.path == TOKEN_PATH else empty, 200, *cookies)
    )

    exit_code, _ = command_line(command, catalog=catalog(HISTORY) if command == "read" else None)

    assert exit_code == 0
    assert len(server.asked) > 2
    assert not [asked for asked in server.asked if "cookie" in asked.headers]


def test_only_gzip_encoding_is_requested(serve, command_line):
    server = serve(login_or(lambda asked: answer(b'{"items":[]}')))

    command_line("check")

    assert {asked.headers["accept-encoding"] for asked in server.asked} == {"gzip"}


@pytest.mark.parametrize("status", [200, 400, 503])
def test_malformed_headers_still_produce_a_check_status(serve, command_line, status):
    serve(login_or(lambda asked: answer(b'{"items":[],"page_info":{"total_results":0}}', status, *WILD_HEADERS)))

    exit_code, output = command_line("check")

    assert exit_code == 0
    assert f'"status":"{"SUCCEEDED" if status == 200 else "FAILED"}"' in output
    assert "ana.souza" not in output
    assert not [text for text in texts(output) if NOT_PRINTABLE.search(text)]


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=list(NO_HTTP))
@pytest.mark.parametrize("whose", ["login", "data"])
def test_a_response_that_is_not_http_fails_the_check(serve, command_line, sent, whose):
    def once(asked: Asked) -> Iterator[bytes]:
        yield sent
        raise ConnectionError  # closes the connection

    serve(once if whose == "login" else login_or(once))

    exit_code, output = command_line("check")

    assert exit_code == 0
    assert '"status":"FAILED"' in output
    assert "Traceback" not in output
    assert "ana.souza" not in output


# Texts


@pytest.mark.parametrize(
    ("status", "whose", "command"),
    sample([*product([200, 302, 400, 401, 403, 404, 407, 422, 429, 503], ["login", "data"], ["check", "read"])], 3),
)
def test_a_response_that_echoes_the_request_leaks_no_secret(serve, connector, command_line, whose, status, command):
    """By default one of three combinations. Each status is in one."""
    connector.simulator.login.client_secret = "abc-def_secret.value"
    connector.config |= {"client_secret": "abc-def_secret.value", "token": connector.simulator.basic}
    token = str(LOGIN["access_token"])
    secrets = {*secrets_of(connector), token, "granted+token/of=the-gateway", connector.simulator.basic.rstrip("=")}
    for echo in ECHOES:

        def repeat(asked: Asked, echo: str = echo) -> bytes:
            return answer(ECHOES[echo](asked), status, f"X-Echo: {asked.line}", "Location: /x")

        server = serve(repeat if whose == "login" else login_or(repeat))

        _, output = command_line(command, "--debug", catalog=catalog(["products"]) if command == "read" else None)

        assert server.asked
        printed = [output, *texts(output)]
        assert not [form for secret in secrets for form in forms(secret) for text in printed if form in text]


@pytest.mark.parametrize("where", ["code", "name", "id"])
def test_control_characters_in_responses_are_not_printed(serve, command_line, where):
    text = "a\x1b[31m\r\nb\u2028c\u202e" + "d" * 100_000

    def products(asked: Asked) -> bytes:
        if where == "code":
            return answer(json.dumps({"error": text}).encode(), 422)
        if asked.path.endswith("/products"):
            row = {"id": 1 if where == "name" else text, "ucode": text, "name": text}
            return answer(json.dumps({"items": [row], "page_info": {}}).encode())
        return answer(b'{"error":"x"}', 422)

    serve(login_or(products))

    _, output = command_line("read", "--debug", catalog=catalog(["product_offers"]))

    said = [line for line in output.splitlines() if not line.startswith(('{"type":"RECORD"', '{"type":"STATE"'))]
    assert "422" in output
    assert not [text for text in texts("\n".join(said)) if NOT_PRINTABLE.search(text)]
    assert max(map(len, said)) < 50_000


# No end


def row(number: int) -> dict[str, object]:
    return {"id": number, "ucode": f"u{number}", "name": "product"}


def test_an_endless_list_of_one_repeated_row_fails_the_stream(serve, command_line):
    numbers = iter(range(1_000_000))

    def again(asked: Asked) -> bytes:
        page = {"items": [row(1)], "page_info": {"next_page_token": f"token{next(numbers)}"}}
        return answer(json.dumps(page).encode())

    server = serve(login_or(again))

    exit_code, output = command_line("read", catalog=catalog(["products"]))

    assert exit_code == 1
    assert "products: Hotmart's list of pages has no end" in output
    assert output.count('{"type":"RECORD"') == 1
    assert len(server.asked) < 60


def test_pages_with_repeated_rows_do_not_end_pagination(serve, command_line):
    def pages(asked: Asked) -> bytes:
        found = re.search(r"page_token=(\d+)", asked.line)
        number = int(found[1]) if found else 0
        rows = [row(number // 10)]  # ten pages for each row
        info = {"next_page_token": str(number + 1)} if number < 60 else {}
        return answer(json.dumps({"items": rows, "page_info": info}).encode())

    serve(login_or(pages))

    exit_code, output = command_line("read", catalog=catalog(["products"]))

    assert exit_code == 0
    assert output.count('{"type":"RECORD"') == 7


def test_repeated_warnings_are_counted_and_truncated(serve, command_line):
    def offers(asked: Asked) -> bytes:
        if asked.path.endswith("/products"):
            found = re.search(r"page_token=(\d+)", asked.line)
            number = int(found[1]) if found else 0
            rows = [row(number * 100 + place) for place in range(100)]
            info = {"next_page_token": str(number + 1)} if number < 2 else {}
            return answer(json.dumps({"items": rows, "page_info": info}).encode())
        rows = [{"code": asked.path[-20:], "name": "offer"}, {"name": "no key"}]
        return answer(json.dumps({"items": rows, "page_info": {"total_results": 9}}).encode())

    serve(login_or(offers))

    _, output = command_line("read", catalog=catalog(["product_offers"]))

    warnings = [json.loads(line)["log"]["message"] for line in output.splitlines() if '"level":"WARN"' in line]
    assert len(warnings) < 200
    assert any(re.search(r"product_offers: [\d,]+ more log lines like these were left out", one) for one in warnings)
    assert max(map(len, warnings)) < 5_000
