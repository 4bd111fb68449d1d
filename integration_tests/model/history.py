"""One account over time: it changes, syncs fail, are killed and resumed, and settings change."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any, Final

from hotmart_simulator import Call, Fault, World, heavy_range
from integration_tests.model.lists import CHILDREN, OF_PARENT, PATHS, SALES_PATHS, WITHOUT_DATES, WITHOUT_UPDATES
from integration_tests.model.promises import DAY_MS, SALES, Promises, Withheld
from tools.harness import NOW_MS, Connector, Run, State, VirtualClock, Warehouse, last_states
from tools.rows import key_of

START_MS: Final = NOW_MS - 800 * DAY_MS
LEFT_OUT: Final = frozenset({"imports"})
"""Changes that are not made."""


@dataclass
class History:
    """One account, its warehouse, and the connector's current guarantees for it."""

    connector: Connector
    world: World
    clock: VirtualClock
    random: Random
    lookback_days: int
    start_ms: int
    promises: Promises
    state: State = field(default_factory=dict)
    warehouse: Warehouse = field(default_factory=Warehouse)
    steps: list[str] = field(default_factory=list)
    refused: dict[str, set[str]] = field(default_factory=lambda: {stream: set() for stream in CHILDREN})
    """The parents that Hotmart rejects, by child stream."""
    _moved: int = 0
    """Number of changes of the account during the current sync."""

    def __post_init__(self) -> None:
        self._clear_faults()
        self.promises.observe()

    def step(self) -> None:
        """Perform one random step."""
        actions: list[Callable[[], None]] = [
            *[self.move] * 4,
            *[self.sync] * 3,
            *[self.kill, self.fail, self.restart, self.bad_row, self.bad_day],
            *[self.refuse, self.admit, self.short_list, self.import_parents],
        ]
        action = self.random.choice(actions)
        self.steps.append(action.__name__)
        action()

    # Changes of the account

    def move(self) -> None:
        """Advance the clock by days with sales, refunds and cancellations, and then make changes of any kind."""
        before_ms = self.clock.now_ms
        self.clock.advance(days=self.random.choice([0.02, 1, 3, 20, 70, 120]))
        now_ms = self.clock.now_ms
        self.world.now_ms = now_ms
        self.world.move({"due_charges": 1_000, "ageings": 1_000})  # changes caused by time alone
        self.world.add_sales(self.random.randrange(6), (before_ms, now_ms))
        for status in ("REFUNDED", "CHARGEBACK", "COMPLETE"):
            count, seed = self.random.randrange(12), self.random.randrange(1_000)
            self.world.change_status(count, ("APPROVED", "COMPLETE", "PROTESTED"), status, now_ms, seed)
        self.world.cancel_subscriptions(self.random.randrange(3), now_ms)
        self.world.move({name: self.random.randrange(4) for name in ("returned_chargebacks", "dropped_protests")})
        for name in self.random.sample(sorted(set(self.world.moves) - LEFT_OUT), 8):
            if self.world.move({name: self.random.randrange(1, 4)})[name]:
                self.steps.append(name)
        self.promises.observe()

    def import_parents(self) -> None:
        """Add subscriptions and students that are listed late with old dates."""
        status = self.random.choice(["CANCELLED_BY_CUSTOMER", "ACTIVE"])
        self.world.import_subscriptions(self.random.randrange(4), charges=2, status=status)
        self.world.import_students(self.random.randrange(4))
        self.promises.observe()

    def move_on(self, call: Call) -> None:
        """Add and change sales while a list is read."""
        if self._moved < 2 and self.random.random() < 0.05:
            self._moved += 1
            self.clock.advance(seconds=1)
            now_ms, seed = self.clock.now_ms, self.random.randrange(1_000)
            self.world.add_sales(2, now_ms)
            self.world.change_status(2, ("APPROVED", "COMPLETE"), "REFUNDED", now_ms, seed)

    def restart(self) -> None:
        """Move the start date."""
        self.start_ms = START_MS + self.random.randrange(-100, 700) * DAY_MS

    def refuse(self) -> None:
        """Make Hotmart reject one parent from now on."""
        stream = self.random.choice(sorted(self.refused))
        parents = sorted({key[CHILDREN[stream][3]] for key in self.promises.keys(stream)})
        self.refused[stream] = {self.random.choice(parents)} if parents else set()

    def admit(self) -> None:
        """Stop rejecting parents."""
        for refused in self.refused.values():
            refused.clear()

    # Syncs

    def sync(self) -> None:
        """Run a complete sync and check the guarantees."""
        run, now_ms = self.read()
        assert run.exit_code == 0, run.sentences
        self.keep(run)
        self.judge(run, now_ms, is_complete=True)

    def kill(self) -> None:
        """Kill a sync at a random position: only the output up to the last state counts."""
        run, now_ms = self.read()
        part = run.messages[: self.random.randrange(len(run.messages) + 1)]
        states = [index for index, message in enumerate(part) if message["type"] == "STATE"]
        kept = part[: states[-1] + 1] if states else []
        self.warehouse.load(kept)
        self.state = {**self.state, **last_states(kept)}
        self.note(run, now_ms, is_complete=False)

    def fail(self) -> None:
        """Let one request fail in this sync. All others succeed."""
        stream = self.random.choice(["sales_history", "sales_price_details", "subscription_transactions"])
        if self.random.random() < 0.5:
            self.connector.simulator.add_fault(Fault(kind="wrong_total", value=1, times=1, page="last"))
        self.read_faulty(Fault(kind=403, path=PATHS[stream], nth=self.random.randrange(1, 6), where=asks_for_rows))

    def short_list(self) -> None:
        """Make a list of parents empty or omit its `page_info` in this sync."""
        stream, kind = self.random.choice(WITHOUT_DATES), self.random.choice(["empty_list", "no_page_info"])
        times = self.random.choice([1, None])
        self.read_faulty(Fault(kind=kind, path=PATHS[stream], page="first", times=times))

    def read_faulty(self, fault: Fault) -> None:
        """Run a sync with a fault, without a comparison afterwards."""
        self.connector.simulator.add_fault(fault)
        run, now_ms = self.read()
        self._clear_faults()
        assert not run.exit_code or fault.fired, run.sentences
        self.keep(run)
        self.note(run, now_ms, is_complete=False)

    def bad_row(self) -> None:
        """Damage one row: it has no key or is null. All other rows arrive."""
        stream = self.random.choice(["sales_history", "subscription_transactions", "subscriptions", "club_students"])
        keys = sorted(self.promises.keys(stream))
        if not keys:
            return
        key = self.random.choice(keys)
        withheld: dict[str, Collection[Any]] = {stream: [key]}
        if stream == "subscription_transactions":  # all rows of the sale
            withheld[stream] = [each for each in keys if each[0] == key[0]]
        if stream in OF_PARENT:
            child, place = OF_PARENT[stream]
            withheld[child] = [each for each in self.promises.keys(child) if each[place] == key]
        own = key if isinstance(key, str) else key[1 if stream == "club_students" else 0]
        kind = self.random.choice(["null_row", "no_key"])
        self.read_partly(Fault(kind=kind, path=PATHS[stream], keys=[own], times=None), withheld)

    def bad_day(self) -> None:
        """Make Hotmart fail for the sales of one day. All others arrive."""
        days = (self.clock.now_ms - self.start_ms) // DAY_MS
        first_ms = self.start_ms + self.random.randrange(max(days, 1)) * DAY_MS
        last_ms = first_ms + DAY_MS - 1
        streams = self.random.choice([SALES, *([stream] for stream in SALES)])
        around = self.promises.sales_between(first_ms - DAY_MS, last_ms + DAY_MS)
        where = heavy_range(self.world, first_ms, last_ms, page_rows=0)
        path = PATHS[streams[0]] if len(streams) == 1 else SALES_PATHS
        self.read_partly(Fault(kind=502, path=path, times=None, where=where), dict.fromkeys(streams, around))

    def read_partly(self, fault: Fault, withheld: Withheld) -> None:
        """Run a sync with some unreadable rows, and compare the others."""
        self.connector.simulator.add_fault(fault)
        run, now_ms = self.read()
        self._clear_faults()
        assert not run.exit_code or fault.fired, run.sentences
        self.keep(run)
        self.judge(run, now_ms, is_complete=not fault.fired, withheld=withheld)

    def read(self) -> tuple[Run, int]:
        """Run the connector once on the saved state. Return the result and its `now`."""
        self.clock.advance(seconds=1)
        date = datetime.fromtimestamp(self.start_ms / 1000, UTC)
        config = {
            **self.connector.config,
            "start_date": date.isoformat(timespec="milliseconds"),
            "lookback_days": self.lookback_days,
            "num_workers": self.random.choice([1, 4]),
        }
        self._moved = 0
        self.connector.simulator.before_call = self.move_on if self.random.random() < 0.4 else None
        now_ms = self.clock.now_ms
        run = self.connector.read(self.promises.streams, self.state, config=config)
        self.connector.simulator.before_call = None
        for stream in self.promises.streams:
            keys = [key_of(stream, record) for record in run.records(stream)]
            assert len(keys) == len(set(keys)), f"a key of {stream} came twice in one sync"
        return run, now_ms

    def keep(self, run: Run) -> None:
        """Keep the output of a run that a destination keeps."""
        self.warehouse.load_sync(run)
        self.state = {**self.state, **run.state}

    def note(self, run: Run, now_ms: int, *, is_complete: bool) -> None:
        """Add a run to the guarantees."""
        sees_updates = not any(sentence in run.logs for sentence in WITHOUT_UPDATES)
        self.promises.ran(
            now_ms, self.start_ms, self.warehouse.rows, is_complete=is_complete, sees_updates=sees_updates
        )

    def judge(self, run: Run, now_ms: int, *, is_complete: bool, withheld: Withheld | None = None) -> None:
        """Check the warehouse against the guarantees, ignoring the rows that Hotmart withholds."""
        self.note(run, now_ms, is_complete=is_complete)
        away = {stream: set(keys) for stream, keys in (withheld or {}).items()}
        for stream, refused in self.refused.items():
            place = CHILDREN[stream][3]
            refused_keys = {key for key in self.promises.keys(stream) if key[place] in refused}
            away[stream] = away.get(stream, set()) | refused_keys
        broken = self.promises.broken(self.warehouse.rows, now_ms, self.start_ms, away)
        assert not broken, "; ".join(map(str, broken))

    def _clear_faults(self) -> None:
        """Remove all faults except rejected parents."""
        self.connector.simulator.clear_faults()
        for stream, (status, path, name, _) in CHILDREN.items():
            where = partial(self._is_refused, stream, name)
            self.connector.simulator.add_fault(Fault(kind=status, path=path, times=None, where=where))

    def _is_refused(self, stream: str, name: str, call: Call) -> bool:
        return call.ids[name] in self.refused[stream]


def asks_for_rows(call: Call) -> bool:
    """Whether a request asks for rows. A failed count loses no rows."""
    return call.get("max_results") != "1"
