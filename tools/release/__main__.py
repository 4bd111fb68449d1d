"""`make release-check` and `make version VERSION=1.0.0`."""

import argparse
import sys
from pathlib import Path

from tools.release.package import NotReleasable, check
from tools.release.version import PLACES, disagreements, set_version

ROOT = Path(__file__).parent.parent.parent


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("--set-version", metavar="VERSION", help="write another version into every place, and end")
    asked = parser.parse_args()
    if asked.set_version:
        try:
            set_version(ROOT, asked.set_version)
        except ValueError as mistake:
            print(f"release: {mistake}", file=sys.stderr)
            return 1
        by_hand = " and ".join(place.path for place in PLACES if place.is_written_by_hand)
        print(f"release: the version is {asked.set_version}; its entry in {by_hand} is yours to write")
        return 0
    wrong = list(disagreements(ROOT))
    for sentence in wrong:
        print(f"release: {sentence}", file=sys.stderr)
    try:
        check(ROOT)
    except NotReleasable as problem:
        print(f"release: {problem}", file=sys.stderr)
        return 1
    if not wrong:
        print(f"release: {PLACES[0].version(ROOT)} in {len(PLACES)} places; wheel and sdist install and run spec")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
