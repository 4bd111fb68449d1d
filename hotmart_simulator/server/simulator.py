"""The simulator as a running server."""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from email.utils import formatdate
from io import BytesIO
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from hotmart_simulator.expected import Key
from hotmart_simulator.server.application import Application
from hotmart_simulator.server.delivery import Sent
from hotmart_simulator.server.faults import Fault, Faults
from hotmart_simulator.server.login import Login
from hotmart_simulator.server.request_log import Call, CallLog
from hotmart_simulator.switches import Switches
from hotmart_simulator.world import World

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

HOST: Final = "127.0.0.1"


class Simulator:
    """Hotmart's API on a port of this machine; a context manager.

    `clock` (seconds) rules the quota and the life of tokens, so that tests can run on a clock of their own.
    With `follow_clock` the world's now is moved on to that clock with every call. `before_call` is called
    with each data call that is let in, before its answer is worked out: there a test moves the world while a
    window is read.
    """

    def __init__(
        self,
        world: World,
        switches: Switches | None = None,
        clock: Callable[[], float] = time.time,
        *,
        port: int = 0,
        follow_clock: bool = False,
    ) -> None:
        self.world = world
        self.switches = switches or Switches()
        self.clock = clock
        self.login = Login(world.seed, clock)
        self.log = CallLog()
        self.fault_registry = Faults()
        self.moves: list[dict[str, Sequence[Key]]] = []
        self.before_call: Callable[[Call], None] | None = None
        self.mistakes: list[Exception] = []  # raised by the simulator's own code or a hook, not ordered
        self.stopped = Event()
        self._port = port
        self._follow_clock = follow_clock
        self._lock = Lock()
        self._every: tuple[int, Mapping[str, int]] | None = None
        self._data_calls = 0
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None
        self._connections: set[socket.socket] = set()

    # Running

    def start(self) -> Self:
        if self._server is not None:
            raise RuntimeError("the simulator is running already")
        self.stopped.clear()
        self._server = make_server(HOST, self._port, Application(self), threaded=True, request_handler=_handler(self))
        self._port = self._server.port
        self._thread = Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, name="simulator", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the server and every open connection; harmless when it is not running."""
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

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def client_id(self) -> str:
        return self.login.client_id

    @property
    def client_secret(self) -> str:
        return self.login.client_secret

    @property
    def basic(self) -> str:
        return self.login.basic

    # Looking on

    @property
    def calls(self) -> list[Call]:
        return self.log.calls

    def count(self, path_prefix: str = "", status: int | None = None) -> int:
        """How many calls were made, token calls included."""
        return self.log.count(path_prefix, status)

    def reset_log(self) -> None:
        self.log.reset()

    # Interfering

    @property
    def faults(self) -> list[Fault]:
        return self.fault_registry.ordered

    def add_fault(self, fault: Fault) -> Fault:
        return self.fault_registry.add(fault)

    def clear_faults(self) -> None:
        self.fault_registry.clear()

    def move(self, changes: Mapping[str, int]) -> dict[str, Sequence[Key]]:
        """Move the world now, as `World.move` does; kept in `moves`."""
        self._tick()
        moved = self.world.move(changes)
        with self._lock:
            self.moves.append(moved)
        return moved

    def move_every(self, calls: int, changes: Mapping[str, int]) -> None:
        """Move the world at every so many data calls, before they are answered; 0 ends it."""
        if calls < 0:
            raise ValueError("calls must not be negative")
        with self._lock:
            self._every = (calls, dict(changes)) if calls else None
            self._data_calls = 0

    def before_answer(self, call: Call) -> None:
        """For the application: what happens between the arrival of a data call and its answer."""
        self._tick()
        with self._lock:
            self._data_calls += 1
            every = self._every
            is_due = every is not None and self._data_calls % every[0] == 0
        if every is not None and is_due:
            self.move(every[1])
        if self.before_call is not None:
            self.before_call(call)

    def _tick(self) -> None:
        if self._follow_clock:
            with self.world.lock:
                self.world.now_ms = max(self.world.now_ms, int(self.clock() * 1000))

    def connected(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)


def _handler(simulator: Simulator) -> type[WSGIRequestHandler]:
    """A handler that keeps connections open, as the API's gateway does; Werkzeug's own closes each one."""

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
            # Read to its end first: what an answer leaves unread would be taken for the next request.
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
            self.send_header("Date", formatdate(simulator.clock(), usegmt=True))
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
            """Nothing: the simulator's log of calls is for looking at."""

    return Handler
