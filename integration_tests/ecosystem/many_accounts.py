"""Serve many Hotmart accounts from one process, each simulator on its own port, until a signal ends it.

Runs with the connector's Python, which has the simulator's dependencies. Prints the addresses as one line of JSON.
"""

import json
import signal
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Event

from hotmart_simulator import Simulator, World
from tools.harness import switches

CLUB = "my-school"
YEAR_MS = 365 * 86_400_000


def account(seed: int) -> Simulator:
    """Return a small account with one year of data up to now, different from the others."""
    now_ms = int(time.time() * 1000)
    world = World(
        seed=seed,
        sales=40 + seed,
        subscriptions=6,
        students=4,
        products=4,
        start_ms=now_ms - YEAR_MS,
        now_ms=now_ms,
        subdomains=(CLUB,),
        modules=2,
        coupons=4,
        participants=4,
    )
    return Simulator(world, switches(subdomains=(CLUB,)), follow_clock=True)


def main() -> int:
    """Serve the number of accounts given on the command line."""
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as running:
        simulators = [running.enter_context(account(seed)) for seed in range(1, int(sys.argv[1]) + 1)]
        ready = [
            {
                "url": simulator.url,
                "config": {
                    "client_id": simulator.client_id,
                    "client_secret": simulator.client_secret,
                    "token": simulator.basic,
                    "start_date": datetime.fromtimestamp(simulator.world.start_ms / 1000, UTC).strftime(
                        "%Y-%m-%dT%H:%M:%SZ"
                    ),
                    "members_area_subdomain": CLUB,
                    "lookback_days": 0,
                },
            }
            for simulator in simulators
        ]
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
