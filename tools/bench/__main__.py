"""Measure every target of docs/development/benchmarks.md, print the table and write it there, in about 45 minutes."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools.bench.bench import Bench, Measured
from tools.bench.failure import BenchFailed
from tools.bench.machine import load, machine_class
from tools.bench.rows import cpu, memory, quota, refused, schedule, start, syncs
from tools.bench.table import HEAD, markdown, replace_section

DOCUMENT: Final = Path("docs/development/benchmarks.md")
PARTS: Final[dict[str, Callable[[Bench], Measured]]] = {
    "cpu": cpu.run,
    "memory": memory.run,
    "quota": quota.run,
    "workers": quota.run_workers,
    "refusals": refused.run,
    "calls": syncs.run,
    "start": start.run,
    "schedule": schedule.run,
}


def parts(text: str) -> list[str]:
    """Return the names of the parts in a comma-separated text, or all parts for an empty one."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(PARTS)}")
    return names or list(PARTS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--only", type=parts, default=list(PARTS), help="parts, such as cpu,memory (default all)")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help=f"to be brought up to date ({DOCUMENT})")
    parser.add_argument("--dry-run", action="store_true", help="print only, write no document")
    asked = parser.parse_args()
    began_s = time.monotonic()

    def tell(text: str) -> None:
        print(f"bench {time.monotonic() - began_s:6.0f} s  {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in asked.only:
            busy = load()
            try:
                measured = PARTS[name](Bench(Path(folder), tell))
            except BenchFailed as failure:
                print(f"bench: {name}: {failure}", file=sys.stderr)
                return 1
            sections = _sections(name, measured, busy)
            for section, text in sections.items():
                print(f"\n{text}", flush=True)
                if not asked.dry_run:
                    replace_section(asked.document, section, text)
    return 0


def _sections(name: str, measured: Measured, busy: str) -> dict[str, str]:
    """Return the text of each section of the document that this part fills."""
    stamp = f"{datetime.now(UTC):%Y-%m-%d}, {machine_class()}. Load average before: {busy}."
    text = markdown(HEAD, (row.cells for row in measured.rows)) if measured.rows else ""
    details = "\n\n".join(measured.details.values())
    return {name: "\n\n".join(part for part in (stamp, text, details) if part)}


if __name__ == "__main__":
    sys.exit(main())
