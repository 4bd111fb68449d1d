"""Peak memory and the cost per row, in a small and in a large account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tools.bench import clients
from tools.bench.bench import Bench, Measured
from tools.bench.failure import BenchFailed
from tools.bench.processes import Usage, measure
from tools.bench.servers import Replay
from tools.bench.table import Row, Verdict, markdown

LARGE: Final = 1_000_000
MIDDLE: Final = 100_000
SMALL: Final = 20_000
MOST_MIB: Final = 180
DRIFT: Final = 0.05
GROWTH: Final = 1.1
ONE: Final = ("sales_history",)
LISTS: Final = ("subscriptions", "subscription_transactions")
"""Lists to read: one whole list, and the charges of one date range."""


@dataclass(frozen=True)
class Read:
    """One first read."""

    usage: Usage
    calls: int


def run(bench: Bench) -> Measured:
    """Run first reads of accounts that differ only in size."""
    alone = {sales: _read(bench, sales, ONE) for sales in (0, SMALL, MIDDLE, LARGE)}
    together = {sales: _read(bench, sales, clients.SALES_STREAMS) for sales in (MIDDLE, LARGE)}
    sizes = {"sales_history alone": alone, "the four views of a sale": together}
    sizes |= {name: {rows: _read_list(bench, rows, name) for rows in (MIDDLE, LARGE)} for name in LISTS}
    rows = [
        memory_row(name, {sales: reads[sales].usage.peak_mib for sales in (MIDDLE, LARGE)})
        for name, reads in sizes.items()
    ]
    rows += growth_rows(
        {sales: read.usage.cpu_s for sales, read in alone.items()}, {sales: read.calls for sales, read in alone.items()}
    )
    return Measured(rows, {"memory": _details(sizes)})


def _read(bench: Bench, sales: int, streams: Sequence[str]) -> Read:
    bench.tell(f"memory: {sales:,} sales, {len(streams)} streams")
    with Replay(sales, bench.folder, over_tls=True) as replay:
        usage = measure(clients.connector(bench.folder, replay.config, streams), replay.environment, bench.folder)
        if streams == ONE and usage.records != sales:
            raise BenchFailed(f"{usage.records} records of {sales} sales")
        return Read(usage, replay.calls())


def _read_list(bench: Bench, rows: int, stream: str) -> Read:
    bench.tell(f"memory: {rows:,} rows of {stream}")
    with Replay(0, bench.folder, subscriptions=rows + 1, over_tls=True) as replay:  # a round total may be a cap
        usage = measure(clients.connector(bench.folder, replay.config, (stream,)), replay.environment, bench.folder)
        return Read(usage, replay.calls())


def memory_row(name: str, peak_mib: Mapping[int, float]) -> Row:
    """Return the largest peak, and the difference between the two."""
    small, large = peak_mib[MIDDLE], peak_mib[LARGE]
    apart = abs(large - small) / small
    return Row(
        f"memory, {name}",
        f"below {MOST_MIB} MiB, and equal within {DRIFT:.0%} at {MIDDLE:,} and {LARGE:,} rows",
        f"{small:.0f} and {large:.0f} MiB ({apart:.0%} apart)",
        Verdict.of(max(small, large) < MOST_MIB and apart <= DRIFT),
        "first incremental read over TLS, peak RSS of the process, by wait4 of a parent of a few MiB",
    )


def growth_rows(cpu_s: Mapping[int, float], calls: Mapping[int, int]) -> list[Row]:
    """Return the cost per row in the large account relative to the small one, without the start-up.

    The start-up weighs more in the small account. With it, the ratio would fall far below one and prove nothing.
    """
    started_s = cpu_s[0]
    seconds = {sales: (cpu_s[sales] - started_s) / sales for sales in (SMALL, LARGE)}
    with_start = (cpu_s[LARGE] / LARGE) / (cpu_s[SMALL] / SMALL)
    without = seconds[LARGE] / seconds[SMALL]
    call_ratio = (calls[LARGE] / LARGE) / (calls[SMALL] / SMALL)
    return [
        Row(
            "growth of CPU a row",
            f"below {GROWTH}",
            f"{without:.2f} ({seconds[LARGE] * 1e6:.0f} against {seconds[SMALL] * 1e6:.0f} µs, with start-up "
            f"{with_start:.2f})",
            Verdict.of(max(without, with_start) < GROWTH),
            f"{LARGE:,} sales against {SMALL:,}, without the CPU of reading an empty account ({started_s:.1f} s)",
        ),
        Row(
            "growth of calls a row",
            f"below {GROWTH}",
            f"{call_ratio:.2f} ({calls[LARGE]:,} against {calls[SMALL]:,} calls)",
            Verdict.of(call_ratio < GROWTH),
            "the same reads",
        ),
    ]


def _details(sizes: Mapping[str, Mapping[int, Read]]) -> str:
    head = ("Streams", "Rows of one stream", "Peak memory", "CPU", "Elapsed", "Records", "Calls")
    return markdown(
        head,
        [
            (
                name,
                f"{sales:,}",
                f"{read.usage.peak_mib:.0f} MiB",
                f"{read.usage.cpu_s:.1f} s",
                f"{read.usage.wall_s:.1f} s",
                f"{read.usage.records:,}",
                f"{read.calls:,}",
            )
            for name, reads in sizes.items()
            for sales, read in reads.items()
        ],
    )
