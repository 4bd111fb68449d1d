"""The simulator reads every switch of the register, so that none is without effect."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import hotmart_simulator
from hotmart_simulator.register import load

PACKAGE = Path(hotmart_simulator.__file__).parent
SWITCHES = sorted(belief.switch for belief in load() if belief.switch)


def read_names(source: str) -> Iterator[str]:
    """Yield a pattern for each switch name that the source reads.

    A switch is read as `switches.name`, by `getattr(switches, f"start_{x}")`, or as the `cap` of a paged endpoint.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and is_switches(node.value):
            yield re.escape(node.attr)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id == "getattr" and is_switches(node.args[0]):
                yield from name_patterns(node.args[1])
            for keyword in node.keywords:
                if keyword.arg == "cap":
                    yield from name_patterns(keyword.value)


def is_switches(node: ast.expr) -> bool:
    """Whether an expression is `switches` or ends in `.switches`."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name == "switches"


def name_patterns(node: ast.expr) -> Iterator[str]:
    """Yield the pattern of a text: itself, or with any word in place of each f-string value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.escape(node.value)
    elif isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values]
        if any(parts):
            yield r"\w+".join(re.escape(part) for part in parts if part) + r"\w+"


@pytest.fixture(scope="module", name="patterns")
def all_patterns() -> frozenset[str]:
    """Return the patterns of the whole package except the declaration of the switches."""
    files = [path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "switches.py"]
    return frozenset(pattern for path in files for pattern in read_names(path.read_text("utf-8")))


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_simulator_reads_the_switch(patterns: frozenset[str], switch: str) -> None:
    assert any(re.fullmatch(pattern, switch) for pattern in patterns), f"no code reads switches.{switch}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("account.switches.totals", ["totals"]),
        ("switches.totals == 'x'", ["totals"]),
        ("switches.totals = 'x'", []),
        ("other.totals", []),
        ("replace(switches, totals='x')", []),
        ("# switches.totals", []),
        ("getattr(desk.switches, f'statuses_on_{view}')", [r"statuses_on_\w+"]),
        ("getattr(switches, endpoint.cap)", []),
        ("getattr(switches, name)", []),
        ("getattr(switches, f'{name}')", []),
        ("PagedEndpoint(cap='club_cap')", ["club_cap"]),
    ],
)
def test_only_reads_of_a_switch_are_found(source: str, expected: list[str]) -> None:
    assert list(read_names(source)) == expected


def test_the_register_has_over_100_unique_switches() -> None:
    assert len(SWITCHES) > 100
    assert len(SWITCHES) == len(set(SWITCHES))
