"""Import rules between the folders of the package."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "source_hotmart"
FLOORS = (
    ("config", "state"),
    ("api",),
    ("records",),
    ("sync",),
    ("reading",),
    ("streams",),
    ("catalog", "command"),
    ("check",),
    ("source",),
    ("__init__",),
    ("run",),
)
"""Folders and top-level modules of the package from the lowest layer up, as in CONTRIBUTING.md. A module may import
from its own folder and from lower layers."""
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}


def imported(path: Path) -> set[str]:
    """Return the modules of the package that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{name.name}" for name in node.names}
            found |= inner & MODULES.keys() or {node.module}
    return {name if name in MODULES else f"{name}.__init__" for name in found if name.split(".")[0] == PACKAGE.name}


def room_of(module: str) -> str:
    return module.split(".")[1]


def test_every_folder_has_a_layer() -> None:
    assert {room_of(module) for module in MODULES} == FLOOR_OF.keys()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_lower_layers(module: str) -> None:
    others = {room_of(other) for other in imported(MODULES[module])} - {room_of(module)}

    assert not [other for other in others if FLOOR_OF[other] >= FLOOR_OF[room_of(module)]]


def test_module_imports_have_no_cycles() -> None:
    try:
        TopologicalSorter({module: imported(path) for module, path in MODULES.items()}).prepare()
    except CycleError as circle:
        pytest.fail(f"circle: {circle.args[1]}")


@pytest.mark.parametrize("folder", ["source_hotmart", "hotmart_simulator"])
@pytest.mark.parametrize("name", ["tools", "unit_tests", "integration_tests"])
def test_neither_package_nor_simulator_imports_tools_or_tests(folder: str, name: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))

    assert files
    assert not [path for path in files if f"from {name}" in path.read_text("utf-8")]


@pytest.mark.parametrize("name", ["unit_tests", "integration_tests", "conftest"])
def test_no_tool_imports_tests(name: str) -> None:
    files = list((ROOT / "tools").rglob("*.py"))

    assert files
    assert not [path for path in files if f"from {name}" in path.read_text("utf-8")]


def test_the_simulator_does_not_import_the_connector() -> None:
    files = (ROOT / "hotmart_simulator").rglob("*.py")

    assert not [path for path in files if "source_hotmart" in path.read_text("utf-8")]


NOT_IN_UNIT_TESTS = (
    *("hotmart_simulator.Simulator", "hotmart_simulator.client", "hotmart_simulator.server.simulator"),
    *("http.server", "integration_tests", "socket", "socketserver", "subprocess", "tools.harness"),
)
"""Modules and names that start a server, a socket or a process."""
GUARD = ROOT / "unit_tests" / "conftest.py"
"""Refuses connections and processes, so it names both."""
UNIT_TESTS = sorted({*(ROOT / "unit_tests").rglob("*.py")} - {GUARD})


def imports_of(source: str) -> set[str]:
    """Return every module and name that a source imports, with the packages that contain it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {".".join(name.split(".")[:length]) for name in found for length in range(1, name.count(".") + 2)}


@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_unit_tests_import_no_server_socket_or_process(path: Path) -> None:
    assert not imports_of(path.read_text("utf-8")).intersection(NOT_IN_UNIT_TESTS), "move it to integration_tests"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import subprocess", "subprocess"),
        ("from http.server import ThreadingHTTPServer", "http.server"),
        ("def f():\n    from hotmart_simulator import Simulator, World", "hotmart_simulator.Simulator"),
        ("from integration_tests.secrecy import secrets_of", "integration_tests"),
        ("import tools.harness as harness", "tools.harness"),
    ],
)
def test_every_form_of_a_server_import_is_detected(source: str, name: str) -> None:
    assert name in imports_of(source)
