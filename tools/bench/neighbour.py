"""A second client of the same account, which uses a fixed part of the quota and ignores the answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, Self

import requests

from tools.bench.calls import MINUTE_S, Call

PATH: Final = "/user/api/v1/me"
"""A cheap call that the connector never makes, so that the log shows which client made a call."""
THREADS: Final = 12
"""Enough threads for 500 calls per minute at 1.4 seconds per call."""


class Neighbour:
    """Make a fixed number of calls per minute until the `with` block ends, with an access token of its own."""

    def __init__(self, url: str, config: Mapping[str, Any], calls_a_minute: float) -> None:
        self._url = url
        self._config = config
        self._interval_s = MINUTE_S / calls_a_minute
        self._ended = Event()
        self._threads = [Thread(target=self._call, args=(number,), daemon=True) for number in range(THREADS)]

    def __enter__(self) -> Self:
        with self._session() as session:
            answer = session.post(
                f"{self._url}/security/oauth/token",
                params={"grant_type": "client_credentials"},
                headers={"Authorization": f"Basic {self._config['token']}"},
                timeout=60,
            )
            answer.raise_for_status()
            self._token = answer.json()["access_token"]
        self._began_s = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @staticmethod
    def is_own(call: Call) -> bool:
        """Whether this client made a call in the log."""
        return call.path == PATH

    @staticmethod
    def _session() -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # ignore the proxy settings of this machine
        return session

    def _call(self, turn: int) -> None:
        """Make every n-th call of an even schedule, which the threads share in turn."""
        with self._session() as session:
            session.headers["Authorization"] = f"Bearer {self._token}"
            while True:
                due_s = self._began_s + turn * self._interval_s
                if self._ended.wait(max(0.0, due_s - time.monotonic())):
                    return
                session.get(f"{self._url}{PATH}", timeout=60)
                turn += THREADS
