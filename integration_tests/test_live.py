"""The live probe as a program: its output for simulated accounts, its exit, and its safety rules."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, quote_plus

import pytest

from hotmart_simulator import Fault, Simulator, Switches, World
from hotmart_simulator.server.login import TOKEN_PATH
from hotmart_simulator.server.request_log import Call
from integration_tests.probed import BELIEFS, CONSEQUENCES, full_account
from tools.harness import VirtualClock
from tools.live_probe import __main__ as program
from tools.live_probe.client import MAX_CALLS
from tools.live_probe.questions import DECISIVE, QUESTIONS
from tools.rows import KEYS

SALES_PATH = "/payments/api/v1/sales/history"

CommandLine = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def world() -> World:
    """An account with data for every question. Tests change only its switches."""
    return full_account(Switches())


@pytest.fixture
def simulator(world: World, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(world, Switches(), clock.time) as simulator:
        for variable in ("HOTMART_API_URL", "HOTMART_AUTH_URL"):
            monkeypatch.setenv(variable, simulator.url)
        yield simulator


@pytest.fixture
def command_line(
    simulator: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """Run `python -m tools.live_probe` in this process. Return its exit code and its output."""
    monkeypatch.setattr(program, "WIDTH", 6_000)  # values are not folded, so that each can be found

    def run(*flags: str, **changes: Any) -> tuple[int, str]:
        settings = {
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
            "token": f"Basic {simulator.basic}",
            "start_date": "2024-01-01",
            "members_area_subdomain": simulator.switches.subdomains[0],
        }
        config = tmp_path / "config.json"
        config.write_text(json.dumps({**settings, **changes}))
        monkeypatch.setattr(sys, "argv", ["live", "--config", str(config), *flags])
        exit_code = program.main()
        printed = capfd.readouterr()
        return exit_code, printed.out + printed.err

    return run


def test_a_run_answers_every_question_within_its_request_limit(simulator: Simulator, command_line: CommandLine) -> None:
    _, printed = command_line()

    for belief_id in QUESTIONS:
        assert BELIEFS[belief_id].belief in printed
    assert "used up" not in printed
    assert "an unexpected form" not in printed
    left_open = [line.strip() for line in printed.splitlines() if " not known: " in line]
    assert len(left_open) <= 1, left_open  # the page size of products, because there are too few
    assert len(simulator.calls) <= MAX_CALLS
    assert f"in {len(simulator.calls)} calls" in printed
    assert {call.method for call in simulator.calls if call.path != TOKEN_PATH} == {"GET"}
    assert [call.method for call in simulator.calls if call.path == TOKEN_PATH] == ["POST"]
    asked = [(call.path, tuple(call.query)) for call in simulator.calls]
    assert len(set(asked)) == len(asked)  # shared by several questions
    assert {name for _, name in simulator.unknown_parameters} == {"no_such_parameter"}


@pytest.mark.parametrize(
    "switches",
    [
        {
            "tickets_by_default": "confirmed",
            "pages_v1": "gone",
            "heavy_days": 900,
            "subscriptions_by_default": "active",
        },
        {"several_statuses": "refused", "comma_lists": "accept", "max_window_of": "age", "no_coupons": "list"},
        {"max_window_days": 300, "accepted_on_users": "documented_14", "coupon_prefix": "payments"},
        {"limit_per_minute": 20},
    ],
)
def test_the_request_limit_covers_the_decisive_questions(
    simulator: Simulator, command_line: CommandLine, switches: dict[str, Any]
) -> None:
    simulator.switches = Switches(**switches)
    _, printed = command_line()

    assert "questions answered" in printed
    assert len(simulator.calls) <= MAX_CALLS
    left_out = [line for line in printed.splitlines() if "used up" in line]
    assert not [belief_id for belief_id in DECISIVE for line in left_out if BELIEFS[belief_id].belief in line]


def test_the_probe_waits_for_the_rate_limit(
    simulator: Simulator, command_line: CommandLine, clock: VirtualClock
) -> None:
    simulator.switches = Switches(limit_per_minute=20)
    command_line()

    assert simulator.count(status=429) == 0
    assert sum(clock.slept_s) > 60


def test_a_429_is_retried_once(simulator: Simulator, command_line: CommandLine, clock: VirtualClock) -> None:
    simulator.add_fault(Fault(kind=429, path=SALES_PATH, times=1))
    _, printed = command_line()

    assert simulator.count(status=429) == 1
    assert sum(clock.slept_s) > 0
    assert "Hotmart answered 429" not in printed


def first_of_its_kind() -> Callable[[Call], bool]:
    """Whether a query is made for the first time."""
    asked: set[Any] = set()

    def is_first(call: Call) -> bool:
        query, known = (call.path, tuple(call.query)), len(asked)
        asked.add(query)
        return len(asked) > known

    return is_first


def test_retries_count_towards_the_request_limit(simulator: Simulator, command_line: CommandLine) -> None:
    simulator.add_fault(Fault(kind=503, times=None, where=first_of_its_kind()))
    _, printed = command_line()

    assert len(simulator.calls) == MAX_CALLS
    assert "Hotmart answered 503" not in printed
    assert "not asked: the 60 calls are used up" in printed


def test_an_outage_leaves_questions_unanswered(simulator: Simulator, command_line: CommandLine) -> None:
    simulator.add_fault(Fault(kind=503, times=None))
    exit_code, printed = command_line()

    assert exit_code == 0
    assert "not known: Hotmart answered 503" in printed
    # The lifetime and text of the token, and the headers of the failures.
    assert re.search(rf"[234] of {len(QUESTIONS)} questions answered", printed)


@pytest.mark.parametrize(("family", "status"), [("payments", 401), ("products", 403), ("club", 403), ("events", 403)])
def test_questions_about_forbidden_endpoints_are_left_open(
    simulator: Simulator, command_line: CommandLine, family: str, status: Literal[401, 403]
) -> None:
    simulator.switches = Switches(refused_families=(family,), refused_with=status)
    _, printed = command_line()

    assert f"not known: the credential may not read it ({status})" in printed
    assert "an unexpected form" not in printed


def test_questions_about_members_areas_need_a_members_area(command_line: CommandLine) -> None:
    _, printed = command_line(members_area_subdomain="")

    assert printed.count("not known: the settings name no members_area_subdomain") > 10


def test_a_run_ends_cleanly_at_its_request_limit(simulator: Simulator, command_line: CommandLine) -> None:
    _, printed = command_line("--calls", "12")

    assert len(simulator.calls) == 12
    assert "not asked: the 12 calls are used up" in printed
    assert "answered in 12 calls" in printed


def test_the_request_limit_cannot_exceed_the_maximum(simulator: Simulator, command_line: CommandLine) -> None:
    simulator.add_fault(Fault(kind=503, times=None, where=first_of_its_kind()))
    command_line("--calls", "500")

    assert len(simulator.calls) == MAX_CALLS


def test_a_result_that_loses_rows_gives_exit_code_one(simulator: Simulator, command_line: CommandLine) -> None:
    simulator.switches = Switches(statuses_on_history="first")
    exit_code, printed = command_line()

    assert exit_code == 1
    assert "LOSES: sales_history has sales of the status STARTED only" in printed
    assert re.search(r"loses rows or fails under \d+ of the answers", printed)


@pytest.fixture(scope="module")
def personal(world: World) -> set[str]:
    """Every text and every large number in any record of the account, except API words and house numbers."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str):
            found.add(value)
        elif type(value) is int and value > 99_999:
            found.add(str(value))

    for stream in KEYS:
        for row in world.expected(stream):
            walk(row.record)
    people = world.people
    for person in (*people.buyers, *people.affiliates, *people.partners, people.owner):
        found |= {person.name, person.email, person.phone, person.ucode}
        walk(person.user)
    texts = repr((BELIEFS, CONSEQUENCES))  # printed for every account
    words = {value for value in found if re.fullmatch(r"[A-Z_]+|[a-z]+", value) or value in texts}
    return {value for value in found - words if len(value) > (5 if value.isdigit() else 2)}


@pytest.mark.parametrize(
    ("switches", "fault"),
    [
        ({}, None),
        ({"page_cap": 20}, None),
        ({"statuses_on_history": "first", "tickets_by_default": "confirmed"}, None),
        ({}, Fault(kind="error_object", error="ana@example.com", times=None)),
        ({}, Fault(kind=400, error="Ana Maria", body=None, times=None)),
        ({}, Fault(kind="html200", times=None)),
        ({}, Fault(kind="number_for_string", path=SALES_PATH, times=None)),
        ({}, Fault(kind="no_key", path=SALES_PATH, times=None)),
        ({}, Fault(kind="redirect", times=None)),
        ({}, Fault(kind="reset", times=None)),
        ({}, Fault(kind="cut", times=None)),
        ({}, Fault(kind="gzip_bomb", path=SALES_PATH, megabytes=70, times=2)),
    ],
)
def test_no_personal_data_and_no_secret_is_printed(
    simulator: Simulator,
    command_line: CommandLine,
    personal: set[str],
    switches: dict[str, Any],
    fault: Fault | None,
) -> None:
    simulator.switches = Switches(**switches)
    if fault:
        simulator.add_fault(fault)
    _, printed = command_line()

    assert "questions answered" in printed
    tokens = {str(call.headers["authorization"]).split()[-1] for call in simulator.calls if call.headers}
    secrets = {simulator.client_id, simulator.client_secret, simulator.basic, *tokens}
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    assert len(personal) > 5_000
    assert not [value for value in forms | personal | {"ana@example.com", "Ana Maria", "my-school"} if value in printed]
