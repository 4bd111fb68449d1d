"""Time to the first record, and the cost of `spec`, both compared with importing the CDK."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.bench import clients
from tools.bench.bench import Bench, Measured
from tools.bench.failure import BenchFailed
from tools.bench.processes import measure
from tools.bench.servers import Account
from tools.bench.table import Row, Verdict, median, spread

ROUNDS: Final = 5
SALES: Final = 4_000
LATENCY_S: Final = 0.6
GRACE_S: Final = 1.0
SPEC_TIMES: Final = 1.15
IMPORT: Final = (sys.executable, "-c", "import airbyte_cdk.entrypoint")


def run(bench: Bench) -> Measured:
    """Run several rounds of import, `spec` and first record in turn."""
    spec = [str(Path(sys.executable).with_name("source-hotmart")), "spec"]
    import_cpu_s, import_wall_s, spec_cpu_s, first_s = [], [], [], []
    with Account(SALES, bench.folder, latency_ms=round(LATENCY_S * 1000)) as account:
        read = clients.connector(bench.folder, account.config, clients.SALES_STREAMS)
        for number in range(1, ROUNDS + 1):
            bench.tell(f"start: round {number} of {ROUNDS}")
            imported = measure(IMPORT, dict(os.environ), bench.folder)
            import_cpu_s.append(imported.cpu_s)
            import_wall_s.append(imported.wall_s)
            spec_cpu_s.append(measure(spec, dict(os.environ), bench.folder).cpu_s)
            usage = measure(read, account.environment, bench.folder)
            if usage.first_record_s is None:
                raise BenchFailed("no record came")
            first_s.append(usage.first_record_s)
    return Measured([first_row(first_s, import_wall_s), spec_row(spec_cpu_s, import_cpu_s)])


def first_row(first_s: Sequence[float], import_s: Sequence[float]) -> Row:
    """Return the time from the start of the process to the first record on stdout."""
    bound_s = median(import_s) + GRACE_S + LATENCY_S
    return Row(
        "first record",
        "within the CDK's import + 1 s + one page's latency",
        f"{spread(first_s, 's')}, of {bound_s:.1f} s",
        Verdict.of(median(first_s) <= bound_s),
        f"first read of four streams at 600 ms, median of {len(first_s)}. The import takes {median(import_s):.1f} s",
    )


def spec_row(spec_s: Sequence[float], import_s: Sequence[float]) -> Row:
    """Return the CPU time of `spec`, which a platform calls often."""
    times = median(spec_s) / median(import_s)
    return Row(
        "`spec`",
        f"at most {SPEC_TIMES} times the CPU of importing `airbyte_cdk.entrypoint`",
        f"{times:.2f} times ({median(spec_s):.2f} s against {median(import_s):.2f} s)",
        Verdict.of(times <= SPEC_TIMES),
        f"CPU of whole processes, medians of {len(spec_s)} rounds in turn",
    )
