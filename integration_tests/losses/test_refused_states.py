"""A saved state that cannot be used must not be overwritten."""

from __future__ import annotations

import pytest

from hotmart_simulator import Call, Simulator, World
from integration_tests.losses.connection import states_of
from integration_tests.losses.reads import tiny_world
from tools.harness import Connector, State, VirtualClock

FUTURE: State = {
    "sales_users": {
        "state_type": "date-range",
        "slices": [{"start": "2022-01-01T00:00:00.000Z", "end": "2026-03-01T00:00:00.000Z"}],
    }
}
"""Ends two months after the sync."""


@pytest.fixture
def world() -> World:
    """Sales of four years."""
    return tiny_world(sales=90, subscriptions=10)


@pytest.mark.parametrize("streams", [["sales_history", "sales_users"], ["sales_users", "sales_history"]], ids=str)
def test_a_rejected_state_is_not_overwritten(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, streams: list[str]
) -> None:
    """Each request takes half a minute, so states are due before the stream with the rejected state begins."""

    def take(call: Call) -> None:
        clock.advance(seconds=31)

    hotmart.before_call = take

    run = connector.read(streams, FUTURE, config={**connector.config, "num_workers": 1})

    assert run.exit_code == 1
    assert run.statuses["sales_users"] == "INCOMPLETE"
    assert run.statuses["sales_history"] == "COMPLETE"
    assert states_of(run)["sales_users"] == 0
    assert states_of(run)["sales_history"] > 1
