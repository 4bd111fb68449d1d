"""Run the simulator in a process of its own, and control it over HTTP."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Final, Self

import orjson
import requests

from tools.demo.failure import DemoFailed
from tools.flips.known import switch_arguments
from tools.rows import HeldRow, held_rows

SEED: Final = 7
LIMIT: Final = 6_000
"""Requests per minute. Hotmart's limit of 500 would make the demo wait."""
CLUBS: Final = ("my-school", "second-school")
READY_WITHIN_S: Final = 300
"""Enough for about ten million sales."""
CONTROL_TIMEOUT_S: Final = 120


class SimulatorProcess:
    """A context manager that runs the simulator. All numbers of the account grow with its sales."""

    def __init__(self, sales: int, log: Path, python: Path | None = None, **sizes: int) -> None:
        self._arguments = {
            "--port": 0,
            "--seed": SEED,
            "--sales": sales,
            "--limit": LIMIT,
            "--subscriptions": sales // 5,
            "--students": sales // 12,
            "--subdomains": ",".join(CLUBS),
            **{f"--{name}": size for name, size in sizes.items()},
        }
        self._log = log
        self._python = python or Path(sys.executable)
        self._session = requests.Session()
        self._session.trust_env = False  # ignore the proxy settings of this machine

    def __enter__(self) -> Self:
        """Start the simulator and wait until it serves. Raise `DemoFailed` when it does not."""
        command = [str(self._python), "-m", "hotmart_simulator"]
        command += [str(part) for pair in self._arguments.items() for part in pair]
        command += switch_arguments()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        alarm = Timer(READY_WITHIN_S, self._process.kill)
        alarm.start()
        try:
            assert self._process.stdout is not None
            self._ready: dict[str, str] = orjson.loads(self._process.stdout.readline())
        except orjson.JSONDecodeError:
            self._stop()
            last = (
                self._log.read_text(encoding="utf-8", errors="replace").strip() or "it printed nothing"
            ).splitlines()[-1]
            raise DemoFailed(f"The simulator did not start: {last} (the whole log is {self._log})") from None
        except BaseException:
            self._stop()
            raise
        finally:
            alarm.cancel()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    @property
    def config(self) -> dict[str, str]:
        """Return the settings for reading this account."""
        names = ("client_id", "client_secret", "token", "start_date")
        return {name: self._ready[name] for name in names} | {"members_area_subdomain": ", ".join(CLUBS)}

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment that points the connector to the simulator instead of Hotmart."""
        direct = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1")))
        url = self._ready["url"]
        return {
            **os.environ,
            "HOTMART_API_URL": url,
            "HOTMART_AUTH_URL": url,
            "NO_PROXY": direct,
            "no_proxy": direct,
        }

    def move(self, changes: Mapping[str, int]) -> dict[str, list[str]]:
        """Let changes happen in the account, and return the changed keys by kind of change."""
        moved: dict[str, list[str]] = self._control("POST", "move", changes)
        return moved

    def add_fault(self, **fault: Any) -> None:
        """Add a fault by the fields of a `Fault`."""
        self._control("POST", "faults", fault)

    def calls(self) -> dict[str, dict[str, int]]:
        """Return the number of calls since the last `reset_log`, by path and status of the response."""
        paths: dict[str, dict[str, int]] = self._control("GET", "calls")["paths"]
        return paths

    def reset_log(self) -> None:
        """Empty the log of calls."""
        self._control("POST", "reset_log", {})

    def expected(self, stream: str) -> list[HeldRow]:
        """Return every row that the account holds now, as Hotmart would send it."""
        return held_rows(self._control("GET", f"expected/{stream}"))

    def _control(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            answer = self._session.request(
                method, f"{self._ready['url']}/_simulator/{name}", json=body, timeout=CONTROL_TIMEOUT_S
            )
            answer.raise_for_status()
            return answer.json()
        except requests.RequestException as error:
            raise DemoFailed(f"The simulator did not answer {name}: {error} (its log is {self._log})") from None
