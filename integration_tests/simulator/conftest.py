"""Fixtures for the simulator's own tests: an unchanging account, a stopped clock and a client."""

from collections.abc import Iterator

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
STABLE = Switches(limit_per_minute=100_000, untotalled_order="stable", empty_pages="items")


class Clock:
    """A clock that advances only when a test advances it."""

    def __init__(self) -> None:
        self.now_s = 1_000_000_040.0  # a third of a quota window has passed

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """A clock for the quota and the lifetime of tokens."""
    return Clock()


@pytest.fixture(scope="module")
def world() -> World:
    """An account that tests must not change."""
    return World(seed=3, sales=900, subscriptions=120, students=90, products=24, now_ms=NOW_MS)


@pytest.fixture
def simulator(world: World, clock: Clock) -> Iterator[Simulator]:
    """A server without complications for record tests: no quota, stable order, and `items` on every page."""
    with Simulator(world, STABLE, clock) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    """A client that is logged in."""
    with Client(simulator) as client:
        yield client
