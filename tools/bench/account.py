"""Run the simulator as a process that returns its log of requests: time, path, query and status of each.

It reads commands as lines of JSON from stdin, answers each with one line, and ends with stdin. Its first line says
where it listens, as the command of the simulator does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from hotmart_simulator import Simulator, World
from tools.harness import switches

CLUBS = ("my-school", "second-school")


def log(simulator: Simulator, body: Any) -> list[dict[str, Any]]:
    """Return every call since the last `reset`."""
    return [
        {"at_s": call.at_s, "path": call.path, "status": call.status, "rows": call.rows, "query": call.query}
        for call in simulator.calls
    ]


def reset(simulator: Simulator, body: Any) -> None:
    """Empty the log of calls."""
    simulator.reset_log()


def move(simulator: Simulator, body: dict[str, int]) -> Any:
    """Let changes happen in the account."""
    return simulator.move(body)


def sales(simulator: Simulator, body: list[tuple[int, int, list[str]]]) -> list[int]:
    """Count the sales ordered in each date range (epoch ms, both ends included) with these statuses."""
    with simulator.world.lock:
        return [simulator.world.sales.find(start, end, statuses).total for start, end, statuses in body]


def charges(simulator: Simulator, body: list[tuple[int, int]]) -> list[int]:
    """Count the rows of subscription_transactions last updated in each date range."""
    world = simulator.world
    with world.lock:
        return [
            sum(1 for _ in world.iter_expected("subscription_transactions", start_ms=start, end_ms=end))
            for start, end in body
        ]


def lists(simulator: Simulator, body: Any) -> dict[str, list[int]]:
    """Count the rows of each list that is read whole. Students have one list per members area."""
    world = simulator.world
    with world.lock:
        whole = {name: [sum(1 for _ in world.iter_expected(name))] for name in ("subscriptions", "products")}
        clubs = Counter(row.identity[1] for row in world.iter_expected("club_students"))
        return whole | {"club_students": [clubs[club] for club in CLUBS]}


COMMANDS: dict[str, Callable[[Simulator, Any], Any]] = {
    "log": log,
    "reset": reset,
    "move": move,
    "sales": sales,
    "charges": charges,
    "lists": lists,
}


def main() -> int:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.account", description=__doc__)
    parser.add_argument("--sales", type=int, required=True)
    parser.add_argument("--subscriptions", type=int, help="a fifth of the sales by default")
    parser.add_argument("--students", type=int, help="a twelfth of the sales by default")
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--limit", type=int, default=500)
    parser.add_argument("--page-cap", type=int)
    asked = parser.parse_args()
    world = World(
        seed=7,
        sales=asked.sales,
        subscriptions=asked.sales // 5 if asked.subscriptions is None else asked.subscriptions,
        students=asked.sales // 12 if asked.students is None else asked.students,
        now_ms=time.time_ns() // 1_000_000,
        subdomains=CLUBS,
    )
    sides = switches(
        latency_ms=asked.latency_ms, limit_per_minute=asked.limit, page_cap=asked.page_cap, subdomains=CLUBS
    )
    with Simulator(world, sides, follow_clock=True) as simulator:
        tell(
            {
                "url": simulator.url,
                "client_id": simulator.client_id,
                "client_secret": simulator.client_secret,
                "token": simulator.basic,
                "start_date": datetime.fromtimestamp(world.start_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
        for line in sys.stdin.buffer:
            command, body = orjson.loads(line)
            tell(COMMANDS[command](simulator, body))
    return 0


def tell(answer: Any) -> None:
    """Print one line on stdout."""
    sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
