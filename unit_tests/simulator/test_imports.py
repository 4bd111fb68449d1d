"""The simulator imports nothing from the connector, and its modules import each other in one direction only."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "hotmart_simulator"


def module_of(path: Path) -> str:
    """Return the dotted name of a file."""
    return ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> set[str]:
    """Return every module that a file imports, including imports only for type checkers."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


IMPORTS = {module_of(path): imports_of(path) for path in FOLDER.rglob("*.py")}


def test_the_simulator_does_not_import_the_connector_or_tests() -> None:
    others = {"source_hotmart", "integration_tests", "unit_tests", "conftest"}

    assert {name.partition(".")[0] for names in IMPORTS.values() for name in names} & others == set()


def test_imports_have_no_cycles() -> None:
    # A package's own `__init__` only re-exports or documents, so it cannot cause an import cycle.
    packages = {name for name in IMPORTS if any(other.startswith(f"{name}.") for other in IMPORTS)}
    graph = {name: {other for other in names if other in IMPORTS} - packages for name, names in IMPORTS.items()}

    assert len(graph) > 90
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)
