"""The models are valid SQL for BigQuery and Snowflake. They are only parsed, not run."""

import json
import subprocess
from pathlib import Path

import pytest

from tools.analytics.package import DBT, PROJECT, Package

MODELS = 20
"""All models of the package, including the one for append mode."""
OTHERS_ONLY = {
    "json_extract_string",
    "make_timestamp",
    "epoch_us",
    "jsonb_array_elements",
    "jsonb_typeof",
    "generate_series",
}
"""Functions of DuckDB or PostgreSQL that neither BigQuery nor Snowflake has."""


@pytest.mark.parametrize("has_run_before", [False, True])
@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
def test_every_model_parses_in_the_dialect(dialect: str, has_run_before: bool, tmp_path: Path) -> None:
    package = Package(dialect, tmp_path, {}, PROJECT)
    package.run("deps")
    package.run(
        "compile",
        *("--no-populate-cache", "--no-introspect", "--select", "package:hotmart,resource_type:model"),
        hotmart_append_mode=True,
        shop_has_run_before=has_run_before,
    )

    compiled = tmp_path / "target" / "compiled" / "hotmart" / "models"
    done = subprocess.run(
        [DBT.with_name("python"), Path(__file__).with_name("dialects.py"), dialect, compiled],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["models"] == MODELS
    assert not OTHERS_ONLY & set(found["unknown"])
    is_incremental = "union all" in (compiled / "marts" / "hotmart__sales.sql").read_text()
    assert is_incremental == has_run_before
