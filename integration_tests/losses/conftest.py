"""Connections to small simulated accounts that behave as documented."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from integration_tests.losses.connection import Connection
from tools.harness import Connector, VirtualClock, switches

Connect = Callable[..., Connection]
"""Arguments: a world, the streams, changes of the simulator's switches, and `config`."""


@pytest.fixture
def connect(clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Connect to simulated accounts. `request_date` is the creation date, as Hotmart documents it."""
    started: list[Simulator] = []

    def make(
        world: World, streams: Sequence[str], *, config: dict[str, Any] | None = None, **changes: Any
    ) -> Connection:
        sides = switches(**{"request_date": "creation", **changes})
        simulator = Simulator(world, sides, clock.time, follow_clock=True)
        started.append(simulator.start())
        connector = Connector(simulator, tmp_path, monkeypatch.setenv)
        return Connection(connector, clock, streams, **(config or {}))

    yield make
    for simulator in started:
        simulator.stop()
        assert not simulator.mistakes
