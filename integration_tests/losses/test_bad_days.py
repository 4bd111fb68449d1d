"""Days, months and pages that Hotmart fails to return. Every sync delivers all other rows."""

from __future__ import annotations

import pytest

from hotmart_simulator import Fault, Simulator, World, heavy_range
from integration_tests.losses.reads import (
    DAY_MS,
    HISTORY,
    PRODUCTS,
    VIEWS,
    complete,
    counts_only,
    date_range,
    holds,
    tiny_world,
    up_to_date,
)
from tools.harness import NOW_MS, START_MS, Connector, State, VirtualClock, loaded, switches
from tools.rows import difference

SUMMARY = "/payments/api/v1/sales/summary"
LAUNCH_MS = START_MS + 100 * DAY_MS
"""The start of a day with many sales, in the first of four years."""
BAD_MS = NOW_MS - 200 * DAY_MS + DAY_MS // 2
"""The middle of a day that only the re-read of late statuses covers."""


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Sales of four years, with 60 more on one day of the first year."""
    sizes = {"students": 40, "products": 26, "participants": 60, "subscriptions": 60}
    world = tiny_world(**{**sizes, **getattr(request, "param", {})})
    world.add_sales(60, (LAUNCH_MS, LAUNCH_MS + DAY_MS - 1), status="COMPLETE")
    return world


def fail_around(hotmart: Simulator, at_ms: int, path: str = HISTORY) -> Fault:
    """Answer 502 permanently to every request whose date range contains a given time, with any page size."""
    return hotmart.add_fault(Fault(kind=502, path=path, times=None, where=lambda call: holds(call, at_ms)))


def heavy_launch(world: World, path: str = HISTORY) -> Fault:
    """Return a 502 fault for pages of more than 20 rows if the date range has more than 20 sales of that day."""
    return Fault(kind=502, path=path, times=None, where=heavy_range(world, LAUNCH_MS, LAUNCH_MS + DAY_MS - 1, 20))


def on_bad_day(world: World) -> set[str]:
    """Return the sales of the unreadable day."""
    start_ms = BAD_MS - BAD_MS % DAY_MS
    rows = world.expected("sales_history", start_ms=start_ms - DAY_MS, end_ms=start_ms + 2 * DAY_MS)
    return {row.record["purchase"]["transaction"] for row in rows}


# Heavy days and pages


@pytest.mark.parametrize("stream", VIEWS)
def test_a_launch_day_is_read_with_smaller_pages(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """A day with 60 sales answers 502 for pages of more than 20 rows, even for a short date range."""
    fault = hotmart.add_fault(heavy_launch(world, VIEWS[stream]))

    run = connector.read([stream])

    assert fault.fired
    complete(run, world, stream)


@pytest.mark.parametrize(
    "stream", ["products", "club_students", "subscriptions", "subscription_summary", "event_participants"]
)
def test_a_list_without_dates_is_read_with_smaller_pages(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """Every page of more than 12 rows answers 502."""
    hotmart.switches = switches(heavy_page_rows=12, untotalled_order="stable")

    run = connector.read([stream])

    complete(run, world, stream)
    assert len(hotmart.calls) < 300


def test_a_heavy_day_does_not_split_other_years_into_days(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """One day of the first of four years is heavy. The other years need few requests."""
    connector.config["num_workers"] = 1
    connector.read(["sales_history"])
    undisturbed = hotmart.count(HISTORY)
    hotmart.reset_log()
    hotmart.add_fault(heavy_launch(world))

    run = connector.read(["sales_history"])

    complete(run, world, "sales_history")
    assert hotmart.count(HISTORY) <= undisturbed + 80
    later = [dates for call in hotmart.calls if (dates := date_range(call)) and dates[0] >= LAUNCH_MS + 400 * DAY_MS]
    assert len(later) <= undisturbed + 6


# Days that cannot be read


def test_an_unreadable_day_loses_only_its_own_sales(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """A day half a year ago always answers 502. Everything else arrives and is covered by the state."""
    world.add_sales(3, (BAD_MS - DAY_MS // 4, BAD_MS + DAY_MS // 4), status="COMPLETE")
    fail_around(hotmart, BAD_MS)
    first = connector.read(["sales_history"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    world.add_sales(5, (NOW_MS + 1, clock.now_ms - 1_000))
    hotmart.reset_log()

    second = connector.read(["sales_history"], state=first.state)

    assert (first.exit_code, second.exit_code) == (1, 1)
    found = up_to_date(world, loaded(first, second), "sales_history")
    assert set(found.lost) <= on_bad_day(world), str(found)
    assert not found.stale
    old = [dates for call in hotmart.calls if (dates := date_range(call)) and dates[0] < NOW_MS - 400 * DAY_MS]
    assert not old
    hotmart.clear_faults()
    third = connector.read(["sales_history"], state=second.state)
    assert third.exit_code == 0, third.sentences
    assert not up_to_date(world, loaded(first, second, third), "sales_history")


def test_a_permanently_unreadable_day_does_not_make_syncs_longer(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """A day half a year ago answers 502 in five daily syncs. No sync makes more requests than the previous one."""
    connector.config |= {"num_workers": 1, "lookback_days": 30}
    fail_around(hotmart, BAD_MS)
    state: State = {}
    calls: list[int] = []
    for _ in range(5):
        hotmart.reset_log()
        run = connector.read(["sales_history"], state=state or None)
        state = run.state
        calls.append(hotmart.count(HISTORY))
        clock.advance(days=1)
    answered = [call for call in hotmart.calls if call.status == 200 and not counts_only(call)]
    whole = {dates for call in answered if len(call.all("transaction_status")) > 4 and (dates := date_range(call))}
    assert sum(end_ms - start_ms for start_ms, end_ms in whole) <= 60 * DAY_MS
    assert calls[4] <= calls[1] + 2


def test_an_unreadable_day_of_late_refunds_does_not_block_new_sales(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """A day half a year ago answers 502 from the second sync on, which re-reads it only for late refunds."""
    first = connector.read(["sales_history"])
    fail_around(hotmart, BAD_MS)
    runs = [first]
    refunded: list[str] = []
    for _ in range(2):
        clock.advance(days=1)
        world.now_ms = clock.now_ms
        new = world.add_sales(5, (clock.now_ms - DAY_MS + 1, clock.now_ms - 1_000))
        ordered = (NOW_MS - 340 * DAY_MS, BAD_MS - 10 * DAY_MS)
        refunded += world.change_status(2, "COMPLETE", "REFUNDED", ordered=ordered)

        run = connector.read(["sales_history"], state=runs[-1].state)

        arrived = {record["id"]: record["purchase"]["status"] for record in run.records("sales_history")}
        assert set(new) <= set(arrived)
        assert {arrived.get(transaction) for transaction in refunded} == {"REFUNDED"}
        assert run.exit_code == 1
        assert run.statuses == {"sales_history": "INCOMPLETE"}
        runs.append(run)
    assert first.exit_code == 0


def test_a_late_refund_is_synced_once_its_day_is_readable_again(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """An old sale is refunded, and its day answers 502 for one sync."""
    (sale,) = world.add_sales(1, BAD_MS, status="COMPLETE")
    first = connector.read(["sales_history"])
    clock.advance(days=1)
    world.now_ms = clock.now_ms
    world.set_status(sale, "REFUNDED", clock.now_ms - 1_000)
    fail_around(hotmart, BAD_MS)
    second = connector.read(["sales_history"], state=first.state)
    hotmart.clear_faults()
    clock.advance(days=1)

    third = connector.read(["sales_history"], state=second.state)

    assert third.exit_code == 0, third.sentences
    assert not up_to_date(world, loaded(first, second, third), "sales_history")


# Months and pages


def test_an_unreadable_month_does_not_block_the_following_months(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """A month two years ago always answers 502 in the first sync. The following months arrive."""
    month_ms = NOW_MS - 710 * DAY_MS
    fail_around(hotmart, month_ms, SUMMARY)
    first = connector.read(["sales_summary"])
    found = difference("sales_summary", world.expected("sales_summary"), first.records("sales_summary"))
    hotmart.clear_faults()
    clock.advance(days=1)

    second = connector.read(["sales_summary"], state=first.state)

    assert first.exit_code == 1
    assert {month for month, _ in found.lost} == {"2024-01-01"}
    assert not found.stale
    assert second.exit_code == 0, second.sentences
    assert not up_to_date(world, loaded(first, second), "sales_summary")
    assert len({record["month"] for record in second.records("sales_summary")}) < 20


def test_an_unreadable_page_of_products_keeps_the_previous_pages(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """The second page of products always answers 502. The first page arrives, with the offers of its products."""
    hotmart.switches = switches(page_cap=10, untotalled_order="stable")
    hotmart.add_fault(Fault(kind=502, path=PRODUCTS, times=None, where=lambda call: call.get("page_token") is not None))

    run = connector.read(["products", "product_offers"])

    assert run.exit_code == 1
    assert run.statuses["products"] == "INCOMPLETE"
    listed = {record["id"] for record in run.records("products")}
    assert len(listed) >= 10
    offers = [row for row in world.expected("product_offers") if str(row.identity[1]) in listed]
    found = difference("product_offers", offers, run.records("product_offers"))
    assert not found, str(found)


# Results that streams share


@pytest.mark.parametrize("world", [{"sales": 4_000, "start_ms": NOW_MS - 350 * DAY_MS}], ids=["busy"], indirect=True)
def test_a_rejected_count_of_one_view_does_not_affect_another(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """Users answer 403. The history is still split into the same number of parts."""
    hotmart.switches = switches(payments_cap=100)
    connector.config |= {"num_workers": 1, "start_date": "2025-01-16"}
    connector.read(["sales_history"])
    alone = parts(hotmart)
    hotmart.reset_log()
    hotmart.add_fault(Fault(kind=403, path=VIEWS["sales_users"], times=None))

    run = connector.read(["sales_users", "sales_history"])

    assert run.statuses == {"sales_users": "INCOMPLETE", "sales_history": "COMPLETE"}
    assert len(alone) > 1
    assert parts(hotmart) == alone


def parts(hotmart: Simulator) -> set[tuple[int, int]]:
    """Return the date ranges in the requests for rows of the history."""
    rows = [call for call in hotmart.calls if call.path == HISTORY and not counts_only(call)]
    return {dates for call in rows if (dates := date_range(call))}


@pytest.mark.parametrize("years", [10, 30])
@pytest.mark.parametrize("stream", ["sales_history", "subscription_transactions", "sales_summary"])
def test_a_login_dated_years_back_never_succeeds_without_rows(
    connector: Connector, hotmart: Simulator, world: World, stream: str, years: int
) -> None:
    """The login's `Date` header is earlier than the start date, in a full refresh."""
    hotmart.switches = switches(date_offset_s=-years * 365 * 86_400, untotalled_order="stable")

    run = connector.read([stream], full_refresh=True)

    found = difference(stream, world.expected(stream), run.records(stream))
    assert run.exit_code == 1 or not found, str(found)
