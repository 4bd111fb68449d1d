"""The one place where requests leave: GET to Hotmart's API and POST to its token address, and nothing else.

It is the lowest layer that `requests` has, so that retries, redirects and all that the CDK does pass through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget, LimiterSession

from source_hotmart.api.deadline import BoundedAdapter
from source_hotmart.api.errors import HotmartError
from source_hotmart.api.pages import DEFAULT_LIMITS
from source_hotmart.config.hosts import is_loopback

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Connections:
    """The connections of one sync, which all of its streams share."""

    def __init__(self) -> None:
        self._guards: dict[tuple[str, str], EgressGuard] = {}

    def restrict_to(
        self, method: str, url: str, total_s: float = DEFAULT_LIMITS.total_s, budget: APIBudget | None = None
    ) -> LimiterSession:
        """Return a session that sends this method only, to this address or, if that ends with a slash, below it.

        Certificates are always checked: against the machine's own, or those that `REQUESTS_CA_BUNDLE` names.
        """
        guard = self._guards.setdefault((method, url), EgressGuard(method, url, total_s))
        session = LimiterSession(api_budget=budget or APIBudget(policies=[]))
        session.adapters.clear()
        session.mount("https://", guard)
        session.mount("http://", guard)  # ignore-https-check: a prefix, behind the same guard
        return session

    def close(self) -> None:
        """Close all connections. Threads that are still reading end with their next request."""
        for guard in self._guards.values():
            guard.close()


class OutOfReach(HotmartError):
    """A call that this connector never makes; it was not sent."""

    def __init__(self) -> None:
        super().__init__(
            "The connector was about to make a call that does not read from Hotmart, and did not make it. Report this "
            "as a fault of the connector.",
            FailureType.system_error,
        )


class SyncEnded(HotmartError):
    """A request after the end of its sync."""

    def __init__(self) -> None:
        super().__init__("The sync has ended. The next sync continues from here.")


class EgressGuard(BoundedAdapter):
    """Sends one method to one address, as `Connections.restrict_to` says."""

    def __init__(self, method: str, url: str, total_s: float = DEFAULT_LIMITS.total_s) -> None:
        super().__init__(total_s)
        self._method = method
        self._host, self._path = _split(url)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request. Raise `OutOfReach` if it is another one, `SyncEnded` after the end."""
        if self.is_closed:
            raise SyncEnded
        host, path = _split(request.url or "")
        below = self._path.endswith("/") and path.startswith(self._path)
        if request.method != self._method or host != self._host or not (below or path == self._path):
            raise OutOfReach
        if is_loopback(urlsplit(request.url or "").hostname):
            proxies = None  # a proxy would take the call, in the clear, to what it calls this machine
        return super().send(request, stream, timeout, verify or True, cert, proxies)


def _split(url: str) -> tuple[tuple[Any, ...], str]:
    """What is called, as scheme, host and port; and the path."""
    address = urlsplit(url)
    return (address.scheme, address.hostname, address.port or _DEFAULT_PORTS.get(address.scheme)), address.path
