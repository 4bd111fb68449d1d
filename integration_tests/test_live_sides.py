"""Each question of the live probe, on one simulated account per side of its belief."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hotmart_simulator import Switches, World, register
from hotmart_simulator.register import Belief, SideValue
from integration_tests.probed import BELIEFS, CONSEQUENCES, asked, full_account, logged_in, served
from tools import live_probe as live
from tools.harness import VirtualClock
from tools.live_probe.consequence import unasked
from tools.live_probe.question import Kind, Told
from tools.live_probe.questions import QUESTIONS

UNASKED = unasked()
SIZES: dict[tuple[str, SideValue], dict[str, int]] = {
    ("pages.products_maximum", rows): {"products": rows + 10} for rows in (50, 100, 500)
}
"""Accounts that are larger than usual, for questions about large pages."""
NOT_SIMULATED: dict[tuple[str, SideValue], str] = {}
"""Sides that the simulator cannot show, with the reason."""
CASES = [
    pytest.param(belief, side.value, id=f"{belief.id}={side.value}")
    for belief in register.load()
    for side in belief.sides
    if belief.id in QUESTIONS and (belief.id, side.value) not in NOT_SIMULATED
]


@cache
def account(**sizes: int) -> World:
    return full_account(Switches(), **sizes)


@pytest.mark.parametrize(("belief", "side"), CASES)
def test_the_probe_finds_the_behaviour_of_the_account(belief: Belief, side: SideValue, clock: VirtualClock) -> None:
    switches: dict[str, Any] = {belief.switch: side}
    world = account(**SIZES.get((belief.id, side), {}))
    world.switches = Switches(**switches)
    with served(world) as simulator:
        found, outcome = asked(logged_in(simulator), belief.id)

    assert isinstance(outcome, Told), found.did
    assert outcome.side == side, found.did
    assert found.belief == belief.belief
    assert found.does == CONSEQUENCES[belief.id][side].words
    assert (found.kind is Kind.LOSES) == bool(CONSEQUENCES[belief.id][side].loses)


def test_every_belief_with_alternatives_has_a_question_or_a_reason() -> None:
    with_sides = {belief.id for belief in register.load() if belief.sides}

    assert with_sides >= {belief.id for belief, _ in register.other_sides()}
    assert set(QUESTIONS) | set(UNASKED) == with_sides
    assert not set(QUESTIONS) & set(UNASKED)


def test_every_uncertain_belief_has_an_alternative() -> None:
    assert not [belief.id for belief in register.load() if not belief.is_certain and len(belief.sides) < 2]


def test_every_detectable_alternative_has_a_consequence() -> None:
    assert {belief_id: set(sides) for belief_id, sides in CONSEQUENCES.items()} == {
        belief_id: {side.value for side in BELIEFS[belief_id].sides} for belief_id in QUESTIONS
    }


def test_every_reason_and_every_consequence_is_a_sentence() -> None:
    texts = list(UNASKED.values())
    for sides in CONSEQUENCES.values():
        for entry in sides.values():
            texts += [entry.does, *filter(None, (entry.remove, entry.loses))]

    assert not [text for text in texts if not text.endswith(".") or "\n" in text or ";" in text]


def test_every_unsimulated_alternative_belongs_to_a_question() -> None:
    for (belief_id, side), reason in NOT_SIMULATED.items():
        assert belief_id in QUESTIONS
        assert side in {known.value for known in BELIEFS[belief_id].sides}
        assert reason


def imported(path: Path) -> set[str]:
    """Return every module that a file imports, with the names imported from the simulator's package itself."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = {f"{module}.{alias.name}" for alias in node.names}
            found |= names if module == "hotmart_simulator" else {module}
    return found


def test_the_probe_shares_no_code_with_the_connector_or_the_simulator() -> None:
    files = sorted(Path(str(live.__file__)).parent.rglob("*.py"))
    modules = {module for path in files for module in imported(path)}

    assert len(files) > 15
    assert not [module for module in modules if module.split(".")[0] == "source_hotmart"]
    assert {m for m in modules if m.split(".")[0] == "hotmart_simulator"} == {"hotmart_simulator.register"}
    others = {m for m in modules if m.startswith("integration_tests") and not m.startswith("tools.live_probe")}
    assert not others
