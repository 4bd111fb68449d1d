"""Split a Markdown document into sections, so that another document can include them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

FOLDED = re.compile(r"^<details>\n|^</details>\n|^<summary>\n.*?^</summary>\n", re.DOTALL | re.MULTILINE)
"""HTML tags that fold up a part of a page in a browser."""


@dataclass(frozen=True)
class Section:
    """A heading and the text below it, up to the next heading of any level."""

    level: int
    heading: str
    text: str


def sections(path: Path, links_from: Path) -> Iterator[Section]:
    """Return every section of a document, with its links adapted to another document's folder."""
    text = FOLDED.sub("", path.read_text("utf-8"))
    lines: list[str] = []
    level, heading, in_code = 0, "", False
    for line in text.splitlines():
        in_code ^= line.lstrip().startswith("```")
        found = None if in_code else re.fullmatch(r"(#+) (.+)", line)
        if not found:
            lines.append(line)
            continue
        if level:
            yield Section(level, heading, _linked("\n".join(lines).strip(), path, links_from))
        level, heading, lines = len(found[1]), found[2], []
    if level:
        yield Section(level, heading, _linked("\n".join(lines).strip(), path, links_from))


def section(path: Path, heading: str, links_from: Path) -> Section:
    """Return the one section with this heading. Raise `ValueError` where there is none, or several."""
    found = [item for item in sections(path, links_from) if item.heading == heading]
    if len(found) != 1:
        raise ValueError(f"{path.name} has {len(found)} sections named {heading!r}, and one is needed")
    return found[0]


def without_tables(text: str, column: str) -> str:
    """Return the text without the tables that have a column of this name."""
    blocks = re.split(r"\n{2,}", text)
    kept = [block for block in blocks if not (block.startswith("|") and f"| {column} |" in block.splitlines()[0])]
    return "\n\n".join(kept)


def compact_tables(text: str) -> str:
    """Return the text without the spaces around the cells of its tables."""
    return re.sub(r"^\|.*\|$", lambda found: re.sub(r" *(?<!\\)\| *", "|", found[0]), text, flags=re.MULTILINE)


def _linked(text: str, path: Path, links_from: Path) -> str:
    """Return a text with its relative links adapted to another folder."""

    def link(found: re.Match[str]) -> str:
        target = found[1]
        if "://" in target:
            return found[0]
        file, mark, anchor = target.partition("#")
        there = (path.parent / file if file else path).relative_to(ROOT)
        here = links_from.parent.relative_to(ROOT)
        return f"]({posixpath.relpath(there.as_posix(), here.as_posix())}{mark}{anchor})"

    return re.sub(r"\]\(([^)\s]+)\)", link, text)
