"""Switches parsed from text, and the process option --switch."""

import json
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import requests

from hotmart_simulator.server.switch_option import with_sides
from hotmart_simulator.switches import Switches

ROOT = Path(__file__).parents[2]
HINTS = get_type_hints(Switches)
SIDES = [(name, side) for name, hint in HINTS.items() if get_origin(hint) is Literal for side in get_args(hint)]


@pytest.mark.parametrize(("name", "side"), SIDES)
def test_every_switch_value_is_parsed(name: str, side: Any) -> None:
    assert getattr(with_sides(Switches(), [f"{name}={side}"]), name) == side


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("token_life_s=90", "token_life_s", 90),
        ("page_cap=7", "page_cap", 7),
        ("page_cap=none", "page_cap", None),
        ("page_cap=None", "page_cap", None),
        ("sandbox=true", "sandbox", True),
        ("sandbox=false", "sandbox", False),
        ("refused_families=club,events", "refused_families", ("club", "events")),
        ("refused_families=", "refused_families", ()),
        ("refused_statuses=users:BLOCKED", "refused_statuses", ("users:BLOCKED",)),
        ("subdomains=one", "subdomains", ("one",)),
        ("refused_with=401", "refused_with", 401),
    ],
)
def test_numbers_none_flags_and_lists_are_parsed(text: str, name: str, value: Any) -> None:
    assert getattr(with_sides(Switches(page_cap=3), [text]), name) == value


def test_every_field_of_the_switches_can_be_set() -> None:
    texts = {int: "1", bool: "true", int | None: "1", tuple[str, ...]: "club", Literal: ""}
    words = {"refused_statuses": "users:BLOCKED,EXPIRED"}
    for field in fields(Switches):
        hint = HINTS[field.name]
        side = get_args(hint)[-1] if get_origin(hint) is Literal else words.get(field.name, texts[hint])
        with_sides(Switches(), [f"{field.name}={side}"])


def test_the_last_of_two_values_of_a_switch_wins() -> None:
    switches = with_sides(Switches(page_cap=3), ["totals=nowhere", "default_rows=4", "totals=everywhere"])

    assert switches == Switches(page_cap=3, default_rows=4, totals="everywhere")


WRONG = [
    ("colour=red", "there is no switch 'colour'"),
    ("token=latest_only", "there is no switch 'token', did you mean tokens?"),
    ("tokens", "'tokens' is not of the form NAME=SIDE"),
    ("tokens=all", "tokens is one of side_by_side, latest_only, not 'all'"),
    ("payments_cap=many", "payments_cap is a whole number, not 'many'"),
    ("payments_cap=none", "payments_cap is a whole number, not 'none'"),
    ("page_cap=-1", "page_cap is a whole number or none, not '-1'"),
    ("sandbox=yes", "sandbox is one of true, false, not 'yes'"),
    ("refused_with=404", "refused_with is one of 401, 403, not '404'"),
    ("refused_families=clubs", "refused_families are of payments, products, club, events, user"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_an_unknown_name_or_value_gives_a_one_line_error(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        with_sides(Switches(), [text])

    assert str(raised.value) == message


@pytest.mark.parametrize("text", ["colour=red", "tokens=all"])
def test_an_invalid_switch_ends_the_process_with_exit_code_2(text: str) -> None:
    command = [sys.executable, "-m", "hotmart_simulator", "--switch", "totals=nowhere", "--switch", text]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"hotmart_simulator: {dict(WRONG)[text]}\n"


def test_the_process_applies_the_given_switches() -> None:
    world = ["--sales", "40", "--subscriptions", "5", "--students", "4", "--products", "6", "--page-cap", "9"]
    sides = ["--switch", "page_cap=2", "--switch", "subdomains=only-school", "--switch", "last_page_token=null"]
    sides += ["--switch", "club_cap=90"]
    command = [sys.executable, "-m", "hotmart_simulator", "--now", "2026-01-15T12:00:00Z", *world, *sides]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        session = requests.Session()
        session.headers["Authorization"] = f"Basic {ready['token']}"
        form = {"grant_type": "client_credentials"}
        token = session.post(f"{ready['url']}/security/oauth/token", data=form, timeout=60).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        products = session.get(f"{ready['url']}/products/api/v1/products", timeout=60).json()
        school = {"subdomain": "only-school"}
        students = session.get(f"{ready['url']}/club/api/v1/users", params=school, timeout=60).json()
        session.close()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)

    assert len(products["items"]) == 2
    assert len(students["items"]) == 2
    assert ready["subdomain"] == "only-school"
    assert (process.returncode, errors) == (0, "")
