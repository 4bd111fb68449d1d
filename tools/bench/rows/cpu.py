"""Records per CPU second: the connector, the low-code manifest and the floor, in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tools.bench import clients
from tools.bench.bench import Bench, Measured
from tools.bench.failure import BenchFailed
from tools.bench.processes import KeyCounter, Usage, measure
from tools.bench.servers import Replay
from tools.bench.table import Row, Verdict, markdown, median, spread

SALES: Final = 400_000
ROUNDS: Final = 3
STREAM: Final = "sales_history"
LOW_CODE_TIMES: Final = 3.0
FLOOR_TIMES: Final = 3.0
NAMES: Final = {"connector": "this connector", "low-code": "low-code manifest", "floor": "floor"}


def run(bench: Bench) -> Measured:
    """Run one unmeasured round that counts distinct sales, then several measured ones."""
    with Replay(SALES, bench.folder) as replay:
        commands = {
            "connector": clients.connector(bench.folder, replay.config, [STREAM]),
            "low-code": clients.low_code(bench.folder, replay.config, replay.url, [STREAM]),
            "floor": clients.floor(bench.folder, replay.config),
        }
        calls = {}
        for name, command in commands.items():
            bench.tell(f"cpu: {NAMES[name]}, distinct sales")
            counter = KeyCounter()
            measure(command, replay.environment, bench.folder, counter)
            calls[name] = replay.calls()
            if (counter.records, counter.distinct[STREAM]) != (SALES, SALES):
                raise BenchFailed(f"{name} printed {counter.records} records of {counter.distinct[STREAM]} sales")
        usages: dict[str, list[Usage]] = {name: [] for name in commands}
        for number in range(1, ROUNDS + 1):
            for name, command in commands.items():
                bench.tell(f"cpu: {NAMES[name]}, round {number} of {ROUNDS}")
                usages[name].append(measure(command, replay.environment, bench.folder))
        size = replay.ready["mean_bytes"][STREAM]
    return Measured(
        rows_of({name: [usage.cpu_s for usage in runs] for name, runs in usages.items()}),
        {"cpu": f"{SALES:,} sales of {size:,.0f} bytes, {ROUNDS} rounds.\n\n" + _details(usages, calls)},
    )


def rows_of(cpu_s: Mapping[str, Sequence[float]]) -> list[Row]:
    """Return the two comparisons, from CPU seconds by client."""
    ours, low_code, floor = (median(cpu_s[name]) for name in NAMES)
    faster, dearer = low_code / ours, ours / floor
    how = f"CPU of the whole process, medians of {len(cpu_s['connector'])} rounds in turn: {SALES:,} sales of 1 KB"
    return [
        Row(
            "records per CPU second against low-code",
            f"at least {LOW_CODE_TIMES:.0f} times",
            f"{faster:.2f} times ({SALES / ours:,.0f} against {SALES / low_code:,.0f})",
            Verdict.of(faster >= LOW_CODE_TIMES),
            how,
        ),
        Row(
            "CPU against the floor",
            f"at most {FLOOR_TIMES:.0f} times",
            f"{dearer:.2f} times ({ours:.1f} s against {floor:.1f} s)",
            Verdict.of(dearer <= FLOOR_TIMES),
            how,
        ),
    ]


def _details(usages: Mapping[str, Sequence[Usage]], calls: Mapping[str, int]) -> str:
    head = ("Client", "CPU", "Records per CPU second", "Elapsed", "Peak memory", "Calls")
    return markdown(
        head,
        [
            (
                NAMES[name],
                spread([run.cpu_s for run in runs], "s"),
                f"{SALES / median([run.cpu_s for run in runs]):,.0f}",
                f"{median([run.wall_s for run in runs]):.1f} s",
                f"{max(run.peak_mib for run in runs):.0f} MiB",
                f"{calls[name]:,}",
            )
            for name, runs in usages.items()
        ],
    )
