"""A sample of the flip matrix, and checks of its verdicts and its list of known faults.

`make flips` runs the whole matrix. `HOTMART_FLIPS=statuses pytest tools/flips` runs the flips with that text in their
name.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from hotmart_simulator import World
from hotmart_simulator.register import load
from tools.flips.__main__ import problems
from tools.flips.history import Outcome
from tools.flips.known import Known, known
from tools.flips.matrix import BASELINE, Result, Verdict, flips, judge, unknown_names, verdict_of
from tools.harness import NOW_MS, Connector, Run, truth
from tools.rows import Difference
from tools.sample import ALL_CASES
from unit_tests.test_docs import ROOT

SAMPLE = 72 if ALL_CASES else 110
"""`make test` runs one of this many flips, and `make flips` all."""
ASKED = os.environ.get("HOTMART_FLIPS", "")
PLAYED = [name for place, name in enumerate(flips()) if (ASKED in name if ASKED else place % SAMPLE == 0)]


@pytest.mark.parametrize("name", PLAYED)
def test_a_flip_has_its_known_verdict(name: str) -> None:
    assert not problems([judge(name)])


def test_every_known_flip_is_supported_by_the_simulator() -> None:
    assert not unknown_names()


def test_every_non_default_switch_value_is_a_flip() -> None:
    sides = {f"{belief.switch}={side.value}" for belief in load() for side in belief.sides}

    assert len(sides - set(flips())) == len([belief for belief in load() if belief.sides])
    assert next(iter(flips())) == BASELINE


@pytest.mark.parametrize("entry", known().values(), ids=list(known()))
def test_a_known_fault_has_an_owner_or_documentation(entry: Known) -> None:
    text = " ".join((ROOT / "docs" / "development" / "late-changes.md").read_text("utf-8").split())

    assert entry.verdict in set(Verdict) - {"equal"}
    assert entry.part == 3 or entry.documented or entry.verdict == "loud"
    assert entry.documented is None or entry.documented in text
    assert (entry.verdict == "documented") == (entry.documented is not None)


def outcome(statuses: dict[str, str], log: str = "", *differing: str, exit_code: int = 0) -> Outcome:
    """Return the outcome of a history with a handmade run."""
    traces: list[dict[str, Any]] = [
        {
            "type": "TRACE",
            "trace": {
                "type": "STREAM_STATUS",
                "stream_status": {"stream_descriptor": {"name": name}, "status": status},
            },
        }
        for name, status in statuses.items()
    ]
    logs = [{"type": "LOG", "log": {"level": "WARN", "message": log}}] if log else []
    run = Run([*traces, *logs], exit_code)
    return Outcome([Difference(stream, lost=["HP1"]) for stream in differing], [run])


@pytest.mark.parametrize(
    ("left", "verdict"),
    [
        (outcome({"sales_history": "COMPLETE"}), Verdict.EQUAL),
        (outcome({"sales_history": "INCOMPLETE"}, exit_code=1), Verdict.LOUD),
        (outcome({"sales_history": "COMPLETE"}, "", "sales_history"), Verdict.SILENT),
        (outcome({"sales_history": "INCOMPLETE"}, "", "sales_history", exit_code=1), Verdict.LOUD),
        (outcome({"sales_history": "COMPLETE"}, "sales_history: 1 row may be missing", "sales_history"), Verdict.LOUD),
        # One stream reports it and another does not.
        (outcome({"a": "INCOMPLETE", "b": "COMPLETE"}, "", "a", "b", exit_code=1), Verdict.SILENT),
    ],
)
def test_a_loss_is_loud_only_if_its_stream_is_named(left: Outcome, verdict: Verdict) -> None:
    assert verdict_of("switch=side", left) is verdict


def test_an_unlisted_silent_flip_is_a_problem() -> None:
    silent = Result("untotalled_order=never_heard_of", Verdict.SILENT, ("coupons",), "coupons: 3 lost")

    assert "untotalled_order=never_heard_of loses rows in silence: coupons: 3 lost" in problems([silent])


def test_a_listed_flip_that_is_fixed_is_a_problem() -> None:
    name, entry = next((name, entry) for name, entry in known().items() if entry.verdict == "loud")
    mended = Result(name, Verdict.EQUAL, (), "")

    assert any(f"lists {name} as {entry.verdict}, but it is equal" in problem for problem in problems([mended]))


def test_the_connector_sends_no_unknown_parameter(connector: Connector, world: World) -> None:
    """Hotmart silently ignores unknown parameters, so a misspelt filter would return unwanted rows."""
    first = connector.read()
    connector.simulator.world.now_ms = NOW_MS + 86_400_000
    connector.read(state=first.state)
    connector.run("check")

    assert truth(world, "sales_history")
    assert connector.simulator.unknown_parameters == []
