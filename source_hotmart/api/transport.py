"""Restrict all requests to GET from Hotmart's API and POST to its token URL.

This is the lowest layer of `requests`, so retries, redirects and all requests of the CDK pass through it.
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
from source_hotmart.config.hosts import is_loopback

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Connections:
    """The connections of one sync, shared by all its streams."""

    def __init__(self) -> None:
        self._guards: dict[tuple[str, str], EgressGuard] = {}

    def restrict_to(self, method: str, url: str, total_s: float, budget: APIBudget | None = None) -> LimiterSession:
        """Return a session limited to this method and this URL or, if it ends with a slash, to all URLs below it.

        Certificates are always verified, against the machine's own or those in `REQUESTS_CA_BUNDLE`.
        """
        guard = self._guards.setdefault((method, url), EgressGuard(method, url, total_s))
        session = LimiterSession(api_budget=budget or APIBudget(policies=[]))
        session.adapters.clear()
        session.mount("https://", guard)
        session.mount("http://", guard)  # ignore-https-check: a prefix, behind the same guard
        return session

    def close(self) -> None:
        """Close all connections. Threads that are still reading stop at their next request."""
        for guard in self._guards.values():
            guard.close()


class OutOfReach(HotmartError):
    """A request that the connector is not allowed to make. It was not sent."""

    def __init__(self) -> None:
        super().__init__(
            "The connector blocked a request of its own, because it does more than read from Hotmart. Report this as a "
            "bug of the connector.",
            FailureType.system_error,
        )


class SyncEnded(HotmartError):
    """A request after the end of its sync."""

    def __init__(self) -> None:
        super().__init__("The sync has ended. The next sync continues from here.")


class EgressGuard(BoundedAdapter):
    """Sends requests with one method to one URL, as set by `Connections.restrict_to`."""

    def __init__(self, method: str, url: str, total_s: float) -> None:
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
        """Send a request. Raise `OutOfReach` if it is not allowed, `SyncEnded` after the end of the sync."""
        if self.is_closed:
            raise SyncEnded
        host, path = _split(request.url or "")
        below = self._path.endswith("/") and path.startswith(self._path)
        if request.method != self._method or host != self._host or not (below or path == self._path):
            raise OutOfReach
        if is_loopback(urlsplit(request.url or "").hostname):
            proxies = None  # a proxy would send it, unencrypted, to its own loopback address
        return super().send(request, stream, timeout, verify or True, cert, proxies)


def _split(url: str) -> tuple[tuple[Any, ...], str]:
    """Return the target of a URL as (scheme, host, port), and its path."""
    address = urlsplit(url)
    return (address.scheme, address.hostname, address.port or _DEFAULT_PORTS.get(address.scheme)), address.path
