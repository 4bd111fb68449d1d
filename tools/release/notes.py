"""The notes of a release, taken from its section of CHANGELOG.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.release.version import PLACES

CHANGELOG: Final = "CHANGELOG.md"
UNRELEASED: Final = "Unreleased"


def sections(root: Path) -> dict[str, str]:
    """Return the text of each section of the changelog by its heading."""
    parts = re.split(r"^## (.+)\n", (root / CHANGELOG).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {heading: text.strip() for heading, text in zip(parts[::2], parts[1::2], strict=True)}


def release_notes(root: Path) -> str:
    """Return what the changelog says about the version in pyproject.toml. Raise `ValueError` if it says nothing."""
    version = str(PLACES[0].version(root))
    notes = sections(root).get(version)
    if not notes:
        raise ValueError(f"{CHANGELOG} has nothing under {version}")
    return notes + "\n"


def mistakes_of_tag(root: Path, tag: str) -> Iterator[str]:
    """Yield one sentence for each reason not to release this version under a tag."""
    expected = f"v{PLACES[0].version(root)}"
    if tag != expected:
        yield f"the tag {tag} is not {expected}, the version in {PLACES[0].path}: push the tag {expected}"
    if sections(root).get(UNRELEASED):
        yield f"{CHANGELOG} has entries under {UNRELEASED}: move them to the section of the version"
