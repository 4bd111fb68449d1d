"""The fixed history of the matrix: a full read, three daily syncs and a monthly one, with changes of every kind."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from dateutil.rrule import MONTHLY, rrule

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.shapes import date_fields
from tools.harness import NOW_MS, Connector, Run, State, VirtualClock, Warehouse, stream_names
from tools.rows import Difference, difference

SHAPES: Final = {"club_pages": "club_pages_v1"}
"""Streams whose record has another name among the simulator's shapes."""
DAY_MS: Final = 86_400_000
START_MS: Final = NOW_MS - 460 * DAY_MS
DAYS_BETWEEN: Final = (1, 1, 1, 30)
"""Days before each sync after the first: three daily syncs and a monthly one."""
PAGE_ROWS: Final = 16
COUNT: Final = 2
"""How often each move is made before a sync."""
OFTEN: Final = 8
START_DATE: Final = "2024-09-20"


@dataclass
class Outcome:
    """The result of a history: the streams with missing or outdated rows, and the runs of the connector."""

    differences: list[Difference]
    runs: list[Run] = field(repr=False)

    @property
    def failed(self) -> bool:
        """Whether a sync ended with an error."""
        return any(run.exit_code for run in self.runs)

    @property
    def unreported(self) -> list[Difference]:
        """Return the differences of streams that no run reported by status or warning."""
        lines = [line for run in self.runs for line in run.logs.splitlines() if line.startswith(("WARN", "ERROR"))]
        reported = {name for run in self.runs for name, status in run.statuses.items() if status == "INCOMPLETE"}
        return [
            found
            for found in self.differences
            if found.stream not in reported and not any(found.stream in line for line in lines)
        ]


def small_account(switches: Switches) -> World:
    """Return a small account, quick to read, where every side of every switch makes a difference."""
    return World(
        seed=5,
        sales=70,
        subscriptions=16,
        students=12,
        products=8,
        modules=4,
        coupons=12,
        participants=12,
        start_ms=START_MS,
        now_ms=NOW_MS,
        switches=switches,
    )


def sell_at_edges(world: World) -> None:
    """Sell in the last millisecond of a month since the start date and in the first millisecond of the next.

    A client's date ranges are likely to meet there.
    """
    months = rrule(MONTHLY, dtstart=datetime.fromisoformat(START_DATE).replace(tzinfo=UTC), count=15)
    for moment in list(months)[1:]:
        edge_ms = int(moment.timestamp() * 1000)
        world.add_sales(2, edge_ms - 1, status="COMPLETE")
        world.add_sales(2, edge_ms, status="COMPLETE")


def play(
    switches: Switches,
    clock: VirtualClock,
    folder: Path,
    excluded_moves: Collection[str] = frozenset(),
    often: str = "",
) -> Outcome:
    """Play the history under these switches, with all moves but the excluded ones, and compare the rows at its end.

    The move named `often` is made more often than the others. Syncs run in this process, so install `clock` before, and
    keep the environment of the simulator set during the call.
    """
    # Pages are so small that every list has several.
    switches = replace(switches, page_cap=PAGE_ROWS)
    world = small_account(switches)
    # The move under test is first, so that it changes rows that a sync has already read.
    moves = sorted(set(world.moves) - set(excluded_moves), key=lambda name: (name != often, name))
    sell_at_edges(world)
    # Lists that are a day old show these sales only from here on.
    clock.advance(hours=switches.transactions_delay_hours + switches.summary_delay_hours)
    world.now_ms = clock.now_ms
    warehouse, runs = Warehouse(), []
    state: State = {}
    with Simulator(world, switches, clock.time, follow_clock=True) as simulator:
        connector = Connector(simulator, folder, _setenv)
        # Calls run one after the other, so that the history is the same on every machine.
        connector.config |= {"start_date": START_DATE, "num_workers": 1}
        for days in (0, *DAYS_BETWEEN):
            if days:
                clock.advance(hours=12 * days)
                world.now_ms = clock.now_ms
                for name in moves:
                    world.move({name: OFTEN if name == often else COUNT})
                clock.advance(hours=12 * days)
                world.now_ms = clock.now_ms
            clock.advance(seconds=1)
            run = connector.read(state=state or None)
            warehouse.load_sync(run)
            state = {**state, **run.state}
            runs.append(run)
        found = [_difference(world, stream, list(warehouse.rows[stream].values())) for stream in stream_names()]
    # Rows that Hotmart no longer lists stay in an incremental table, so a surplus is no fault.
    return Outcome([entry for entry in found if entry.lost or entry.stale], runs)


def _difference(world: World, stream: str, arrived: list[dict[str, Any]]) -> Difference:
    """Compare one stream. Dates that Hotmart sends in seconds have lost their milliseconds."""
    expected = world.expected(stream)
    if world.switches.dates_unit == "seconds":
        paths = date_fields(SHAPES.get(stream, stream))
        for row in expected:
            _cut_to_seconds(row.record, [path.removeprefix("lessons[].").split(".") for path in paths])
    found = difference(stream, expected, arrived, after_increments=True)
    if stream == "club_pages" and found.stale:  # a page may arrive in either of its two forms
        other = difference(stream, world.expected(stream, version=2), arrived, after_increments=True)
        found.stale = [key for key in found.stale if key in other.stale]
    return found


def _cut_to_seconds(value: Any, paths: list[list[str]]) -> None:
    if isinstance(value, list):
        for item in value:
            _cut_to_seconds(item, paths)
        return
    for name, *rest in paths:
        key = name.removesuffix("[]")
        if not isinstance(value, dict) or value.get(key) is None:
            continue
        if rest:
            _cut_to_seconds(value[key], [rest])
        else:
            value[key] = value[key] // 1000 * 1000


def _setenv(name: str, value: str) -> None:
    os.environ[name] = value
