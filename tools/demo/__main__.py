"""Sync a simulated Hotmart account twice, as Airbyte would, into a DuckDB file, and compare what arrived."""

import argparse
import os
import shlex
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from tools.demo.answers import print_answers
from tools.demo.calls import count_calls
from tools.demo.catalog import OfferedStream
from tools.demo.changes import MOVES, compare, snapshot, unseen
from tools.demo.connector import Connector
from tools.demo.failure import DemoFailed
from tools.demo.landing import Landing
from tools.demo.reconciliation import compare_rows, reconcile
from tools.demo.simulator_process import LIMIT, SimulatorProcess
from tools.demo.steps import Steps
from tools.demo.tables import HOTMARTS_LIMIT, Sync, print_changes, print_rows, print_syncs, print_whereabouts
from tools.demo.totals import print_totals
from tools.demo.warehouse import Warehouse


class Demo:
    """The demo's steps in their order."""

    def __init__(self, console: Console, folder: Path, sales: int, *, verbose: bool = False) -> None:
        self._console = console
        self._steps = Steps(console)
        self._folder = folder
        self._sales = sales
        self._verbose = verbose
        self._problems: list[str] = []

    def run(self) -> int:
        """Return 0 if all of Hotmart's data arrived, otherwise 1. Raise `DemoFailed` when the demo cannot continue."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as running:
            with self._steps.step("simulator") as step:
                step.tell(f"creating an account with {self._sales:,} sales")
                simulator = running.enter_context(SimulatorProcess(self._sales, self._folder / "simulator.log"))
                step.tell(f"{self._sales:,} sales, {LIMIT:,} requests per minute instead of {HOTMARTS_LIMIT}")
            self._sync_twice(simulator)
        for problem in self._problems:
            self._console.print(f"demo: {escape(problem)}", style="bold red")
        return 1 if self._problems else 0

    def _sync_twice(self, simulator: SimulatorProcess) -> None:
        connector = Connector(simulator.config, simulator.environment, self._folder, self._warn)
        streams = self._look_around(connector)
        with Warehouse(self._folder / "hotmart.duckdb", streams) as warehouse:
            first = self._sync("first sync", simulator, connector, streams, None)
            self._load(warehouse, streams, first.landing)
            before = snapshot(warehouse)
            with self._steps.step("changes") as step:
                moved = simulator.move(MOVES)
                step.tell(f"{sum(map(len, moved.values()))} in Hotmart, such as {len(moved['refunds'])} refunds")
            # Hotmart's clock shows whole seconds, and a sync reads up to the last one that has begun.
            time.sleep(1)
            second = self._sync("second sync", simulator, connector, streams, first.landing.state)
            self._load(warehouse, streams, second.landing)
            after = snapshot(warehouse)
            missed = unseen(moved, before, after)
            with self._steps.step("compare") as step:
                comparisons = []
                for stream in streams:
                    step.tell(f"rows of {stream.name}")
                    comparisons.append(compare_rows(stream, simulator.expected(stream.name), warehouse))
                totals = reconcile(warehouse)
                step.tell(f"{sum(item.in_hotmart for item in comparisons):,} rows and {len(totals[0].sales):,} totals")
            print_syncs(self._console, [first, second], LIMIT, verbose=self._verbose)
            print_changes(self._console, compare(before, after), moved, missed)
            print_rows(self._console, comparisons, verbose=self._verbose)
            print_totals(self._console, totals, verbose=self._verbose)
            print_answers(self._console, warehouse, verbose=self._verbose)
        print_whereabouts(self._console, _shown(warehouse.path), shlex.quote(_shown(Path(sys.executable))))
        if missed:
            self._problems.append("The second sync missed changes.")
        if not all(item.is_equal for item in comparisons):
            self._problems.append("The rows in DuckDB differ from those in Hotmart.")
        if not totals[0].is_equal:
            self._problems.append("sales_summary matches neither sales_history nor sales_commissions.")

    def _look_around(self, connector: Connector) -> list[OfferedStream]:
        with self._steps.step("spec") as step:
            step.tell("starting the connector")
            form = connector.spec()
            step.tell(f"a form of {len(form['properties'])} settings, {len(form['required'])} of them required")
        with self._steps.step("check") as step:
            step.tell("starting the connector")
            step.tell(connector.check())
        with self._steps.step("discover") as step:
            step.tell("starting the connector")
            streams = connector.discover()
            step.tell(f"{len(streams)} streams, {sum(bool(item.cursor) for item in streams)} of them incremental")
        return streams

    def _sync(
        self,
        name: str,
        simulator: SimulatorProcess,
        connector: Connector,
        streams: list[OfferedStream],
        state: Path | None,
    ) -> Sync:
        simulator.reset_log()
        landing = Landing(self._folder / name.replace(" ", "-"), [stream.name for stream in streams])
        with self._steps.step(name) as step:
            with landing:
                connector.read(landing, state, step.tell)
            calls = count_calls(simulator.calls())
            step.tell(f"{landing.progress}, {calls.total:,} requests")
        return Sync(name, landing, calls)

    def _load(self, warehouse: Warehouse, streams: list[OfferedStream], landing: Landing) -> None:
        with self._steps.step("load") as step:
            rows = 0
            for stream in streams:
                step.tell(f"{rows:,} rows, now {stream.name}")
                loaded = warehouse.load(stream, landing.records(stream.name))
                rows += loaded.rows
                if loaded.repeated:
                    self._problems.append(f"{stream.name}: {loaded.repeated:,} rows arrived twice in one sync.")
            step.tell(f"{rows:,} rows into {len(streams)} tables, by key")

    def _warn(self, text: str) -> None:
        self._console.print(f"connector: {escape(text)}", style="yellow")


def _shown(path: Path) -> str:
    """Return the path as a user would type it in this folder."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would leave the virtual environment
    here = Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give at least one sale")
    return number


def main() -> int:
    """Run the demo by its command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("--sales", type=_count, default=5000, help="how large the account is (default 5000)")
    parser.add_argument("--folder", type=Path, default=Path("demo-output"), help="for all files (default demo-output)")
    parser.add_argument("--verbose", action="store_true", help="print all months, streams and products")
    asked = parser.parse_args()
    console = Console(highlight=False)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # so that the processes are ended as with Ctrl-C
    try:
        return Demo(console, asked.folder, asked.sales, verbose=asked.verbose).run()
    except (DemoFailed, OSError) as failure:
        console.print(f"demo: {escape(str(failure))}", style="bold red")
        return 1
    except KeyboardInterrupt:
        console.print("demo: stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
