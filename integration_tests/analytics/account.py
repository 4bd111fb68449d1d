"""A simulated account as a process that serves it and says what each mart must hold.

It prints a line of JSON when it is ready. Then it reads a line of JSON from its standard input for each thing to do,
and answers it with a line: `{"move": {"refunds": 2}}` or `{"truth": "hotmart__sales", "as_of_ms": 1767225600000}`. It
ends with its input.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from hotmart_simulator import Simulator, Switches, World
from integration_tests.analytics.truth import MARTS

SEED: Final = 11
SUBDOMAINS: Final = ("my-school", "second-school")
PAST: Final[Mapping[str, int]] = {
    "partial_refunds": 6,
    "protests": 6,
    "chargebacks": 6,
    "granted_protests": 2,
    "order_bumps": 6,
    "coproduced_sales": 6,
    "own_affiliate_sales": 6,
    "free_sales": 3,
    "pre_orders": 4,
    "boletos": 4,
    "trials": 6,
    "failed_charges": 8,
    "retries": 4,
    "anticipations": 3,
    "negotiations": 3,
    "plan_switches": 4,
    "rests": 4,
    "seller_cancellations": 3,
    "admin_cancellations": 3,
    "reactivations": 5,
}
"""Changes made before the first sync, so that every status and kind of charge occurs."""


def make_world(sales: int) -> World:
    """Return an account with four years of data up to now. Reactivated subscriptions show a new start date."""
    world = World(
        seed=SEED,
        sales=sales,
        subscriptions=sales // 4,
        students=sales // 8,
        products=12,
        now_ms=int(time.time() * 1000),
        subdomains=SUBDOMAINS,
        switches=Switches(reactivation="new_accession", limit_per_minute=6_000),
    )
    world.move(PAST)
    return world


def answer(world: World, asked: Mapping[str, Any]) -> Any:
    """Run one command and return its result. Raise `KeyError` for an unknown mart."""
    if "move" in asked:
        return world.move(asked["move"])
    with world.lock:
        return MARTS[asked["truth"]](world, asked["as_of_ms"])


def main() -> int:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m integration_tests.analytics.account", description=__doc__)
    parser.add_argument("--sales", type=int, default=800)
    world = make_world(parser.parse_args().sales)
    with Simulator(world, follow_clock=True) as simulator:
        ready = {
            "url": simulator.url,
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
            "token": simulator.basic,
            "start_date": datetime.fromtimestamp(world.start_ms / 1000, UTC).strftime("%Y-%m-%d"),
            "members_area_subdomain": ", ".join(SUBDOMAINS),
        }
        _print(ready)
        for line in sys.stdin:
            _print(answer(world, orjson.loads(line)))
    return 0


def _print(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
