"""Generate `docs/development/beliefs.md`: every assumption that may be wrong, and how the connector behaves then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hotmart_simulator.register import load
from tools.flips.known import known
from tools.flips.matrix import BASELINE, Flip, Result, Verdict, flips

PAGE: Final = Path(__file__).parents[2] / "docs" / "development" / "beliefs.md"
MARKS: Final[Mapping[str, str]] = {
    "OD": "official documentation",
    "RR": "a real response",
    "TP": "other projects' code",
    "CON": "sources disagree",
    "INF": "inferred",
    "none": "nothing found",
}
AREAS: Final[Mapping[str, str]] = {
    "login": "Login and rate limit",
    "user": "Account",
    "server": "Requests and pages",
    "sales": "Sales",
    "subscriptions": "Subscriptions",
    "products": "Products",
    "coupons": "Coupons",
    "members_area": "Members areas",
    "events": "Events",
}
HEAD: Final = """# What the connector takes for granted about Hotmart

Made by `make flips`. Change `hotmart_simulator/register.yaml` or `tools/flips/known.yaml`, not this page.

Hotmart's documentation leaves much open. The simulator's register lists each belief with its source and every side
that may be true instead. For each of these sides a fixed history is played: a full read, three daily syncs and a
monthly one, with changes of every kind between them. Then every row is compared with what Hotmart holds.

| Verdict | Meaning |
|---|---|
| equal | Every row arrives. |
| loud | The sync fails or warns, and names the stream. |
| documented | Rows are missing or old as [late-changes.md](late-changes.md) says. |
| silent | Rows are missing or old, and nothing says so. The part of version 1.1 that mends it is named. |
"""


def page(results: Sequence[Result]) -> str:
    """Return the whole page for the results of all flips."""
    by_name = {result.flip: result for result in results}
    counts = Counter(result.verdict for result in results if result.flip != BASELINE)
    certain = sum(not belief.sides for belief in load())
    lines = [
        HEAD,
        f"{len(load())} beliefs, {certain} of them with one side only. {counts.total()} flips: "
        + ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
        + ".",
    ]
    for area, title in AREAS.items():
        rows = [_row(flip, by_name[name]) for name, flip in flips().items() if _area(flip) == area]
        if rows:
            lines += [
                "",
                f"## {title}",
                "",
                "| If instead | Belief rests on | Verdict | Streams |",
                "|---|---|---|---|",
            ]
            lines += rows
    moves = [_row(flip, by_name[name]) for name, flip in flips().items() if name.startswith("move=")]
    if moves:
        lines += ["", "## Changes of the account that are not read", "", "| Change | | Verdict | Streams |"]
        lines += ["|---|---|---|---|", *moves]
    return "\n".join(lines) + "\n"


def _area(flip: Flip) -> str:
    return "" if flip.belief is None else flip.belief.where


def _row(flip: Flip, result: Result) -> str:
    marks = "" if flip.belief is None else ", ".join(MARKS[mark] for mark in flip.belief.mark)
    entry = known().get(flip.name)
    verdict = f"{result.verdict} (part {entry.part})" if entry is not None and entry.part else str(result.verdict)
    streams = ", ".join(f"`{stream}`" for stream in result.streams)
    return f"| {flip.sentence} (`{flip.name}`) | {marks} | {verdict} | {streams} |"
