"""An account with forty days of data, and one fault at a time on one kind of request."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hotmart_simulator import Call, Fault, Simulator, World
from hotmart_simulator.common.row import Row as HeldRow
from integration_tests.faults.network import API_HOST, AUTH_HOST, Network
from source_hotmart.api.pages import DEFAULT_LIMITS, Limits
from tools.faults.table import TOKEN_CALL, CallKind, Row
from tools.harness import NOW_MS, Connector, Run, State, VirtualClock, catalog, switches
from tools.rows import key_of

DAY_MS = 86_400_000
MINUTE_MS = 60_000
STREAMS = ("sales_history", "products", "club_students", "product_offers")
"""A paged stream, an incremental one, one with a list per members area, and one with a list per parent row."""
SWITCHES = switches(page_cap=10, future_end_date="accept")
"""The account does not change while the clock advances between syncs."""
SIDE_BY_SIDE = 8
"""The date range of sales, the products, two members areas and the offers of four products: their waits add up on the
test clock."""

SHORT_LIMITS = {
    "hang": Limits(read_s=0.15),
    "drip_head": Limits(total_s=0.12),
    "drip": Limits(total_s=0.12),
    "huge": Limits(body_bytes=1 << 20),
    "gzip_bomb": Limits(body_bytes=1 << 20),
}
"""Time and size limits for the faults that exhaust them, in real seconds, by kind."""


@cache
def account() -> World:
    """An account with four pages of sales. All cases share it, so don't change it."""
    start_ms = NOW_MS - 40 * DAY_MS
    return World(
        seed=7, sales=40, subscriptions=4, students=16, products=4, start_ms=start_ms, now_ms=NOW_MS, switches=SWITCHES
    )


@cache
def held(stream: str) -> tuple[HeldRow, ...]:
    """Return every row of a stream."""
    return tuple(account().expected(stream))


@dataclass
class Laboratory:
    """A connector and a simulator, with a network between them that can be cut."""

    simulator: Simulator
    folder: Path
    clock: VirtualClock
    network: Network
    connector: Connector = field(init=False)
    fault: Fault | None = None

    def __post_init__(self) -> None:
        self.connector = Connector(self.simulator, self.folder)
        self.connector.config |= {"start_date": "2025-11-22", "num_workers": 4}
        port = self.simulator.url.rpartition(":")[2]
        self.addresses = {
            "HOTMART_API_URL": f"http://{API_HOST}:{port}",
            "HOTMART_AUTH_URL": f"http://{AUTH_HOST}:{port}",
        }

    def order(self, row: Row, call_kind: CallKind, *, always: bool) -> None:
        """Inject this fault into one kind of request."""
        host = AUTH_HOST if call_kind is TOKEN_CALL else API_HOST
        times = float("inf") if always else 1
        network = row.order.get("network")
        if network == "no TLS":
            name = "HOTMART_AUTH_URL" if call_kind is TOKEN_CALL else "HOTMART_API_URL"
            self.addresses[name] = self.addresses[name].replace("http:", "https:")
            return
        if network and call_kind is TOKEN_CALL:
            self.network.take_away(host, network, times)
            return

        def meets(call: Call) -> bool:
            if not call_kind.meets(call) or (not always and is_question(call)):
                return False  # a single fault is for a page of rows
            if network:
                self.network.take_away(host, network, times)
            return True

        # A host that disappears also closes the connection.
        order: dict[str, Any] = {"kind": "reset"} if network else dict(row.order)
        if "location" in order:
            order["location"] = order["location"].format(elsewhere=self.network.elsewhere)
        if order["kind"] in ("drip", "drip_head"):
            order["interval_s"] = 0.01
        self.connector.limits = SHORT_LIMITS.get(str(order["kind"]), DEFAULT_LIMITS)
        self.fault = self.simulator.add_fault(
            Fault(**order, path=call_kind.path, page=call_kind.page, times=None if always else 1, where=meets)
        )

    def mend(self) -> None:
        """Remove the fault."""
        self.simulator.clear_faults()
        self.network.come_back()
        self.addresses = {name: address.replace("https:", "http:") for name, address in self.addresses.items()}
        self.connector.limits = DEFAULT_LIMITS
        self.fault = None
        self.clock.slept_s.clear()

    def read(self, setenv: Any, state: State | None = None) -> Run:
        """Sync all streams and capture every log line."""
        for name, address in self.addresses.items():
            setenv(name, address)
        return self.connector.run("read", "--debug", catalog=catalog(STREAMS), state=state)

    def check(self, setenv: Any) -> Run:
        """Run a connection check and capture every log line."""
        for name, address in self.addresses.items():
            setenv(name, address)
        return self.connector.run("check", "--debug")


def is_question(call: Call) -> bool:
    """Whether a request only finds out how to read: a count, a few rows, or the sales of one second."""
    dates = [int(call.get(name) or 0) for name in ("start_date", "end_date")]
    return call.get("max_results") in ("1", "10") or (any(dates) and dates[1] - dates[0] < MINUTE_MS)


def keys(run: Run, stream: str) -> list[Any]:
    """Return the primary keys of the received records, in order."""
    return [key_of(stream, record) for record in run.records(stream)]
