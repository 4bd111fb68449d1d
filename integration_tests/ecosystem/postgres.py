"""A PostgreSQL server for tests: Debian's package, in its own folder, on a free local port."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

DEBIAN_FOLDERS: Final = Path("/usr/lib/postgresql")
"""Folder of Debian's server programs, which are stored by version and are not on the PATH."""

READY_WITHIN_S: Final = 60
USER: Final = "hotmart"
SERVER_ACCOUNT: Final = "nobody"
"""User who runs the server if the tests run as root, because PostgreSQL refuses to run as root."""


class PostgresMissing(Exception):
    """Raised if this machine has no PostgreSQL server. The message says how to install one."""


class PostgresServer:
    """Context manager that runs a server and removes all its files at the end."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._account = SERVER_ACCOUNT if os.geteuid() == 0 else None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def __enter__(self) -> Self:
        """Create a cluster and start it. Raise `TimeoutError` if it is not ready in time."""
        self._folder = Path(tempfile.mkdtemp(prefix="hotmart-postgres-"))
        try:
            if self._account:
                shutil.chown(self._folder, self._account)
            data = self._folder / "data"
            self._run("initdb", "--no-sync", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "-D", str(data))
            settings = {
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": "",
                "port": self.port,
                "fsync": "off",
                # PyAirbyte creates columns without a time zone, so PostgreSQL would write local time into them.
                "timezone": "UTC",
            }
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            with (self._folder / "log").open("wb") as log:
                self._server = subprocess.Popen(
                    [self._programs / "postgres", "-D", data, *options],
                    user=self._account,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self._folder,
                )
            self._wait()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            user=self._account,
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{program} ended with status {done.returncode}: {done.stdout}")

    def _wait(self) -> None:
        deadline_s = time.monotonic() + READY_WITHIN_S
        asks: list[str | Path] = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(asks, check=False).returncode:
            if self._server.poll() is not None or time.monotonic() > deadline_s:
                log = (self._folder / "log").read_text(errors="replace")
                raise TimeoutError(f"PostgreSQL did not start within {READY_WITHIN_S} s: {log}")
            time.sleep(0.1)

    def _end(self) -> None:
        server: subprocess.Popen[bytes] | None = getattr(self, "_server", None)
        if server:
            server.send_signal(signal.SIGINT)  # don't wait for clients to disconnect
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(self._folder)


def _programs() -> Path:
    """Return the program folder of the newest server version."""
    found = shutil.which("initdb")
    if found and not DEBIAN_FOLDERS.is_dir():
        return Path(found).parent
    folders = [path.parent for path in DEBIAN_FOLDERS.glob("*/bin/initdb")]
    if not folders:
        raise PostgresMissing("PostgreSQL's server is not there: apt-get install postgresql, or put initdb on the PATH")
    return max(folders, key=lambda folder: float(folder.parent.name))
