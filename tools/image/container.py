"""An image, the command that runs it, and a folder with its files."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.harness import Run

RUN_SECONDS: Final = 300
MOUNT: Final = "/secrets"

Message = Mapping[str, Any]


class NotAsItShouldBe(Exception):
    """The image did not behave as a platform expects. The text says how."""


def expect(holds: bool, otherwise: str) -> None:
    """Raise `NotAsItShouldBe` with a sentence if a condition does not hold."""
    if not holds:
        raise NotAsItShouldBe(otherwise)


@dataclass(frozen=True)
class Output:
    """The messages of one run."""

    command: str
    messages: Sequence[Message]

    def of_type(self, kind: str) -> Iterator[Message]:
        """Return the content of all messages of one type, in order."""
        key = {"CONNECTION_STATUS": "connectionStatus"}.get(kind, kind.lower())
        return (message[key] for message in self.messages if message["type"] == kind)

    def only(self, kind: str) -> Message:
        """Return the content of the only message of a type."""
        found = list(self.of_type(kind))
        expect(len(found) == 1, f"{self.command}: {len(found)} {kind} messages, not one")
        return found[0]

    def records(self) -> Counter[str]:
        """Return the number of records per stream."""
        return Counter(record["stream"] for record in self.of_type("RECORD"))

    def as_run(self) -> Run:
        """Return the messages as the harness has them."""
        return Run([dict(message) for message in self.messages], exit_code=0)

    def state(self) -> list[Message]:
        """Return the newest state of each stream, in the form that a platform passes to the next sync."""
        newest = {state["stream"]["stream_descriptor"]["name"]: state for state in self.of_type("STATE")}
        return [{"type": state["type"], "stream": state["stream"]} for state in newest.values()]


@dataclass(frozen=True)
class Container:
    """Run the image by a command such as `docker run --rm --network host`, within limits, against a server at `url`."""

    image: str
    run_command: Sequence[str]
    folder: Path
    url: str
    limits: Sequence[str] = ()
    """Options of the run command."""

    def write(self, name: str, content: object) -> str:
        """Write a file that the image's user may read. Return its path inside the container."""
        path = self.folder / name
        path.write_text(json.dumps(content), encoding="utf-8")
        path.chmod(0o644)
        return f"{MOUNT}/{name}"

    def start(self, *arguments: str, entrypoint: str | None = None) -> subprocess.Popen[bytes]:
        """Start the connector, or another program of the image, with its stdout in a pipe."""
        addresses = [f"--env={name}={self.url}" for name in ("HOTMART_API_URL", "HOTMART_AUTH_URL")]
        mount = f"--volume={self.folder}:{MOUNT}:ro"
        program = [f"--entrypoint={entrypoint}"] if entrypoint else []
        command = [*self.run_command, *self.limits, mount, *addresses, *program, self.image, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE)

    def stdout_of(self, *arguments: str, entrypoint: str | None = None) -> bytes:
        """Run a program to its end and return its stdout. It must succeed in time."""
        with self.start(*arguments, entrypoint=entrypoint) as process:
            try:
                output, _ = process.communicate(timeout=RUN_SECONDS)
            except BaseException:
                process.kill()
                raise
        expect(process.returncode == 0, f"{entrypoint or arguments[0]}: exit status {process.returncode}")
        return output

    def run(self, *arguments: str) -> Output:
        """Run one command of the connector. Its output must be messages only, without an error message."""
        output = Output(arguments[0], list(_messages(self.stdout_of(*arguments))))
        errors = [trace["error"]["message"] for trace in output.of_type("TRACE") if trace["type"] == "ERROR"]
        expect(not errors, f"{output.command}: {'; '.join(map(str, errors))}")
        return output


def _messages(output: bytes) -> Iterator[Message]:
    for line in output.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            raise NotAsItShouldBe(f"a line on stdout that is no message: {line[:200]!r}") from None


def configured(catalog: Message, *, incremental: bool) -> dict[str, Any]:
    """Return a catalog with every discovered stream, incremental where supported, otherwise full refresh."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": "incremental"
                if incremental and "incremental" in stream["supported_sync_modes"]
                else "full_refresh",
                "destination_sync_mode": "append_dedup" if incremental else "overwrite",
                "cursor_field": stream.get("default_cursor_field", []),
                "primary_key": stream["source_defined_primary_key"],
            }
            for stream in catalog["streams"]
        ]
    }
