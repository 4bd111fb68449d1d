"""Run several reads that the quota limits side by side, each against its own simulator, for whole minutes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from tools.bench import clients
from tools.bench.bench import Bench
from tools.bench.calls import MINUTE_S, Call, answered, whole_minutes
from tools.bench.failure import BenchFailed
from tools.bench.neighbour import Neighbour
from tools.bench.processes import MeasuredProcess
from tools.bench.servers import Account

SALES: Final = 20_000
PAGE_CAP: Final = 10
"""Rows per page, so few that four streams need 8,000 calls, and one stream 2,000."""
BEGIN_AT_S: Final = 40
"""Reads start at this second of the clock minute: enough time to import the CDK, and little waiting."""
END_AFTER_S: Final = 3
"""Reads end this many seconds into the next minute, when every call of the minute before is counted."""


@dataclass(frozen=True)
class Setting:
    """One read: Hotmart's latency, the selected streams, and the other client."""

    name: str
    latency_ms: int = 600
    streams: tuple[str, ...] = clients.SALES_STREAMS
    limit: int = 500
    neighbour_share: float = 0.0
    """The part of the limit that another client uses, at an even pace."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Optional settings of the connector."""


@dataclass(frozen=True)
class Outcome:
    """What the simulator saw of one read."""

    calls: list[Call]
    """The connector's calls."""
    minutes: list[int]
    """The connector's answered calls in each whole minute."""
    neighbour: list[Call]
    neighbour_minutes: list[int]
    cpu_share: float
    """CPU time as a part of one core, over the whole read."""


def read_side_by_side(bench: Bench, settings: Sequence[Setting], minutes: int) -> list[Outcome]:
    """Return the outcome of each setting.

    The reads hardly compete, because eight calls per second use a few hundredths of a core.
    """
    with ThreadPoolExecutor(len(settings)) as pool, ExitStack() as running:
        accounts = []
        for number, setting in enumerate(settings):
            folder = bench.folder / f"paced-{number}"
            folder.mkdir(exist_ok=True)
            account = Account(SALES, folder, latency_ms=setting.latency_ms, limit=setting.limit, page_cap=PAGE_CAP)
            accounts.append((running.enter_context(account), setting, folder))
        wait_s = (BEGIN_AT_S - time.time()) % MINUTE_S
        bench.tell(f"{len(settings)} reads of {minutes} whole minutes each, beginning in {wait_s:.0f} s")
        time.sleep(wait_s)
        reads = [pool.submit(_read, *account, minutes) for account in accounts]
        return [read.result() for read in reads]


def _read(account: Account, setting: Setting, folder: Path, minutes: int) -> Outcome:
    """Read for a number of whole minutes, then end the read as a platform does."""
    config = {**account.config, **setting.options}
    command = clients.connector(folder, config, setting.streams)
    with ExitStack() as running:
        if setting.neighbour_share:
            a_minute = setting.limit * setting.neighbour_share
            running.enter_context(Neighbour(account.url, account.config, a_minute))
        process = running.enter_context(MeasuredProcess(command, account.environment, folder))
        ended_s: list[float] = []
        drained = Event()
        running.callback(drained.set)

        def end() -> None:
            while not (begun := _begun_s(account)):
                if drained.wait(1):
                    return
            end_s = (ceil(begun / MINUTE_S) + minutes) * MINUTE_S
            if not drained.wait(end_s + END_AFTER_S - time.time()):
                ended_s.append(end_s)
                process.end()

        Thread(target=end, daemon=True).start()
        usage = process.drain()
        if not ended_s:
            raise BenchFailed(
                f"{setting.name}: the read ended by itself after {usage.wall_s:.0f} s, with "
                f"{usage.exit_code}: {process.last_words}"
            )
    calls = account.calls()
    own = [call for call in calls if not Neighbour.is_own(call)]
    other = [call for call in calls if Neighbour.is_own(call)]
    began_s = min(call.counted_s for call in answered(own))
    return Outcome(
        own,
        whole_minutes(own, began_s, ended_s[0]),
        other,
        whole_minutes(other, began_s, ended_s[0]),
        usage.cpu_s / usage.wall_s,
    )


def _begun_s(account: Account) -> float | None:
    """Return when the connector's first call was counted, or `None` before."""
    own = (call for call in account.calls() if not Neighbour.is_own(call))
    return min((call.counted_s for call in answered(own)), default=None)
