"""Sides of assumptions that make the connector lose rows, and the sides that tests use until that is fixed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

FILE: Final = Path(__file__).parent / "known.yaml"


@dataclass(frozen=True, kw_only=True)
class Known:
    """One side or move with its current verdict and the issue that fixes it.

    `part` is the number of that issue. `documented` is the sentence of `late-changes.md` on a documented loss. A loud
    entry needs neither, because the sync reports the loss. `until_then` is the side that all other tests use where the
    bad side is the default.
    """

    flip: str
    """`switch=side`, or `move=name` for a change in the account."""
    verdict: str
    reason: str
    part: int | None = None
    documented: str | None = None
    until_then: Any = None


@cache
def known() -> dict[str, Known]:
    """Return every entry by its flip. Raise ValueError for two entries of one flip."""
    entries = [Known(**entry) for entry in yaml.safe_load(FILE.read_text("utf-8"))]
    by_flip = {entry.flip: entry for entry in entries}
    if len(by_flip) != len(entries):
        raise ValueError(f"{FILE.name} lists a flip twice")
    return by_flip


def milder_sides() -> dict[str, Any]:
    """Return the switches whose default side is a known fault, with the side to use until it is fixed."""
    return {
        entry.flip.partition("=")[0]: entry.until_then for entry in known().values() if entry.until_then is not None
    }


def switch_arguments() -> list[str]:
    """Return the milder sides as options of `python -m hotmart_simulator`, for simulators in other processes."""
    return [part for name, side in milder_sides().items() for part in ("--switch", f"{name}={side}")]


def excluded_moves() -> frozenset[str]:
    """Return the moves that the fixed history leaves out, because they lose rows under all sides."""
    return frozenset(flip.partition("=")[2] for flip in known() if flip.startswith("move="))
