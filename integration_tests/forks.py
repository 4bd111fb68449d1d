"""Run commands in processes of their own that need not import the connector again, which takes more than a second."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = """
import json, os, sys
orders = json.loads(sys.stdin.readline())
for module in orders["left_out"]:
    sys.modules[module] = None  # an import of it fails
from source_hotmart.run import run
for line in sys.stdin:
    order = json.loads(line)
    process = os.fork()
    if process == 0:
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(order[name], os.O_CREAT | os.O_TRUNC | os.O_WRONLY), descriptor)
        os.environ.update(order["environment"])
        sys.argv = ["source-hotmart", *order["arguments"]]
        run()
        open(order["imported"], "w").write("\\n".join(name for name, module in sys.modules.items() if module))
        break
    _, status, used = os.wait4(process, 0)
    print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_maxrss]), flush=True)
"""
"""Imports the connector once and forks a process for each line of its input."""


@dataclass(frozen=True)
class Ended:
    """Result of a process."""

    returncode: int
    stdout: bytes
    stderr: bytes
    peak_mb: float
    """Peak memory, the imports included."""
    imported: frozenset[str]
    """The modules that were imported at the end of a successful command."""


class Forks:
    """A process that has imported the connector, and runs each command in a fork of itself."""

    def __init__(self, folder: Path, left_out: Iterable[str] = ()) -> None:
        """Start the process. The import of a module in `left_out` fails in it."""
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._send({"left_out": list(left_out)})

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Ended:
        """Run the command `source-hotmart` with arguments and wait for its end."""
        files = {name: self._folder / name for name in ("stdout", "stderr", "imported")}
        files["imported"].unlink(missing_ok=True)
        paths = {name: str(path) for name, path in files.items()}
        self._send({"arguments": list(arguments), "environment": dict(environment), **paths})
        assert self._process.stdout is not None
        returncode, peak_kb = json.loads(self._process.stdout.readline())
        imported = files["imported"].read_text("utf-8").splitlines() if files["imported"].exists() else ()
        return Ended(
            returncode, files["stdout"].read_bytes(), files["stderr"].read_bytes(), peak_kb / 1024, frozenset(imported)
        )

    def _send(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
