"""Every shell, SQL, JSON and Python block of the documents is run, or is listed with a reason."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
import pytest

from hotmart_simulator import Fault, Simulator, Switches, World
from tools.demo.catalog import OfferedStream
from tools.demo.simulator_process import SimulatorProcess
from tools.demo.warehouse import Warehouse
from tools.docs.blocks import DOCUMENTS, Block, Command, blocks, commands
from tools.docs.document import ROOT
from tools.harness import Connector, catalog, stream_names

pytestmark = pytest.mark.long

ANALYTICS = ROOT / "docs" / "analytics.md"
"""Its queries need the tables of the dbt package, so `make dbt` runs them."""
BLOCKS = [block for document in DOCUMENTS if document != ANALYTICS for block in blocks(document)]
README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "hotmart.md"
SCALING = ROOT / "docs" / "development" / "scaling.md"
SIMULATOR = ROOT / "hotmart_simulator" / "README.md"

NOT_RUN = {
    "make ": "a target of the Makefile, which test_docs.py looks up",
    "docker ": "needs docker; make image-test runs the image",
    "kind ": "needs a Kubernetes cluster",
    "python3 -m venv .venv-dagster": "installs Dagster; test_orchestrator.py runs the job",
    ".venv-dagster/bin/dagster": "needs Dagster; test_orchestrator.py runs the job",
    "uv pip compile": "asks a package index",
}
"""Beginnings of commands that no test here runs, with the reason."""


def of(document: Path, language: str) -> list[Block]:
    return [block for block in blocks(document) if block.language == language]


def is_run(command: Command) -> bool:
    return not command.line.startswith(tuple(NOT_RUN))


def run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command and return its output. Fail if its exit code is not 0."""
    arguments = ["bash", "-e", "-o", "pipefail", "-c", command]
    done = subprocess.run(arguments, cwd=folder, env=dict(environment), capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, (command, done.stdout[-2_000:], done.stderr[-2_000:])
    return done.stdout.strip()


def shape(output: str) -> str:
    """Return an output without its figures."""
    return re.sub(r"\d[\d,]*", "0", output)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    log = tmp_path_factory.mktemp("simulator") / "simulator.log"
    with SimulatorProcess(
        300, log, products=6, subscriptions=20, students=10, coupons=6, participants=4, modules=2
    ) as running:
        yield running


@pytest.fixture(scope="module")
def environment(simulator: SimulatorProcess) -> dict[str, str]:
    """Return a user's environment with the connector on the PATH and the simulator in place of Hotmart."""
    programs = Path(sys.executable).parent
    return {**simulator.environment, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def clone(
    simulator: SimulatorProcess, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[tuple[Command, str]]]:
    """Run the README's commands for reading an account. Return their folder and their outputs."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "secrets").mkdir()
    example = (ROOT / "secrets" / "config.example.json").read_text("utf-8")
    (folder / "secrets" / "config.example.json").write_text(example, encoding="utf-8")
    printed = []
    for block in of(README, "console"):
        for command in filter(is_run, commands(block)):
            printed.append((command, run(command.line, folder, environment)))
            if "then fill in your values" in command.line:
                assert json.loads((folder / "secrets" / "config.json").read_text("utf-8")) == json.loads(example)
                (folder / "secrets" / "config.json").write_text(json.dumps(simulator.config), encoding="utf-8")
    return folder, printed


def test_every_block_has_a_tested_language():
    kinds = {block.language for block in BLOCKS}

    assert kinds == {"console", "sql", "json", "python", "mermaid", ""}
    assert {block.document for block in BLOCKS if not block.language} == {SCALING}


def test_every_command_is_run_or_has_a_reason():
    run_here = {command.line for block in of(README, "console") for command in commands(block)}
    run_here |= {
        command.line for page in (GUIDE, SCALING, SIMULATOR) for b in of(page, "console") for command in commands(b)
    }
    every = [command for block in BLOCKS if block.language == "console" for command in commands(block)]

    assert [command.line for command in every if is_run(command) and command.line not in run_here] == []
    for beginning in NOT_RUN:
        assert any(command.line.startswith(beginning) for command in every), beginning


def test_every_command_is_valid_shell():
    for block in BLOCKS:
        for command in commands(block) if block.language == "console" else []:
            done = subprocess.run(["bash", "-n", "-c", command.line], capture_output=True, text=True)
            assert done.stderr == "", command.line


def test_the_readme_commands_print_the_documented_output(clone):
    _, printed = clone

    assert len(printed) == 6
    assert sum(bool(command.output) for command, _ in printed) == 1
    for command, output in printed:
        assert shape(output) == shape(command.output), command.line


def test_the_readme_commands_sync_an_account_fully_and_incrementally(clone):
    folder, _ = clone
    first, second = (
        [orjson.loads(line) for line in (folder / "secrets" / name).read_bytes().splitlines()]
        for name in ("first.jsonl", "second.jsonl")
    )

    assert {m["record"]["stream"] for m in first if m["type"] == "RECORD"} == set(stream_names())
    assert 0 < sum(m["type"] == "RECORD" for m in second) < sum(m["type"] == "RECORD" for m in first) / 2


def test_the_guide_commands_run(simulator, environment, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(simulator.config), encoding="utf-8")
    shown = [command for block in of(GUIDE, "console") for command in commands(block) if is_run(command)]

    for command in shown:
        run(command.line, tmp_path, environment)

    assert len(shown) == 4
    assert b'"RECORD"' in (tmp_path / "second.jsonl").read_bytes()


def test_the_documented_files_for_dagster_are_written(environment, tmp_path):
    listing, *_ = [block for block in blocks(SCALING) if not block.language]
    for name in listing.text.splitlines():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}", encoding="utf-8")

    for block in of(SCALING, "console"):
        for command in filter(is_run, commands(block)):
            run(command.line, tmp_path, environment)

    assert (tmp_path / "accounts").stat().st_mode & 0o077 == 0
    assert (tmp_path / "accounts.yaml").read_text("utf-8") == "ops: {find_accounts: {config: {folder: accounts}}}\n"


def test_the_documented_simulator_command_works(environment):
    (command,) = [command for block in of(SIMULATOR, "console") for command in commands(block)]
    arguments = ["bash", "-c", f"exec {command.line}"]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert "url" in json.loads(process.stdout.readline())
        finally:
            process.terminate()


def test_the_documented_simulator_test_works():
    (block,) = of(SIMULATOR, "python")
    names = {"Fault": Fault, "Simulator": Simulator, "Switches": Switches, "World": World}

    exec(compile(block.text, str(SIMULATOR), "exec"), names)


def test_every_python_block_is_executed():
    """PyAirbyte has its own environment: `ecosystem/test_readme.py` runs the README's block there."""
    texts = {block.text for block in BLOCKS if block.language == "python" and block.document != SIMULATOR}

    assert texts == {block.text for block in of(README, "python")}
    assert len(texts) == 1


@pytest.fixture(scope="module")
def warehouse(clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Load the rows from the README's commands into DuckDB."""
    folder, _ = clone
    streams = [
        OfferedStream.of(item["stream"])
        for item in json.loads((folder / "secrets" / "catalog.json").read_text("utf-8"))["streams"]
    ]
    target = tmp_path_factory.mktemp("warehouse")
    lines = [orjson.loads(line) for line in (folder / "secrets" / "first.jsonl").read_bytes().splitlines()]
    with Warehouse(target / "hotmart.duckdb", streams) as opened:
        for stream in streams:
            rows = [
                m["record"]["data"] for m in lines if m["type"] == "RECORD" and m["record"]["stream"] == stream.name
            ]
            (target / stream.name).write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
            opened.load(stream, target / stream.name)
        yield opened


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "sql"], ids=lambda block: block.document.name)
def test_a_documented_query_returns_rows(block, warehouse):
    assert warehouse.query(block.text)
    assert not re.search(r"(?<!\()\b[\w.]+(?:->'\w+')*->>'\w+'(?!\))", block.text), "write (column->>'field')"


def test_the_guide_query_shows_no_missing_rows(warehouse):
    (block,) = of(GUIDE, "sql")
    rows = warehouse.query(block.text)

    assert len(rows) > 12
    assert {row[2] for row in rows} == {0} or {row[3] for row in rows} == {0}


def test_the_guide_query_shows_a_missing_sale(warehouse):
    (block,) = of(GUIDE, "sql")
    warehouse.query("BEGIN")
    warehouse.query("DELETE FROM sales_history WHERE (purchase->>'status') = 'COMPLETE' AND id LIKE '%7'")

    rows = warehouse.query(block.text)
    warehouse.query("ROLLBACK")

    assert {row[2] for row in rows} != {0}
    assert {row[3] for row in rows} != {0}


@pytest.mark.parametrize("stream", ["sales_users", "club_lessons"])
def test_a_documented_state_has_the_current_form_and_is_accepted(stream: str, connector: Connector):
    states = [json.loads(block.text) for block in BLOCKS if block.language == "json"]
    (state,) = [state for state in states if ("scopes" in state) == (stream == "club_lessons")]
    written = connector.run("read", catalog=catalog([stream])).state[stream]

    resumed = connector.run("read", catalog=catalog([stream]), state={stream: state})

    assert len(states) == 2
    assert state.keys() == written.keys() - {"unsettled"}
    part = "scopes" if "scopes" in state else "slices"
    assert state[part][0].keys() == written[part][0].keys()
    assert resumed.statuses == {stream: "COMPLETE"}, resumed.sentences
