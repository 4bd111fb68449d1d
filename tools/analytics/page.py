"""The generated parts of `docs/analytics.md`: the answer to each query, and the graph of the models."""

import datetime
import logging
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest import mock

import duckdb
import orjson

from hotmart_simulator import Simulator, World
from tools.analytics.package import Package
from tools.analytics.tables import COLUMNS, load
from tools.demo.simulator_process import CLUBS, SEED
from tools.harness import NOW_MS, Connector, VirtualClock, switches

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "analytics.md"
SALES: Final = 5_000
NOW: Final = "2026-01-01 00:00:00"
START_DATE: Final = "2021-12-31"
QUERY_AND_ANSWER: Final = re.compile(r"(```sql\n(.*?)```\n\n<!-- answer -->\n).*?(<!-- /answer -->)", re.DOTALL)
GRAPH: Final = re.compile(r"(<!-- graph -->\n).*?(<!-- /graph -->)", re.DOTALL)


def page(text: str) -> str:
    """Return the text of the page with its generated parts brought up to date."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        database = folder / "demo.duckdb"
        _read(folder)
        load(database, folder, NOW)
        package = Package("duckdb", folder, {"HOTMART_DUCKDB": str(database)})
        package.run("run", hotmart_as_of=NOW)
        with duckdb.connect(database, read_only=True) as connection:
            connection.execute("USE analytics")

            def answered(found: re.Match[str]) -> str:
                return f"{found[1]}{_table(connection.sql(found[2]))}\n{found[3]}"

            text = QUERY_AND_ANSWER.sub(answered, text)
        package.run("parse", hotmart_append_mode=True)
        graph = _graph(package.manifest())
    return GRAPH.sub(lambda found: f"{found[1]}{graph}\n{found[2]}", text)


def _read(folder: Path) -> None:
    """Read the demo's account with the connector, on a frozen clock, into a file for each stream."""
    world = World(
        seed=SEED, sales=SALES, subscriptions=SALES // 5, students=SALES // 12, now_ms=NOW_MS, subdomains=CLUBS
    )
    clock = VirtualClock(NOW_MS)
    with mock.patch.dict("os.environ"), Simulator(world, switches(subdomains=CLUBS), clock.time) as simulator:
        patches: list[Any] = []
        clock.install(lambda target, new: patches.append(mock.patch(target, new)))
        for patch in patches:
            patch.start()
        try:
            connector = Connector(simulator, folder, os.environ.__setitem__)
            connector.config["start_date"] = START_DATE
            logging.disable()
            done = connector.read(list(COLUMNS))
        finally:
            logging.disable(logging.NOTSET)
            for patch in patches:
                patch.stop()
    if done.exit_code:
        raise RuntimeError(done.sentences)
    for stream in COLUMNS:
        lines = [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in done.records(stream)]
        (folder / f"{stream}.jsonl").write_bytes(b"".join(lines))


def _table(answer: duckdb.DuckDBPyRelation) -> str:
    """Return rows as a Markdown table."""
    lines = [_line(answer.columns), _line("---" for _ in answer.columns)]
    return "\n".join([*lines, *(_line(map(_cell, row)) for row in answer.fetchall())])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime.date():
            return value.isoformat()
        case int() | float():
            return f"{value:,}"
        case str():
            return value
    return f"{value:,.2f}" if value.as_tuple().exponent == -2 else f"{value:,}"


def _graph(manifest: Mapping[str, Any]) -> str:
    """Return the graph of all models and the streams that they read, in Mermaid."""
    models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    names = {name: node["name"] for name, node in {**models, **manifest["sources"]}.items()}
    lines = ["```mermaid", "flowchart LR"]
    for title, found in (
        ("streams", [names[name] for name in manifest["sources"]]),
        ("staging", [node["name"] for node in models.values() if "staging" in node["fqn"]]),
        ("intermediate", [node["name"] for node in models.values() if "intermediate" in node["fqn"]]),
        ("marts", [node["name"] for node in models.values() if "marts" in node["fqn"]]),
    ):
        lines += [f"    subgraph {title}", *(f"        {name}" for name in sorted(found)), "    end"]
    edges = {
        f"    {names[parent]} --> {node['name']}" for node in models.values() for parent in node["depends_on"]["nodes"]
    }
    return "\n".join([*lines, *sorted(edges), "```"])
