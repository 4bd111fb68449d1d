"""Random accounts through random histories: the account changes, syncs fail, are killed and resumed, settings change.

Changes are drawn from all that the simulator can let happen, and Hotmart's sides from the register of beliefs. What
`flips/known.yaml` lists is left out.

After each completed sync the warehouse must equal Hotmart as far as the documented promises reach. A history is
made from its seed alone; `HOTMART_WORLDS=500 HOTMART_FIRST_WORLD=0 pytest integration_tests/test_model.py` tries more
of them, and the name of a failing test is the seed to replay.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from integration_tests.flips.known import excluded_moves, known
from integration_tests.flips.matrix import flips
from integration_tests.harness import (
    NOW_MS,
    Connector,
    Run,
    State,
    VirtualClock,
    Warehouse,
    last_states,
    switches,
    truth,
)
from integration_tests.rows import Difference, difference, key_of

FIRST_WORLD = int(os.environ.get("HOTMART_FIRST_WORLD", "0"))
WORLDS = int(os.environ.get("HOTMART_WORLDS", "40"))
DAY_MS = 86_400_000
START_MS = NOW_MS - 800 * DAY_MS
STREAMS = ("sales_history", "sales_price_details", "subscriptions", "subscription_transactions")
CHOSEN = {
    "transaction_date_filters",  # drawn by itself, with promises of its own
    "several_statuses",
    "dates_unit",  # cuts off the milliseconds that rows are compared by
    "passing_400",  # a single refusal counts as a failure today, part 2
}
"""Switches that are not drawn from the register."""
LATE = {"REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK", "PROTESTED"}


@dataclass
class History:
    """One account, its warehouse, and what the connector promises of it by now."""

    connector: Connector
    world: World
    clock: VirtualClock
    random: Random
    lookback_days: int
    start_ms: int
    by_order: bool
    state: State = field(default_factory=dict)
    warehouse: Warehouse = field(default_factory=Warehouse)
    told: list[str] = field(default_factory=list)
    changed_meanwhile: set[str] = field(default_factory=set)
    """Sales and subscriptions that changed while the last sync read."""
    backdated: set[Any] = field(default_factory=set)
    """Charges whose last update was set to a moment before an earlier sync, which no filter by date can find."""
    was_pre_order: set[str] = field(default_factory=set)
    """Sales that price details did not know before they were paid, perhaps long after their order."""

    def step(self) -> None:
        """One random thing happens."""
        actions = [self.move, self.move, self.sync, self.sync, self.kill, self.fail, self.restart]
        action = self.random.choice(actions)
        self.told.append(action.__name__)
        action()

    def move(self) -> None:
        """Days pass, with sales, refunds and cancellations in them, and then events of any kind."""
        before_ms, before = self.clock.now_ms, self.last_updates()
        self.clock.advance(days=self.random.choice([0.02, 1, 3, 20, 70, 120]))
        now_ms = self.clock.now_ms
        self.world.now_ms = now_ms
        self.world.move({"due_charges": 1_000, "ageings": 1_000})  # what time does by itself
        self.world.add_sales(self.random.randrange(6), (before_ms, now_ms))
        for status in ("REFUNDED", "CHARGEBACK", "COMPLETE"):
            count, seed = self.random.randrange(12), self.random.randrange(1_000)
            self.world.change_status(count, ("APPROVED", "COMPLETE", "PROTESTED"), status, now_ms, seed)
        self.world.cancel_subscriptions(self.random.randrange(3), now_ms)
        for name in self.random.sample(sorted(set(self.world.moves) - excluded_moves()), 8):
            changed = self.world.move({name: self.random.randrange(1, 4)})[name]
            if changed:
                self.told.append(name)
            if name == "pre_order_payments":
                self.was_pre_order.update(map(str, changed))
        updated = {key: at_ms for key, at_ms in self.last_updates().items() if at_ms != before.get(key)}
        self.backdated.update(key for key, at_ms in updated.items() if at_ms < before_ms)

    def last_updates(self) -> dict[Any, int]:
        """The last update of each charge."""
        return {key: row["last_update"] for key, row in truth(self.world, "subscription_transactions").items()}

    def move_on(self, call: Call) -> None:
        """Sales are made and change while a window is read."""
        if len(self.changed_meanwhile) < 4 and self.random.random() < 0.1:
            self.clock.advance(seconds=1)
            now_ms, seed = self.clock.now_ms, self.random.randrange(1_000)
            before = truth(self.world, "subscriptions")
            self.world.add_sales(2, now_ms)
            self.changed_meanwhile.update(
                self.world.change_status(2, ("APPROVED", "COMPLETE"), "REFUNDED", now_ms, seed)
            )
            after = truth(self.world, "subscriptions")
            self.changed_meanwhile.update(code for code, row in after.items() if row != before[code])

    def read(self) -> tuple[Run, int]:
        """One run of the connector on the saved state, and its `now`."""
        self.clock.advance(seconds=1)
        date = datetime.fromtimestamp(self.start_ms / 1000, UTC)
        config = {
            **self.connector.config,
            "start_date": date.isoformat(timespec="milliseconds"),
            "lookback_days": self.lookback_days,
            "num_workers": self.random.choice([1, 4]),
        }
        moves = self.random.random() < 0.4
        self.connector.simulator.before_call = self.move_on if moves else None
        self.changed_meanwhile.clear()
        now_ms = self.clock.now_ms
        run = self.connector.read(STREAMS, self.state, config=config)
        self.connector.simulator.before_call = None
        for stream in STREAMS:
            keys = [key_of(stream, record) for record in run.records(stream)]
            assert len(keys) == len(set(keys)), f"a key of {stream} came twice in one sync"
        return run, now_ms

    def sync(self) -> None:
        """A sync runs to its end, and the promises are compared."""
        saved = self.state
        run, now_ms = self.read()
        assert run.exit_code == 0, run.sentences
        self.keep(run.messages)
        self.compare(saved, now_ms)

    def kill(self) -> None:
        """A sync is cut off somewhere: only what stands above the last state of the part counts."""
        run, _ = self.read()
        part = run.messages[: self.random.randrange(len(run.messages) + 1)]
        states = [index for index, message in enumerate(part) if message["type"] == "STATE"]
        self.keep(part[: states[-1] + 1] if states else [])

    def fail(self) -> None:
        """Some window cannot be read in this sync; the other windows and streams can."""
        path = self.random.choice(["sales/history", "sales/price/details", "subscriptions/transactions"])
        nth = self.random.randrange(1, 6)
        fault = Fault(kind=403, path=f"/payments/api/v1/{path}", nth=nth, times=1, where=asks_for_rows)
        if self.random.random() < 0.5:
            self.connector.simulator.add_fault(Fault(kind="wrong_total", value=1, times=1, page="last"))
        self.connector.simulator.add_fault(fault)
        run, _ = self.read()
        self.connector.simulator.clear_faults()
        assert (run.exit_code != 0) == (fault.fired > 0)
        self.keep(run.messages)

    def restart(self) -> None:
        """The start date is moved."""
        self.start_ms = START_MS + self.random.randrange(0, 700) * DAY_MS

    def keep(self, messages: list[dict[str, Any]]) -> None:
        """What a destination keeps of a run."""
        self.warehouse.load(messages)
        self.state = {**self.state, **last_states(messages)}

    def compare(self, saved: State, now_ms: int) -> None:
        """The warehouse against Hotmart."""
        sales = truth(self.world, "sales_history")
        for stream in ("sales_history", "sales_price_details"):
            end_ms = self.first_end_ms(saved, stream)
            wanted, promised = set(), set()
            for key, sale in sales.items():
                date_ms, status = sale["purchase"]["order_date"], sale["purchase"]["status"]
                if self.start_ms <= date_ms <= now_ms:
                    if stream != "sales_price_details" or key not in self.was_pre_order:
                        wanted.add(key)
                    recent = date_ms > end_ms - max(self.lookback_days, 1) * DAY_MS
                    swept = status in LATE and date_ms >= year_before(end_ms)
                    if (recent or swept) and key not in self.changed_meanwhile:
                        promised.add(key)
            self.assert_promised(stream, wanted, promised)
        subscriptions, rows = truth(self.world, "subscriptions"), self.warehouse.rows["subscriptions"]
        began = {key for key, row in subscriptions.items() if row["accession_date"] >= self.start_ms}
        self.assert_promised("subscriptions", began, began - self.changed_meanwhile)
        for key in began:  # also where a charge was made while the list was read
            assert rows[key]["status"] == subscriptions[key]["status"], f"subscription {key} is stale"
        end_ms = self.first_end_ms(saved, "subscription_transactions")
        wanted, promised = set(), set()
        for key, row in truth(self.world, "subscription_transactions").items():
            date_ms = row["purchase"]["order_date"] if self.by_order else row["last_update"]
            if self.start_ms <= date_ms <= now_ms:
                wanted.add(key)
                recent = not self.by_order or date_ms > end_ms - 180 * DAY_MS
                if recent and key[0] not in self.changed_meanwhile and key not in self.backdated:
                    promised.add(key)
        self.assert_promised("subscription_transactions", wanted, promised)

    def assert_promised(self, stream: str, wanted: set[Any], promised: set[Any]) -> None:
        """All wanted rows are in the warehouse, the promised ones as they are in Hotmart, and no others at all."""
        rows = self.warehouse.rows[stream].values()
        found = difference(stream, self.world.expected(stream), rows, after_increments=True)
        lost = [key for key in found.lost if key in wanted]
        stale = [key for key in found.stale if key in promised]
        broken = Difference(stream, lost, stale, found.surplus)
        assert not broken, broken

    @staticmethod
    def first_end_ms(saved: State, stream: str) -> int:
        """Where the first window of a saved state ends: what is later than that was read in this sync."""
        slices = saved.get(stream, {}).get("slices", [])
        if not slices:
            return -1
        return int(datetime.fromisoformat(slices[0]["end"]).timestamp() * 1000)


def asks_for_rows(call: Call) -> bool:
    """A count that fails is no loss."""
    return dict(call.query)["max_results"] != "1"


@cache
def equal_flips() -> list[str]:
    """Return the sides under which all rows arrive, apart from those that the histories choose or compare otherwise."""
    return [name for name in flips() if name not in known() and name.partition("=")[0] not in CHOSEN]


def year_before(end_ms: int) -> int:
    return int((datetime.fromtimestamp(end_ms / 1000, UTC) - timedelta(days=365)).timestamp() * 1000)


@pytest.mark.parametrize("seed", range(FIRST_WORLD, FIRST_WORLD + WORLDS))
def test_the_warehouse_equals_hotmart_as_far_as_promised(
    seed: int, tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    world = World(
        seed=seed,
        sales=random.choice([0, 30, 150, 300]),
        subscriptions=20,
        students=2,
        products=4,
        start_ms=START_MS,
        now_ms=NOW_MS,
    )
    by_order = random.random() < 0.3
    flip = flips()[random.choice(equal_flips())]
    sides = switches(
        page_cap=random.choice([3, 20, None]),
        transaction_date_filters="order_date" if by_order else "last_update",
        heavy_days=random.choice([None, None, 90]),
        several_statuses="accepted" if random.random() < 0.8 else "refused",
    )
    if flip.belief is not None:
        sides = replace(sides, **{flip.belief.switch: flip.side})
    world.switches = sides
    with Simulator(world, sides, clock.time, follow_clock=True) as simulator:
        history = History(
            Connector(simulator, tmp_path, monkeypatch.setenv),
            world,
            clock,
            random,
            lookback_days=random.choice([0, 5, 65, 400]),
            start_ms=START_MS,
            by_order=by_order,
        )
        try:
            for _ in range(8):
                history.step()
            history.sync()
        except AssertionError as broken:
            raise AssertionError(f"world {seed}, {flip.name}, after {history.told}: {broken}") from None
