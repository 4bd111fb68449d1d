"""The image contains exactly what the connector imports."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

import orjson
import pytest

from hotmart_simulator import Fault, Simulator, World
from tools.harness import Connector, Run, catalog, stream_names, switches
from tools.rows import difference

ROOT = Path(__file__).parent.parent
PROGRAM = """
import sys
for module in {left_out!r}:
    sys.modules[module] = None  # an import of it fails
from source_hotmart.run import run
run()
open({imported!r}, "w").write("\\n".join(name for name, module in sys.modules.items() if module))
"""


def normal(package: str) -> str:
    """Return the normalised name of a package."""
    return re.sub(r"[-_.]+", "-", package).lower()


def requirements(name: str) -> dict[str, str]:
    """Return the lines of each package in a requirements file, by name."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / "requirements" / name).read_text("utf-8"), flags=re.MULTILINE)
    found: dict[str, str] = {}
    for entry in entries:
        package = re.split(r"[=\s]", entry, maxsplit=1)[0]
        found[package] = found.get(package, "") + entry.partition("#")[0]
    return {package: entry for package, entry in found.items() if re.match(r"[a-z0-9]", package)}


def left_out() -> set[str]:
    """Return the packages that the image leaves out."""
    return set(requirements("left-out.txt"))


def left_out_modules() -> list[str]:
    """Return the modules that Python imports from these packages."""
    return [
        module
        for module, packages in packages_distributions().items()
        if {normal(package) for package in packages} <= left_out()
    ]


@contextmanager
def small_account(tmp_path: Path) -> Iterator[tuple[Simulator, Connector, World]]:
    """A Hotmart account with current dates, for a process on the real clock."""
    now_ms = time.time_ns() // 1_000_000
    world = World(sales=200, subscriptions=40, students=20, products=6, now_ms=now_ms)
    with Simulator(world, switches(), follow_clock=True) as hotmart:
        yield hotmart, Connector(hotmart, tmp_path), world


def run_without(connector: Connector, command: str, imported: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a command without the excluded packages, and list the modules that it imports."""
    program = PROGRAM.format(left_out=left_out_modules(), imported=str(imported))
    return subprocess.run(
        [sys.executable, "-c", program, *connector.arguments(command, catalog=catalog())],
        env={**os.environ, **connector.environment},
        capture_output=True,
    )


def test_the_image_installs_the_lock_without_excluded_packages():
    in_lock = requirements("main.txt")

    assert left_out() <= set(in_lock)
    assert requirements("image.txt") == {
        package: entry for package, entry in in_lock.items() if package not in left_out()
    }, "run make requirements/image.txt"


@pytest.mark.parametrize("command", ["spec", "check", "discover", "read"])
def test_each_command_works_without_excluded_packages(command: str, tmp_path: Path) -> None:
    assert {"numpy", "pandas", "nltk", "grpc", "unidecode", "google"} <= set(left_out_modules())
    with small_account(tmp_path) as (_, connector, world):
        done = run_without(connector, command, tmp_path / "imported")

    messages = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    if command == "read":
        run = Run(messages, done.returncode)
        for stream in stream_names():
            assert run.records(stream)
            # Other streams are read in between, so a subscription may be a day older.
            is_older = stream == "subscription_summary"
            assert not difference(stream, world.expected(stream), run.records(stream), after_increments=is_older)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=429, nth=5, reset_s=1),
        Fault(kind=401, nth=5),
        Fault(kind=503, nth=5),
        Fault(kind="truncated_json", nth=5),
        Fault(kind="bad_date", nth=5, value="soon"),
    ],
    ids=lambda fault: str(fault.kind),
)
def test_a_temporary_failure_needs_no_excluded_package(fault: Fault, tmp_path: Path) -> None:
    with small_account(tmp_path) as (hotmart, connector, _):
        hotmart.add_fault(fault)
        done = run_without(connector, "read", tmp_path / "imported")

    assert fault.fired
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=403, times=None),
        Fault(kind=400, times=None, path="/products/api/v1/products"),  # each list waits before it is requested again
        Fault(kind=401, times=None, path="/security/oauth/token"),
    ],
    ids=["403", "400", "login"],
)
def test_a_permanent_failure_needs_no_excluded_package(fault: Fault, tmp_path: Path) -> None:
    with small_account(tmp_path) as (hotmart, connector, _):
        hotmart.add_fault(fault)
        done = run_without(connector, "read", tmp_path / "imported")

    assert done.returncode == 1
    traces = [
        m["trace"]["error"]["message"]
        for m in map(orjson.loads, done.stdout.splitlines())
        if m["type"] == "TRACE" and m["trace"]["type"] == "ERROR"
    ]
    assert any("Hotmart" in sentence for sentence in traces)
    assert b"ModuleNotFoundError" not in done.stdout + done.stderr
    assert b"ImportError" not in done.stdout + done.stderr


def test_every_installed_package_is_imported(tmp_path: Path) -> None:
    with small_account(tmp_path) as (_, connector, _):
        done = run_without(connector, "read", tmp_path / "imported")

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    packages = packages_distributions()
    modules = {name.partition(".")[0] for name in (tmp_path / "imported").read_text("utf-8").splitlines()}
    imported = {normal(package) for module in modules for package in packages.get(module, [])}
    assert set(requirements("image.txt")) <= imported, "name it in requirements/left-out.txt"
