"""Send a response, with or without a fault during the transfer."""

import os
import socket
import struct
import zlib
from collections.abc import Iterable
from functools import cache
from threading import Event
from typing import Final

from werkzeug.http import HTTP_STATUS_CODES

from hotmart_simulator.server.faults import Fault

Headers = list[tuple[str, str]]
MEGABYTE: Final = 1_000_000


class Sent(ConnectionAbortedError):
    """The response was written to the socket directly, and the connection cannot be used again."""


def spoiled(fault: Fault, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Return headers and body of a complete response that cannot be decoded."""
    if fault.kind == "truncated_json":
        return headers, body[: max(1, len(body) * 2 // 3)]
    if fault.kind == "bad_utf8":
        # Inside the first string, so that only the encoding is wrong and not the JSON.
        place = body.find(b'":"') + 3
        place = place if place > 2 else len(body) // 2
        return headers, body[:place] + b"\xff\xfe" + body[place:]
    if fault.kind == "bad_gzip":
        return [*headers, ("Content-Encoding", "gzip")], b"\x1f\x8b\x08\x00" + body[:200]
    if fault.kind == "gzip_bomb":
        return [*headers, ("Content-Encoding", "gzip")], _bomb(fault.megabytes)
    return headers, body


def send_raw(
    fault: Fault, connection: socket.socket, stopped: Event, status: int, headers: Headers, body: bytes
) -> None:
    """Send a response with a fault below HTTP. Always raise `Sent`, because the connection cannot be used again."""
    try:
        if fault.kind == "reset":
            _reset(connection)
        elif fault.kind == "hang":
            stopped.wait()
        elif fault.kind == "cut":
            connection.sendall(_head(status, headers, len(body)) + body[: len(body) // 2])
        elif fault.kind == "reset_body":
            connection.sendall(_head(status, headers, len(body)) + body[: len(body) // 2])
            _reset(connection)
        elif fault.kind == "wrong_length":
            length = max(0, len(body) + (25 if fault.value is None else fault.value))
            connection.sendall(_head(status, headers, length) + body)
        elif fault.kind == "drip":
            connection.sendall(_head(status, headers, len(body)))
            _drip(connection, body, fault.interval_s, stopped)
        elif fault.kind == "drip_head":
            _drip(connection, _head(status, headers, len(body)) + body, fault.interval_s, stopped)
        elif fault.kind == "huge":
            blanks = b" " * MEGABYTE  # JSON allows blanks after the document
            connection.sendall(_head(status, headers, len(body) + fault.megabytes * MEGABYTE) + body)
            for _ in range(fault.megabytes):
                if stopped.is_set():
                    break
                connection.sendall(blanks)
    except OSError:
        pass  # the client has disconnected, which these faults often cause
    raise Sent


def _head(status: int, headers: Iterable[tuple[str, str]], length: int) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTP_STATUS_CODES.get(status, '')}",
        *(f"{name}: {value}" for name, value in headers),
        f"Content-Length: {length}",
        "Connection: close",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _drip(connection: socket.socket, content: bytes, interval_s: float, stopped: Event) -> None:
    for place in range(len(content)):
        connection.sendall(content[place : place + 1])
        if stopped.wait(interval_s):
            break


def _reset(connection: socket.socket) -> None:
    # With a linger time of 0, close() sends RST. The descriptor is taken from the server, which would otherwise shut
    # the connection down in good order first.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())


@cache
def _bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = (packer.compress(b" " * MEGABYTE) for _ in range(megabytes))
    return b"".join((packer.compress(b'{"items":[]'), *blanks, packer.compress(b"}"), packer.flush()))
