"""Write the messages of a sync to files on disk as they arrive, as a destination does."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson


@dataclass
class StreamArrival:
    """What arrived of one stream. Times are seconds of the monotonic clock."""

    rows: int = 0
    first_row_s: float = 0.0
    last_seen_s: float = 0.0
    """When the last state arrived, or the last row."""
    is_complete: bool = False

    @property
    def seconds(self) -> float:
        """Return the seconds from the first row to the last state."""
        return self.last_seen_s - self.first_row_s if self.rows else 0.0


class Landing:
    """Write the messages of one sync: every line, each stream's records, and the states in their order."""

    def __init__(self, folder: Path, streams: Iterable[str]) -> None:
        self._folder = folder
        self.arrivals = {stream: StreamArrival() for stream in streams}
        self._states: dict[str, dict[str, Any]] = {}
        self._started_s = time.monotonic()
        self.seconds = 0.0
        """Duration of the whole sync, including the start of the process."""

    def __enter__(self) -> Self:
        (self._folder / "records").mkdir(parents=True, exist_ok=True)
        self._messages = (self._folder / "messages.jsonl").open("wb")
        self._files: dict[str, BufferedWriter] = {name: self.records(name).open("wb") for name in self.arrivals}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.monotonic() - self._started_s
        for file in (self._messages, *self._files.values()):
            file.close()
        states = [{"type": "STREAM", "stream": state} for state in self._states.values()]
        self.state.write_bytes(orjson.dumps(states, option=orjson.OPT_INDENT_2))

    def records(self, stream: str) -> Path:
        """Return the file of a stream's records, one per line."""
        return self._folder / "records" / f"{stream}.jsonl"

    @property
    def state(self) -> Path:
        """Return the file with the last state of each stream, which is the input of the next sync."""
        return self._folder / "state.json"

    @property
    def rows(self) -> int:
        """Return the number of rows of all streams so far."""
        return sum(arrival.rows for arrival in self.arrivals.values())

    @property
    def progress(self) -> str:
        """Return the progress of the sync in words."""
        complete = sum(arrival.is_complete for arrival in self.arrivals.values())
        return f"{self.rows:,} rows, {complete} of {len(self.arrivals)} streams complete"

    def take(self, line: bytes, message: dict[str, Any]) -> None:
        """Write one message to its file."""
        self._messages.write(line)
        match message:
            case {"type": "RECORD", "record": {"stream": stream, "data": data}}:
                arrival = self._seen(stream)
                arrival.rows += 1
                arrival.first_row_s = arrival.first_row_s or arrival.last_seen_s
                self._files[stream].write(orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE))
            case {"type": "STATE", "state": {"stream": {"stream_descriptor": {"name": stream}} as state}}:
                self._seen(stream)
                self._states[stream] = state
            case {"type": "TRACE", "trace": {"stream_status": {"status": "COMPLETE"} as told}}:
                self.arrivals[told["stream_descriptor"]["name"]].is_complete = True

    def _seen(self, stream: str) -> StreamArrival:
        arrival = self.arrivals[stream]
        arrival.last_seen_s = time.monotonic()
        return arrival
