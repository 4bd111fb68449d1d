"""The live probe's settings and login: every error gives a clear message, and no message quotes a value."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator, Switches, World
from hotmart_simulator.server.login import TOKEN_PATH
from tools.harness import VirtualClock, small_world
from tools.live_probe import __main__ as program
from tools.live_probe.failure import ProbeFailed
from tools.live_probe.settings import read_settings

Refused = Callable[..., str]


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


@pytest.fixture
def simulator(world: World, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(world, Switches(), clock.time) as simulator:
        for variable in ("HOTMART_API_URL", "HOTMART_AUTH_URL"):
            monkeypatch.setenv(variable, simulator.url)
        yield simulator


def settings_of(simulator: Simulator, **changes: Any) -> dict[str, Any]:
    settings = {
        "client_id": simulator.client_id,
        "client_secret": simulator.client_secret,
        "token": simulator.basic,
        "start_date": "2024-01-01",
    }
    return {**settings, **changes}


@pytest.fixture
def refused(
    simulator: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Refused:
    """Return a function that runs the probe with invalid settings and returns its output."""

    def run(content: str = "", **changes: Any) -> str:
        config = tmp_path / "config.json"
        config.write_text(content or json.dumps(settings_of(simulator, **changes)))
        monkeypatch.setattr(sys, "argv", ["live", "--config", str(config)])
        assert program.main() == 2
        printed = capfd.readouterr()
        assert printed.out.startswith("live: ")
        assert simulator.client_secret not in printed.out + printed.err
        return printed.out

    return run


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"client_id": None}, "client_id: it is missing"),
        ({"client_secret": ""}, "client_secret: it is missing"),
        ({"client_secret": "wrong"}, "token: it does not belong to this client_id and client_secret"),
        ({"token": None}, "token: it is missing"),
        ({"start_date": "31 February"}, "start_date: it is not a date"),
        ({"start_date": None}, "start_date: it is not a date"),
        ({"environment": "test"}, "environment: choose production or sandbox"),
        ({"members_area_subdomain": "my school"}, "members_area_subdomain: it is not a name"),
        ({"members_area_subdomain": ["my-school"]}, "members_area_subdomain: it is not text"),
    ],
)
def test_invalid_settings_are_rejected_before_any_request(
    simulator: Simulator, refused: Refused, wrong: dict[str, Any], sentence: str
) -> None:
    printed = refused(**wrong)

    assert sentence in printed
    assert not simulator.calls


@pytest.mark.parametrize("content", ["{", "[]", "client_id=secret-of-mine"])
def test_an_invalid_settings_file_is_not_quoted(refused: Refused, content: str) -> None:
    printed = refused(content)

    assert "compare it with secrets/config.example.json" in printed
    assert "secret-of-mine" not in printed


def test_a_missing_default_settings_file_gives_instructions(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["live"])
    exit_code = program.main()

    assert exit_code == 2
    assert capfd.readouterr().out == (
        "live: secrets/config.json is missing: copy secrets/config.example.json to it and put in your client_id, "
        "client_secret and token from Hotmart, Tools > Developer Credentials, with a start_date and, if there is one, "
        "your members_area_subdomain.\n"
    )


@pytest.mark.parametrize("url", ["http://example.com", "ftp://127.0.0.1", "example.com"])
def test_credentials_are_not_sent_to_an_unsafe_address(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, simulator: Simulator, url: str
) -> None:
    monkeypatch.setenv("HOTMART_AUTH_URL", url)

    assert "HOTMART_AUTH_URL must hold an https address" in refused()
    assert not simulator.calls


@pytest.mark.parametrize("status", [400, 401, 403])
def test_rejected_credentials_end_the_run_with_a_message(simulator: Simulator, refused: Refused, status: int) -> None:
    simulator.add_fault(Fault(kind=status, path=TOKEN_PATH, times=None))

    assert "Hotmart rejected the Client ID and Client Secret" in refused()
    assert len(simulator.calls) == 1


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (503, "503"),
        (429, "429"),
        ("html200", "200, an HTML page"),
        ("empty200", "200, an empty body"),
        ("reset", "no whole"),
    ],
)
def test_a_failed_login_ends_the_run_with_the_reason(
    simulator: Simulator, refused: Refused, kind: int | str, says: str
) -> None:
    simulator.add_fault(Fault(kind=kind, path=TOKEN_PATH, times=None))

    assert f"the login failed: {says}" in refused()


def test_a_request_limit_of_zero_is_rejected(
    simulator: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings_of(simulator)))
    monkeypatch.setattr(sys, "argv", ["live", "--config", str(config), "--calls", "0"])

    assert program.main() == 2
    assert "give at least one call, for the login" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("my-school", ("my-school",)),
        ("my-school, second_school,my-school,", ("my-school", "second_school")),
        ("https://hotmart.com/en/club/my-school/products/1", ("my-school",)),
        ("", ()),
    ],
)
def test_members_areas_are_subdomains_or_urls(
    simulator: Simulator, tmp_path: Path, text: str, names: tuple[str, ...]
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings_of(simulator, members_area_subdomain=text)))

    assert read_settings(config).members_areas == names


def test_the_repr_of_settings_contains_no_secret(simulator: Simulator, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings_of(simulator, token=f" basic  {simulator.basic}\n")))
    settings = read_settings(config)

    assert settings.basic == simulator.basic
    assert not [value for value in (simulator.client_id, simulator.basic) if value in repr(settings)]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ProbeFailed, match=r"elsewhere\.json is missing"):
        read_settings(Path("elsewhere.json"))
