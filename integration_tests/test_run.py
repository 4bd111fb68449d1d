"""The command `source-hotmart`: protocol messages on stdout, one per line, and a meaningful exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotmart_simulator import Fault, World
from tools.harness import NOW_MS, Connector, Run, catalog, small_world, stream_names
from tools.rows import KEYS, difference


@pytest.fixture
def world() -> World:
    return small_world()


def messages(output: str) -> list[dict[str, Any]]:
    """Return the messages of an output. Every line must be one."""
    return [json.loads(line) for line in output.splitlines()]


def kinds(output: str) -> set[str]:
    return {message["type"] for message in messages(output)}


def test_spec_prints_the_specification(command_line):
    exit_code, output = command_line("spec")

    assert exit_code == 0
    (spec,) = [message["spec"] for message in messages(output) if message["type"] == "SPEC"]
    assert "start_date" in spec["connectionSpecification"]["properties"]


def test_check_prints_one_status(command_line):
    exit_code, output = command_line("check")

    assert exit_code == 0
    (status,) = [message["connectionStatus"] for message in messages(output) if message["type"] == "CONNECTION_STATUS"]
    assert status["status"] == "SUCCEEDED"


def test_discover_prints_every_stream(command_line):
    exit_code, output = command_line("discover")

    assert exit_code == 0
    (found,) = [message["catalog"] for message in messages(output) if message["type"] == "CATALOG"]
    assert [stream["name"] for stream in found["streams"]] == stream_names()


def test_read_prints_only_protocol_messages(connector, command_line):
    exit_code, output = command_line("read", catalog=catalog())

    assert exit_code == 0
    assert kinds(output) == {"RECORD", "STATE", "TRACE", "LOG"}
    rows = [
        m["record"]["data"] for m in messages(output) if m["type"] == "RECORD" and m["record"]["stream"] == "products"
    ]
    assert not difference("products", connector.simulator.world.expected("products"), rows)


def test_a_failed_stream_fails_the_command(connector, command_line):
    connector.simulator.add_fault(Fault(kind=403, path="/products/*", times=None))

    exit_code, output = command_line("read", catalog=catalog(["products", "sales_users"]))

    assert exit_code != 0
    assert {m["record"]["stream"] for m in messages(output) if m["type"] == "RECORD"} == {"sales_users"}


@pytest.mark.parametrize("command", ["check", "discover", "read"])
def test_an_invalid_settings_file_is_reported_as_a_message(connector, command_line, command):
    exit_code, output = command_line(command, config="{", catalog=catalog(["products"]) if command == "read" else None)

    assert exit_code != 0
    assert kinds(output) <= {"LOG", "TRACE"}
    assert connector.simulator.calls == []


FILES = [
    ("read", "--config"),
    ("read", "--catalog"),
    ("read", "--state"),
    ("check", "--config"),
    ("discover", "--config"),
]


@pytest.mark.parametrize(("command", "file"), FILES)
def test_a_missing_file_is_named_in_one_message(connector, command_line, tmp_path, command, file):
    missing = str(tmp_path / "missing.json")
    files = {"catalog": catalog(["products"])} if command == "read" else {}

    exit_code, output = command_line(command, file, missing, **files)

    assert exit_code == 1
    (error,) = [message["trace"]["error"] for message in messages(output) if message["type"] == "TRACE"]
    assert error["failure_type"] == "config_error"
    assert error["message"].startswith(f"{file} {missing}: There is no such file. ")
    assert "Traceback" not in output
    assert "output could not be written" not in output


@pytest.mark.parametrize(("field", "value"), [("start_date", "01/02/2024"), ("token", "eHh4Onl5eQ==")])
def test_an_invalid_setting_gives_one_message_without_a_traceback(connector, command_line, field, value):
    exit_code, output = command_line("read", config={**connector.config, field: value}, catalog=catalog(["products"]))

    assert exit_code == 1
    assert [message["type"] for message in messages(output)].count("TRACE") == 1
    assert field in output
    assert "Traceback" not in output


def run_process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as a process, with its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "source_hotmart.run", *arguments],
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
        **options,
    )


def assert_usage(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("usage: source-hotmart ")
    assert "error: " in ended.stderr


def assert_help(ended: subprocess.CompletedProcess[str], command: str) -> None:
    assert ended.returncode == 0
    assert ended.stdout.startswith(f"usage: source-hotmart {command}".rstrip())
    assert ended.stderr == ""
    assert "{" not in ended.stdout
    assert "manifest" not in ended.stdout


@pytest.mark.parametrize("arguments", [[], ["write"], ["check"], ["read", "--config", "x"], ["--nothing"]], ids=str)
def test_an_invalid_command_line_prints_the_usage(in_this_process, arguments):
    assert_usage(in_this_process(*arguments))


@pytest.mark.parametrize("command", ["", "spec", "check", "discover", "read", "catalog"])
def test_help_prints_only_the_help(in_this_process, command):
    assert_help(in_this_process(*command.split(), "--help"), command)


def test_a_process_prints_only_help_or_usage():
    assert_help(run_process("read", "--help"), "read")
    assert_usage(run_process("read", "--config", "x"))


def test_the_version_is_the_package_version():
    process = run_process("--version")
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))

    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == f"source-hotmart {project['tool']['poetry']['version']}\n"


def cursors() -> dict[str, str]:
    """Return the cursor field of each stream that has one, from the shipped catalog."""
    path = Path(__file__).parents[1] / "integration_tests" / "configured_catalog.json"
    shipped = json.loads(path.read_text("utf-8"))["streams"]
    return {item["stream"]["name"]: item["cursor_field"][0] for item in shipped if item.get("cursor_field")}


@pytest.mark.parametrize("full", [False, True])
def test_catalog_prints_a_catalog_for_read(connector, command_line, full):
    exit_code, output = command_line("catalog", *["--full-refresh"] * full)

    assert exit_code == 0
    made = json.loads(output)
    assert [item["stream"]["name"] for item in made["streams"]] == stream_names()
    expected = {} if full else cursors()
    for item in made["streams"]:
        name, cursor = item["stream"]["name"], expected.get(item["stream"]["name"])
        assert item["stream"]["json_schema"]["properties"]
        assert item["sync_mode"] == ("incremental" if cursor else "full_refresh")
        assert item["destination_sync_mode"] == ("append_dedup" if cursor else "overwrite")
        assert item.get("cursor_field") == ([cursor] if cursor else None)
        assert item["primary_key"] == [[field] for field in KEYS[name]]
    assert connector.simulator.calls == []

    exit_code, _ = command_line("read", catalog=made)

    assert exit_code == 0


def test_catalog_omits_members_area_streams_without_the_setting(connector, command_line):
    connector.config["members_area_subdomain"] = ""

    exit_code, output = command_line("catalog")

    names = [item["stream"]["name"] for item in json.loads(output)["streams"]]
    assert exit_code == 0
    assert names == [name for name in stream_names() if not name.startswith("club_")]
    assert len(names) == len(stream_names()) - 4

    exit_code, output = command_line("read", catalog=json.loads(output))

    assert exit_code == 0
    statuses = Run(messages(output), exit_code).statuses
    assert statuses == dict.fromkeys(names, "COMPLETE")


def test_catalog_prints_only_the_given_streams(connector, command_line):
    exit_code, output = command_line("catalog", "products", "sales_history")

    assert exit_code == 0
    assert [item["stream"]["name"] for item in json.loads(output)["streams"]] == ["sales_history", "products"]


REFUSED_CATALOGS = [
    ({}, ["prodcuts"], "prodcuts: This connector has no such stream. Did you mean products?"),
    ({"members_area_subdomain": ""}, ["club_pages"], "club_pages: The setting members_area_subdomain is empty"),
    ({"start_date": "01/02/2024"}, [], "start_date: '01/02/2024' is not in the form YYYY-MM-DD."),
    ({"start_date": None}, [], "start_date: it is missing."),
]


@pytest.mark.parametrize(("changes", "streams", "sentence"), REFUSED_CATALOGS)
def test_catalog_writes_its_error_as_text_to_stderr(connector, in_this_process, changes, streams, sentence):
    arguments = connector.arguments("catalog", config={**connector.config, **changes})

    process = in_this_process(*arguments, *streams)

    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.startswith(f"source-hotmart: {sentence}")
    assert process.stderr.count("\n") == 1


def test_catalog_names_a_missing_file():
    process = run_process("catalog", "--config", "nowhere.json")

    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.startswith("source-hotmart: --config nowhere.json: There is no such file.")


def test_catalog_warns_about_an_unknown_setting_on_stderr(connector):
    process = run_process(*connector.arguments("catalog", config={**connector.config, "lookback_day": 3}))

    assert process.returncode == 0
    assert json.loads(process.stdout)["streams"]
    assert process.stderr == (
        "source-hotmart: The setting 'lookback_day' is unknown and was ignored. Did you mean lookback_days?\n"
    )


def test_members_area_streams_fail_without_the_setting(connector, command_line):
    connector.config["members_area_subdomain"] = ""

    exit_code, output = command_line("read", catalog=catalog(["club_students", "products", "club_pages"]))

    assert exit_code == 1
    run = Run(messages(output), exit_code)
    assert run.statuses == {"club_students": "INCOMPLETE", "club_pages": "INCOMPLETE", "products": "COMPLETE"}
    assert not difference("products", connector.simulator.world.expected("products"), run.records("products"))
    assert {error["failure_type"] for error in run.errors} == {"config_error"}
    named = {error["stream_descriptor"]["name"] for error in run.errors if error.get("stream_descriptor")}
    assert named == {"club_students", "club_pages"}
    assert "source-hotmart catalog --config FILE" in run.sentences


def test_records_that_contain_a_setting_are_not_redacted(connector, command_line):
    login = connector.simulator.login
    names = {row.record["name"] for row in connector.simulator.world.expected("products")}
    word = min(names).split()[0]
    login.client_id = word
    connector.config |= {"client_id": word, "token": login.basic}

    _, output = command_line("read", catalog=catalog(["products"]))

    assert {m["record"]["data"]["name"] for m in messages(output) if m["type"] == "RECORD"} == names


def test_the_module_runs_as_a_process(connector: Connector):
    process = subprocess.run(
        [sys.executable, "-m", "source_hotmart.run", "spec"], capture_output=True, check=False, timeout=60
    )

    assert process.returncode == 0
    assert "SPEC" in kinds(process.stdout.decode())


def test_a_read_as_a_process_succeeds(connector: Connector):
    # The process uses the real clock, so a login dated by the test clock would be too early.
    apart_s = int(datetime.now(UTC).timestamp()) - NOW_MS // 1000
    connector.simulator.switches = replace(connector.simulator.switches, date_offset_s=apart_s)
    process = connector.start("read", catalog=catalog(["products"]))
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    rows = [m["record"]["data"] for m in messages(output.decode()) if m["type"] == "RECORD"]
    assert not difference("products", connector.simulator.world.expected("products"), rows)
