"""One connection of a platform: its consecutive syncs, its state, and the rows in its destination."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from hotmart_simulator import Call, Simulator, World
from hotmart_simulator.common.row import Row
from tools.harness import (
    NOW_MS,
    Connector,
    Run,
    State,
    VirtualClock,
    Warehouse,
    last_states,
    small_world,
    truth,
)
from tools.rows import Difference, difference, key_of

DAY_MS = 86_400_000
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
PURCHASES = f"{SUBSCRIPTIONS}/*/purchases"
STUDENTS = "/club/api/v1/users"
LESSONS = f"{STUDENTS}/*/lessons"


class Connection:
    """Consecutive syncs of some streams of one account. Each sync continues from the previous state.

    `config` holds changes of the settings. Assign to it between two syncs.
    """

    def __init__(self, connector: Connector, clock: VirtualClock, streams: Sequence[str], **config: Any) -> None:
        self.connector = connector
        self.clock = clock
        self.streams = list(streams)
        self.config: dict[str, Any] = {"num_workers": 1, **config}
        self.state: State = {}
        self.warehouse = Warehouse()

    @property
    def simulator(self) -> Simulator:
        return self.connector.simulator

    @property
    def world(self) -> World:
        return self.simulator.world

    def read(self, state: State | None = None, **options: Any) -> Run:
        """Run one sync from a state and discard its output."""
        config = {**self.connector.config, **self.config}
        return self.connector.read(self.streams, state or None, config=config, **options)

    def sync(self, *, may_fail: bool = False) -> Run:
        """Run one sync, load its records and keep its state. Assert that it delivers each primary key once."""
        self.simulator.reset_log()
        run = self.read(self.state)
        assert may_fail or run.exit_code == 0, run.sentences
        for stream in self.streams:
            keys = [key_of(stream, record) for record in run.records(stream)]
            assert len(keys) == len(set(keys)), f"a key of {stream} was delivered twice in one sync"
        self.keep(run.messages)
        return run

    def keep(self, messages: Iterable[dict[str, Any]]) -> None:
        """Load messages into the destination, and keep their states."""
        kept = list(messages)
        self.warehouse.load(kept)
        self.state = {**self.state, **last_states(kept)}

    def pass_time(self, **duration: float) -> None:
        """Advance both clocks. Charges are not made automatically."""
        self.clock.advance(**duration)
        self.world.now_ms = self.clock.now_ms

    def charge_what_is_due(self) -> list[Any]:
        """Make the charges that are due by now, each at its due time."""
        return list(self.world.move({"due_charges": 10_000})["due_charges"])

    def difference(self, stream: str, expected: Iterable[Row] | None = None) -> Difference:
        """Compare the destination with Hotmart, or with some of Hotmart's rows."""
        rows = self.world.expected(stream) if expected is None else expected
        return difference(stream, rows, self.warehouse.rows[stream].values(), after_increments=True)

    def differences(self) -> list[str]:
        """Return the differences between each stream of the destination and Hotmart, as text."""
        found = [self.difference(stream) for stream in self.streams]
        return [str(each) for each in found if each]

    def asked(self, pattern: str, place: int = -2) -> list[str]:
        """Return the IDs of the parents requested in the last sync, in order."""
        return [call.path.split("/")[place] for call in self.simulator.calls if fnmatchcase(call.path, pattern)]


def old_subscriptions(world: World, count: int = 40, days: int = 200) -> list[str]:
    """Add subscriptions of every period that began this many days ago and were charged since. Return their codes."""
    codes = world.add_subscriptions(count, NOW_MS - days * DAY_MS)
    world.move({"due_charges": 10_000})
    return codes


def codes_where(world: World, wanted: Callable[[dict[str, Any]], bool]) -> list[str]:
    """Return the codes of the subscriptions whose current row at Hotmart matches a condition."""
    return [code for code, row in truth(world, "subscriptions").items() if wanted(row)]


def period_of(row: dict[str, Any]) -> int:
    """Return the days between two charges of a subscription."""
    return int(row["plan"]["recurrency_period"])


def empty_world(**changes: Any) -> World:
    """Make a small account without sales and subscriptions, for tests that add their own."""
    return small_world(**{"sales": 0, "subscriptions": 0, "students": 0, **changes})


def states_of(run: Run) -> Counter[str]:
    """Return the number of states that each stream emitted."""
    return Counter(message["state"]["stream"]["stream_descriptor"]["name"] for message in run.of_type("STATE"))


def pass_seconds_per_call(connection: Connection, seconds: float) -> None:
    """Let each data request take this many seconds."""

    def take(call: Call) -> None:
        connection.clock.advance(seconds=seconds)

    connection.simulator.before_call = take
