"""Responses of a hostile or broken server, sent byte by byte, with the expected outcome of each."""

import json
from collections.abc import Callable
from typing import Final

from tools.faults.raw_server import Asked, answer, swelling

LOGIN: Final = {"access_token": "granted%2Btoken%2Fof%3Dthe-gateway", "token_type": "bearer", "expires_in": 86_400}

GZIP: Final = "Content-Encoding: gzip"
LARGE: Final[dict[str, Callable[[], bytes]]] = {
    "a redirect that swells to 600 MB": lambda: answer(swelling(600), 302, "Location: /x", GZIP),
    "a page that swells to 600 MB": lambda: answer(swelling(600), 200, GZIP),
    "an error that swells to 600 MB": lambda: answer(swelling(600), 422, GZIP),
    "a page of 20 million lists": lambda: answer(b'{"items":[' + b"[]," * 20_000_000 + b"[]]}"),
    "a page of 2 million lists": lambda: answer(b'{"items":[' + b"[]," * 2_000_000 + b"[]]}"),
    "a page that is compressed twice": lambda: answer(swelling(600), 200, "Content-Encoding: gzip, gzip"),
}
"""Responses that are large after decompression."""

WILD_HEADERS: Final = [
    "RateLimit-Limit: " + "9" * 5_000,
    "RateLimit-Remaining: -1",
    "RateLimit-Reset: nan",
    "Retry-After: 1e400",
    "Refresh: 0; url=http://[::1",  # ignore-https-check: what a server may send
    "Link: <<<<",
    "X-\x1b[31m: \x1b]0;title\x07",
    "not a header ana.souza@example.com",
    "X-After: 1",
]

HEAD: Final = b"HTTP/1.1 200 OK\r\n"
NO_HTTP: Final = {
    "no byte at all": b"",
    "bytes without a status line": b"\x00\xff\x1b[31m" * 20 + b"\r\n\r\n",
    "a status that is not a number": b"HTTP/1.1 abc OK\r\n\r\n",
    "500 headers": HEAD + b"A: b\r\n" * 500 + b"\r\n{}",
    "a header of 1 MB": HEAD + b"A: " + b"b" * 1_000_000 + b"\r\n\r\n{}",
    "a negative `Content-Length`": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "a chunk without a size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nana.souza@example.com\r\n{}\r\n0\r\n\r\n",
    "a chunk of a negative size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "six content encodings": HEAD
    + b"Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip\r\nContent-Length: 2\r\n\r\n{}",
    "an unknown content encoding": HEAD + b"Content-Encoding: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    "a body that is not the gzip its header names": HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: 22\r\n\r\nana.souza@example.com!",
}
"""Responses that are not HTTP, and bodies that contradict their headers."""

ECHOES: Final[dict[str, Callable[[Asked], bytes]]] = {
    "the whole request as the error code": lambda asked: json.dumps(
        {"error": f"{asked.line} {asked.headers}"}
    ).encode(),
    "the `Authorization` header as the error code": lambda asked: json.dumps(
        {"error": asked.headers["authorization"]}
    ).encode(),
    "the credential as the error code": lambda asked: json.dumps(
        {"error": asked.headers["authorization"].split()[1].rstrip("=")}
    ).encode(),
    "the secret as the error code": lambda asked: json.dumps({"code": "abc-def_secret.value"}).encode(),
    "the whole request as text": lambda asked: f"{asked.line}\r\n{asked.headers}".encode(),
    "the whole request in a page of rows": lambda asked: json.dumps(
        {"items": [f"{asked.line}"], "message": str(asked.headers)}
    ).encode(),
    "the whole request as the page token": lambda asked: json.dumps(
        {"items": [], "page_info": {"next_page_token": f"{asked.line} {asked.headers}"}}
    ).encode(),
}
"""Responses that echo the request with its credential."""

OUTCOMES: Final = (
    (LARGE, "`check` ends with a message, in less than 260 MB of memory"),
    (NO_HTTP, "`check` ends with a status, without a traceback and without a text of the response"),
    (ECHOES, "no form of the secret, the `Basic` value or the access token is printed, for ten HTTP statuses"),
    (
        [
            "an address that does not exist in a redirect",
            "rate limit headers that are not numbers",
            "control characters in a header",
        ],
        "`check` ends with a status, and no control character is printed",
    ),
    (["50 cookies of 1 KB in each response"], "no cookie is sent back"),
    (["one row with a new page token each time"], "the stream fails after 20 pages without a new primary key"),
    (["more than 50 rows that cannot be read"], "50 log lines of one kind per stream, then their number"),
)
"""Names of the responses and their outcomes, for the document."""
