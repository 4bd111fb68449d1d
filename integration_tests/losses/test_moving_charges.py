"""Charges that are updated while they are read, and the date used by their filter."""

from __future__ import annotations

from typing import Any

import pytest

from hotmart_simulator import Call, Simulator, World
from integration_tests.losses.reads import CHARGES, DAY_MS, date_range, tiny_world, up_to_date, warnings
from tools.harness import NOW_MS, Connector, VirtualClock, loaded, switches
from tools.rows import difference

STREAM = "subscription_transactions"
HOUR_MS = DAY_MS // 24


@pytest.fixture
def world() -> World:
    """Enough charges for several pages of ten in each year."""
    return tiny_world(sales=300, subscriptions=60)


def one_after_the_other(hotmart: Simulator, connector: Connector, **sides: Any) -> None:
    """Make requests sequentially with small pages in a stable order, so that a test knows the reading order."""
    hotmart.switches = switches(page_cap=10, untotalled_order="stable", currency_rows="one", **sides)
    connector.config["num_workers"] = 1


@pytest.mark.parametrize("late_by_ms", [HOUR_MS, 20 * HOUR_MS], ids=["an_hour", "20_hours"])
@pytest.mark.parametrize("at_page", [2, 5])
def test_charges_that_shift_between_pages_on_late_updates_are_synced(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, at_page: int, late_by_ms: int
) -> None:
    """Hotmart reports updates hours late. Between two pages, such an update removes old charges from the date range."""
    one_after_the_other(hotmart, connector)
    pages = 0

    def report_late_updates(call: Call) -> None:
        nonlocal pages
        pages += call.path == CHARGES and call.get("page_token") is not None
        if pages == at_page:
            pages += 1
            paid = ("COMPLETE", "APPROVED")
            world.change_status(25, paid, "REFUNDED", NOW_MS - late_by_ms, seed=at_page)

    hotmart.before_call = report_late_updates
    first = connector.read([STREAM])
    hotmart.before_call = None
    clock.advance(days=1)
    second = connector.read([STREAM], state=first.state)

    assert pages > at_page
    assert (first.exit_code, second.exit_code) == (0, 0)
    found = up_to_date(world, loaded(first, second), STREAM)
    assert not found, str(found)


def test_charges_of_a_list_a_day_behind_are_synced(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """The list is 24 hours behind. Charges are refunded before and during the read."""
    one_after_the_other(hotmart, connector, transactions_delay_hours=24)
    world.change_status(25, ("COMPLETE", "APPROVED"), "REFUNDED", NOW_MS - 24 * HOUR_MS + 3_000, seed=1)
    hotmart.before_call = lambda call: clock.advance(seconds=1)
    first = connector.read([STREAM])
    hotmart.before_call = None
    runs = [first]
    for _ in range(2):
        clock.advance(days=1)
        runs.append(connector.read([STREAM], state=runs[-1].state))

    assert [run.exit_code for run in runs] == [0, 0, 0]
    found = up_to_date(world, loaded(*runs), STREAM)
    assert not found, str(found)


def test_updates_of_later_charges_do_not_reread_an_old_date_range(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """While a date range is read, charges ordered after its end are updated."""
    one_after_the_other(hotmart, connector)
    connector.read([STREAM])
    undisturbed = old_calls(hotmart)
    hotmart.reset_log()

    def update_recent_charges(call: Call) -> None:
        clock.advance(seconds=1)
        recent = (NOW_MS - 300 * DAY_MS, NOW_MS)
        world.change_status(1, ("COMPLETE", "APPROVED"), "REFUNDED", clock.now_ms, ordered=recent)

    hotmart.before_call = update_recent_charges

    run = connector.read([STREAM])

    assert undisturbed > 6
    assert old_calls(hotmart) <= undisturbed + 3
    assert not [line for line in warnings(run, STREAM) if "2022" in line or "2023" in line]


def old_calls(hotmart: Simulator) -> int:
    """Return the number of requests for date ranges that end more than a year ago."""
    ranges = [date_range(call) for call in hotmart.calls if call.path == CHARGES]
    return sum(dates is not None and dates[1] < NOW_MS - 364 * DAY_MS for dates in ranges)


SIDES = ("last_update", "order_date", "approved_date", "adoption_date", "recurrency_start", "cancellation_date")


@pytest.mark.parametrize("side", SIDES)
def test_a_refund_of_an_old_charge_is_synced_or_gives_a_warning(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, side: str
) -> None:
    """Charges of 70 to 150 days ago are refunded between two syncs. The filter uses one of six dates."""
    hotmart.switches = switches(transaction_date_filters=side, untotalled_order="stable")
    connector.config["start_date"] = "2021-06-01"  # a recurrence can begin before its charge
    first = connector.read([STREAM])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    between = (NOW_MS - 150 * DAY_MS, NOW_MS - 70 * DAY_MS)
    refunded = world.change_status(8, "COMPLETE", "REFUNDED", clock.now_ms, seed=1, ordered=between)

    second = connector.read([STREAM], state=first.state)

    charges = {row.record["purchase"]["transaction"] for row in world.expected(STREAM)}
    assert charges & set(refunded)
    found = up_to_date(world, loaded(first, second), STREAM)
    if side in ("last_update", "order_date", "approved_date"):
        assert not found, str(found)
    else:
        assert not found or warnings(second, STREAM), str(found)


def test_a_refund_is_synced_if_the_filter_uses_a_later_approval_date(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """The filter uses the approval date, and recent charges were approved three days after their order."""
    hotmart.switches = switches(transaction_date_filters="approved_date", untotalled_order="stable")
    for row in world.expected(STREAM):
        purchase = row.record["purchase"]
        if purchase["order_date"] > NOW_MS - 70 * DAY_MS:
            world.set_status(purchase["transaction"], "PRINTED_BILLET", purchase["order_date"] + 1_000)
            world.set_status(purchase["transaction"], "APPROVED", purchase["order_date"] + 3 * DAY_MS)
    first = connector.read([STREAM])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    between = (NOW_MS - 150 * DAY_MS, NOW_MS - 75 * DAY_MS)
    refunded = world.change_status(8, "COMPLETE", "REFUNDED", clock.now_ms, seed=1, ordered=between)

    second = connector.read([STREAM], state=first.state)

    assert {row.record["purchase"]["transaction"] for row in world.expected(STREAM)} & set(refunded)
    found = up_to_date(world, loaded(first, second), STREAM)
    assert not found, str(found)


@pytest.mark.parametrize("side", SIDES)
def test_a_first_sync_reads_every_charge_for_any_filter_date(
    connector: Connector, hotmart: Simulator, world: World, side: str
) -> None:
    """The filter uses one of six dates, all after the start date."""
    hotmart.switches = switches(transaction_date_filters=side, untotalled_order="stable")
    connector.config["start_date"] = "2021-06-01"  # a recurrence can begin before its charge

    run = connector.read([STREAM])

    assert run.exit_code == 0, run.sentences
    found = difference(STREAM, world.expected(STREAM), run.records(STREAM))
    assert not found, str(found)
