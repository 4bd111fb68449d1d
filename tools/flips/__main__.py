"""Play the whole flip matrix, write its page, and fail for a side that is silent and not listed."""

import argparse
import os
import sys
import time
from collections import Counter

from tools.flips.known import known
from tools.flips.matrix import Result, Verdict, flips, judge_all, unknown_names
from tools.flips.page import PAGE, page


def problems(results: list[Result]) -> list[str]:
    """Return the mistakes in the results, one line each: flips that differ from the list, entries without a flip."""
    found = [f"known.yaml lists {name}, which is neither a side nor a move" for name in unknown_names()]
    for result in results:
        entry = known().get(result.flip)
        listed = entry.verdict if entry is not None else None
        if result.verdict is Verdict.SILENT and listed != Verdict.SILENT:
            found.append(f"{result.flip} loses rows in silence: {result.figures}")
        elif listed == Verdict.DOCUMENTED and result.verdict is Verdict.EQUAL:
            continue  # this history does not meet the documented limit
        elif (listed or Verdict.EQUAL) != result.verdict:
            known_as = f"lists {result.flip} as {listed}" if listed else f"does not list {result.flip}"
            found.append(f"known.yaml {known_as}, but it is {result.verdict}: {result.figures}")
    return found


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.flips", description=__doc__)
    parser.add_argument("--only", default="", help="flips whose name contains this text, without the page")
    parser.add_argument("--check", action="store_true", help="compare the page instead of writing it")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    names = [name for name in flips() if asked.only in name]
    began_s = time.monotonic()
    results = []
    for result in judge_all(names, asked.processes):
        results.append(result)
        if asked.only or result.verdict is not Verdict.EQUAL:
            print(f"{result.verdict:10} {result.flip}: {result.figures[:300]}")
    counts = Counter(result.verdict for result in results)
    print(f"{len(results)} flips in {time.monotonic() - began_s:.0f} s: {dict(counts)}")
    found = problems(results)
    if not asked.only:
        text = page(results)
        if not asked.check:
            PAGE.parent.mkdir(parents=True, exist_ok=True)
            PAGE.write_text(text, encoding="utf-8")
        elif not PAGE.exists() or PAGE.read_text("utf-8") != text:
            found.append(f"{PAGE.name} is out of date: run `make flips`")
    for line in found:
        print(f"flips: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
