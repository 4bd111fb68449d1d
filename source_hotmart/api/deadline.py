"""HTTP transport with a total timeout for every response, headers included.

`requests` measures its read timeout from byte to byte, so a server that sends one byte per second, in the headers or
in the body, never triggers it. `requests` also reads the body of a redirect without any limit, even if redirects are
not followed, and keeps every cookie. The headers for both are therefore removed from each response.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from functools import cache, partial
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import Any

import requests
from requests.adapters import HTTPAdapter

# Its warnings quote URLs, which can hold a credential, and lines of the response.
logging.getLogger("urllib3").setLevel(logging.ERROR)

POOL_SIZE = 32
"""Connections to keep open, one for each possible thread."""


IGNORED_HEADERS = ("Location", "Set-Cookie", "Set-Cookie2")
"""Headers removed from each response. The status of a redirect is kept, and nothing else of it is needed."""


class OutOfTime(TimeoutError):
    """The response did not arrive within its total timeout."""


def ran_out_of_time(exception: BaseException | None) -> bool:
    """Whether an `OutOfTime` caused an exception of `requests` or `urllib3`."""
    return any(isinstance(one, OutOfTime) for one in _made_of(exception))


def _made_of(exception: BaseException | None) -> Iterator[BaseException]:
    # urllib3 sets the cause. requests passes urllib3's exception on as an argument.
    while exception is not None:
        yield exception
        first = exception.args[0] if exception.args else None
        exception = exception.__cause__ or (first if isinstance(first, BaseException) else None)


class BoundedAdapter(HTTPAdapter):
    """Sends requests whose responses have a total timeout in seconds."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._pools: set[Any] = set()
        self.is_closed = False
        super().__init__(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE)

    def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
        """Request the one compression format that `pages.read_body` decodes."""
        request.headers["Accept-Encoding"] = "gzip"

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the connection of `requests`, also through a proxy, with a total timeout for new connections."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _bounded(type(pool).ConnectionCls, self._total_s)
        self._pools.add(pool)
        if self.is_closed:  # another thread has just closed it
            pool.close()
        return pool

    def close(self) -> None:
        """Close the idle connections. The others close when their response has been read.

        `requests` leaves this to the garbage collector, and a stored traceback keeps its connection alive.
        """
        self.is_closed = True
        super().close()
        for pool in list(self._pools):
            pool.close()


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
