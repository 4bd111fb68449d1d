r"""Reads a million sales in the connector's image with 512 MB of memory, and ends a read by SIGTERM half-way.

    python -m integration_tests.image_load --run "docker run --rm --network host" IMAGE

The account is a replay that answers from memory. Ends with status 1 and a sentence on the first thing that is not as it
should be.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from integration_tests.bench.processes import CHUNK, KeyCounter, RecordCounter, StateKeeper
from integration_tests.bench.servers import Replay
from integration_tests.harness import catalog
from integration_tests.image_check import Image, NotAsItShouldBe, expect

STREAM: Final = "sales_history"
SALES: Final = 1_000_000
MEMORY: Final = "512m"
SALES_OF_THE_ENDED: Final = 400_000
"""Enough for windows that are read by then, beside those which all threads are reading."""
ENDED_AFTER_RECORDS: Final = 250_000
ENDS_WITHIN_S: Final = 10
TERMINATED: Final = 128 + signal.SIGTERM


class KeysAndState(KeyCounter, StateKeeper):
    """What a destination has of a read: which sales came, and the last state."""

    def whole_lines(self, lines: bytes) -> None:
        """Both."""
        KeyCounter.whole_lines(self, lines)
        StateKeeper.whole_lines(self, lines)


def read(image: Image, counter: RecordCounter, *options: str, limits: Sequence[str] = (), end_after: int = 0) -> int:
    """Read, with these limits of the container; the exit status. `end_after` so many records, SIGTERM is sent."""
    addresses = [f"--env={name}={image.url}" for name in ("HOTMART_API_URL", "HOTMART_AUTH_URL")]
    mount = f"--volume={image.folder}:/secrets:ro"
    files = ["--config", "/secrets/config.json", "--catalog", "/secrets/catalog.json"]
    command = [*image.run_command, *limits, mount, *addresses, image.name, "read", *files, *options]
    ended_s = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while chunk := os.read(process.stdout.fileno(), CHUNK):
            counter.take(chunk)
            if end_after and not ended_s and counter.records >= end_after:
                process.send_signal(signal.SIGTERM)
                ended_s = time.monotonic()
    expect(
        not ended_s or time.monotonic() - ended_s < ENDS_WITHIN_S, f"SIGTERM: not ended within {ENDS_WITHIN_S} seconds"
    )
    return process.returncode


def read_a_million(image: Image) -> None:
    """All sales come, in the memory that there is."""
    began_s = time.monotonic()
    counter = RecordCounter()
    exit_code = read(image, counter, limits=[f"--memory={MEMORY}", f"--memory-swap={MEMORY}"])
    expect(exit_code == 0, f"read of {SALES:,} sales with {MEMORY}: exit status {exit_code}")
    expect(counter.records == SALES, f"read of {SALES:,} sales with {MEMORY}: {counter.records:,} records")
    print(f"load: {SALES:,} sales with {MEMORY} of memory in {time.monotonic() - began_s:.0f} s", flush=True)


def end_half_way(image: Image) -> None:
    """A read that is ended by SIGTERM ends at once, and the next one brings what is missing and not all again."""
    counter = KeysAndState()
    exit_code = read(image, counter, end_after=ENDED_AFTER_RECORDS)
    expect(exit_code == TERMINATED, f"SIGTERM: exit status {exit_code}, not {TERMINATED}")
    ended = counter.records
    expect(ENDED_AFTER_RECORDS <= ended < SALES_OF_THE_ENDED, f"SIGTERM: {ended:,} records by then")
    state = image.write("state.json", counter.state)
    exit_code = read(image, counter, "--state", state)
    expect(exit_code == 0, f"read after SIGTERM: exit status {exit_code}")
    distinct, again = counter.distinct[STREAM], counter.records - SALES_OF_THE_ENDED
    expect(distinct == SALES_OF_THE_ENDED, f"read after SIGTERM: {distinct:,} of {SALES_OF_THE_ENDED:,} sales")
    expect(again < ended, "read after SIGTERM: the state has spared nothing")
    print(
        f"load: ended by SIGTERM after {ended:,} of {distinct:,} sales; the next read brought the rest, {again:,} twice"
    )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default="docker run --rm --network host", help="what runs an image")
    parser.add_argument("image")
    arguments = parser.parse_args()
    parts = {read_a_million: SALES, end_half_way: SALES_OF_THE_ENDED}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part, sales in parts.items():
            try:
                with Replay(sales, folder) as replay:
                    image = Image(arguments.image, shlex.split(arguments.run), folder, replay.url)
                    image.write("config.json", replay.config)
                    image.write("catalog.json", catalog([STREAM]))
                    part(image)
            except NotAsItShouldBe as problem:
                print(f"load: {problem}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
