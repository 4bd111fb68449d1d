"""The files of a command: whatever is in them is read, or refused in one sentence that names what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotmart_simulator import World
from integration_tests.harness import Connector, Run, catalog, small_world, stream_names
from integration_tests.rows import difference
from source_hotmart.errors import HotmartError
from source_hotmart.inputs import CATALOG, SETTINGS, STATE
from source_hotmart.source import SourceHotmart


@pytest.fixture
def world() -> World:
    return small_world()


def only_error(run: Run) -> str:
    """The one sentence of a command that did nothing."""
    (error,) = run.errors
    assert error["failure_type"] == "config_error"
    assert run.exit_code != 0
    assert not run.of_type("RECORD")
    return str(error["message"])


def products(**changes: Any) -> dict[str, Any]:
    """A catalog of one stream, with something else in it."""
    made = catalog(["products"])
    made["streams"][0] |= changes
    return made


NO_SETTINGS = ["", "{", "[]", "null", '"x"', "NaN", "5", '[{"client_id":"x"}]']


@pytest.mark.parametrize("command", ["check", "discover", "read"])
@pytest.mark.parametrize("content", NO_SETTINGS)
def test_a_settings_file_that_holds_no_settings_is_told(connector: Connector, command: str, content: str) -> None:
    files = {"catalog": catalog(["products"])} if command == "read" else {}

    assert only_error(connector.run(command, config=content, **files)) == SETTINGS
    assert connector.simulator.calls == []


def without(stream: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in stream.items() if name not in names}


STREAM = catalog(["products"])["streams"][0]
NO_CATALOG: list[Any] = [
    "{",
    " ",
    "null",
    "[]",
    "5",
    {"streams": None},
    {"streams": "products"},
    {"streams": ["products"]},
    {"streams": [None]},
    {"streams": {"products": {}}},
    {"stream": []},
    {"streams": [without(STREAM, "sync_mode")]},
    {"streams": [without(STREAM, "stream")]},
    {"streams": [{**STREAM, "stream": without(STREAM["stream"], "name")}]},
    {"streams": [{**STREAM, "stream": {**STREAM["stream"], "name": 5}}]},
    {"streams": [{**STREAM, "sync_mode": 5}]},
    {"streams": [{**STREAM, "sync_mode": None}]},
]


@pytest.mark.parametrize("content", NO_CATALOG, ids=lambda content: json.dumps(content)[:40])
def test_a_catalog_that_is_none_is_told(connector: Connector, content: Any) -> None:
    assert only_error(connector.run("read", catalog=content)) == CATALOG


def test_a_catalog_without_streams_reads_nothing(connector: Connector) -> None:
    run = connector.run("read", catalog={"streams": []})

    assert (run.exit_code, run.errors, run.of_type("RECORD")) == (0, [], [])


@pytest.mark.parametrize("mode", ["cdc", "INCREMENTAL", "", "full-refresh"])
def test_a_sync_mode_that_does_not_exist_is_told_with_its_stream(connector: Connector, mode: str) -> None:
    run = connector.run("read", catalog=products(sync_mode=mode))

    assert only_error(run) == f"products: There is no sync mode {mode!r}. Choose full_refresh or incremental."


def test_a_stream_that_is_configured_twice_is_told(connector: Connector) -> None:
    run = connector.read(["products", "sales_users", "products"])

    assert only_error(run) == "products: The catalog has this stream more than once. Choose it once."


def test_every_stream_is_read_where_all_are_configured_incremental_as_pyairbyte_does(connector: Connector) -> None:
    made = catalog()
    for configured in made["streams"]:
        configured["sync_mode"] = "incremental"

    run = connector.run("read", catalog=made)

    assert (run.exit_code, run.errors) == (0, [])
    assert run.statuses == dict.fromkeys(stream_names(), "COMPLETE")
    assert all(run.records(stream) for stream in stream_names())
    assert "subscription_summary: There is no cursor to go on from, so all of it is read." in run.logs


def test_an_unknown_stream_fails_by_name_and_the_others_go_on(connector: Connector) -> None:
    run = connector.read(["products", "prodcuts"])

    assert run.exit_code != 0
    assert run.statuses == {"prodcuts": "INCOMPLETE", "products": "COMPLETE"}
    assert {error["message"] for error in run.errors} == {
        "prodcuts: This connector has no such stream. Refresh the connection's schema and deselect it."
    }


NO_STATE: list[Any] = [
    "",
    "{",
    "5",
    '"x"',
    {"sales_history": {}},
    ["x"],
    [{}],
    [{"type": "NEW", "stream": {"stream_descriptor": {"name": "products"}, "stream_state": {}}}],
    [{"type": "STREAM", "stream": {"stream_state": {}}}],
    [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "sales_history"}, "stream_state": "2024"}}],
    [{"type": "GLOBAL", "global": {"shared_state": {"a": 1}, "stream_states": []}}],
]


@pytest.mark.parametrize("content", NO_STATE, ids=lambda content: json.dumps(content)[:60])
def test_a_state_file_that_holds_no_state_is_told(connector: Connector, tmp_path: Path, content: Any) -> None:
    path = tmp_path / "given.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    run = connector.run("read", "--state", str(path), catalog=catalog(["sales_history"]))

    assert only_error(run) == STATE


@pytest.mark.parametrize("content", ["null", "[]", '[{"type":"LEGACY","data":{"sales_history":{}}}]'])
def test_an_empty_state_file_reads_everything(connector: Connector, tmp_path: Path, content: str) -> None:
    path = tmp_path / "given.json"
    path.write_text(content, encoding="utf-8")

    run = connector.run("read", "--state", str(path), catalog=catalog(["sales_history"]))

    assert run.exit_code == 0, run.sentences
    expected = connector.simulator.world.expected("sales_history")
    assert not difference("sales_history", expected, run.records("sales_history"))


def test_the_state_of_another_stream_concerns_nobody(connector: Connector) -> None:
    run = connector.read(["sales_history"], {"coupons_of_old": {"foo": 1}, "products": {"page": 3}})

    assert run.exit_code == 0, run.sentences
    assert set(run.state) == {"sales_history"}


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
def test_any_content_is_read_or_refused_in_a_sentence(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "given.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    source = SourceHotmart()

    for read in (source.read_config, source.read_catalog, source.read_state):
        try:
            read(str(path))
        except HotmartError as refused:
            assert refused.failure_type == FailureType.config_error
            assert str(refused).endswith((".", "incremental."))
