"""The table of targets: rows, their figures and verdicts, as Markdown and in its document."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Verdict(Enum):
    """Whether a target is met."""

    MET = "yes"
    MISSED = "**no**"
    NO_TARGET = "no target"

    @classmethod
    def of(cls, is_met: bool) -> Verdict:
        return cls.MET if is_met else cls.MISSED


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    target: str
    figure: str
    verdict: Verdict
    how: str
    """What was counted and how, in a few words."""

    @property
    def cells(self) -> tuple[str, ...]:
        return self.what, self.target, self.figure, self.verdict.value, self.how


HEAD = ("What", "Target", "Figure", "Met", "How")


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table. Bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def median(values: Sequence[float]) -> float:
    """Return the median of several rounds, because one disturbed round does not move it."""
    return statistics.median(values)


def spread(values: Sequence[float], unit: str) -> str:
    """Return the median, the smallest and the largest of several rounds."""
    if len(values) == 1:
        return f"{values[0]:.1f} {unit}"
    return f"{median(values):.1f} {unit} ({min(values):.1f} to {max(values):.1f})"


def markers(section: str) -> tuple[str, str]:
    """Return the comments at the start and end of a section of the document."""
    return f"<!-- bench {section} -->", f"<!-- end {section} -->"


def replace_section(document: Path, section: str, text: str) -> None:
    """Write a section between its markers. Raise `ValueError` when the document has no such markers."""
    begin, end = markers(section)
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    old = document.read_text(encoding="utf-8")
    new, found = pattern.subn(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", old)
    if found != 1:
        raise ValueError(f"{document} has not one section {section}, but {found}")
    document.write_text(new, encoding="utf-8")
