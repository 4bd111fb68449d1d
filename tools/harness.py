"""Run the connector in tests: through its entry point, over real HTTP, on a clock that the test controls."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
from airbyte_cdk.exception_handler import assemble_uncaught_exception
from airbyte_cdk.logger import AirbyteLogFormatter
from airbyte_cdk.models import AirbyteMessageSerializer

from hotmart_simulator import Simulator, Switches, World
from source_hotmart import SourceHotmart
from source_hotmart.api.pages import DEFAULT_LIMITS
from source_hotmart.api.retries import DEFAULT_RETRIES
from source_hotmart.catalog import CLASSES
from source_hotmart.run import HotmartEntrypoint
from tools.clock import NOW_MS
from tools.clock import VirtualClock as VirtualClock
from tools.flips.known import milder_sides
from tools.rows import KEYS, by_key

START_MS = 1_640_995_200_000
"""2022-01-01T00:00:00Z, the first sale of the accounts below."""

Message = dict[str, Any]
State = dict[str, dict[str, Any]]
"""The last state of each stream, by its name."""


def small_world(**changes: Any) -> World:
    """Return a small account, quick to read: 60 sales, and a few rows in each stream."""
    sizes = {"sales": 60, "subscriptions": 20, "students": 30, "products": 12, **changes}
    return World(seed=7, start_ms=START_MS, now_ms=NOW_MS, **sizes)


@dataclass
class Run:
    """One run of the connector: its messages in order, and how it ended."""

    messages: list[Message]
    exit_code: int
    output: str = field(repr=False, default="")
    """The whole output as text, logs included."""

    def of_type(self, kind: str) -> list[Message]:
        """Return the messages of one type, such as `RECORD`."""
        return [message for message in self.messages if message["type"] == kind]

    def records(self, stream: str) -> list[dict[str, Any]]:
        """Return the records of a stream, in order."""
        return [m["record"]["data"] for m in self.of_type("RECORD") if m["record"]["stream"] == stream]

    @cached_property
    def state(self) -> State:
        """Return the last state of each stream."""
        return last_states(self.messages)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the errors in trace messages."""
        traces = (m["trace"] for m in self.of_type("TRACE"))
        return [trace["error"] for trace in traces if trace["type"] == "ERROR"]

    @property
    def sentences(self) -> str:
        """Return the error messages that the user sees."""
        return "\n".join(error["message"] for error in self.errors)

    @property
    def logs(self) -> str:
        """Return all log lines."""
        return "\n".join(f"{m['log']['level']} {m['log']['message']}" for m in self.of_type("LOG"))

    @property
    def statuses(self) -> dict[str, str]:
        """Return the last status of each stream: COMPLETE or INCOMPLETE."""
        traces = (m["trace"] for m in self.of_type("TRACE"))
        told = (trace["stream_status"] for trace in traces if trace["type"] == "STREAM_STATUS")
        return {status["stream_descriptor"]["name"]: status["status"] for status in told}

    @property
    def connection_status(self) -> dict[str, Any]:
        """Return the result of `check`."""
        (message,) = self.of_type("CONNECTION_STATUS")
        return dict(message["connectionStatus"])


def last_states(messages: Iterable[Message]) -> State:
    """Return the last state of each stream in these messages."""
    states = (message["state"]["stream"] for message in messages if message["type"] == "STATE")
    return {state["stream_descriptor"]["name"]: state["stream_state"] for state in states}


def state_file(state: State) -> list[Message]:
    """Return states in the form that the platform passes to the next sync."""
    return [
        {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": value}}
        for name, value in state.items()
    ]


def stream_names() -> list[str]:
    """Return the name of every stream of the connector."""
    return list(CLASSES)


def keys_of(stream: str) -> tuple[str, ...]:
    """Return the primary key of a stream by the API reference, independently of the connector."""
    return KEYS[stream]


def truth(world: World, stream: str, **options: Any) -> dict[Any, dict[str, Any]]:
    """Return Hotmart's rows of a stream by primary key, to look rows up. `options` as in `World.expected`."""
    return by_key(stream, world.expected(stream, **options))


def switches(**changes: Any) -> Switches:
    """Return the simulator's default sides with changes, and without a rate limit that would slow tests down.

    Where the connector is known to lose rows (`flips/known.yaml`), a milder side is used.
    """
    return Switches(**{"limit_per_minute": 100_000, **milder_sides(), **changes})


def catalog(names: Sequence[str] | None = None, *, full_refresh: bool = False) -> dict[str, Any]:
    """Return a configured catalog: incremental where a stream has a cursor, otherwise full refresh."""
    cursors = {name: cls.cursor_field for name, cls in CLASSES.items()}
    streams = []
    for name in names if names is not None else stream_names():
        incremental = isinstance(cursors.get(name), str) and not full_refresh
        streams.append(
            {
                "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]},
                "sync_mode": "incremental" if incremental else "full_refresh",
                "destination_sync_mode": "append_dedup" if incremental else "overwrite",
            }
        )
    return {"streams": streams}


class Connector:
    """Run the connector's commands against a simulator, in this process or in another one."""

    def __init__(self, simulator: Simulator, folder: Path, setenv: Callable[[str, str], None] | None = None) -> None:
        self.simulator = simulator
        self.folder = folder
        self.limits = DEFAULT_LIMITS
        """Shorter timeouts, for tests in this process that wait for them."""
        self.retries = DEFAULT_RETRIES
        """Other retry settings, for tests on the real clock in this process."""
        self.config: dict[str, Any] = {
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
            "token": simulator.basic,
            "start_date": "2022-01-01",
            "members_area_subdomain": ", ".join(simulator.switches.subdomains),
        }
        self.environment = {"HOTMART_API_URL": simulator.url, "HOTMART_AUTH_URL": simulator.url}
        for name, value in self.environment.items():
            if setenv:
                setenv(name, value)

    def _file(self, name: str, content: Any) -> str:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def arguments(
        self,
        command: str,
        *,
        config: Mapping[str, Any] | None = None,
        catalog: Mapping[str, Any] | None = None,
        state: State | list[Message] | None = None,
    ) -> list[str]:
        """Write the input files and return the command line."""
        arguments = [command]
        if command != "spec":
            arguments += ["--config", self._file("config.json", self.config if config is None else config)]
        if command == "read":
            arguments += ["--catalog", self._file("catalog.json", catalog or {"streams": []})]
        if state is not None:
            content = state_file(state) if isinstance(state, dict) else state
            arguments += ["--state", self._file("state.json", content)]
        return arguments

    def run(self, command: str, *flags: str, **files: Any) -> Run:
        """Run a command in this process."""
        captured = StringIO()
        handler = logging.StreamHandler(captured)
        handler.setFormatter(AirbyteLogFormatter())
        logging.getLogger().addHandler(handler)
        lines: list[str] = []
        exit_code = 0
        try:
            arguments = self.arguments(command, **files)
            entrypoint = HotmartEntrypoint(SourceHotmart(self.limits, self.retries))
            for line in entrypoint.run(entrypoint.parse_args([*arguments, *flags])):
                lines.append(line)
        except Exception as uncaught:  # as the CDK's hook for uncaught exceptions does
            exit_code = 1
            trace = assemble_uncaught_exception(type(uncaught), uncaught).as_airbyte_message()
            lines.append(orjson.dumps(AirbyteMessageSerializer.dump(trace)).decode())
        finally:
            logging.getLogger().removeHandler(handler)
        logs = captured.getvalue().splitlines()
        messages = [orjson.loads(line) for line in [*lines, *logs]]
        return Run(messages, exit_code, "\n".join([*lines, *logs]))

    def read(self, streams: Sequence[str] | None = None, state: State | None = None, **options: Any) -> Run:
        """Read streams in this process. `options` as in `catalog`, or `config`."""
        files = {name: options.pop(name) for name in ("config",) if name in options}
        return self.run("read", catalog=catalog(streams, **options), state=state, **files)

    def start(self, command: str, *flags: str, **files: Any) -> subprocess.Popen[bytes]:
        """Start a command in a process of its own, with its output in pipes."""
        return subprocess.Popen(
            [sys.executable, "-m", "source_hotmart.run", *self.arguments(command, **files), *flags],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )


class Warehouse:
    """A destination with one row per primary key: the copy with the largest cursor, or the last one to arrive."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Any, dict[str, Any]]] = defaultdict(dict)
        self._cursors = {name: cls.cursor_field for name, cls in CLASSES.items()}
        self._keys: dict[str, Any] = {name: cls.primary_key for name, cls in CLASSES.items()}

    def load(self, messages: Iterable[Message]) -> None:
        """Load the records of a run."""
        for message in messages:
            if message["type"] != "RECORD":
                continue
            stream, record = message["record"]["stream"], message["record"]["data"]
            key, cursor = self._key(stream, record), self._cursors[stream]
            old = self.rows[stream].get(key)
            if old is None or not isinstance(cursor, str) or record[cursor] >= old[cursor]:
                self.rows[stream][key] = record

    def load_sync(self, run: Run) -> None:
        """Load a sync as a platform does: complete streams without a cursor are overwritten."""
        for stream, status in run.statuses.items():
            if status == "COMPLETE" and not isinstance(self._cursors[stream], str):
                self.rows[stream].clear()
        self.load(run.messages)

    def _key(self, stream: str, record: Mapping[str, Any]) -> Any:
        names = self._keys[stream]
        return record[names] if isinstance(names, str) else tuple(record[name] for name in names)


def loaded(*runs: Run) -> Warehouse:
    """Return a new warehouse with the records of these runs, loaded in this order."""
    warehouse = Warehouse()
    for run in runs:
        warehouse.load(run.messages)
    return warehouse
