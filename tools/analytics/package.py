"""The dbt package as users run it: dbt in an environment of its own."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent.parent
PACKAGE: Final = ROOT / "dbt"
PROJECT: Final = ROOT / "integration_tests" / "analytics" / "project"
"""A dbt project that has the package installed."""
PROFILES: Final = Path(__file__).parent / "profiles"
DBT: Final = ROOT / os.environ.get("VENV_DBT", ".venv-dbt") / "bin" / "dbt"


class DbtFailed(Exception):
    """A dbt command failed. The text is the command's output."""


@dataclass(frozen=True)
class Package:
    """The package with one warehouse. dbt writes into a folder of the test."""

    target: str
    folder: Path
    environment: Mapping[str, str]
    """The environment variables that the profile of this target reads."""
    project: Path = PACKAGE

    def run(self, command: str, *options: str, **variables: Any) -> str:
        """Run a dbt command, such as `source freshness`, and return its output. Raise `DbtFailed` when it fails."""
        done = subprocess.run(
            [
                *(
                    str(DBT),
                    "--no-use-colors",
                    *command.split(),
                    "--project-dir",
                    str(self.project),
                    "--profiles-dir",
                    str(PROFILES),
                ),
                *("--target", self.target, "--vars", json.dumps(variables), *options),
            ],
            env={
                **os.environ,
                **self.environment,
                "DBT_TARGET_PATH": str(self.folder / "target"),
                "DBT_LOG_PATH": str(self.folder / "logs"),
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise DbtFailed(f"dbt {command} ended with status {done.returncode}:\n{done.stdout}")
        return done.stdout

    def results(self) -> dict[str, str]:
        """Return the status of every node of the last command by its unique id."""
        return {result["unique_id"]: result["status"] for result in self._artifact("run_results.json")["results"]}

    def freshness(self) -> dict[str, str]:
        """Return the status of every source of the last `dbt source freshness` by its unique id."""
        return {result["unique_id"]: result["status"] for result in self._artifact("sources.json")["results"]}

    def durations(self) -> dict[str, float]:
        """Return how many seconds each node of the last command took by its unique id."""
        results = self._artifact("run_results.json")["results"]
        return {result["unique_id"]: float(result["execution_time"]) for result in results}

    def manifest(self) -> dict[str, Any]:
        """Return the manifest that the last command wrote."""
        return self._artifact("manifest.json")

    def _artifact(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "target" / name).read_text("utf-8"))
        return found
