"""The lowest layer of `requests`: only GET from Hotmart's API and POST to its token URL, each with a total timeout.

Retries, redirects and all requests of the CDK pass through it.

`requests` measures its read timeout from byte to byte, so a server that sends one byte per second, in the headers or
in the body, never triggers it. `requests` also reads the body of a redirect without any limit, even if redirects are
not followed, and keeps every cookie. The headers for both are therefore removed from each response.
"""

from __future__ import annotations

import logging
import os
import ssl
import time
from collections.abc import Mapping
from functools import cache, partial
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget, LimiterSession
from requests.adapters import HTTPAdapter

from source_hotmart.api.errors import HotmartError
from source_hotmart.config.hosts import is_loopback

# Its warnings quote URLs, which can hold a credential, and lines of the response.
logging.getLogger("urllib3").setLevel(logging.ERROR)

POOL_SIZE = 32
"""Connections to keep open, one for each possible thread."""

IGNORED_HEADERS = ("Location", "Set-Cookie", "Set-Cookie2")
"""Headers removed from each response. The status of a redirect is kept, and nothing else of it is needed."""

CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that `requests` reads, the first one set wins: `Session.merge_environment_settings`."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def check_certificates() -> None:
    """Raise a config_error that names the variable if its file cannot be used.

    `requests` reports a missing file as a plain `OSError` in the middle of a request.
    """
    name = next(filter(os.environ.get, CERTIFICATE_VARIABLES), None)
    if not name:
        return
    path = os.environ[name]
    place = {"capath": path} if Path(path).is_dir() else {"cafile": path}
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(**place)
    except OSError:
        raise HotmartError(
            f"The certificates in {path} cannot be read. The environment variable {name} names this path. Correct it "
            "or remove it.",
            FailureType.config_error,
        ) from None


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


class OutOfTime(TimeoutError):
    """The response did not arrive within its total timeout."""


def ran_out_of_time(exception: BaseException | None) -> bool:
    """Whether an `OutOfTime` caused an exception of `requests` or `urllib3`."""
    # urllib3 sets the cause. requests passes urllib3's exception on as an argument.
    while exception is not None and not isinstance(exception, OutOfTime):
        first = exception.args[0] if exception.args else None
        exception = exception.__cause__ or (first if isinstance(first, BaseException) else None)
    return exception is not None


class EgressGuard(HTTPAdapter):
    """Sends requests with one method to one URL, whose responses have a total timeout in seconds."""

    def __init__(self, method: str, url: str, total_s: float) -> None:
        self._method = method
        self._host, self._path = _split(url)
        self._is_local = is_loopback(urlsplit(url).hostname)
        self._total_s = total_s
        self._pools: set[Any] = set()
        self._is_closed = False
        super().__init__(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request. Raise `HotmartError` if it is not allowed, or the sync has ended."""
        if self._is_closed:
            raise HotmartError("The sync has ended. The next sync continues from here.")
        host, path = _split(request.url or "")
        below = self._path.endswith("/") and path.startswith(self._path)
        if request.method != self._method or host != self._host or not (below or path == self._path):
            raise HotmartError(
                "The connector blocked a request of its own, because it does more than read from Hotmart. Report this "
                "as a bug of the connector.",
                FailureType.system_error,
            )
        if self._is_local:
            proxies = None  # a proxy would send it, unencrypted, to its own loopback address
        return super().send(request, stream, timeout, verify or True, cert, proxies)

    def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
        """Request the one compression format that `pages.read_body` decodes."""
        request.headers["Accept-Encoding"] = "gzip"

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the connection of `requests`, also through a proxy, with a total timeout for new connections."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _bounded(type(pool).ConnectionCls, self._total_s)
        self._pools.add(pool)
        if self._is_closed:  # another thread has just closed it
            pool.close()
        return pool

    def close(self) -> None:
        """Close the idle connections. The others close when their response has been read.

        `requests` leaves this to the garbage collector, and a stored traceback keeps its connection alive.
        """
        self._is_closed = True
        super().close()
        for pool in list(self._pools):
            pool.close()


def _split(url: str) -> tuple[tuple[Any, ...], str]:
    """Return the target of a URL as (scheme, host, port), and its path."""
    address = urlsplit(url)
    return (address.scheme, address.hostname, address.port or _DEFAULT_PORTS.get(address.scheme)), address.path


@cache
def _bounded(connection_class: type[Any], total_s: float) -> type[Any]:
    response_class = staticmethod(partial(_Response, total_s))  # a plain partial would be bound as a method
    return type(connection_class.__name__, (connection_class,), {"response_class": response_class})


class _Response(HTTPResponse):
    def __init__(self, total_s: float, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = BufferedReader(_TimedBytes(self.fp.detach(), sock, total_s))

    def begin(self) -> None:
        super().begin()
        for name in IGNORED_HEADERS:
            del self.msg[name]


class _TimedBytes(RawIOBase):
    """The bytes of one response. Each read waits no longer than the time left of the total timeout."""

    def __init__(self, source: Any, sock: Any, total_s: float) -> None:
        self._source = source
        self._sock = sock
        self._read_s: float | None = sock.gettimeout()
        self._end_s = time.perf_counter() + total_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._end_s - time.perf_counter()
        if left_s <= 0:
            raise OutOfTime
        self._sock.settimeout(left_s if self._read_s is None else min(left_s, self._read_s))
        try:
            count: int | None = self._source.readinto(buffer)
            return count
        except TimeoutError:
            if time.perf_counter() >= self._end_s:
                raise OutOfTime from None
            raise

    def close(self) -> None:
        self._source.close()
        super().close()
