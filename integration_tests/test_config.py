"""The settings as commands use them: invalid ones end with one message each, and the others reach Hotmart."""

from __future__ import annotations

import pytest

from tools.harness import Connector, VirtualClock

BAD_ADDRESSES = [
    ("https://hotmart.example.com:99999", "its port is not a number from 1 to 65535"),
    ("https://hotmart.example.com:0", "its port is not a number from 1 to 65535"),
    ("https://hotmart.example.com:port", "its port is not a number from 1 to 65535"),
    ("http://127.0.0.1:-1", "its port is not a number from 1 to 65535"),
    ("https://hotmart.example.com/?a=b", "it has a query (?)"),
    ("https://hotmart.example.com?", "it has a query (?)"),
    ("https://hotmart.example.com/#top", "it has a fragment (#)"),
    ("https://me:hunter2@hotmart.example.com", "it has a user name or password"),
    ("https://hotmart.example.com/a/../b", "its path has '.' or '..' or a backslash"),
    ("https://hotmart.example.com/..", "its path has '.' or '..' or a backslash"),
    ("https://hotmart.example.com/%2e%2E/b", "its path has '.' or '..' or a backslash"),
    ("https://hotmart.example.com\\b", "its path has '.' or '..' or a backslash"),
    ("https://hotmart example.com", "it is not an address"),
    ("https://[::1", "it is not an address"),
    ("https://*", "it is not an address"),
    ("https://\u200bhotmart.example.com", "it is not an address"),
]


@pytest.mark.parametrize("variable", ["HOTMART_API_URL", "HOTMART_AUTH_URL"])
@pytest.mark.parametrize(("address", "problem"), BAD_ADDRESSES, ids=[ascii(address) for address, _ in BAD_ADDRESSES])
@pytest.mark.parametrize("command", ["check", "discover", "read"])
def test_an_invalid_url_in_the_environment_is_reported(
    connector: Connector, monkeypatch, command, variable, address, problem
):
    monkeypatch.setenv(variable, address)

    run = connector.run(command)

    sentence = run.connection_status["message"] if command == "check" else run.sentences
    assert sentence == (
        f"The environment variable {variable} must hold an https address such as https://proxy.example.com/hotmart "
        f"(plain http is accepted for this machine only), but {problem}. Correct it or remove it."
    )
    assert {error["failure_type"] for error in run.errors} == (set() if command == "check" else {"config_error"})
    assert address not in run.output
    assert connector.simulator.calls == []


def test_a_url_in_the_environment_is_normalised(connector: Connector, monkeypatch):
    monkeypatch.setenv(
        "HOTMART_API_URL", connector.simulator.url.replace("http://127.0.0.1", "HTTP://LocalHost") + "//"
    )

    run = connector.run("check")

    assert run.connection_status["status"] == "SUCCEEDED", run.connection_status


def test_missing_padding_of_the_token_is_added(connector: Connector):
    connector.simulator.login.client_secret += "!"
    login = connector.simulator.login
    connector.config |= {"client_secret": login.client_secret, "token": f"\u200bBasic {login.basic.rstrip('=')}\u200b"}

    run = connector.run("check")

    assert run.connection_status["status"] == "SUCCEEDED", run.connection_status


UNKNOWN = [
    ({"start_dat": "2024-01-01"}, "The setting 'start_dat' is unknown and was ignored. Did you mean start_date?"),
    ({"lookback_day": 3}, "The setting 'lookback_day' is unknown and was ignored. Did you mean lookback_days?"),
    ({"clientId": "x"}, "The setting 'clientId' is unknown and was ignored. Did you mean client_id?"),
    ({"num-workers": 2}, "The setting 'num-workers' is unknown and was ignored. Did you mean num_workers?"),
    (
        {"personal_data": {"mode": "drop", "kye": "hunter2"}},
        "The setting 'personal_data.kye' is unknown and was ignored. Did you mean key?",
    ),
    (
        {"region": "hunter2"},
        "The setting 'region' is unknown and was ignored. The settings are client_id, client_secret, token, "
        "start_date, members_area_subdomain, lookback_days, num_workers, environment, personal_data.",
    ),
]


@pytest.mark.parametrize("command", ["check", "discover", "read"])
@pytest.mark.parametrize(("settings_given", "sentence"), UNKNOWN, ids=str)
def test_an_unknown_setting_warning_suggests_the_nearest_known_one(
    connector: Connector, command, settings_given, sentence
):
    run = connector.run(command, config={**connector.config, **settings_given})

    assert run.exit_code == 0
    assert run.logs.splitlines().count(f"WARN {sentence}") == 1
    assert "hunter2" not in run.output


@pytest.mark.parametrize("name", ["_limit", "__injected_declarative_manifest"])
def test_settings_added_by_platforms_give_no_warning(connector: Connector, name):
    run = connector.run("check", config={**connector.config, name: 1})

    assert "WARN" not in run.logs


def test_known_settings_give_no_warning(connector: Connector):
    everything = {
        "lookback_days": 1,
        "num_workers": 2,
        "environment": "production",
        "personal_data": {"mode": "hash", "key": "0123456789abcdef"},
    }

    run = connector.run("check", config={**connector.config, **everything})

    assert "WARN" not in run.logs


REFUSED = {
    "start_date": ("2024-02-31", "start_date: '2024-02-31' is not a date that exists."),
    "num_workers": ("many", "num_workers: it has a wrong value."),
    "members_area_subdomain": ("a/b", "members_area_subdomain: 'a/b' is not the name of a members area."),
    "token": ("eHh4Onl5eQ==", "token: it does not belong to this Client ID and Client Secret."),
}


@pytest.mark.parametrize("field", REFUSED)
def test_check_fails_with_the_message_and_without_a_trace(connector: Connector, field):
    value, sentence = REFUSED[field]

    run = connector.run("check", config={**connector.config, field: value})

    assert run.exit_code == 0
    assert run.connection_status["status"] == "FAILED"
    assert run.connection_status["message"].startswith(sentence)
    assert not run.of_type("TRACE")
    assert connector.simulator.calls == []


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_check_rejects_a_date_outside_the_calendar(connector: Connector, value):
    run = connector.run("check", config={**connector.config, "start_date": value})

    assert not run.of_type("TRACE")
    assert run.connection_status["message"].startswith("start_date: ")


@pytest.mark.parametrize("command", ["read", "discover"])
@pytest.mark.parametrize("field", REFUSED)
def test_read_and_discover_end_with_a_config_error(connector: Connector, command, field):
    value, sentence = REFUSED[field]

    run = connector.run(command, config={**connector.config, field: value})

    assert run.exit_code != 0
    (error,) = run.errors
    assert error["failure_type"] == "config_error"
    assert error["message"].startswith(sentence)
    assert connector.simulator.calls == []


def test_an_empty_optional_number_is_accepted(connector: Connector, clock: VirtualClock):
    run = connector.run("check", config={**connector.config, "lookback_days": None, "num_workers": None})

    assert run.connection_status["status"] == "SUCCEEDED"
