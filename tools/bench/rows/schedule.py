"""When each stream ends at the real quota, with nine streams selected and with all streams of the catalog."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from source_hotmart.catalog import CLASSES
from tools.bench import clients
from tools.bench.bench import Bench, Measured
from tools.bench.calls import MINUTE_S
from tools.bench.failure import BenchFailed
from tools.bench.processes import EndKeeper, measure
from tools.bench.rows.syncs import NINE
from tools.bench.servers import Account
from tools.bench.table import Row, Verdict, markdown
from tools.demo.calls import count_calls

SALES: Final = 20_000
SUBSCRIPTIONS: Final = 1_200
STUDENTS: Final = 700
LATENCY_MS: Final = 300
MOST_TIMES: Final = 1.3
BEGIN_AT_S: Final = 57
"""Second of the clock minute, so that both reads begin with a whole minute of quota after importing the CDK."""
PICTURE: Final = Path("docs/development/schedule.svg")
DRAWING: Final = (".venv-bench/bin/python", "-m", "tools.bench.picture")


@dataclass(frozen=True)
class Read:
    """One first read: its requests, and when each stream ended, counted from the start of the first stream."""

    ended_s: Mapping[str, float]
    requests: Mapping[str, int]


def run(bench: Bench) -> Measured:
    """Run both reads one after the other, and draw a picture of them."""
    nine = _read(bench, NINE)
    every = _read(bench, list(CLASSES))
    title = f"When each stream ends: {SALES:,} sales, {SUBSCRIPTIONS:,} subscriptions, {STUDENTS:,} students"
    draw(title, nine.ended_s, every.ended_s)
    text = f"![When each stream ends]({PICTURE.name})\n\n{_details(nine, every)}"
    return Measured(rows_of(nine.ended_s, every.ended_s), {"schedule": text})


def _read(bench: Bench, streams: Sequence[str]) -> Read:
    sizes = {"latency_ms": LATENCY_MS, "subscriptions": SUBSCRIPTIONS, "students": STUDENTS}
    with Account(SALES, bench.folder, **sizes) as account:
        bench.tell(f"schedule: {len(streams)} streams")
        time.sleep((BEGIN_AT_S - time.time()) % MINUTE_S)
        keeper = EndKeeper()
        measure(clients.connector(bench.folder, account.config, streams), account.environment, bench.folder, keeper)
        paths: dict[str, Counter[str]] = {}
        for call in account.calls():
            paths.setdefault(call.path, Counter())[str(call.status)] += 1
    begun_s = min(keeper.began_s.values())
    ended_s = {name: at_s - begun_s for name, at_s in keeper.ended_s.items()}
    return Read(ended_s, count_calls(paths).by_stream)


def rows_of(nine_s: Mapping[str, float], all_s: Mapping[str, float]) -> list[Row]:
    """Return how much later each of the nine streams ends when all are selected, and the total durations."""
    times = {name: all_s[name] / max(nine_s[name], 1.0) for name in nine_s}
    latest = max(times, key=times.__getitem__)
    last = max(nine_s, key=all_s.__getitem__)
    how = (
        f"{SALES:,} sales, {SUBSCRIPTIONS:,} subscriptions, {STUDENTS:,} students, 500 a minute, {LATENCY_MS} ms a page"
    )
    return [
        Row(
            "the nine streams beside all others",
            f"each ends within {MOST_TIMES} times its time alone",
            f"{times[latest]:.2f} times ({latest}: {all_s[latest]:.0f} against {nine_s[latest]:.0f} s)",
            Verdict.of(times[latest] <= MOST_TIMES),
            how,
        ),
        Row(
            "the last of the nine beside all others",
            "none",
            f"{last} after {all_s[last]:.0f} of {max(all_s.values()):.0f} s",
            Verdict.NO_TARGET,
            how,
        ),
    ]


def draw(title: str, nine_s: Mapping[str, float], all_s: Mapping[str, float]) -> None:
    """Write the picture. Raise `BenchFailed` without the environment that draws it."""
    asked = orjson.dumps({"title": title, "nine": dict(nine_s), "all": dict(all_s)})
    try:
        drawn = subprocess.run(DRAWING, input=asked, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise BenchFailed(f"the picture could not be drawn, make .venv-bench/.ready first: {problem}") from None
    PICTURE.write_bytes(drawn.stdout)


def _details(nine: Read, every: Read) -> str:
    head = ("Stream", "Only the nine", "All streams", "Times", "Requests")
    lines = []
    for name in sorted(every.ended_s, key=every.ended_s.__getitem__):
        alone_s = nine.ended_s.get(name)
        alone = ("", "") if alone_s is None else (f"{alone_s:.1f} s", f"{every.ended_s[name] / max(alone_s, 1.0):.2f}")
        lines.append((name, alone[0], f"{every.ended_s[name]:.1f} s", alone[1], str(every.requests[name])))
    return markdown(head, lines)
