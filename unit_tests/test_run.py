"""The command `source-hotmart`: the protocol on stdout, one message a line, and an exit code that tells."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from hotmart_simulator import Fault, World
from integration_tests.harness import Connector, catalog, small_world, stream_names
from integration_tests.rows import difference
from source_hotmart.run import HotmartEntrypoint
from source_hotmart.source import SourceHotmart


@pytest.fixture
def world() -> World:
    return small_world()


def messages(output: str) -> list[dict[str, Any]]:
    """Every line is a message."""
    return [json.loads(line) for line in output.splitlines()]


def kinds(output: str) -> set[str]:
    return {message["type"] for message in messages(output)}


def test_spec_prints_the_form(command_line):
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


def test_read_prints_nothing_but_messages(connector, command_line):
    exit_code, output = command_line("read", catalog=catalog())

    assert exit_code == 0
    assert kinds(output) == {"RECORD", "STATE", "TRACE", "LOG"}
    rows = [
        m["record"]["data"] for m in messages(output) if m["type"] == "RECORD" and m["record"]["stream"] == "products"
    ]
    assert not difference("products", connector.simulator.world.expected("products"), rows)


def test_a_stream_that_fails_makes_the_command_fail(connector, command_line):
    connector.simulator.add_fault(Fault(kind=403, path="/products/*", times=None))

    exit_code, output = command_line("read", catalog=catalog(["products", "sales_users"]))

    assert exit_code != 0
    assert {m["record"]["stream"] for m in messages(output) if m["type"] == "RECORD"} == {"sales_users"}


@pytest.mark.parametrize("command", ["check", "discover", "read"])
def test_a_settings_file_that_is_no_json_is_a_message_too(connector, command_line, command):
    exit_code, output = command_line(command, config="{", catalog=catalog(["products"]) if command == "read" else None)

    assert exit_code != 0
    assert kinds(output) <= {"LOG", "TRACE"}
    assert connector.simulator.calls == []


@pytest.mark.parametrize("file", ["--config", "--catalog", "--state"])
def test_a_file_that_is_not_there_is_named(connector, command_line, tmp_path, file):
    missing = str(tmp_path / "missing.json")

    exit_code, output = command_line("read", file, missing, catalog=catalog(["products"]))

    assert exit_code != 0
    assert "missing.json" in output
    assert "output could not be written" not in output


def test_a_command_that_does_not_exist_is_refused():
    entrypoint = HotmartEntrypoint(SourceHotmart())

    with pytest.raises(SystemExit) as ended:
        entrypoint.parse_args(["write"])
    assert ended.value.code == 2


def test_rows_are_not_blanked_where_they_hold_a_word_of_the_settings(connector, command_line):
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


def test_a_read_as_a_process_ends_with_success(connector: Connector):
    process = connector.start("read", catalog=catalog(["products"]))
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    rows = [m["record"]["data"] for m in messages(output.decode()) if m["type"] == "RECORD"]
    assert not difference("products", connector.simulator.world.expected("products"), rows)
