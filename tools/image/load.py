"""Read a million sales in the image with 512 MB of memory, and end another read half-way with SIGTERM.

A replay answers from memory, so that the quota does not limit the image.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from typing import Final

from tools.bench.processes import CHUNK, KeyCounter, RecordCounter, StateKeeper
from tools.bench.servers import Replay
from tools.harness import catalog
from tools.image.container import Container, expect

STREAM: Final = "sales_history"
SALES: Final = 1_000_000
MEMORY: Final = "512m"
SALES_OF_THE_ENDED: Final = 400_000
"""So many that some date ranges are complete at SIGTERM, besides those that the threads are reading."""
ENDED_AFTER_RECORDS: Final = 250_000
ENDS_WITHIN_S: Final = 10
TERMINATED: Final = 128 + signal.SIGTERM


class KeysAndState(KeyCounter, StateKeeper):
    """The sales and the last state that a destination received in a read."""

    def whole_lines(self, lines: bytes) -> None:
        """Process whole lines for both."""
        KeyCounter.whole_lines(self, lines)
        StateKeeper.whole_lines(self, lines)


def check_load(container: Container) -> None:
    """Run both reads, each of an account of its own."""
    with Replay(SALES, container.folder) as replay:
        limits = (*container.limits, f"--memory={MEMORY}", f"--memory-swap={MEMORY}")
        read_a_million(replace(container, url=replay.url, limits=limits), replay)
    with Replay(SALES_OF_THE_ENDED, container.folder) as replay:
        end_half_way(replace(container, url=replay.url), replay)


def read_a_million(container: Container, replay: Replay) -> None:
    """Check that all sales arrive within the memory limit."""
    began_s = time.monotonic()
    counter = RecordCounter()
    exit_code = _read(container, replay, counter)
    expect(exit_code == 0, f"read of {SALES:,} sales with {MEMORY}: exit status {exit_code}")
    expect(counter.records == SALES, f"read of {SALES:,} sales with {MEMORY}: {counter.records:,} records")
    print(f"load: {SALES:,} sales with {MEMORY} of memory in {time.monotonic() - began_s:.0f} s", flush=True)


def end_half_way(container: Container, replay: Replay) -> None:
    """Check that SIGTERM ends a read at once, and that the next read continues instead of starting again."""
    counter = KeysAndState()
    exit_code = _read(container, replay, counter, end_after=ENDED_AFTER_RECORDS)
    expect(exit_code == TERMINATED, f"SIGTERM: exit status {exit_code}, not {TERMINATED}")
    ended = counter.records
    expect(ENDED_AFTER_RECORDS <= ended < SALES_OF_THE_ENDED, f"SIGTERM: {ended:,} records by then")
    state = container.write("state.json", counter.state)
    exit_code = _read(container, replay, counter, "--state", state)
    expect(exit_code == 0, f"read after SIGTERM: exit status {exit_code}")
    distinct, again = counter.distinct[STREAM], counter.records - SALES_OF_THE_ENDED
    expect(distinct == SALES_OF_THE_ENDED, f"read after SIGTERM: {distinct:,} of {SALES_OF_THE_ENDED:,} sales")
    expect(again < ended, "read after SIGTERM: the state has spared nothing")
    print(
        f"load: ended by SIGTERM after {ended:,} of {distinct:,} sales; the next read brought the rest, {again:,} twice"
    )


def _read(container: Container, replay: Replay, counter: RecordCounter, *options: str, end_after: int = 0) -> int:
    """Read, count the sales, and return the exit status. SIGTERM is sent after `end_after` records."""
    config = container.write("config.json", replay.config)
    selected = container.write("catalog.json", catalog([STREAM]))
    ended_s = 0.0
    with container.start("read", "--config", config, "--catalog", selected, *options) as process:
        assert process.stdout is not None
        while chunk := os.read(process.stdout.fileno(), CHUNK):
            counter.take(chunk)
            if end_after and not ended_s and counter.records >= end_after:
                process.send_signal(signal.SIGTERM)
                ended_s = time.monotonic()
    in_time = not ended_s or time.monotonic() - ended_s < ENDS_WITHIN_S
    expect(in_time, f"SIGTERM: not ended within {ENDS_WITHIN_S} seconds")
    return process.returncode
