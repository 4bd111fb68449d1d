"""What the simulator's own tests share: an account that is not moved, a clock that stands still, a client."""

from collections.abc import Iterator

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000_000_040.0  # a third of a quota window has gone

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """For the quota and the life of tokens."""
    return Clock()


@pytest.fixture(scope="module")
def world() -> World:
    """Not to be moved."""
    return World(seed=3, sales=900, subscriptions=120, students=90, products=24, now_ms=NOW_MS)


@pytest.fixture
def simulator(world: World, clock: Clock) -> Iterator[Simulator]:
    """A server without what tests of records would have to work around: quota, moving order, pages without items."""
    switches = Switches(limit_per_minute=100_000, untotalled_order="stable", empty_pages="items")
    with Simulator(world, switches, clock) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    """Logged in."""
    with Client(simulator) as client:
        yield client
