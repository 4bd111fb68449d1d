"""The image contains exactly what the connector imports."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

import orjson
import pytest

from hotmart_simulator import Fault, Simulator, World
from integration_tests.forks import Ended, Forks
from tools.harness import Connector, Run, catalog, stream_names, switches
from tools.rows import difference

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent
DATED = ("sales_history", "subscriptions")
"""Streams whose sync does not wait on the real clock."""


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


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """A process with the connector and without the excluded packages."""
    with Forks(tmp_path_factory.mktemp("forks"), left_out_modules()) as forks:
        yield forks


@pytest.fixture(scope="module")
def hotmart() -> Iterator[Simulator]:
    """A Hotmart account with current dates, for processes on the real clock."""
    now_ms = time.time_ns() // 1_000_000
    world = World(sales=60, subscriptions=8, students=6, products=4, now_ms=now_ms)
    with Simulator(world, switches(), follow_clock=True) as hotmart:
        yield hotmart


@pytest.fixture(scope="module")
def whole_read(forks: Forks, hotmart: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A sync of every stream without the excluded packages."""
    return run_without(forks, Connector(hotmart, tmp_path_factory.mktemp("read")), "read")


def run_without(forks: Forks, connector: Connector, command: str, streams: Sequence[str] | None = None) -> Ended:
    """Run a command without the excluded packages."""
    return forks.run(connector.arguments(command, catalog=catalog(streams)), connector.environment)


def test_the_image_installs_the_lock_without_excluded_packages():
    in_lock = requirements("main.txt")

    assert left_out() <= set(in_lock)
    assert requirements("image.txt") == {
        package: entry for package, entry in in_lock.items() if package not in left_out()
    }, "run make requirements/image.txt"


def test_the_excluded_packages_cannot_be_imported() -> None:
    assert {"numpy", "pandas", "nltk", "grpc", "unidecode", "google"} <= set(left_out_modules())


@pytest.mark.parametrize("command", ["spec", "check", "discover"])
def test_each_command_works_without_excluded_packages(
    forks: Forks, hotmart: Simulator, command: str, tmp_path: Path
) -> None:
    done = run_without(forks, Connector(hotmart, tmp_path), command)

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert all(orjson.loads(line)["type"] for line in done.stdout.splitlines())


def test_a_sync_works_without_excluded_packages(whole_read: Ended, hotmart: Simulator) -> None:
    assert whole_read.returncode == 0, whole_read.stdout[-2000:] + whole_read.stderr
    run = Run([orjson.loads(line) for line in whole_read.stdout.splitlines()], whole_read.returncode)
    for stream in stream_names():
        assert run.records(stream)
        # Other streams are read in between, so a subscription may be a day older.
        is_older = stream == "subscription_summary"
        assert not difference(stream, hotmart.world.expected(stream), run.records(stream), after_increments=is_older)


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
def test_a_temporary_failure_needs_no_excluded_package(
    forks: Forks, hotmart: Simulator, fault: Fault, tmp_path: Path
) -> None:
    hotmart.clear_faults()
    hotmart.add_fault(fault)
    done = run_without(forks, Connector(hotmart, tmp_path), "read", DATED)

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
def test_a_permanent_failure_needs_no_excluded_package(
    forks: Forks, hotmart: Simulator, fault: Fault, tmp_path: Path
) -> None:
    hotmart.clear_faults()
    hotmart.add_fault(fault)
    done = run_without(forks, Connector(hotmart, tmp_path), "read", [*DATED, "products"])

    assert done.returncode == 1
    traces = [
        m["trace"]["error"]["message"]
        for m in map(orjson.loads, done.stdout.splitlines())
        if m["type"] == "TRACE" and m["trace"]["type"] == "ERROR"
    ]
    assert any("Hotmart" in sentence for sentence in traces)
    assert b"ModuleNotFoundError" not in done.stdout + done.stderr
    assert b"ImportError" not in done.stdout + done.stderr


def test_every_installed_package_is_imported(whole_read: Ended) -> None:
    assert whole_read.returncode == 0, whole_read.stdout[-2000:] + whole_read.stderr
    packages = packages_distributions()
    modules = {name.partition(".")[0] for name in whole_read.imported}
    imported = {normal(package) for module in modules for package in packages.get(module, [])}
    assert set(requirements("image.txt")) <= imported, "name it in requirements/left-out.txt"
