"""Read and set the version in every file that names it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SEMANTIC: Final = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Place:
    """A file that names the version, and a pattern for its lines. The first match counts."""

    path: str
    pattern: str
    is_written_by_hand: bool = False
    """Whether the line belongs to an entry about changes, which no command can write."""

    def version(self, root: Path) -> str | None:
        """Return the version in the file, or `None` where there is none."""
        found = re.search(self.pattern, (root / self.path).read_text(encoding="utf-8"), re.MULTILINE)
        return found["version"] if found else None

    def write(self, root: Path, version: str) -> None:
        """Replace the version in the file."""
        path = root / self.path
        text = path.read_text(encoding="utf-8")
        found = re.search(self.pattern, text, re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.path}: no line like {self.pattern}")
        path.write_text(text[: found.start("version")] + version + text[found.end("version") :], encoding="utf-8")


PLACES: Final = (
    Place("pyproject.toml", r'^version = "(?P<version>[^"]+)"$'),
    Place("metadata.yaml", r"^  dockerImageTag: (?P<version>\S+)$"),
    Place("Dockerfile", r"^ARG VERSION=(?P<version>\S+)"),
    Place("docs/hotmart-skill.md", r"^- Airbyte source connector for Hotmart, version (?P<version>\S+)$"),
    Place("CHANGELOG.md", r"^## (?P<version>\d\S*)", is_written_by_hand=True),
    Place("docs/hotmart.md", r"^\| (?P<version>\d+\.\d+\.\d+) \|", is_written_by_hand=True),
)
"""The two files written by hand have their newest entries first."""


def set_version(root: Path, version: str) -> None:
    """Set another version in every file that a command can edit."""
    if not SEMANTIC.fullmatch(version):
        raise ValueError(f"{version} is not a version of three numbers, such as 1.0.0")
    for place in PLACES:
        if not place.is_written_by_hand:
            place.write(root, version)


def disagreements(root: Path) -> Iterator[str]:
    """Return one sentence for each file whose version differs from pyproject.toml."""
    expected = PLACES[0].version(root)
    for place in PLACES:
        found = place.version(root)
        if found != expected:
            what = "write its entry" if place.is_written_by_hand else "run make version"
            yield f"{place.path} names {found}, and {PLACES[0].path} {expected}: {what}"
