"""What one simulated Hotmart consists of, apart from the running server: account, login, log of calls, faults."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock
from typing import Final

from hotmart_simulator.expected import Key
from hotmart_simulator.server.faults import Fault, Faults
from hotmart_simulator.server.login import Login
from hotmart_simulator.server.request_log import Call, CallLog
from hotmart_simulator.switches import Switches
from hotmart_simulator.world import World

HOST: Final = "127.0.0.1"


class Service:
    """The part that answers requests without knowing how they arrive.

    `clock` (seconds) rules the rate limit and the life of tokens, so that tests can run on a clock of their own.
    With `follow_clock` the account's now moves on to that clock with every call. `before_call` is called with each
    data call that is let in, before its answer is worked out: there a test moves the account while a list is read.
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
        self.mistakes: list[Exception] = []  # raised by the simulator's own code or a hook, not ordered
        self.stopped = Event()
        self._port = port
        self._follow_clock = follow_clock
        self._lock = Lock()
        self._every: tuple[int, Mapping[str, int]] | None = None
        self._data_calls = 0

    @property
    def switches(self) -> Switches:
        """The sides of the beliefs that this Hotmart takes, and the settings of the server."""
        return self.world.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.world.switches = switches

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
                self.world.now_ms = int(self.clock() * 1000)
