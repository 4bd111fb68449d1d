"""Another client of the same account, which uses a part of its quota at an even pace, whatever it is told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, Self

import requests

from tools.bench.calls import MINUTE_S, Call

PATH: Final = "/user/api/v1/me"
"""A cheap call that the connector never makes, so that the two are told apart in the log."""
THREADS: Final = 12
"""Enough for 500 calls a minute where each takes 1.4 seconds."""


class Neighbour:
    """Makes so many calls a minute until the end of its `with`, with an access token of its own."""

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
        """Whether a call in the log is this client's."""
        return call.path == PATH

    @staticmethod
    def _session() -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy for this machine
        return session

    def _call(self, turn: int) -> None:
        """Every so many-th call of an even row, of which each thread has its turn."""
        with self._session() as session:
            session.headers["Authorization"] = f"Bearer {self._token}"
            while True:
                due_s = self._began_s + turn * self._interval_s
                if self._ended.wait(max(0.0, due_s - time.monotonic())):
                    return
                session.get(f"{self._url}{PATH}", timeout=60)
                turn += THREADS
