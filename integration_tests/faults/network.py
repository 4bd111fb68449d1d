"""The network between the connector and the simulator: names that are looked up, and hosts that go away."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

API_HOST = "localhost"
AUTH_HOST = "127.0.0.1"
"""Both are the simulator; by two names, so that either can be away alone."""


class Network:
    """Looks up names in the place of `socket.getaddrinfo`; any host but this machine does not exist."""

    def __init__(self) -> None:
        self._away: dict[str, tuple[str, float]] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            self._closed_port = closed.getsockname()[1]

    def install(self, patch: Callable[[str, Any], Any]) -> None:
        """Put this in the place of the resolver; `patch` is `mocker.patch`."""
        patch("socket.getaddrinfo", self.look_up)

    def close(self) -> None:
        """Give the ports back."""
        self._listener.close()

    @property
    def elsewhere(self) -> str:
        """Host and port of another server, to which nobody may connect."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def visits_elsewhere(self) -> int:
        """How many connections that server got."""
        visits = 0
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
                visits += 1
        return visits

    def take_away(self, host: str, how: str, times: float) -> None:
        """Let so many look-ups of a host fail ("no name"), or lead to a port where nobody listens ("refused")."""
        self._away[host] = how, times

    def come_back(self) -> None:
        """Every host is there again."""
        self._away.clear()

    def look_up(self, host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        how, times = self._away.get(host, ("", 0))
        if times > 0:
            self._away[host] = how, times - 1
            if how == "refused":
                port = self._closed_port
        if host not in (API_HOST, AUTH_HOST) or (times > 0 and how == "no name"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]
