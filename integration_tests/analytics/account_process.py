"""Client for the process in `account.py`. Tests run in PyAirbyte's environment, the process in the connector's."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ROOT: Final = Path(__file__).parent.parent.parent
CONNECTOR: Final = ROOT / os.environ.get("VENV", ".venv") / "bin" / "source-hotmart"
NAMES: Final = ("client_id", "client_secret", "token", "start_date", "members_area_subdomain")


class AccountProcess:
    """Context manager that runs the account process."""

    def __init__(self, sales: int) -> None:
        self._command = [
            str(CONNECTOR.with_name("python")),
            "-m",
            "integration_tests.analytics.account",
            "--sales",
            str(sales),
        ]

    def __enter__(self) -> Self:
        """Start the process and wait until it serves. Raise `RuntimeError` if it exits first."""
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._ready: dict[str, str] = self._line()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    @property
    def config(self) -> dict[str, Any]:
        """The connector's settings for this account."""
        return {name: self._ready[name] for name in NAMES}

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that point the connector at this account instead of Hotmart."""
        url = self._ready["url"]
        return {"HOTMART_API_URL": url, "HOTMART_AUTH_URL": url, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def move(self, changes: Mapping[str, int]) -> dict[str, list[str]]:
        """Apply changes to the account and return the keys of the changed rows by kind of change."""
        moved: dict[str, list[str]] = self._ask({"move": changes})
        return moved

    def truth(self, mart: str, as_of_ms: int) -> list[dict[str, Any]]:
        """Return the expected rows of a mart at the current time."""
        rows: list[dict[str, Any]] = self._ask({"truth": mart, "as_of_ms": as_of_ms})
        return rows

    def _ask(self, asked: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the simulated account ended, see above")
        return json.loads(line)
