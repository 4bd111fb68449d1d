"""The servers that clients read from, each in its own process, and the clients' settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson
import requests

from tools.bench.calls import Call
from tools.bench.failure import BenchFailed

REPLAY: Final = "tools.bench.replay"
ACCOUNT: Final = "tools.bench.account"
MALLOC: Final = {"MALLOC_ARENA_MAX": "2"}
"""As in the image."""


class ServerProcess:
    """A context manager for a server that prints its address in its first line and ends when its stdin does."""

    def __init__(self, module: str, arguments: Mapping[str, Any], folder: Path) -> None:
        self._command = [sys.executable, "-m", module]
        self._command += [str(part) for pair in arguments.items() for part in pair if part is not None]
        self._log = folder / f"{module.rpartition('.')[2]}.log"
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0
            )
        try:
            self.ready = self._line()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _line(self) -> Any:
        """Return the server's next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BenchFailed(f"{self._command[2]} ended. Its log is {self._log}")
        return orjson.loads(line)

    def _stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment that points a client to this server instead of Hotmart."""
        own = {"HOTMART_API_URL": self.url, "HOTMART_AUTH_URL": self.url, "NO_PROXY": "127.0.0.1"}
        return {**os.environ, **own, **MALLOC}


def make_certificate(folder: Path) -> Path:
    """Write a certificate for this machine and its key into one file."""
    path = folder / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "cert.pem").read_text())
    return path


class Replay(ServerProcess):
    """A server that answers from memory, for measurements that the client's CPU limits."""

    def __init__(self, sales: int, folder: Path, *, subscriptions: int = 0, over_tls: bool = False) -> None:
        arguments: dict[str, Any] = {"--sales": sales, "--subscriptions": subscriptions}
        self._certificate = make_certificate(folder) if over_tls else None
        super().__init__(REPLAY, arguments | ({"--certificate": self._certificate} if over_tls else {}), folder)

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment that points a client to this server and makes it trust the certificate."""
        trusted = {"REQUESTS_CA_BUNDLE": str(self._certificate)} if self._certificate else {}
        return super().environment | trusted

    @property
    def config(self) -> dict[str, str]:
        """Return the connector's settings. The server accepts any credential whose parts match one another."""
        start = datetime.fromtimestamp(self.ready["start_ms"] / 1000, UTC)
        return {
            "client_id": "bench",
            "client_secret": "bench-secret",
            "token": "YmVuY2g6YmVuY2gtc2VjcmV0",
            "start_date": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def calls(self) -> int:
        """Return the number of calls answered since the previous request for it."""
        with requests.Session() as session:
            session.trust_env = False  # ignore the proxy settings of this machine
            session.verify = str(self._certificate) if self._certificate else True
            return int(session.get(f"{self.url}/_replay/calls", timeout=60).json())


class Account(ServerProcess):
    """The simulator with its whole log of calls, for measurements that the quota or latency limits."""

    def __init__(
        self,
        sales: int,
        folder: Path,
        *,
        latency_ms: int = 0,
        limit: int = 500,
        page_cap: int | None = None,
        subscriptions: int | None = None,
        students: int | None = None,
    ) -> None:
        arguments = {"--sales": sales, "--latency-ms": latency_ms, "--limit": limit}
        others = {"--page-cap": page_cap, "--subscriptions": subscriptions, "--students": students}
        given = {name: value for name, value in others.items() if value is not None}
        super().__init__(ACCOUNT, arguments | given, folder)
        self.latency_s = latency_ms / 1000
        self.limit = limit

    @property
    def config(self) -> dict[str, Any]:
        """Return the connector's settings: the required ones and the members areas."""
        names = ("client_id", "client_secret", "token", "start_date")
        return {name: self.ready[name] for name in names} | {"members_area_subdomain": "my-school, second-school"}

    def calls(self) -> list[Call]:
        """Return the calls since the last `reset` in the order of their arrival."""
        return [Call.of(entry, self.latency_s) for entry in self._ask("log")]

    def reset(self) -> None:
        """Empty the log of calls."""
        self._ask("reset")

    def move(self, changes: Mapping[str, int]) -> None:
        """Let changes happen in the account."""
        self._ask("move", changes)

    def sales(self, windows: Sequence[tuple[int, int, Sequence[str]]]) -> list[int]:
        """Count the sales in each date range (epoch ms, both ends included) with these statuses."""
        counts: list[int] = self._ask("sales", windows)
        return counts

    def charges(self, windows: Sequence[tuple[int, int]]) -> list[int]:
        """Count the rows of subscription_transactions last updated in each date range."""
        counts: list[int] = self._ask("charges", windows)
        return counts

    def lists(self) -> dict[str, list[int]]:
        """Count the rows of each list that is read whole."""
        sizes: dict[str, list[int]] = self._ask("lists")
        return sizes

    def _ask(self, command: str, body: Any = None) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps([command, body], option=orjson.OPT_APPEND_NEWLINE))
        return self._line()
