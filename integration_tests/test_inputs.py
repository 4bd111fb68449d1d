"""The files of a command: each is accepted, or rejected with one message that names the problem."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotmart_simulator import World
from source_hotmart.api.errors import HotmartError
from source_hotmart.source import SourceHotmart
from tools.harness import Connector, Run, catalog, small_world, stream_names


@pytest.fixture
def world() -> World:
    return small_world()


def only_error(run: Run) -> str:
    """Return the only message of a command that did nothing else."""
    (error,) = run.errors
    assert error["failure_type"] == "config_error"
    assert run.exit_code != 0
    assert not run.of_type("RECORD")
    return str(error["message"])


def products(**changes: Any) -> dict[str, Any]:
    """Return a catalog of one stream with some fields changed."""
    made = catalog(["products"])
    made["streams"][0] |= changes
    return made


SETTINGS_FORM = (
    'Give a JSON object with your settings: {"client_id": "…", "client_secret": "…", "token": "…", "start_date": '
    '"2024-01-31"}.'
)
CATALOG_FORM = "Make a catalog with source-hotmart catalog --config FILE."
STATE_FORM = (
    "Give the STATE messages that the last read printed, one per line, or a JSON list of states such as "
    '[{"type": "STREAM", "stream": {"stream_descriptor": {"name": "products"}, "stream_state": {}}}]. To read '
    "everything from the start date, leave --state out, or in Airbyte use Clear data or Refresh."
)
FORMS = {"--config": SETTINGS_FORM, "--catalog": CATALOG_FORM, "--state": STATE_FORM}
NO_NAME = "Expecting property name enclosed in double quotes"
BAD_JSON = [
    (b"{", f"The file is not valid JSON at line 1, column 2: {NO_NAME}."),
    (b'{\n  "a": 1\n  "b": 2\n}', "The file is not valid JSON at line 3, column 3: Expecting ',' delimiter."),
    (b"\xef\xbb\xbf{\n'a'", f"The file is not valid JSON at line 2, column 1: {NO_NAME}."),
    ("{\n'a'".encode("utf-16"), f"The file is not valid JSON at line 2, column 1: {NO_NAME}."),
]


def refusal_of(connector: Connector, option: str, path: Path) -> str:
    """Return the message about a file, without its name and the expected form."""
    sentence = only_error(connector.run("read", option, str(path), catalog=catalog(["products"])))
    head, _, problem = sentence.partition(f"{option} {path}: ")
    assert not head
    assert problem.endswith(f" {FORMS[option]}")
    assert connector.simulator.calls == []
    return problem.removesuffix(f" {FORMS[option]}")


@pytest.mark.parametrize("option", FORMS)
@pytest.mark.parametrize(("content", "problem"), BAD_JSON, ids=[repr(content[:20]) for content, _ in BAD_JSON])
def test_invalid_json_is_reported_with_line_and_column(
    connector: Connector, tmp_path: Path, option: str, content: bytes, problem: str
) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(content)

    assert refusal_of(connector, option, path) == problem


@pytest.mark.parametrize(
    ("option", "what"),
    [("--config", "Line 3 of the file"), ("--catalog", "Line 3 of the file"), ("--state", "The file")],
)
def test_a_file_that_is_not_utf8_is_reported(connector: Connector, tmp_path: Path, option: str, what: str) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(b'{\n\n"a": "caf\xe9"}')

    assert refusal_of(connector, option, path) == f"{what} is not UTF-8 text."


@pytest.mark.parametrize("option", ["--config", "--catalog"])
@pytest.mark.parametrize("content", ["[" * 100_000, f"[{'9' * 5_000}]"], ids=["deep", "long"])
def test_json_beyond_parser_limits_is_reported(connector: Connector, tmp_path: Path, option: str, content: str) -> None:
    path = tmp_path / "given.json"
    path.write_text(content, "utf-8")

    assert refusal_of(connector, option, path) == "The file is not valid JSON."


@pytest.mark.parametrize("option", FORMS)
def test_a_file_that_cannot_be_opened_is_reported_with_the_reason(
    connector: Connector, tmp_path: Path, option: str
) -> None:
    file = tmp_path / "file"
    file.touch()

    assert refusal_of(connector, option, tmp_path / "missing.json") == "There is no such file."
    assert refusal_of(connector, option, tmp_path / "none" / "x.json") == "There is no such file."
    assert refusal_of(connector, option, tmp_path) == "This is a folder, not a file."
    assert refusal_of(connector, option, file / "x.json") == "The file cannot be read (Not a directory)."


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
@pytest.mark.parametrize("option", FORMS)
def test_a_file_without_permission_is_reported(connector: Connector, tmp_path: Path, option: str) -> None:
    path = tmp_path / "given.json"
    path.touch(0o000)

    assert refusal_of(connector, option, path) == (
        "The user that runs the connector has no permission to read this file (in a container that is user id 1000)."
    )


@pytest.mark.parametrize("option", ["--config", "--catalog"])
def test_an_empty_file_is_reported(connector: Connector, tmp_path: Path, option: str) -> None:
    path = tmp_path / "given.json"
    path.write_text(" \n", "utf-8")

    assert refusal_of(connector, option, path) == "The file is empty."


@pytest.mark.parametrize("command", ["check", "discover", "read"])
@pytest.mark.parametrize("content", ["[]", "null", '"x"', "NaN", "5", '[{"client_id":"x"}]'])
def test_a_settings_file_without_settings_is_reported(
    connector: Connector, tmp_path: Path, command: str, content: str
) -> None:
    files = {"catalog": catalog(["products"])} if command == "read" else {}

    sentence = only_error(connector.run(command, config=content, **files))

    assert sentence == f"--config {tmp_path / 'config.json'}: The file does not contain a JSON object. {SETTINGS_FORM}"
    assert connector.simulator.calls == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_files_in_any_unicode_encoding_are_read(connector: Connector, tmp_path: Path, encoding: str) -> None:
    files = {"--config": connector.config, "--catalog": catalog(["products"]), "--state": {"sales_history": {}}}
    flags = []
    for option, content in files.items():
        path = tmp_path / f"{option}.json"
        path.write_bytes(json.dumps(content, indent=1).replace("\n", "\r\n").encode(encoding))
        flags += [option, str(path)]

    run = connector.run("read", *flags)

    assert (run.exit_code, run.statuses) == (0, {"products": "COMPLETE"}), run.sentences


def without(stream: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in stream.items() if name not in names}


STREAM = catalog(["products"])["streams"][0]
NO_CATALOG: list[Any] = [
    "null",
    "[]",
    "5",
    {"streams": None},
    {"streams": "products"},
    {"streams": ["products"]},
    {"streams": [None]},
    {"streams": {"products": {}}},
    {"stream": []},
    {"type": "CATALOG", "catalog": {"streams": [STREAM["stream"]]}},
    {"streams": [STREAM["stream"]]},
    {"streams": [without(STREAM, "sync_mode")]},
    {"streams": [without(STREAM, "stream")]},
    {"streams": [{**STREAM, "stream": without(STREAM["stream"], "name")}]},
    {"streams": [{**STREAM, "stream": {**STREAM["stream"], "name": 5}}]},
    {"streams": [{**STREAM, "sync_mode": 5}]},
    {"streams": [{**STREAM, "sync_mode": None}]},
]


@pytest.mark.parametrize("content", NO_CATALOG, ids=lambda content: json.dumps(content)[:40])
def test_an_invalid_catalog_is_reported(connector: Connector, tmp_path: Path, content: Any) -> None:
    path = tmp_path / "given.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    problem = refusal_of(connector, "--catalog", path)

    assert problem == "The file is not a configured catalog of Airbyte's protocol."


def test_a_catalog_without_streams_reads_nothing(connector: Connector) -> None:
    run = connector.run("read", catalog={"streams": []})

    assert (run.exit_code, run.errors, run.of_type("RECORD")) == (0, [], [])


@pytest.mark.parametrize("mode", ["cdc", "INCREMENTAL", "", "full-refresh"])
def test_an_unknown_sync_mode_is_reported_with_its_stream(connector: Connector, mode: str) -> None:
    run = connector.run("read", catalog=products(sync_mode=mode))

    assert only_error(run) == f"products: There is no sync mode {mode!r}. Choose full_refresh or incremental."


def test_a_stream_configured_twice_is_reported(connector: Connector) -> None:
    run = connector.read(["products", "sales_users", "products"])

    assert only_error(run) == "products: The catalog has this stream more than once. Select it once."


def test_every_stream_accepts_the_incremental_sync_mode(connector: Connector) -> None:
    made = catalog()
    for configured in made["streams"]:
        configured["sync_mode"] = "incremental"

    run = connector.run("read", catalog=made)

    assert (run.exit_code, run.errors) == (0, [])
    assert run.statuses == dict.fromkeys(stream_names(), "COMPLETE")
    assert all(run.records(stream) for stream in stream_names())
    assert "subscription_summary: Without a cursor, an incremental sync reads all rows." in run.logs


def test_an_unknown_stream_is_named_and_the_others_are_read(connector: Connector) -> None:
    run = connector.read(["products", "prodcuts"])

    assert run.exit_code != 0
    assert run.statuses == {"prodcuts": "INCOMPLETE", "products": "COMPLETE"}
    assert {error["message"] for error in run.errors} == {
        "prodcuts: This connector has no such stream. Did you mean products? Refresh the connection's schema and "
        "deselect it."
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["streams", "stream", "name", "sync_mode", "type", "stream_state"]),
            children,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(anything)
def test_any_content_is_accepted_or_rejected_with_a_message(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "given.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    source = SourceHotmart()

    for read in (source.read_config, source.read_catalog, source.read_state):
        try:
            read(str(path))
        except HotmartError as refused:
            assert refused.failure_type == FailureType.config_error
            assert str(refused).endswith(".")
