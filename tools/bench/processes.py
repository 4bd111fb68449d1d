"""A process that is measured: its CPU, its peak memory, and the records it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson

from tools.bench.failure import BenchFailed

LAUNCHER: Final = Path(__file__).with_name("launcher.py")
RECORD: Final = b'{"type":"RECORD"'
"""How a line with a record begins, as the CDK and the floor print it."""
STATE: Final = b'{"type":"STATE"'
TRACE: Final = b'{"type":"TRACE"'
CHUNK: Final = 1 << 20
MIB: Final = 1024


@dataclass(frozen=True)
class Usage:
    """What one process used, from its start to its end."""

    cpu_s: float
    """User and system time together, of all its threads."""
    peak_mib: float
    """The most memory that was resident at once."""
    wall_s: float
    records: int
    """Lines with a record on its stdout."""
    first_record_s: float | None
    """From its start to the first of them; `None` without any."""
    exit_code: int


class RecordCounter:
    """Takes stdout in pieces and counts the lines that are records."""

    def __init__(self) -> None:
        self.records = 0
        self.first_s: float | None = None
        """When the first came, on the monotonic clock."""
        self._rest = b""

    def take(self, chunk: bytes) -> None:
        """Count the whole lines; the beginning of another waits for its end."""
        whole, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            self._rest += chunk
            return
        lines = self._rest + whole
        self._rest = rest
        # Inside a record the quotes would be escaped.
        found = lines.count(RECORD)
        if found and self.first_s is None:
            self.first_s = time.monotonic()
        self.records += found
        self.whole_lines(lines)

    def whole_lines(self, lines: bytes) -> None:
        """For those who want more than to count."""


class KeyCounter(RecordCounter):
    """Counts distinct sales a stream as well: for a run that is not measured, since it keeps the drain busy."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, set[str]] = {}

    def whole_lines(self, lines: bytes) -> None:
        for line in lines.split(b"\n"):
            if line.startswith(RECORD):
                record = orjson.loads(line)["record"]
                self._keys.setdefault(record["stream"], set()).add(transaction_of(record["data"]))

    @property
    def distinct(self) -> Counter[str]:
        """Distinct sales by stream."""
        return Counter({stream: len(keys) for stream, keys in self._keys.items()})


class StateKeeper(RecordCounter):
    """Keeps the last state of each stream, as a platform does."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, Any] = {}

    def whole_lines(self, lines: bytes) -> None:
        for line in lines.split(b"\n"):
            if line.startswith(STATE):
                state = orjson.loads(line)["state"]
                self._last[state["stream"]["stream_descriptor"]["name"]] = state

    @property
    def state(self) -> list[Any]:
        """The content of a state file for the next sync."""
        return list(self._last.values())


class EndKeeper(RecordCounter):
    """Keeps when each stream gave its first record and when it ended, on the monotonic clock."""

    def __init__(self) -> None:
        super().__init__()
        self.began_s: dict[str, float] = {}
        self.ended_s: dict[str, float] = {}

    def whole_lines(self, lines: bytes) -> None:
        for line in lines.split(b"\n"):
            if not line.startswith(TRACE):
                continue
            status = orjson.loads(line)["trace"].get("stream_status")
            if status:
                name, at_s = status["stream_descriptor"]["name"], time.monotonic()
                if status["status"] == "STARTED":
                    self.began_s[name] = at_s
                elif status["status"] in ("COMPLETE", "INCOMPLETE"):
                    self.ended_s[name] = at_s


def transaction_of(row: Mapping[str, Any]) -> str:
    """The transaction of a row of any of the four views of a sale."""
    return str(row["purchase"]["transaction"] if "purchase" in row else row["transaction"])


class MeasuredProcess:
    """A command under the launcher, its stdout in a pipe that is drained here; a context manager."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, counter: RecordCounter | None = None
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self.counter = counter or RecordCounter()
        self._report = folder / f"usage-{time.monotonic_ns()}.json"
        self._stderr = self._report.with_suffix(".stderr.log")

    def __enter__(self) -> Self:
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(self._report), *self._command]
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                launcher, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.end()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def end(self) -> None:
        """Ask it to end, as Airbyte does when a sync is cancelled."""
        self._process.terminate()

    def drain(self) -> Usage:
        """Read its output to the end, and what it used. Raises `BenchFailed` when it was not to be measured."""
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        while chunk := os.read(output, CHUNK):
            self.counter.take(chunk)
        self._process.wait()
        try:
            figures = json.loads(self._report.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BenchFailed(f"{self._command[0]} could not be started: {self.last_words}") from None
        first_s = self.counter.first_s
        return Usage(
            cpu_s=figures["cpu_s"],
            peak_mib=figures["peak_kib"] / MIB,
            wall_s=figures["ended_s"] - figures["started_s"],
            records=self.counter.records,
            first_record_s=None if first_s is None else first_s - figures["started_s"],
            exit_code=figures["exit_code"],
        )

    @property
    def last_words(self) -> str:
        """The end of its stderr."""
        return self._stderr.read_text(encoding="utf-8", errors="replace")[-1000:].strip()


def measure(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, counter: RecordCounter | None = None
) -> Usage:
    """Run a command to its end. Raises `BenchFailed` when it fails."""
    with MeasuredProcess(command, environment, folder, counter) as process:
        usage = process.drain()
    if usage.exit_code:
        raise BenchFailed(f"{' '.join(command[:4])} ended with {usage.exit_code}: {process.last_words}")
    return usage
