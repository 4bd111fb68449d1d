"""What every measurement is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.table import Row


@dataclass(frozen=True)
class Bench:
    """Where files go, and who is told how far it is."""

    folder: Path
    tell: Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """Rows of the table of targets, and further tables by the section of the document they stand in."""

    rows: list[Row]
    details: dict[str, str] = field(default_factory=dict)
