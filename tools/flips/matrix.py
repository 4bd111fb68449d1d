"""Every flip with its verdict."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from hotmart_simulator import Switches
from hotmart_simulator.register import Belief, load
from tools.flips.history import Outcome, play, small_account
from tools.flips.known import excluded_moves, known
from tools.harness import VirtualClock, switches

BASELINE: Final = "the default sides"


COMPANIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    # These sides concern the longest date range, and the connector never requests 730 days.
    "too_long_window=cut": {"max_window_days": 300},
    "max_window_of=age": {"max_window_days": 400},
    # These change the form of something that only another side sends.
    "refusal_429=message": {"limit_per_minute": 400},
    "refusal_429=html": {"limit_per_minute": 400},
    "retry_after=present": {"limit_per_minute": 400},
}
"""Settings and other sides that a flip needs to have an effect."""


class Verdict(StrEnum):
    """The effect of a flip on the rows."""

    EQUAL = "equal"
    LOUD = "loud"
    DOCUMENTED = "documented"
    SILENT = "silent"


@dataclass(frozen=True)
class Flip:
    """One assumption turned around, or one move that the fixed history otherwise leaves out."""

    name: str
    """`switch=side` or `move=name`."""
    sentence: str
    belief: Belief | None = None
    side: Any = None

    def switches(self) -> Switches:
        """Return the switches of this flip."""
        flipped = {} if self.belief is None else {self.belief.switch: self.side}
        return switches(**flipped, **COMPANIONS.get(self.name, {}))

    @property
    def move(self) -> str:
        """Return the move to add to the history, or nothing."""
        return self.name.partition("=")[2] if self.name.startswith("move=") else ""

    def excluded_moves(self) -> frozenset[str]:
        """Return the moves that the history leaves out."""
        return excluded_moves() - {self.move}


@dataclass(frozen=True)
class Result:
    """A verdict, the streams that differ, and a line of figures for debugging."""

    flip: str
    verdict: Verdict
    streams: tuple[str, ...]
    figures: str


@cache
def flips() -> dict[str, Flip]:
    """Return all flips by name: first the sides that tests do not use by default, then the moves left out."""
    usual = switches()
    found = [Flip(BASELINE, "Every belief holds.")]
    for belief in load():
        for side in belief.sides:
            if side.value != getattr(usual, belief.switch):
                found.append(Flip(f"{belief.switch}={side.value}", side.sentence, belief, side.value))
    found += [Flip(name, f"{entry.reason}") for name, entry in known().items() if name.startswith("move=")]
    return {flip.name: flip for flip in found}


def judge(name: str) -> Result:
    """Play the history of one flip in this process and return its verdict."""
    flip = flips()[name]
    with _own_clock() as clock, _folder() as folder:
        outcome = play(flip.switches(), clock, folder, flip.excluded_moves(), flip.move)
    verdict = verdict_of(name, outcome)
    errors = [sentence for run in outcome.runs for sentence in run.sentences.splitlines()][:2]
    figures = "; ".join([*map(str, outcome.differences), *errors])
    return Result(name, verdict, tuple(found.stream for found in outcome.differences), figures)


def verdict_of(name: str, outcome: Outcome) -> Verdict:
    """Return the verdict on a history's outcome. A loss counts as documented only where the known faults quote it."""
    if not outcome.differences:
        return Verdict.LOUD if outcome.failed else Verdict.EQUAL
    if not outcome.unreported:
        return Verdict.LOUD
    entry = known().get(name)
    return Verdict.DOCUMENTED if entry is not None and entry.documented else Verdict.SILENT


def judge_all(names: list[str], processes: int) -> Iterator[Result]:
    """Judge flips side by side, each process with a clock and an environment of its own, in the order of the names."""
    with ProcessPoolExecutor(processes, initializer=_prepare_process) as pool:
        yield from pool.map(judge, names)


def _prepare_process() -> None:
    """Discard what the process prints, because logs are read from messages. Collect garbage rarely, for speed."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def unknown_names() -> list[str]:
    """Return the entries of `known.yaml` that are neither a side of the register nor a move of the simulator."""
    moves = {f"move={name}" for name in small_account(switches()).moves}
    sides = {f"{belief.switch}={side.value}" for belief in load() for side in belief.sides}
    return sorted(set(known()) - moves - sides)


@contextmanager
def _own_clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    with ExitStack() as stack:
        clock.install(lambda name, new: stack.enter_context(patch(name, new)))
        yield clock


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
