"""The fixed history of the matrix: a full read, three daily syncs, a monthly one, and moves of every kind between."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hotmart_simulator import Simulator, Switches, World
from integration_tests.harness import NOW_MS, Connector, Run, State, VirtualClock, Warehouse, stream_names
from integration_tests.rows import Difference, difference

DAY_MS: Final = 86_400_000
START_MS: Final = NOW_MS - 500 * DAY_MS
FIRST_DAYS: Final = (1, 1, 1, 30)
"""Days between the syncs: three daily ones and a monthly one."""
COUNT: Final = 2
"""How often each move is made before a sync."""


@dataclass
class Outcome:
    """What a history left: how the warehouse differs from Hotmart, and whether the connector said so."""

    differences: list[Difference]
    runs: list[Run] = field(repr=False)
    unknown_parameters: list[tuple[str, str]]

    @property
    def is_loud(self) -> bool:
        """Whether a sync failed, or a warning names a stream that differs."""
        if any(run.exit_code for run in self.runs):
            return True
        warnings = [line for run in self.runs for line in run.logs.splitlines() if line.startswith(("WARN", "ERROR"))]
        return bool(self.differences) and all(
            any(different.stream in line for line in warnings) for different in self.differences
        )


def small_account(switches: Switches) -> World:
    """Return an account in which every side of every switch makes a difference, and which is read in a blink."""
    return World(
        seed=5,
        sales=150,
        subscriptions=30,
        students=24,
        products=12,
        modules=5,
        coupons=16,
        participants=16,
        start_ms=START_MS,
        now_ms=NOW_MS,
        switches=switches,
    )


def play(switches: Switches, clock: VirtualClock, folder: Path, moves: Collection[str] | None = None) -> Outcome:
    """Play the history under these switches with these moves (all of them by default) and compare at its end."""
    world = small_account(switches)
    names = sorted(world.moves if moves is None else moves)
    environment: dict[str, str] = {}
    warehouse, state, runs = Warehouse(), State(), []
    with Simulator(world, switches, clock.time, follow_clock=True) as simulator:
        connector = Connector(simulator, folder, environment.__setitem__)
        for days in (0, *FIRST_DAYS):
            if days:
                clock.advance(days=days / 2)
                world.now_ms = clock.now_ms
                for name in names:
                    world.move({name: COUNT})
                clock.advance(days=days / 2)
                world.now_ms = clock.now_ms
            clock.advance(seconds=1)
            run = connector.read(state=state or None)
            warehouse.load_sync(run)
            state = {**state, **run.state}
            runs.append(run)
        found = [
            difference(stream, world.expected(stream), warehouse.rows[stream].values(), after_increments=True)
            for stream in stream_names()
        ]
        # Rows of what Hotmart no longer lists stay in an incremental table, by design.
        lacking = [entry for entry in found if entry.lost or entry.stale]
        return Outcome(lacking, runs, list(simulator.unknown_parameters))
