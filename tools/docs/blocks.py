"""The blocks of code of a Markdown document, and the commands of a console block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tools.docs.document import ROOT

DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "hotmart_simulator" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
"""Every document whose blocks a test executes."""


@dataclass(frozen=True)
class Block:
    """A block of code in a document."""

    document: Path
    heading: str
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the output that the document shows below it."""

    line: str
    output: str


def blocks(document: Path) -> list[Block]:
    """Return the blocks of a document in order, without the indentation that they have in a list."""
    found: list[Block] = []
    heading, language = "", None
    lines: list[str] = []
    for line in document.read_text("utf-8").splitlines():
        fence = re.match(r"\s*```(\w*)$", line)
        if fence and language is None:
            language, lines = fence[1], []
        elif fence:
            found.append(Block(document, heading, str(language), dedent("\n".join(lines))))
            language = None
        elif language is not None:
            lines.append(line)
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    return found


def commands(block: Block) -> list[Command]:
    """Return the commands of a console block, each with its continuation lines."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    found = []
    for part in parts:
        line, _, output = re.sub(r"\\\n\s*", "", part).partition("\n")
        found.append(Command(line.strip(), output.strip()))
    return found
