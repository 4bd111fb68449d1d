"""Hotmart's views of a sale, and its lists of subscriptions and charges, answered from memory.

The simulator works every row out for every page, which costs more CPU than reading it. Here rows are recorded once
and only joined. Windows, statuses and page tokens count as they do at Hotmart; the credential does not.

As a process: one line of JSON when it is ready, and it ends when its stdin does.
"""

from __future__ import annotations

import argparse
import socket
import ssl
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson

from hotmart_simulator.common.vocabulary import DEFAULT_SALE_STATUSES
from tools.bench.replayed_lists import Lists
from tools.bench.templates import Templates, order_dates, transaction

LONGEST_PAGE: Final = 500
SPAN_MS: Final = 1_461 * 86_400_000
"""The recorded sales end now and span four years, as in the simulator's account."""
START_MARGIN_MS: Final = 60_000
"""The start date in the settings, before the first sale."""
LIMIT: Final = 1_000_000
"""Calls per minute, so many that no client waits for the quota."""


class Sales:
    """An account with a given number of sales."""

    def __init__(self, count: int, now_ms: int) -> None:
        self._templates = Templates()
        self._statuses = self._templates.statuses
        self.start_ms = now_ms - SPAN_MS
        self._order_ms = order_dates(count, self.start_ms + START_MARGIN_MS, now_ms - START_MARGIN_MS)
        self._chosen: dict[frozenset[str], Sequence[int]] = {}
        self._lock = Lock()
        self.mean_bytes = self._templates.mean_bytes

    def knows(self, path: str) -> bool:
        """Whether the path is one of the four views."""
        return path in self._templates.by_path

    def page(self, path: str, query: dict[str, list[str]]) -> bytes:
        """Return the answer to a query: newest sales first, the total, and the token of the next page."""
        numbers = self._numbers(query)
        low = bisect_left(numbers, int(query["start_date"][0]), key=self._order_ms.__getitem__)
        high = bisect_right(numbers, int(query["end_date"][0]), key=self._order_ms.__getitem__)
        rows = min(LONGEST_PAGE, int(query.get("max_results", ["10"])[0]))
        first = int(query.get("page_token", ["0"])[0])
        newest = high - first
        oldest = max(low, newest - rows)
        templates = self._templates.by_path[path]
        items = b",".join(
            [
                templates[number % len(templates)].row(transaction(number), self._order_ms[number])
                for number in reversed(numbers[oldest:newest])
            ]
        )
        info: dict[str, Any] = {"total_results": high - low, "results_per_page": max(0, newest - oldest)}
        if oldest > low:
            info["next_page_token"] = str(first + rows)
        return b'{"items":[%b],"page_info":%b}' % (items, orjson.dumps(info))

    def _numbers(self, query: dict[str, list[str]]) -> Sequence[int]:
        """Return the numbers of the sales with the requested statuses, by date."""
        statuses = frozenset(query.get("transaction_status", DEFAULT_SALE_STATUSES))
        with self._lock:
            if statuses not in self._chosen:
                count = range(len(self._order_ms))
                everywhere = statuses.issuperset(self._statuses)
                recorded = len(self._statuses)
                self._chosen[statuses] = (
                    count if everywhere else [n for n in count if self._statuses[n % recorded] in statuses]
                )
            return self._chosen[statuses]


class CallCount:
    """The number of calls answered so far."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.calls = 0

    def add(self) -> None:
        """Add one call."""
        with self._lock:
            self.calls += 1


def handler(sales: Sales, lists: Lists, count: CallCount) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers token calls, the endpoints, and how many calls there were."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            count.add()
            self._answer(b'{"access_token":"replayed","token_type":"bearer","expires_in":172799}')

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/_replay/calls":
                self._answer(orjson.dumps(count.calls))
                count.calls = 0
            elif sales.knows(address.path):
                count.add()
                self._answer(sales.page(address.path, parse_qs(address.query)))
            elif lists.knows(address.path):
                count.add()
                self._answer(lists.page(address.path, parse_qs(address.query)))
            else:
                self._answer(b'{"error":"not_found"}', 404)

        def _answer(self, body: bytes, status: int = 200) -> None:
            head = (
                f"HTTP/1.1 {status} \r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                f"Date: {self.date_time_string()}\r\nRateLimit-Limit: {LIMIT}\r\n"
                f"RateLimit-Remaining: {LIMIT}\r\nRateLimit-Reset: 60\r\n\r\n"
            )
            self.wfile.write(head.encode("ascii") + body)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    address_family = socket.AF_INET


def main() -> int:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.replay", description=__doc__)
    parser.add_argument("--sales", type=int, required=True)
    parser.add_argument("--subscriptions", type=int, default=0)
    parser.add_argument("--certificate", help="file with a certificate and its key, to serve over TLS")
    asked = parser.parse_args()
    now_ms = time.time_ns() // 1_000_000
    sales, lists = Sales(asked.sales, now_ms), Lists(asked.subscriptions, now_ms, SPAN_MS)
    with Server(("127.0.0.1", 0), handler(sales, lists, CallCount())) as server:
        if asked.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(asked.certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        ready = {
            "url": f"{'https' if asked.certificate else 'http'}://127.0.0.1:{server.server_port}",
            "start_ms": sales.start_ms,
            "mean_bytes": sales.mean_bytes,
        }
        print(orjson.dumps(ready).decode(), flush=True)
        sys.stdin.read()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
