"""The simulator as a process: prints one line of JSON when it is ready, and serves until SIGTERM or SIGINT."""

import argparse
import signal
import sys
import time
from datetime import UTC, datetime
from threading import Event

import orjson

from hotmart_simulator.common.vocabulary import DEFAULT_SUBDOMAINS
from hotmart_simulator.server.simulator import Simulator
from hotmart_simulator.server.switch_option import with_sides
from hotmart_simulator.switches import Switches
from hotmart_simulator.world import World


def epoch_ms(text: str) -> int:
    """Return ISO text as epoch milliseconds. Text without a time zone is UTC."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m hotmart_simulator", description=__doc__)
    parser.add_argument("--port", default=0, type=int, help="0, the default, chooses a free port")
    parser.add_argument("--seed", default=1, type=int, help="accounts with the same seed and options are equal")
    parser.add_argument("--sales", default=5000, type=int)
    parser.add_argument("--subscriptions", default=1000, type=int)
    parser.add_argument("--students", default=400, type=int)
    parser.add_argument("--products", default=30, type=int)
    parser.add_argument("--modules", default=8, type=int, help="number in each members area")
    parser.add_argument("--coupons", default=60, type=int)
    parser.add_argument("--participants", default=120, type=int, help="number in all events together")
    parser.add_argument(
        "--start", type=epoch_ms, help="date of the first sale in ISO 8601, by default four years before --now"
    )
    parser.add_argument("--now", type=epoch_ms, help="the account's time in ISO 8601, by default the real clock")
    parser.add_argument("--page-cap", type=int, help="maximum number of rows per page on every endpoint")
    parser.add_argument("--latency-ms", default=0, type=int, help="milliseconds before each response")
    parser.add_argument("--limit", default=500, type=int, help="requests per minute")
    parser.add_argument("--token-life-s", default=172_799, type=int, help="lifetime of an access token in seconds")
    parser.add_argument("--heavy-rows", type=int, help="answer 502 to date ranges with more rows")
    parser.add_argument("--heavy-days", type=int, help="answer 502 to date ranges with more days")
    parser.add_argument("--future-end-date", choices=("accept", "refuse"), default="refuse")
    parser.add_argument("--unknown-subdomain", choices=("404", "redirect", "html"), default="404")
    parser.add_argument(
        "--subdomains", default=",".join(DEFAULT_SUBDOMAINS), help="names of the members areas, comma-separated"
    )
    parser.add_argument("--refuse", default="", help="endpoints that answer 403, comma-separated, such as club,events")
    parser.add_argument(
        "--sandbox",
        action="store_true",
        help="make the credential belong to the sandbox, so that data requests answer 401",
    )
    parser.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=SIDE",
        help="a field of switches.py, such as dates_unit=seconds. Can be repeated, and overrides the options above",
    )
    return parser.parse_args()


def switches_of(asked: argparse.Namespace) -> Switches:
    """Return the switches that the options ask for. Raise `ValueError` for an unknown name or side."""
    switches = Switches(
        page_cap=asked.page_cap,
        latency_ms=asked.latency_ms,
        limit_per_minute=asked.limit,
        token_life_s=asked.token_life_s,
        heavy_rows=asked.heavy_rows,
        heavy_days=asked.heavy_days,
        future_end_date=asked.future_end_date,
        unknown_subdomain=asked.unknown_subdomain,
        subdomains=tuple(asked.subdomains.split(",")),
        sandbox=asked.sandbox,
        refused_families=tuple(family for family in asked.refuse.split(",") if family),
    )
    return with_sides(switches, asked.switch)


def main() -> int:
    """Serve one account. Return 2 for a wrong switch, otherwise 0."""
    asked = arguments()
    try:
        switches = switches_of(asked)
    except ValueError as mistake:
        sys.stderr.write(f"hotmart_simulator: {mistake}\n")
        return 2
    world = World(
        seed=asked.seed,
        sales=asked.sales,
        subscriptions=asked.subscriptions,
        students=asked.students,
        products=asked.products,
        start_ms=asked.start,
        now_ms=int(time.time() * 1000) if asked.now is None else asked.now,
        subdomains=switches.subdomains,
        modules=asked.modules,
        coupons=asked.coupons,
        participants=asked.participants,
        switches=switches,
    )
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Simulator(world, port=asked.port, follow_clock=asked.now is None) as simulator:
        ready = {
            "url": simulator.url,
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
            "token": simulator.basic,
            "subdomain": switches.subdomains[0],
            "start_date": datetime.fromtimestamp(world.start_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        sys.stdout.write(orjson.dumps(ready).decode() + "\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
