"""The file for --state: every common form of a state is accepted, and anything else is rejected by name."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hotmart_simulator import World
from integration_tests.conftest import CommandLine
from integration_tests.test_inputs import refusal_of
from tools.harness import Connector, catalog, small_world
from tools.rows import difference
from tools.sample import combinations

RESUMED = ["sales_history", "sales_users"]
DONE = "2025-12-01T00:00:00.000Z"
"""A sync that continues from here reads later sales and those of the look-back, but not all four years."""

UNKNOWN_FORM = "The file contains no saved state in a known form."


@pytest.fixture
def world() -> World:
    return small_world()


def descriptor(stream: str, **extra: Any) -> dict[str, Any]:
    cursor = {"sales_history": "order_date", "sales_users": "synced_until"}[stream]
    return {"stream_descriptor": {"name": stream, **extra}, "stream_state": {cursor: DONE}}


def state(stream: str) -> dict[str, Any]:
    return {"type": "STREAM", "stream": descriptor(stream)}


def message(stream: str) -> dict[str, Any]:
    return {"type": "STATE", "state": {**state(stream), "sourceStats": {"recordCount": 3.0}}}


def camel(stream: str) -> dict[str, Any]:
    own = descriptor(stream)
    return {"streamDescriptor": own["stream_descriptor"], "streamState": own["stream_state"]}


def by_name() -> dict[str, Any]:
    return {stream: descriptor(stream)["stream_state"] for stream in RESUMED}


def lines(*values: Any) -> str:
    return "".join(f"{value if isinstance(value, str) else json.dumps(value)}\n" for value in values)


NO_STATE: list[Any] = [
    "5",
    '"x"',
    ["x"],
    [{}],
    [None],
    {"sales": {}},
    {"state": {}},
    "Reading the account",
    {"type": "STATE"},
    {"type": "CATALOG", "catalog": {"streams": []}},
    catalog(["products"]),
    [{"type": "NEW", "stream": {"stream_descriptor": {"name": "products"}, "stream_state": {}}}],
    [{"type": "STREAM", "stream": {"stream_state": {}}}],
    [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "sales_history"}, "stream_state": "2024"}}],
    [{"type": "GLOBAL", "global": {"shared_state": {"a": 1}, "stream_states": []}}],
    "[" * 900 + "]" * 900,
]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("content", NO_STATE, ids=lambda content: json.dumps(content)[:60])
def test_a_file_without_a_state_is_rejected(
    connector: Connector, tmp_path: Path, content: Any, indent: int | None
) -> None:
    path = tmp_path / "given.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=indent), encoding="utf-8")

    assert refusal_of(connector, "--state", path) == UNKNOWN_FORM


EMPTY_STATES = [
    "",
    "\n \r\n",
    "\ufeff",
    "null",
    "[]",
    "{}",
    '[{"type":"LEGACY","data":{"sales_history":{}}}]',
    '{"sales_history": {}}',
    '{"type":"LOG","log":{"level":"INFO","message":"nothing was read"}}\nKilled\n',
]


@pytest.mark.parametrize("content", EMPTY_STATES)
def test_an_empty_file_reads_everything(connector: Connector, tmp_path: Path, content: str) -> None:
    path = tmp_path / "given.json"
    path.write_text(content, encoding="utf-8")

    run = connector.run("read", "--state", str(path), catalog=catalog(["sales_history"]))

    assert run.exit_code == 0, run.sentences
    expected = connector.simulator.world.expected("sales_history")
    assert not difference("sales_history", expected, run.records("sales_history"))


RECORD = {"type": "RECORD", "record": {"stream": "products", "data": {"name": "a\u2028b"}, "emitted_at": 1}}
LOG = {"type": "LOG", "log": {"level": "INFO", "message": "STATE"}}
TRACE = {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1.0}}
OLDER = {"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": {"name": "sales_history"}}}}
OUTPUT = lines(
    "[2025-12-01 10:00] starting",
    LOG,
    OLDER,
    RECORD,
    json.dumps(RECORD, ensure_ascii=False, separators=(",", ":")),
    message("sales_history"),
    "",
    "Traceback: nothing",
    "42",
    TRACE,
    message("sales_users"),
)
FORMS_OF_STATES = {
    "list": json.dumps([state(stream) for stream in RESUMED]),
    "indented list": json.dumps([state(stream) for stream in RESUMED], indent=4),
    "list, a state per line": "[" + ",\n".join(json.dumps(state(stream)) for stream in RESUMED) + "]",
    "list of messages": json.dumps([message(stream) for stream in RESUMED]),
    "list of all messages": json.dumps([LOG, OLDER, RECORD, *(message(stream) for stream in RESUMED)]),
    "messages": lines(*map(message, RESUMED)),
    "messages without a last line end": lines(*map(message, RESUMED)).rstrip(),
    "states": lines(*map(state, RESUMED)),
    "states without a type": lines(*({"stream": descriptor(stream)} for stream in RESUMED)),
    "bare states": json.dumps([descriptor(stream) for stream in RESUMED]),
    "states of Airbyte's API": json.dumps([camel(stream) for stream in RESUMED]),
    "an answer of Airbyte's API": json.dumps(
        {"stateType": "stream", "connectionId": "x", "streamState": [camel(stream) for stream in RESUMED]}, indent=2
    ),
    "the last one counts": json.dumps([OLDER["state"], *(state(stream) for stream in RESUMED)]),
    "global": json.dumps([{"type": "GLOBAL", "global": {"stream_states": [descriptor(stream) for stream in RESUMED]}}]),
    "legacy": json.dumps([{"type": "LEGACY", "data": {**by_name(), "another": 1}}]),
    "by name": json.dumps(by_name()),
    "indented by name": json.dumps(by_name(), indent=2),
    "empty namespace": json.dumps(
        [{"type": "STREAM", "stream": descriptor(stream, namespace="")} for stream in RESUMED]
    ),
    "output": OUTPUT,
    "output with line ends of Windows": OUTPUT.replace("\n", "\r\n"),
    "output that was cut off": OUTPUT + '{"type":"STATE","state":{"type":"STR',
    "output of two reads": OUTPUT + OUTPUT,
}


@pytest.mark.parametrize(("form", "encoding"), combinations([*FORMS_OF_STATES], ["utf-8", "utf-16"]))
def test_a_state_is_accepted_in_every_form(connector: Connector, tmp_path: Path, form: str, encoding: str) -> None:
    """By default each form in one of two encodings."""
    path = tmp_path / "given"
    path.write_bytes(FORMS_OF_STATES[form].encode(encoding))

    run = connector.run("read", "--state", str(path), catalog=catalog(RESUMED))

    assert (run.exit_code, run.statuses) == (0, dict.fromkeys(RESUMED, "COMPLETE")), run.sentences
    of_all = len(connector.simulator.world.expected("sales_history"))
    assert 0 < len(run.records("sales_history")) < of_all / 2
    assert 0 < len(run.records("sales_users")) < of_all / 2


@pytest.mark.parametrize("form", ["output", "indented list", "messages"])
def test_a_state_is_read_from_a_pipe(connector: Connector, tmp_path: Path, form: str) -> None:
    """As in `--state <(jq . saved.json)`: a pipe can be read only once."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(path.write_text, FORMS_OF_STATES[form], "utf-8")
        run = connector.run("read", "--state", str(path), catalog=catalog(RESUMED))
        written.result(timeout=10)

    assert (run.exit_code, run.statuses) == (0, dict.fromkeys(RESUMED, "COMPLETE")), run.sentences
    assert 0 < len(run.records("sales_history")) < len(connector.simulator.world.expected("sales_history")) / 2


@pytest.mark.parametrize("form", ["state", "message"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_single_state_needs_no_list(connector: Connector, tmp_path: Path, form: str, indent: int | None) -> None:
    path = tmp_path / "given.json"
    one = {"state": state, "message": message}[form]("sales_history")
    path.write_text(json.dumps(one, indent=indent), encoding="utf-8")

    run = connector.run("read", "--state", str(path), catalog=catalog(["sales_history"]))

    assert run.exit_code == 0, run.sentences
    assert 0 < len(run.records("sales_history")) < len(connector.simulator.world.expected("sales_history")) / 2


def test_the_output_of_a_read_is_accepted_as_state(
    connector: Connector, command_line: CommandLine, tmp_path: Path
) -> None:
    exit_code, output = command_line("read", catalog=catalog())
    assert exit_code == 0
    path = tmp_path / "output.jsonl"
    path.write_text(output, encoding="utf-8")

    run = connector.run("read", "--state", str(path), catalog=catalog())

    assert run.exit_code == 0, run.sentences
    assert len(run.records("sales_history")) < len(connector.simulator.world.expected("sales_history")) / 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (lines(message("sales_users"), json.dumps(message("sales_history"))[:-1], LOG), "Line 2 is not valid JSON."),
        (lines(LOG, "10:00:01 " + json.dumps(message("sales_history")), LOG), "Line 2 is not valid JSON."),
        (
            "[\n" + ",\n".join(json.dumps(state(stream)) for stream in RESUMED) + "\n",
            "The file is not valid JSON at line 4, column 1: Expecting ',' delimiter.",
        ),
    ],
)
def test_an_invalid_line_that_may_contain_a_state_is_rejected(
    connector: Connector, tmp_path: Path, content: str, problem: str
) -> None:
    path = tmp_path / "given.json"
    path.write_text(content, encoding="utf-8")

    assert refusal_of(connector, "--state", path) == problem


def test_the_state_of_another_stream_is_ignored(connector: Connector) -> None:
    run = connector.read(["sales_history"], {"coupons_of_old": {"foo": 1}, "products": {"page": 3}})

    assert run.exit_code == 0, run.sentences
    assert set(run.state) == {"sales_history"}
