"""The context that every measurement receives, and the result that it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.table import Row


@dataclass(frozen=True)
class Bench:
    """The folder for files, and the function that reports progress."""

    folder: Path
    tell: Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """Rows of the table of targets, and further tables by the section of the document that holds them."""

    rows: list[Row]
    details: dict[str, str] = field(default_factory=dict)
