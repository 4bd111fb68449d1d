"""Two programs with one credential: each login invalidates the other's token."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from hotmart_simulator import Call, Simulator, World
from hotmart_simulator.server.login import TOKEN_PATH
from source_hotmart.api.retries import RetryPolicy
from tools.harness import Connector, Run, switches
from tools.rows import difference

DAY_MS = 86_400_000
STREAMS = ["sales_history", "subscriptions", "products", "club_students", "product_offers"]
Connect = Callable[[str], Connector]


@pytest.fixture
def account() -> Iterator[Simulator]:
    """An account on the real clock. With a test clock, the programs would not wait for each other."""
    now_ms = time.time_ns() // 1_000_000
    world = World(
        seed=7, sales=300, subscriptions=60, students=60, products=20, start_ms=now_ms - 400 * DAY_MS, now_ms=now_ms
    )
    sides = switches(tokens="latest_only", untotalled_order="stable", page_cap=10, latency_ms=2)
    with Simulator(world, sides, follow_clock=True) as simulator:
        yield simulator


@pytest.fixture
def connect(account: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Start another program with the account's credential. Its pauses are a fiftieth of the usual ones."""

    def make(name: str) -> Connector:
        folder = tmp_path / name
        folder.mkdir()
        connector = Connector(account, folder, monkeypatch.setenv)
        start = time.strftime("%Y-%m-%d", time.gmtime(account.world.start_ms / 1000 - 86_400))
        connector.config |= {"start_date": start, "num_workers": 8}
        connector.retries = RetryPolicy(renewal_pause_s=0.02)
        return connector

    return make


def assert_whole(run: Run, account: Simulator) -> None:
    """Assert that every stream succeeded and every row arrived once."""
    assert run.statuses == dict.fromkeys(STREAMS, "COMPLETE"), run.sentences
    for stream in STREAMS:
        assert not difference(stream, account.world.expected(stream), run.records(stream))


def test_two_parallel_syncs_are_complete(account: Simulator, connect: Connect) -> None:
    connectors = [connect("one"), connect("other")]

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda connector: connector.read(STREAMS), connectors))

    for run in runs:
        assert_whole(run, account)
    assert account.count(status=401) > 2  # they did conflict


def test_checks_during_a_sync_succeed_and_do_not_fail_it(account: Simulator, connect: Connect) -> None:
    connector, other = connect("one"), connect("other")
    connector.retries = RetryPolicy(renewal_pause_s=0.1)  # beside a check, with the usual pauses
    checks: list[Future[Run]] = []
    count = 0

    def check(call: Call) -> None:
        nonlocal count
        if call.path != TOKEN_PATH and call.get("max_results") != "1":
            count += 1
            if count % 20 == 0 and len(checks) < 2:
                checks.append(pool.submit(other.run, "check"))

    with ThreadPoolExecutor(1) as pool:
        account.before_call = check
        run = connector.read(STREAMS)

    assert_whole(run, account)
    assert [done.result().connection_status["status"] for done in checks] == ["SUCCEEDED"] * 2
    assert account.count(status=401) > 0
