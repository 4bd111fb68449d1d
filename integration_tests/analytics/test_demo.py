"""The figures that `make demo` prints at its end equal those of the marts."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from integration_tests.analytics.account_process import CONNECTOR, ROOT
from tools.analytics.package import Package

SALES = "1000"
FIGURES = {"net revenue", "refunds", "active subscriptions", "new and cancelled subscriptions"}
WITH_TIMES = """
import duckdb, sys
with duckdb.connect(sys.argv[1]) as connection:
    for (table,) in connection.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall():
        connection.execute(f"ALTER TABLE main.{table} ADD COLUMN _airbyte_extracted_at TIMESTAMP DEFAULT now()")
"""
"""The demo's tables lack the time when a platform read each row."""


def run(*arguments: str) -> str:
    """Run the connector's Python and return its output."""
    done = subprocess.run(
        [str(CONNECTOR.with_name("python")), *arguments], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_demo_figures_equal_the_marts(tmp_path: Path) -> None:
    run("-m", "tools.demo", "--sales", SALES, "--folder", str(tmp_path))
    database = str(tmp_path / "hotmart.duckdb")
    run("-c", WITH_TIMES, database)
    package = Package("duckdb", tmp_path, {"HOTMART_DUCKDB": database})
    package.run("run", hotmart_schema="main")

    figures: dict[str, list[Any]] = json.loads(run("-m", "integration_tests.analytics.demo_figures", database))

    assert figures.keys() == FIGURES
    assert all(demo for demo, _ in figures.values())
    differing = {name: (demo, marts) for name, (demo, marts) in figures.items() if demo != marts}
    assert not differing
