"""Run the connector as Airbyte does: one process per command, files as input, lines of JSON as output."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from tools.demo.catalog import OfferedStream
from tools.demo.failure import DemoFailed
from tools.demo.landing import Landing

Message = dict[str, Any]


class Connector:
    """The connector's four commands. Each raises `DemoFailed` with the connector's error message when it fails."""

    def __init__(
        self, config: Mapping[str, Any], environment: Mapping[str, str], folder: Path, warn: Callable[[str], None]
    ) -> None:
        self._environment = environment
        self._config = folder / "config.json"
        self._config.write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))
        self._catalog = folder / "configured_catalog.json"
        self._errors = folder / "connector.stderr.log"
        self._errors.write_bytes(b"")
        self._warn = warn
        installed = Path(sys.executable).with_name("source-hotmart")
        self._command = [str(installed)] if installed.exists() else [sys.executable, "-m", "source_hotmart.run"]

    def spec(self) -> dict[str, Any]:
        """Return the form that Airbyte shows, as a JSON schema."""
        form: dict[str, Any] = self._only("SPEC", "spec")["spec"]["connectionSpecification"]
        return form

    def check(self) -> str:
        """Return the result of the connection check in words."""
        status = self._only("CONNECTION_STATUS", "check", "--config", self._config)["connectionStatus"]
        if status["status"] != "SUCCEEDED":
            raise DemoFailed(f"check: {status.get('message') or 'failed without a reason'}")
        return str(status.get("message") or "succeeded")

    def discover(self) -> list[OfferedStream]:
        """Return the streams in the connector's order, and write the configured catalog of every read."""
        declared = self._only("CATALOG", "discover", "--config", self._config)["catalog"]["streams"]
        streams = [OfferedStream.of(entry) for entry in declared]
        configured = {"streams": [stream.configured for stream in streams]}
        self._catalog.write_bytes(orjson.dumps(configured, option=orjson.OPT_INDENT_2))
        return streams

    def read(self, landing: Landing, state: Path | None, progress: Callable[[str], None]) -> None:
        """Read all streams, from a saved state if there is one."""

        def take(line: bytes, message: Message) -> None:
            landing.take(line, message)
            progress(landing.progress)

        arguments: list[str | Path] = ["read", "--config", self._config, "--catalog", self._catalog]
        self._run([*arguments, "--state", state] if state else arguments, take)

    def _only(self, kind: str, *arguments: str | Path) -> Message:
        """Run a command and return its only message of this type."""
        found: list[Message] = []

        def take(line: bytes, message: Message) -> None:
            if message["type"] == kind:
                found.append(message)

        self._run(arguments, take)
        if len(found) != 1:
            raise DemoFailed(f"{arguments[0]}: {len(found)} messages of type {kind} instead of one")
        return found[0]

    def _run(self, arguments: Sequence[str | Path], take: Callable[[bytes, Message], None]) -> None:
        """Run a command to its end, pass its messages on as they arrive, and handle its warnings and errors."""
        errors: list[str] = []
        command = [*self._command, *(str(argument) for argument in arguments)]
        with (
            self._errors.open("ab") as stderr,
            subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=stderr) as process,
        ):
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    message = _parsed(line)
                    take(line, message)
                    match message:
                        case {"type": "LOG", "log": {"level": "WARN" | "ERROR" | "FATAL" as level, "message": text}}:
                            self._warn(f"{level} {text.splitlines()[0]}")
                        case {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": text}}}:
                            errors.append(text)
            except BaseException:
                process.terminate()
                raise
        if errors:
            raise DemoFailed(f"{arguments[0]}: " + "\n".join(dict.fromkeys(errors)))
        if process.returncode:
            raise DemoFailed(f"{arguments[0]}: the connector ended with {process.returncode}, see {self._errors}")


def _parsed(line: bytes) -> Message:
    """Return a line as a message. A line that is no message counts as a log line, as in Airbyte."""
    try:
        message = orjson.loads(line)
        if isinstance(message, dict) and "type" in message:
            return message
    except orjson.JSONDecodeError:
        pass
    return {
        "type": "LOG",
        "log": {"level": "WARN", "message": line.decode(errors="replace").strip() or "(an empty line)"},
    }
