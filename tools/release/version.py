"""The places that name the version, read and set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SEMANTIC: Final = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Place:
    """A file that names the version, and the lines in which it does; of several, the first counts."""

    path: str
    pattern: str
    is_written_by_hand: bool = False
    """An entry that says what changed, which no command can write."""

    def version(self, root: Path) -> str | None:
        """The version that stands there; `None` where there is none."""
        found = re.search(self.pattern, (root / self.path).read_text(encoding="utf-8"), re.MULTILINE)
        return found["version"] if found else None

    def write(self, root: Path, version: str) -> None:
        """Replace the version that stands there."""
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
"""Newest entries stand first in the two that are written by hand."""


def set_version(root: Path, version: str) -> None:
    """Name another version in every place that a command can write."""
    if not SEMANTIC.fullmatch(version):
        raise ValueError(f"{version} is not a version of three numbers, such as 1.0.0")
    for place in PLACES:
        if not place.is_written_by_hand:
            place.write(root, version)


def disagreements(root: Path) -> Iterator[str]:
    """One sentence for each place that names another version than pyproject.toml."""
    expected = PLACES[0].version(root)
    for place in PLACES:
        found = place.version(root)
        if found != expected:
            what = "write its entry" if place.is_written_by_hand else "run make version"
            yield f"{place.path} names {found}, and {PLACES[0].path} {expected}: {what}"
