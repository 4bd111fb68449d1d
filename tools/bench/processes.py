"""A measured process: its CPU time, its peak memory, and the records it prints."""

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
"""The first characters of a line with a record, as the CDK and the floor print it."""
STATE: Final = b'{"type":"STATE"'
TRACE: Final = b'{"type":"TRACE"'
CHUNK: Final = 1 << 20
MIB: Final = 1024


@dataclass(frozen=True)
class Usage:
    """What one process used, from its start to its end."""

    cpu_s: float
    """User and system time of all threads, in seconds."""
    peak_mib: float
    """Peak resident memory."""
    wall_s: float
    records: int
    """Number of lines with a record on stdout."""
    first_record_s: float | None
    """Seconds from the start to the first record, or `None` without any."""
    exit_code: int


class RecordCounter:
    """Count the lines with a record in the pieces of stdout."""

    def __init__(self) -> None:
        self.records = 0
        self.first_s: float | None = None
        """When the first record arrived, on the monotonic clock."""
        self._rest = b""

    def take(self, chunk: bytes) -> None:
        """Count the whole lines, and keep the beginning of the next one until its end arrives."""
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
        """Process whole lines. Subclasses override this to do more than count."""


class KeyCounter(RecordCounter):
    """Count the distinct sales per stream as well. This slows the reader down, so such a run is not measured."""

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
        """Return the number of distinct sales by stream."""
        return Counter({stream: len(keys) for stream, keys in self._keys.items()})


class StateKeeper(RecordCounter):
    """Keep the last state of each stream, as a platform does."""

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
        """Return the content of a state file for the next sync."""
        return list(self._last.values())


class EndKeeper(RecordCounter):
    """Keep when each stream's first record arrived and when the stream ended, on the monotonic clock."""

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
    """Return the transaction of a row of any of the four views of a sale."""
    return str(row["purchase"]["transaction"] if "purchase" in row else row["transaction"])


class MeasuredProcess:
    """A context manager that runs a command under the launcher and reads its stdout from a pipe."""

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
        """Send SIGTERM, as Airbyte does when a sync is cancelled."""
        self._process.terminate()

    def drain(self) -> Usage:
        """Read the output to its end and return what the process used. Raise `BenchFailed` when the run is invalid."""
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
        """Return the end of the process's stderr."""
        return self._stderr.read_text(encoding="utf-8", errors="replace")[-1000:].strip()


def measure(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, counter: RecordCounter | None = None
) -> Usage:
    """Run a command to its end. Raise `BenchFailed` when it fails."""
    with MeasuredProcess(command, environment, folder, counter) as process:
        usage = process.drain()
    if usage.exit_code:
        raise BenchFailed(f"{' '.join(command[:4])} ended with {usage.exit_code}: {process.last_words}")
    return usage
