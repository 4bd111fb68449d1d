"""Calls of a first and a daily sync relative to the fewest possible, and the duration of a small daily sync."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tools.bench import clients, least
from tools.bench.bench import Bench, Measured
from tools.bench.calls import REFUSED, Call
from tools.bench.least import Least
from tools.bench.processes import StateKeeper, Usage, measure
from tools.bench.servers import Account
from tools.bench.table import Row, Verdict, markdown
from tools.demo.calls import count_calls

SALES: Final = 100_000
LATENCY_MS: Final = 600
MOST_TIMES: Final = 1.05
CHANGES: Final = {"sales": 50, "refunds": 5, "chargebacks": 1, "cancellations": 3}
NINE: Final = (
    *clients.SALES_STREAMS,
    *("sales_summary", "subscriptions", "subscription_transactions", "products", "club_students"),
)


class _Sync:
    """One sync: what it used, its calls, and when it began according to its own date ranges."""

    def __init__(self, usage: Usage, calls: list[Call]) -> None:
        self.usage = usage
        self.calls = calls

    @property
    def now_ms(self) -> int:
        """Return the latest order date that the sync requested."""
        ends = (call.get("end_date") for call in self.calls)
        return max(int(end) for end in ends if end)

    @property
    def sweeps(self) -> int:
        """Count the calls that ask for late statuses only."""
        return sum(_statuses(call) == set(least.LATE) for call in self.calls)


def run(bench: Bench) -> Measured:
    """Run a first read of nine streams, make a few changes, then run daily syncs from its state."""
    with Account(SALES, bench.folder, latency_ms=LATENCY_MS) as account:
        start_ms = round(datetime.fromisoformat(account.config["start_date"]).timestamp() * 1000)
        keeper = StateKeeper()
        first = _sync(bench, account, f"first read of {SALES:,} sales, nine streams", NINE, keeper=keeper)
        first_least = least.first_read(account, start_ms, first.now_ms, NINE)
        saved_ms = first.now_ms
        account.move(CHANGES)
        daily = _sync(bench, account, "daily sync, nine streams", NINE, state=keeper.state)
        daily_least = least.daily(account, start_ms, saved_ms, daily.now_ms, NINE)
        views = [state for state in keeper.state if _name(state) in clients.SALES_STREAMS]
        swept = _sync(bench, account, "daily sync, four streams", clients.SALES_STREAMS, state=views)
        # A second after the start of the look-back, because a start date has no milliseconds.
        begin = datetime.fromtimestamp(saved_ms / 1000 + 1, UTC) - timedelta(days=least.LOOKBACK_DAYS)
        unswept = _sync(
            bench,
            account,
            "daily sync, four streams, nothing to sweep",
            clients.SALES_STREAMS,
            state=views,
            start_date=begin.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
    rows = [
        calls_row("calls of a first read", len(first.calls), first_least),
        calls_row("calls of a daily sync", len(daily.calls), daily_least),
        small_row("nine streams, with the sweep", daily),
        small_row("four views of a sale, with the sweep", swept),
        small_row("four views of a sale, without the sweep", unswept),
    ]
    details = [("First read", first, first_least), ("Daily sync", daily, daily_least)]
    return Measured(rows, {"calls": "\n\n".join(_details(*each) for each in details)})


def _sync(
    bench: Bench,
    account: Account,
    what: str,
    streams: Sequence[str],
    *,
    state: Sequence[Any] | None = None,
    keeper: StateKeeper | None = None,
    **settings: Any,
) -> _Sync:
    bench.tell(f"calls: {what}")
    account.reset()
    command = clients.connector(bench.folder, {**account.config, **settings}, streams, state)
    usage = measure(command, account.environment, bench.folder, keeper)
    return _Sync(usage, account.calls())


def calls_row(what: str, calls: int, fewest: Least) -> Row:
    """Return the calls made relative to the fewest possible."""
    times = calls / fewest.total
    named = ", ".join(f"{count} for {reason}" for reason, count in fewest.named.items() if count)
    return Row(
        what,
        f"at most {MOST_TIMES} times the least",
        f"{times:.3f} times ({calls:,} against {fewest.total:,})",
        Verdict.of(times <= MOST_TIMES),
        f"nine streams, {SALES:,} sales. The least has, besides rows: {named}",
    )


def small_row(what: str, sync: _Sync) -> Row:
    """Return the calls and seconds of a sync that finds few changes."""
    return Row(
        f"small daily sync, {what}",
        "none",
        f"{len(sync.calls)} calls, {sync.usage.wall_s:.1f} s",
        Verdict.NO_TARGET,
        f"{CHANGES['sales']} new sales and a few changes in an account of {SALES:,}, {LATENCY_MS} ms a page. "
        f"The sweep is {sync.sweeps} of the calls",
    )


def _details(name: str, sync: _Sync, fewest: Least) -> str:
    counted: Counter[tuple[str, str]] = Counter((call.path, str(call.status)) for call in sync.calls)
    paths: dict[str, dict[str, int]] = {}
    for (path, status), times in counted.items():
        paths.setdefault(path, {})[status] = times
    made = count_calls(paths).by_stream
    lines = [(stream, str(made[stream]), str(fewest.by_stream[stream])) for stream in NINE]
    rest = len(sync.calls) - sum(made[stream] for stream in NINE)
    lines.append(("access token", str(rest), "1"))
    named = sum(fewest.named.values()) - 1
    lines.append(("named by the design", "counted above", str(named)))
    lines.append(("all", str(len(sync.calls)), str(fewest.total)))
    refused = sum(call.status == REFUSED for call in sync.calls)
    head = (name, "Calls", "Least for rows")
    return f"{markdown(head, lines)}\n\nElapsed: {sync.usage.wall_s:.1f} s. Rejected with 429: {refused}."


def _statuses(call: Call) -> set[str]:
    return {value for name, value in call.query if name == "transaction_status"}


def _name(state: Any) -> str:
    return str(state["stream"]["stream_descriptor"]["name"])
