"""A server that sends any bytes as its response, including those that no HTTP library would send."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import parse_headers
from io import BytesIO
from socket import SHUT_RDWR, socket
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any, Self


@dataclass(frozen=True)
class Asked:
    """A request."""

    line: str
    """Method, address and version."""
    headers: dict[str, str]
    """Header values by lower-case name."""

    @property
    def path(self) -> str:
        return self.line.split()[1].partition("?")[0]


Answer = Callable[[Asked], "bytes | Iterable[bytes]"]


def answer(
    body: bytes, status: int = 200, *headers: str, content_type: str = "application/json", length: int | None = None
) -> bytes:
    """Return a whole response: status line, and headers unchanged."""
    lines = [
        f"HTTP/1.1 {status} Any",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def swelling(megabytes: int) -> bytes:
    """Return a gzip body of many members that decompresses to this many MB of spaces."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    member = packer.compress(b" " * 10_000_000) + packer.flush()
    return member * (megabytes // 10)


@dataclass
class RawServer:
    """Server that answers each request of a connection with a function's return value."""

    answer: Answer
    asked: list[Asked] = field(default_factory=list)
    _server: Any = None
    _connections: list[socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        outer = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                outer._connections.append(self.connection)
                while (line := self.rfile.readline()).strip():
                    head = b""
                    while (header := self.rfile.readline()).strip():
                        head += header
                    headers = {name.lower(): text for name, text in parse_headers(BytesIO(head + b"\r\n")).items()}
                    asked = Asked(line.decode("latin-1").strip(), headers)
                    outer.asked.append(asked)
                    sent = outer.answer(asked)
                    try:
                        for part in [sent] if isinstance(sent, bytes) else sent:
                            self.wfile.write(part)
                    except OSError:
                        return  # the client has read enough

        class Server(ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:
            with suppress(OSError):  # already closed
                connection.shutdown(SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"  # ignore-https-check: this machine
