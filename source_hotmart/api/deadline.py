"""The transport: an end for every answer, its headers included, and nothing of it that `requests` would act on.

`requests` measures its read time-out from byte to byte: a server that sends one byte a second, of the headers or of
the body, never runs into it. It also reads the body of a redirect without any limit, even where redirects are not
followed, and it keeps every cookie.
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

# Its warnings quote addresses, which can hold a credential, and lines of the answer.
logging.getLogger("urllib3").setLevel(logging.ERROR)

POOL_SIZE = 32
"""As many connections are kept open as there can be threads."""


IGNORED_HEADERS = ("Location", "Set-Cookie", "Set-Cookie2")
"""Taken off each answer. The status of a redirect is kept, and is all that is needed."""


class OutOfTime(TimeoutError):
    """The whole answer did not come within its time."""


def ran_out_of_time(exception: BaseException | None) -> bool:
    """Whether an exception of `requests` or `urllib3` was made of an `OutOfTime`."""
    return any(isinstance(one, OutOfTime) for one in _made_of(exception))


def _made_of(exception: BaseException | None) -> Iterator[BaseException]:
    # urllib3 names the cause; requests hands urllib3's exception on as an argument.
    while exception is not None:
        yield exception
        first = exception.args[0] if exception.args else None
        exception = exception.__cause__ or (first if isinstance(first, BaseException) else None)


class BoundedAdapter(HTTPAdapter):
    """Sends calls whose answers end within so many seconds."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._pools: set[Any] = set()
        self.is_closed = False
        super().__init__(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE)

    def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
        """Ask for the one compressed form that `answers.read_body` decodes."""
        request.headers["Accept-Encoding"] = "gzip"

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """As `requests` has it, also behind a proxy; its new connections know their time."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _bounded(type(pool).ConnectionCls, self._total_s)
        self._pools.add(pool)
        if self.is_closed:  # by another thread, just now
            pool.close()
        return pool

    def close(self) -> None:
        """Close the connections that are idle. The others close when their response has been read.

        `requests` leaves that to the garbage collector, and a traceback that is kept holds on to its connection.
        """
        self.is_closed = True
        super().close()
        for pool in list(self._pools):
            pool.close()


@cache
def _bounded(connection_class: type[Any], total_s: float) -> type[Any]:
    response_class = staticmethod(partial(_Response, total_s))  # a method of the class it would become without
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
    """The bytes of one answer, each waited for no longer than what is left of the whole answer's time."""

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
