"""Simulated accounts for the tests of the live probe, and helpers that run its questions."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hotmart_simulator import Fault, Simulator, Switches, World, register
from tools.harness import NOW_MS
from tools.live_probe.account import Account
from tools.live_probe.client import Client
from tools.live_probe.consequence import consequences
from tools.live_probe.question import Finding, Otherwise, Told, finding
from tools.live_probe.questions import QUESTIONS
from tools.live_probe.settings import Settings

DAY_MS = 86_400_000
BELIEFS = {belief.id: belief for belief in register.load()}
CONSEQUENCES = consequences()


def full_account(switches: Switches, **sizes: Any) -> World:
    """Return an account of three years that can answer every question, with recent changes of every kind.

    With this seed, the few requests of the probe find a draft, products with and without coupons, and the product of a
    module.
    """
    sizes = {"sales": 1_700, "subscriptions": 250, "students": 120, "products": 15, "participants": 700, **sizes}
    world = World(seed=6, start_ms=NOW_MS - 1_100 * DAY_MS, now_ms=NOW_MS - DAY_MS // 24, switches=switches, **sizes)
    for name in world.moves:
        world.move({name: 3})
    world.now_ms = NOW_MS
    return world


@contextmanager
def served(world: World, *faults: Fault) -> Iterator[Simulator]:
    """Serve an account at a fixed time."""
    with Simulator(world, clock=lambda: NOW_MS / 1000) as simulator:
        for fault in faults:
            simulator.add_fault(fault)
        yield simulator


def logged_in(simulator: Simulator, *, members_area: bool = True, max_calls: int = 60) -> Account:
    """Return the account as the probe knows it after login."""
    areas = simulator.switches.subdomains[:1] if members_area else ()
    basic = base64.b64encode(f"{simulator.client_id}:{simulator.client_secret}".encode()).decode()
    settings = Settings(
        simulator.client_id, simulator.client_secret, basic, areas, api_url=simulator.url, login_url=simulator.url
    )
    client = Client(settings, max_calls)
    client.log_in()
    return Account(client, areas)


def asked(account: Account, belief_id: str) -> tuple[Finding, Told | Otherwise | None]:
    """Run one question of the probe."""
    return finding(BELIEFS[belief_id], QUESTIONS[belief_id], account, CONSEQUENCES[belief_id])
