"""The expected rows of a complete read are those of the sales lists, one row per key."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.account import Account
from hotmart_simulator.client import Client
from hotmart_simulator.common.row import Row
from hotmart_simulator.common.vocabulary import DAY_MS, PRICE_DETAILS_STATUSES, SALE_STATUSES
from hotmart_simulator.sales import expected

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
START_MS = NOW_MS - 700 * DAY_MS
SALES = "/payments/api/v1/sales"
Expected = Callable[[Account], Iterator[Row]]
LISTS: tuple[tuple[str, Expected], ...] = (
    ("history", expected.history),
    ("users", expected.users),
    ("commissions", expected.commissions),
    ("price/details", expected.price_details),
)


@pytest.fixture(name="world")
def small_world() -> World:
    """An account with a few sales of every kind that only changes create."""
    world = World(
        seed=2, sales=300, subscriptions=60, students=24, products=8, participants=12, start_ms=START_MS, now_ms=NOW_MS
    )
    for name, move in world.sale_moves.named().items():
        if name not in ("imports", "ageings"):
            move(2)
    return world


def switch(simulator: Simulator, **sides: Any) -> None:
    simulator.switches = replace(simulator.switches, **sides)


def read(client: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    statuses = PRICE_DETAILS_STATUSES if path == "price/details" else SALE_STATUSES
    window = {"start_date": START_MS, "end_date": client.simulator.world.now_ms, "max_results": 500}
    return client.rows(f"{SALES}/{path}", **{**window, "transaction_status": statuses, **query})


@pytest.mark.parametrize(("path", "rows"), LISTS)
def test_a_list_of_all_statuses_equals_the_expected_rows(
    simulator: Simulator, client: Client, path: str, rows: Expected
) -> None:
    found = list(rows(simulator.world))

    assert [row.record for row in reversed(found)] == read(client, path)
    assert len({row.identity for row in found}) == len(found) > 300
    assert {row.identity[0] for row in found} == {f"sales_{path.replace('/', '_')}"}
    assert all(row.at_ms == simulator.world.sale(row.identity[1]).order_ms for row in found)  # type: ignore[arg-type]


@pytest.mark.parametrize(("path", "rows"), LISTS)
@pytest.mark.parametrize(
    "sides",
    [
        {"transaction_codes": "some_suffixed", "sale_products": "some_missing"},
        {"transactions_per_sale": "row_per_role"},
        {"accepted_on_price_details": "all_17"},
        {"commission_currency_key": "currency_value", "coupon_value": "percent", "price_currencies": "one"},
        {"unlisted_status": "some_sales", "statuses_by_default": "all"},
        {"status_shown": "newer"},
        {"filter_unit": "seconds"},
        {"sales_order": "oldest"},
    ],
)
def test_expected_rows_follow_the_switches(
    simulator: Simulator, client: Client, path: str, rows: Expected, sides: dict[str, Any]
) -> None:
    switch(simulator, **sides)
    query: dict[str, Any] = {}
    if "unlisted_status" in sides:
        query["transaction_status"] = None
    elif sides.get("accepted_on_price_details") == "all_17":
        query["transaction_status"] = SALE_STATUSES

    def plain(records: list[dict[str, Any]]) -> list[str]:
        return sorted(map(repr, records))

    assert plain([row.record for row in rows(simulator.world)]) == plain(read(client, path, **query))


@pytest.mark.parametrize(("path", "rows"), LISTS)
def test_sales_found_only_by_transaction_are_expected(
    simulator: Simulator, client: Client, path: str, rows: Expected
) -> None:
    switch(simulator, unlisted_status="some_sales", late_commissions="some_missing")
    found = {row.identity[1]: row.record for row in rows(simulator.world)}
    listed = {repr(record) for record in read(client, path)}

    only_by_transaction = [serial for serial, record in found.items() if repr(record) not in listed]
    assert only_by_transaction
    for serial in only_by_transaction:
        assert isinstance(serial, int)
        code = simulator.world.sale(serial).transaction
        assert client.rows(f"{SALES}/{path}", transaction=code) == [found[serial]]
    switch(simulator, transaction_lookup="paid_only")
    statuses = {simulator.world.sale(row.identity[1]).status for row in rows(simulator.world)}  # type: ignore[arg-type]
    assert "UNDER_REVIEW" not in statuses


def test_sales_in_a_status_that_a_list_rejects_are_not_expected(simulator: Simulator, client: Client) -> None:
    switch(simulator, accepted_on_users="documented_14")
    rows = list(expected.users(simulator.world))

    assert [row.record for row in reversed(rows)] == read(client, "users", transaction_status=PRICE_DETAILS_STATUSES)
    assert len(rows) < len(list(expected.history(simulator.world)))


def test_the_date_of_a_row_is_the_date_its_list_filters_by(simulator: Simulator) -> None:
    switch(simulator, other_views_filter="approved_date")
    moved = 0
    for row in expected.users(simulator.world):
        sale = simulator.world.sale(row.identity[1])  # type: ignore[arg-type]
        assert row.at_ms == (sale.order_ms if sale.approved_ms is None else sale.approved_ms)
        moved += row.at_ms != sale.order_ms
    assert moved > 100
    assert all(
        row.at_ms == simulator.world.sale(row.identity[1]).order_ms  # type: ignore[arg-type]
        for row in expected.history(simulator.world)
    )


def test_a_sale_not_yet_listed_is_not_expected(simulator: Simulator) -> None:
    before = len(list(expected.history(simulator.world)))
    switch(simulator, new_sales="minutes_later")
    simulator.world.add_sales(5)
    assert len(list(expected.history(simulator.world))) == before
    simulator.world.advance(DAY_MS)

    assert len(list(expected.history(simulator.world))) >= before + 5


@pytest.mark.parametrize("totals", ["commissions", "prices"])
@pytest.mark.parametrize("default", ["paid", "all"])
def test_the_summary_is_expected_by_month_and_currency(
    simulator: Simulator, client: Client, totals: str, default: str
) -> None:
    switch(simulator, summary_totals=totals, statuses_by_default=default, future_end_date="accept")
    rows = list(expected.summary(simulator.world))
    months = sorted({row.at_ms for row in rows if row.at_ms is not None})
    assert len(months) >= 23
    for start_ms in months:
        start = datetime.fromtimestamp(start_ms / 1000, UTC)
        assert (start.day, start.hour, start.minute) == (1, 0, 0)
        following = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
        window = {"start_date": start_ms, "end_date": int(following.timestamp() * 1000) - 1}
        items = client.rows(f"{SALES}/summary", **window)
        month = [row for row in rows if row.at_ms == start_ms]
        assert {repr(item) for item in items} == {repr(row.record) for row in month}
        assert {row.identity for row in month} == {
            ("sales_summary", start.strftime("%Y-%m-01"), item["total_value"]["currency_code"]) for item in items
        }
