"""`make release-check`, `make packages` and `make version VERSION=1.0.0`."""

import argparse
import sys
from pathlib import Path

from tools.release.notes import mistakes_of_tag, release_notes
from tools.release.package import NotReleasable, build, check
from tools.release.version import PLACES, disagreements, set_version

ROOT = Path(__file__).parent.parent.parent


def write_version(version: str) -> int:
    """Write another version into every file that a command can edit."""
    set_version(ROOT, version)
    by_hand = " and ".join(place.path for place in PLACES if place.is_written_by_hand)
    print(f"release: the version is {version}; its entry in {by_hand} is yours to write")
    return 0


def write_packages(folder: Path) -> int:
    """Write the wheel, the sdist and the release notes into a folder."""
    notes = release_notes(ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    packages = build(ROOT, folder.resolve())
    (folder / "notes.md").write_text(notes, encoding="utf-8")
    print(f"release: {' and '.join(package.name for package in packages)} and notes.md are in {folder}")
    return 0


def check_release(tag: str | None) -> int:
    """Check the version, the tag if there is one, and both packages."""
    wrong = [*disagreements(ROOT), *(mistakes_of_tag(ROOT, tag) if tag else ())]
    for sentence in wrong:
        print(f"release: {sentence}", file=sys.stderr)
    check(ROOT)
    if not wrong:
        print(f"release: {PLACES[0].version(ROOT)} in {len(PLACES)} places; wheel and sdist install and run spec")
    return 1 if wrong else 0


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("--set-version", metavar="VERSION", help="write another version into every place, and end")
    parser.add_argument("--packages", metavar="FOLDER", type=Path, help="write packages and release notes, and end")
    parser.add_argument("--tag", help="check the tag of the release too")
    asked = parser.parse_args()
    try:
        if asked.set_version:
            return write_version(asked.set_version)
        if asked.packages:
            return write_packages(asked.packages)
        return check_release(asked.tag)
    except (NotReleasable, ValueError) as problem:
        print(f"release: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
