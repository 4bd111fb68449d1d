"""A machine whose clock is not Hotmart's, which refuses dates in the future and knows rows up to its own now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from hotmart_simulator import Call, Simulator, World
from integration_tests.harness import NOW_MS, Connector, VirtualClock, loaded, switches
from integration_tests.rows import difference

CHARGES = "subscription_transactions"
Apart = Callable[..., AbstractContextManager[Connector]]
"""Takes seconds, and the largest page where it is not Hotmart's own."""


@pytest.fixture
def apart(world: World, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apart:
    """Makes a connector whose machine is so many seconds ahead of Hotmart; the two clocks go on side by side."""

    @contextmanager
    def make(ahead_s: float, page_cap: int | None = None) -> Iterator[Connector]:
        clock.advance(seconds=ahead_s)
        with Simulator(
            world,
            switches(page_cap=page_cap),
            clock=lambda: clock.time() - ahead_s,
            follow_clock=True,
        ) as hotmart:
            yield Connector(hotmart, tmp_path, monkeypatch.setenv)

    return make


@pytest.mark.parametrize("ahead_s", [0.3, 1, 8, 90, 86_400])
def test_a_clock_that_is_ahead_loses_no_row_and_fails_no_window(apart, world, ahead_s):
    with apart(ahead_s) as connector:
        run = connector.read(["sales_history", "sales_summary", CHARGES])

    assert run.exit_code == 0, run.sentences
    for stream in ("sales_history", "sales_summary", CHARGES):
        assert not difference(stream, world.expected(stream), run.records(stream))
    assert (f"clock is {ahead_s} seconds ahead of Hotmart's" in run.logs) == (ahead_s > 2)
    assert run.state["sales_history"]["slices"][-1]["end"] == "2026-01-01T00:00:00.000Z"
    assert not [call for call in connector.simulator.calls if call.status == 400]


@pytest.mark.parametrize("ahead_s", [0.3, 1, 300])
def test_a_check_on_a_machine_whose_clock_is_ahead_asks_for_no_future(apart, ahead_s):
    with apart(ahead_s) as connector:
        run = connector.run("check")

    assert run.connection_status["status"] == "SUCCEEDED"


def test_a_clock_that_is_right_is_used_as_it_is(connector: Connector, clock: VirtualClock) -> None:
    run = connector.read(["products", "sales_history"])

    assert "clock" not in run.logs
    assert run.state["sales_history"]["slices"][-1]["end"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("ahead_s", [-5, -300])
def test_what_changed_since_the_time_of_a_clock_that_is_behind_is_read(apart, world, ahead_s):
    world.change_status(5, ("APPROVED", "COMPLETE"), "REFUNDED", NOW_MS - 1_000, seed=3)
    with apart(ahead_s) as connector:
        run = connector.read([CHARGES], full_refresh=True)

    assert not difference(CHARGES, world.expected(CHARGES), run.records(CHARGES))
    assert f"clock is {-ahead_s} seconds behind Hotmart's" in run.logs
    assert run.records(CHARGES)


@pytest.mark.parametrize("ahead_s", [0, 300, -30])
def test_charges_that_slip_by_while_pages_are_read_are_noticed_whatever_the_clock_says(apart, world, clock, ahead_s):
    with apart(ahead_s, page_cap=20) as connector:
        pages = []

        def updates_on_the_third_page(call: Call) -> None:
            if call.path.endswith("/subscriptions/transactions") and call.get("page_token"):
                pages.append(call)
                if len(pages) == 3:
                    clock.advance(seconds=1)
                    world.change_status(40, ("APPROVED", "COMPLETE"), "REFUNDED", NOW_MS + 1_000, seed=3)
                    clock.advance(seconds=1)

        connector.simulator.before_call = updates_on_the_third_page
        connector.config["num_workers"] = 1
        first = connector.read([CHARGES])
        connector.simulator.before_call = None
        clock.advance(days=1)
        second = connector.read([CHARGES], state=first.state)

    rows = loaded(first, second).rows[CHARGES].values()
    assert not difference(CHARGES, world.expected(CHARGES), rows, after_increments=True)
