"""The part of the quota that a first read uses, also by the number of parallel requests."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Final

from tools.bench.bench import Bench, Measured
from tools.bench.calls import MINUTE_S, Call, answered, refusals
from tools.bench.paced import Outcome, Setting, read_side_by_side
from tools.bench.table import Row, Verdict, markdown

MINUTES: Final = 3
LIMIT: Final = 500
FOUR_STREAMS: Final = 0.95
ONE_STREAM: Final = 0.80
LATENCIES_MS: Final = (300, 600, 1500)
WORKERS: Final = (4, 8, 12, 16, 24, 32)
ALONE: Final = Setting("sales_history alone, 600 ms a page", streams=("sales_history",))
HOW: Final = (
    "answered calls in the first three whole clock minutes of a first read. The minute of the start, with its burst, "
    "is not counted"
)


def run(bench: Bench) -> Measured:
    """Run the four reads of the target side by side."""
    settings = [Setting(f"{ms:,} ms a page", latency_ms=ms) for ms in LATENCIES_MS] + [ALONE]
    outcomes = read_side_by_side(bench, settings, MINUTES)
    rows = [quota_row(setting, outcome.minutes) for setting, outcome in zip(settings, outcomes, strict=True)]
    return Measured(rows, {"quota": _details(settings, outcomes)})


def quota_row(setting: Setting, minutes: Sequence[int]) -> Row:
    """Return the share of the limit over whole minutes."""
    target = ONE_STREAM if setting.streams == ALONE.streams else FOUR_STREAMS
    share = mean(minutes) / LIMIT
    return Row(
        f"quota used, {setting.name}",
        f"at least {target:.0%}",
        f"{share:.1%} ({', '.join(map(str, minutes))} calls)",
        Verdict.of(share >= target),
        HOW,
    )


def first_minute(calls: Sequence[Call]) -> int:
    """Return the answered calls within 60 seconds of the first, as a small sync sees them."""
    counted = sorted(call.counted_s for call in answered(calls))
    return sum(at_s < counted[0] + MINUTE_S for at_s in counted)


def _details(settings: Sequence[Setting], outcomes: Sequence[Outcome]) -> str:
    head = ("Read", "Whole minutes", "First 60 seconds", "Refused with 429", "CPU")
    return markdown(
        head,
        [
            (
                setting.name,
                ", ".join(map(str, outcome.minutes)),
                str(first_minute(outcome.calls)),
                str(refusals(outcome.calls)[0]),
                f"{outcome.cpu_share:.0%} of a core",
            )
            for setting, outcome in zip(settings, outcomes, strict=True)
        ],
    )


def run_workers(bench: Bench) -> Measured:
    """Run one whole minute for each number of parallel requests, at each latency."""
    table = {}
    for latency_ms in LATENCIES_MS:
        settings = [
            Setting(f"{workers} at {latency_ms} ms", latency_ms=latency_ms, options={"num_workers": workers})
            for workers in WORKERS
        ]
        outcomes = read_side_by_side(bench, settings, 1)
        table[latency_ms] = [outcome.minutes[0] for outcome in outcomes]
    head = ("`num_workers`", *(f"{latency_ms:,} ms a page" for latency_ms in LATENCIES_MS))
    lines = [
        (
            str(workers),
            *(f"{table[latency_ms][index]} ({table[latency_ms][index] / LIMIT:.0%})" for latency_ms in LATENCIES_MS),
        )
        for index, workers in enumerate(WORKERS)
    ]
    text = "Answered calls in the first whole clock minute of the four views of a sale, and their share of 500.\n\n"
    return Measured([], {"workers": text + markdown(head, lines)})
