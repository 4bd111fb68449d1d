"""A machine whose clock is ahead of Hotmart's, which refuses dates in the future."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_tests.harness import NOW_MS, Connector, VirtualClock, key_of
from integration_tests.simulator import Simulator, Switches, World


@pytest.mark.parametrize("ahead_s", [8, 90, 86_400])
def test_a_clock_that_is_ahead_loses_no_row_and_fails_no_window(
    world: World, clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    clock.advance(seconds=ahead_s)
    with Simulator(world, Switches(limit_per_minute=100_000), clock=lambda: NOW_MS / 1000) as hotmart:
        connector = Connector(hotmart, tmp_path, monkeypatch.setenv)

        run = connector.read(["sales_history", "sales_summary", "subscription_transactions"])

    assert run.exit_code == 0, run.sentences
    keys = {key_of("sales_history", record) for record in run.records("sales_history")}
    assert keys == set(world.truth("sales_history"))
    assert f"clock is {ahead_s} seconds ahead of Hotmart's" in run.logs
    assert run.state["sales_history"]["slices"][-1]["end"] == "2026-01-01T00:00:00.000Z"
    assert not [call for call in hotmart.calls if call.status == 400]


def test_a_clock_that_is_right_or_behind_is_used_as_it_is(connector: Connector, clock: VirtualClock) -> None:
    run = connector.read(["products", "sales_history"])

    assert "clock" not in run.logs
    assert run.state["sales_history"]["slices"][-1]["end"] == "2026-01-01T00:00:00.000Z"
