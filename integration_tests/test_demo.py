"""Run the demo as a user does."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import duckdb
import orjson
import pytest

from tools.demo.changes import compare, unseen
from tools.demo.connector import Connector
from tools.demo.failure import DemoFailed
from tools.demo.simulator_process import SimulatorProcess
from tools.demo.tables import duration
from tools.docs.blocks import blocks, commands
from tools.harness import stream_names

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SHOP = ("The newest sales", "Net revenue", "Refunds of", "Subscriptions", "Look for yourself")
"""Beginnings of the demo's last headings, in order."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("demo") / "with a space"
    command = [sys.executable, "-m", "tools.demo", "--sales", "400", "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120), folder


def test_the_demo_syncs_every_stream_twice_without_missing_rows(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    run, folder = demo

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    for stream in stream_names():
        assert stream in run.stdout
    assert "all equal to the cent" in run.stdout
    assert "Hotmart's totals add up the " in run.stdout
    assert "rows differ from those" not in run.stdout
    assert "-> REFUNDED" in run.stdout
    with duckdb.connect(folder / "hotmart.duckdb") as database:
        rows = {name: database.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in stream_names()}
    assert rows["sales_history"] == rows["sales_users"] == 400 + 40 + 5
    assert all(rows.values())


def test_the_printed_commands_work(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, _ = demo
    lines = [line.strip() for line in run.stdout.splitlines()]
    (show_tables,) = [line for line in lines if " -c " in line and " -i " not in line]
    (interactive,) = [line for line in lines if " -i " in line]
    queries = [line for line in lines if line.startswith("db.sql(")]

    tables = subprocess.run(show_tables, shell=True, capture_output=True, text=True, timeout=60)
    answer = subprocess.run(
        interactive, shell=True, input="\n".join([*queries, ""]), capture_output=True, text=True, timeout=60
    )

    assert all(name in tables.stdout for name in stream_names())
    assert len(queries) == 2
    assert "COMPLETE" in answer.stdout
    assert "net_revenue" in answer.stdout
    assert answer.returncode == 0


def test_the_demo_prints_the_sync_costs_and_the_shop_figures(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    printed = demo[0].stdout
    requests = int(re.findall(r"first sync .+ complete, ([\d,]+) requests", printed)[0].replace(",", ""))
    told = re.findall(r"That would take about (\d+) (seconds|minutes) for the first sync", " ".join(printed.split()))
    titles = [line for line in printed.splitlines() if line and line[0] != " " and line[0].isupper()]

    assert "6,000 requests per minute" in printed
    assert [unit for _, unit in told] == ["seconds"]
    assert requests * 60 / 500 <= int(told[0][0]) <= max(110, requests * 60 / 500 + 10)
    assert [next(title for title in titles if title.startswith(start)) for start in SHOP] == [
        title for title in titles if title.startswith(SHOP)
    ]
    assert "(token)" not in printed
    assert "(info)" not in printed
    assert max(len(line) for line in printed.partition("Look for yourself")[0].splitlines()) <= 80


def test_the_readme_shows_the_output_of_the_demo(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """The excerpt has the demo's lines and headings in the demo's order. "…" stands for lines that it leaves out."""
    (shown,) = [
        command.output for block in blocks(README) for command in commands(block) if command.line == "make demo"
    ]
    excerpts = [lines_without_figures(part) for part in re.split(r"^…$", shown, flags=re.MULTILINE) if part.strip()]

    left = lines_without_figures(demo[0].stdout)
    for excerpt in excerpts:
        starts = [at for at in range(len(left)) if left[at : at + len(excerpt)] == excerpt]
        assert starts, excerpt
        left = left[starts[0] + len(excerpt) :]

    assert len(excerpts) == 3
    assert sum(map(len, excerpts)) > len(excerpts)


def lines_without_figures(printed: str) -> list[str]:
    """Return the lines of an output with 0 for each number and … for each duration. Columns may differ in width."""
    text = re.sub(r"\([\d.,]+ s\)", "(…)", printed.strip())
    return [" ".join(re.sub(r"\d[\d.,]*(?<=\d)", "0", line).split()) for line in text.splitlines()]


def test_the_demo_imports_only_packages_of_its_setup() -> None:
    imports = "import json, sys, hotmart_simulator.__main__, tools.demo.__main__, source_hotmart.run"
    script = f"{imports}; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    distributions = packages_distributions()

    names = (name for module in orjson.loads(run.stdout) for name in distributions.get(module, [])[:1])
    imported = {name.lower().replace("_", "-") for name in names}
    files = [(ROOT / "requirements" / name).read_text("utf-8") for name in ("image.txt", "demo.txt")]
    installed = {name for file in files for name in re.findall(r"^([a-z0-9-]+)==", file, re.MULTILINE)}

    assert {"duckdb", "faker", "rich", "werkzeug", "airbyte-cdk"} <= imported
    # jsonschema imports rfc3339-validator if it is installed.
    assert imported - {"airbyte-source-hotmart", "rfc3339-validator"} <= installed


def test_a_change_missed_by_the_second_sync_is_reported() -> None:
    before = {"sales_history": {"a": "APPROVED", "b": "APPROVED"}, "subscriptions": {"s": "ACTIVE"}}
    after = {
        "sales_history": {"a": "REFUNDED", "b": "APPROVED", "c": "APPROVED"},
        "subscriptions": {"s": "CANCELLED_BY_CUSTOMER"},
    }

    missed = unseen({"refunds": ["a", "b"], "sales": ["c", "d"], "cancellations": ["s"]}, before, after)

    assert missed == {"refunds": ["b"], "sales": ["d"]}
    changes = compare(before, after)["sales_history"]
    assert changes.new == {"APPROVED": 1}
    assert changes.moved_on == {("APPROVED", "REFUNDED"): 1}


def test_rejected_settings_end_the_demo_with_the_connectors_message(tmp_path: Path) -> None:
    connector = Connector({"client_id": "client-of-a-test"}, {}, tmp_path, warn=pytest.fail)

    with pytest.raises(DemoFailed, match="client_secret: it is missing"):
        connector.check()


def test_a_simulator_that_does_not_start_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no memory left >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))

    with pytest.raises(DemoFailed, match=r"did not start: no memory left .+simulator\.log"):
        SimulatorProcess(5, tmp_path / "simulator.log").__enter__()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "10 seconds"), (50, "50 seconds"), (50.1, "60 seconds"), (110, "110 seconds"), (110.1, "2 minutes")],
)
def test_a_duration_is_rounded_up(seconds: float, words: str) -> None:
    assert duration(seconds) == f"about {words}"
