"""The parts of one simulated Hotmart, without the running server: account, login, log of calls and faults."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock
from typing import Final
from urllib.parse import urlunsplit

from hotmart_simulator.expected import Key
from hotmart_simulator.server.faults import Fault, Faults
from hotmart_simulator.server.login import Login
from hotmart_simulator.server.request_log import Call, CallLog
from hotmart_simulator.switches import Switches
from hotmart_simulator.world import World

HOST: Final = "127.0.0.1"


class Service:
    """One simulated Hotmart, as the application and the tests see it. It does not depend on HTTP.

    The rate limit and the life of tokens use `clock` (seconds), so that tests can run on a clock of their own. With
    `follow_clock` each data call sets the account's present to that clock. `before_call` receives each accepted data
    call before its response is computed. A test can change the account there while a list is read.
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
        if switches is not None:
            world.switches = switches
        self.clock = clock
        self.login = Login(world.seed, clock)
        self.log = CallLog()
        self.fault_registry = Faults()
        self.moves: list[dict[str, Sequence[Key]]] = []
        self.before_call: Callable[[Call], None] | None = None
        self.mistakes: list[Exception] = []  # raised by the simulator's own code or a hook, and not by a fault
        self.stopped = Event()
        self._port = port
        self._follow_clock = follow_clock
        self._lock = Lock()
        self._every: tuple[int, Mapping[str, int]] | None = None
        self._data_calls = 0

    @property
    def switches(self) -> Switches:
        """Return the sides of the beliefs that this Hotmart takes, and the settings of the server."""
        return self.world.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.world.switches = switches

    @property
    def url(self) -> str:
        return urlunsplit(("http", f"{HOST}:{self._port}", "", "", ""))

    @property
    def client_id(self) -> str:
        return self.login.client_id

    @property
    def client_secret(self) -> str:
        return self.login.client_secret

    @property
    def basic(self) -> str:
        return self.login.basic

    # Inspect

    @property
    def calls(self) -> list[Call]:
        return self.log.calls

    @property
    def unknown_parameters(self) -> list[tuple[str, str]]:
        """Return the query parameters that their endpoint does not know and that were ignored: (route, name) for each.

        The route has names in place of the ids of the path, as in `Call.route`. No value is kept.
        """
        return self.log.unknown_parameters

    def count(self, path_prefix: str = "", status: int | None = None) -> int:
        """Return the number of calls, token calls included."""
        return self.log.count(path_prefix, status)

    def reset_log(self) -> None:
        """Clear the calls and the unknown parameters."""
        self.log.reset()

    # Control

    @property
    def faults(self) -> list[Fault]:
        return self.fault_registry.ordered

    def add_fault(self, fault: Fault) -> Fault:
        return self.fault_registry.add(fault)

    def clear_faults(self) -> None:
        self.fault_registry.clear()

    def move(self, changes: Mapping[str, int]) -> dict[str, Sequence[Key]]:
        """Change the account now, as `World.move` does, and keep the result in `moves`."""
        self._tick()
        moved = self.world.move(changes)
        with self._lock:
            self.moves.append(moved)
        return moved

    def move_every(self, calls: int, changes: Mapping[str, int]) -> None:
        """Change the account on every n-th data call before its response. 0 calls end it.

        Raise `ValueError` for a negative number of calls or an unknown move.
        """
        if calls < 0:
            raise ValueError("calls must not be negative")
        unknown = set(changes) - set(self.world.moves)
        if unknown:
            raise ValueError(f"cannot move {', '.join(sorted(unknown))}. Known: {', '.join(self.world.moves)}")
        with self._lock:
            self._every = (calls, dict(changes)) if calls else None
            self._data_calls = 0

    def before_answer(self, call: Call) -> None:
        """Advance the time and make due moves between the arrival of a data call and its response."""
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
                self.world.now_ms = int(self.clock() * 1000)
