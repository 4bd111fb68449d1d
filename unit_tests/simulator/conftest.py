"""What the simulator's own tests share: an account that is not moved, a clock that stands still, a client."""

from collections.abc import Iterator

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Visitor

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
    """Whose quota does not hold tests up."""
    with Simulator(world, Switches(limit_per_minute=100_000), clock) as simulator:
        yield simulator


@pytest.fixture
def visitor(simulator: Simulator) -> Iterator[Visitor]:
    """Logged in."""
    with Visitor(simulator) as visitor:
        yield visitor
