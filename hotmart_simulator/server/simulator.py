"""The simulator as a running server."""

import socket
from contextlib import suppress
from email.utils import formatdate
from io import BytesIO
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from hotmart_simulator.server.application import Application
from hotmart_simulator.server.delivery import Sent
from hotmart_simulator.server.service import HOST, Service

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment


class Simulator(Service):
    """Hotmart's API on a local port. A context manager."""

    _server: BaseWSGIServer | None = None
    _thread: Thread | None = None
    _connections: set[socket.socket]

    # Running

    def start(self) -> Self:
        """Serve until `stop`. Raise `RuntimeError` if the server is running already."""
        if self._server is not None:
            raise RuntimeError("the simulator is running already")
        self.stopped.clear()
        self._connections = set()
        self._server = make_server(HOST, self._port, Application(self), threaded=True, request_handler=_handler(self))
        self._port = self._server.port
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, name="simulator", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the server and every open connection. Do nothing if it is not running."""
        if self._server is None or self._thread is None:
            return
        self.stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server = None
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):  # gone already
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: object, *exc_info: object) -> None:
        self.stop()
        if self.mistakes and kind is None:
            raise RuntimeError("the simulator, or a hook of the test, failed") from self.mistakes[0]

    def connected(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)


def _handler(simulator: Simulator) -> type[WSGIRequestHandler]:
    """Return a handler that keeps connections open, as the API's gateway does. Werkzeug's own closes each one."""

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            simulator.connected(self.connection)

        def finish(self) -> None:
            simulator.disconnected(self.connection)
            super().finish()

        def run_wsgi(self) -> None:
            environ: WSGIEnvironment = self.make_environ()
            # Read the body to its end first, because the server would parse unread bytes as the next request.
            environ["wsgi.input"] = BytesIO(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            began: list[Any] = []

            def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
                began[:] = [status, headers]

            try:
                body = b"".join(self.server.app(environ, start_response))
            except Sent:
                self.close_connection = True
                return
            self._write(began[0], began[1], body)

        def _write(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
            code, _, reason = status.partition(" ")
            self.send_response_only(int(code), reason)
            if not any(name == "Date" for name, _ in headers):
                date_s = simulator.clock() + simulator.switches.date_offset_s
                self.send_header("Date", formatdate(date_s, usegmt=True))
            for name, value in headers:
                self.send_header(name, value)
            if simulator.stopped.is_set():
                self.close_connection = True
            if self.close_connection:
                self.send_header("Connection", "close")
            head = b"".join(self._headers_buffer) + b"\r\n"
            self._headers_buffer.clear()
            self.wfile.write(head if self.command == "HEAD" else head + body)

        def log(self, type: str, message: str, *args: object) -> None:
            """Print nothing, because the simulator keeps a log of calls."""

    return Handler
