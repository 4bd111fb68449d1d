"""The network between connector and simulator: name resolution, and hosts that become unreachable."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

API_HOST = "localhost"
AUTH_HOST = "127.0.0.1"
"""Both names lead to the simulator. Two names allow each host to be unreachable on its own."""


class Network:
    """Replacement for `socket.getaddrinfo` in which every host except this machine is unknown."""

    def __init__(self) -> None:
        self._away: dict[str, tuple[str, float]] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            self._closed_port = closed.getsockname()[1]

    def install(self, patch: Callable[[str, Any], Any]) -> None:
        """Replace the resolver with this object. `patch` is `mocker.patch`."""
        patch("socket.getaddrinfo", self.look_up)

    def close(self) -> None:
        """Release the ports."""
        self._listener.close()

    @property
    def elsewhere(self) -> str:
        """Host and port of another server that must not receive any connection."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def visits_elsewhere(self) -> int:
        """Return the number of connections to that server."""
        visits = 0
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
                visits += 1
        return visits

    def take_away(self, host: str, how: str, times: float) -> None:
        """Fail this many look-ups of a host ("no name"), or resolve them to a port without a listener ("refused")."""
        self._away[host] = how, times

    def come_back(self) -> None:
        """Make every host reachable again."""
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
