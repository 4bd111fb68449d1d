"""Old sales whose status is not final: all are re-read, even if one of them causes a fault."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from hotmart_simulator import Call, Fault
from integration_tests.losses.conftest import Connect
from integration_tests.losses.connection import DAY_MS, Connection, empty_world
from integration_tests.losses.reads import HISTORY, date_range, holds
from tools.harness import NOW_MS, State
from tools.rows import difference

WAIT_S = 0.3
"""Real seconds to wait for another thread of the connector, which may not have started reading."""


def sold(connect: Connect, *ages_days: int) -> tuple[Connection, list[str]]:
    """Connect to an account with one complete sale of each age. Return their transactions too."""
    world = empty_world()
    transactions = [world.add_sales(1, NOW_MS - days * DAY_MS)[0] for days in ages_days]
    for transaction in transactions:
        world.set_status(transaction, "COMPLETE")
    return connect(world, ["sales_history"]), transactions


def asks_for_unsettled(call: Call) -> bool:
    """Whether a request reads old sales whose status is not final."""
    return call.path == HISTORY and set(call.all("transaction_status")) == {"PROTESTED", "CHARGEBACK", "APPROVED"}


def reads_newest(call: Call) -> bool:
    """Whether a request reads the newest date range, which is read after all others."""
    dates = date_range(call)
    is_newest = dates is not None and dates[0] > NOW_MS - 200 * DAY_MS
    return is_newest and call.get("max_results") == "500" and len(call.all("transaction_status")) > 10


def test_a_reversal_during_the_first_sync_is_synced(connect: Connect) -> None:
    """A chargeback is reversed when the unsettled sales are requested, after its date range if that is read first."""
    connection, (old, *_) = sold(connect, 300, 100, 10)
    connection.config.update(start_date="2025-01-20", num_workers=2)
    connection.world.set_status(old, "CHARGEBACK")
    old_was_read = Event()
    calls: list[Call] = []

    def reverse(call: Call) -> None:
        """Approve the sale again before the first request for unsettled sales."""
        if reads_newest(call):
            old_was_read.set()
        if asks_for_unsettled(call) and not calls:
            calls.append(call)
            old_was_read.wait(WAIT_S)
            connection.world.set_status(old, "APPROVED")

    connection.simulator.before_call = reverse
    connection.sync()
    connection.simulator.before_call = None
    assert calls
    for _ in range(2):
        connection.pass_time(days=1)
        connection.sync()

    assert not connection.differences()


@pytest.mark.parametrize("value", ["null", '"2025-02-30T25:00:00Z"', '"x"', "1e30", "true"])
def test_an_unsettled_sale_without_an_order_date_hides_no_reversal(connect: Connect, value: str) -> None:
    """One protested sale has no order date, and the chargeback of another sale is reversed."""
    connection, (old, other, _) = sold(connect, 250, 240, 10)
    connection.world.set_status(old, "CHARGEBACK")
    connection.world.set_status(other, "PROTESTED")
    connection.simulator.add_fault(
        Fault(
            kind="raw_value",
            value=value,
            field_name="purchase.order_date",
            path=HISTORY,
            keys=[other],
            times=None,
        )
    )
    latest: dict[str, dict[str, Any]] = {}
    state: State = {}
    for number in range(4):
        if number == 2:
            connection.world.set_status(old, "APPROVED")
        run = connection.read(state)
        assert run.exit_code == 0, run.sentences
        state = {**state, **run.state}
        latest.update({record["id"]: record for record in run.records("sales_history")})
        connection.pass_time(days=1)

    assert other in latest
    expected = [
        row for row in connection.world.expected("sales_history") if row.record["purchase"]["transaction"] != other
    ]
    arrived = [record for code, record in latest.items() if code != other]
    assert not difference("sales_history", expected, arrived, after_increments=True)


def test_reversals_of_sales_of_other_roles_are_synced(connect: Connect) -> None:
    """Hotmart lists the sales of co-producers and affiliates only on request."""
    world = empty_world()
    for days in range(20, 340, 4):
        world.add_sales(1, NOW_MS - days * DAY_MS, status="COMPLETE")
    old = world.change_status(80, "COMPLETE", "CHARGEBACK", ordered=(0, NOW_MS - 100 * DAY_MS))
    connection = connect(world, ["sales_history", "sales_price_details"], roles_by_default="producer_only")
    connection.sync()
    for transaction in old:
        world.set_status(transaction, "APPROVED")
    connection.pass_time(days=1)

    connection.sync()

    assert not connection.differences()


def test_unreadable_unsettled_sales_do_not_hide_reversals_of_others(connect: Connect) -> None:
    """In every sync, Hotmart fails for some days of old sales whose status is not final."""
    connection, (old, *_) = sold(connect, 250, 300, 10)
    connection.world.set_status(old, "CHARGEBACK")
    bad_ms = NOW_MS - 300 * DAY_MS

    def is_bad(call: Call) -> bool:
        return asks_for_unsettled(call) and holds(call, bad_ms)

    connection.simulator.add_fault(Fault(kind=502, path=HISTORY, times=None, where=is_bad))
    connection.sync()
    connection.pass_time(days=1)
    connection.sync()
    connection.world.set_status(old, "APPROVED")
    connection.pass_time(days=1)

    connection.sync()

    assert not connection.differences()
