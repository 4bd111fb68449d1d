"""What the Dockerfile takes out of the image is not missed when an account is read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from importlib.metadata import packages_distributions
from pathlib import Path

import orjson
import pytest

from hotmart_simulator import Simulator, World
from integration_tests.harness import Connector, Run, catalog, stream_names, switches
from integration_tests.rows import difference

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import sys
for module in {modules!r}:
    sys.modules[module] = None  # an import of it fails
from source_hotmart.run import run
run()
"""


def left_out() -> set[str]:
    """The packages that the Dockerfile uninstalls."""
    (names,) = re.findall(r" uninstall --quiet --yes \\\n([a-z0-9 -]+?) &&", (ROOT / "Dockerfile").read_text("utf-8"))
    return set(names.split())


def test_only_what_the_lock_installs_is_taken_out():
    installed = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements/main.txt").read_text("utf-8"), re.MULTILINE)

    assert left_out() <= set(installed)


@pytest.mark.parametrize("command", ["spec", "check", "discover", "read"])
def test_each_command_works_without_what_is_taken_out(command: str, tmp_path: Path) -> None:
    modules = [
        module
        for module, packages in packages_distributions().items()
        if {re.sub(r"[-_.]+", "-", package).lower() for package in packages} <= left_out()
    ]
    assert {"numpy", "pandas", "nltk", "grpc"} <= set(modules)
    now_ms = time.time_ns() // 1_000_000
    world = World(sales=200, subscriptions=40, students=20, products=6, now_ms=now_ms)
    with Simulator(world, switches(), follow_clock=True) as hotmart:
        connector = Connector(hotmart, tmp_path)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(modules=modules), *connector.arguments(command, catalog=catalog())],
            env={**os.environ, **connector.environment},
            capture_output=True,
        )

    messages = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    if command == "read":
        run = Run(messages, done.returncode)
        for stream in stream_names():
            assert run.records(stream)
            # Other streams are read in between, so a subscription may be a day older by now.
            is_older = stream == "subscription_summary"
            assert not difference(stream, world.expected(stream), run.records(stream), after_increments=is_older)
