"""The date range of a sales query: its ends, unit, maximum length and the date that it filters."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, PRICE_DETAILS_STATUSES, SALE_STATUSES

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
COMMISSIONS = "/payments/api/v1/sales/commissions"
DETAILS = "/payments/api/v1/sales/price/details"
SUMMARY = "/payments/api/v1/sales/summary"
START_MS = NOW_MS - 700 * DAY_MS
EVERYTHING: dict[str, Any] = {
    "start_date": START_MS,
    "end_date": NOW_MS,
    "max_results": 500,
    "transaction_status": PRICE_DETAILS_STATUSES,
}


@pytest.fixture(name="world")
def small_world() -> World:
    return World(
        seed=2, sales=300, subscriptions=60, students=24, products=8, participants=12, start_ms=START_MS, now_ms=NOW_MS
    )


def switch(simulator: Simulator, **sides: Any) -> None:
    simulator.switches = replace(simulator.switches, **sides)


def codes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["purchase"]["transaction"] if "purchase" in row else row["transaction"] for row in rows]


def between(client: Client, path: str, start_ms: int, end_ms: int) -> list[str]:
    return codes(client.rows(path, **{**EVERYTHING, "start_date": start_ms, "end_date": end_ms}))


def one_sale(client: Client) -> tuple[str, int]:
    """Return the transaction and the order date of a sale whose date has milliseconds."""
    sales = [row["purchase"] for row in client.rows(HISTORY, **EVERYTHING)]
    sale = next(sale for sale in sales[5:] if 10 < sale["order_date"] % 1000 < 990)
    return sale["transaction"], sale["order_date"]


@pytest.mark.parametrize(
    ("side", "at_start", "at_end"), [("both", True, True), ("start", True, False), ("end", False, True)]
)
def test_the_ends_of_a_date_range_are_included_or_excluded(
    simulator: Simulator, client: Client, side: str, at_start: bool, at_end: bool
) -> None:
    code, order_ms = one_sale(client)
    switch(simulator, window_ends=side)

    assert (code in between(client, HISTORY, order_ms, order_ms + DAY_MS)) is at_start
    assert (code in between(client, HISTORY, order_ms - DAY_MS, order_ms)) is at_end
    assert code in between(client, HISTORY, order_ms - 1, order_ms + 1)
    assert (code in between(client, HISTORY, order_ms, order_ms)) is (side == "both")


@pytest.mark.parametrize(("side", "times"), [("milliseconds", 1), ("seconds", 2)])
def test_adjacent_date_ranges_overlap_if_the_filter_uses_seconds(
    simulator: Simulator, client: Client, side: str, times: int
) -> None:
    code, order_ms = one_sale(client)
    switch(simulator, filter_unit=side)
    found = [
        *between(client, HISTORY, order_ms - DAY_MS, order_ms - 1),
        *between(client, HISTORY, order_ms, order_ms + DAY_MS),
    ]

    assert found.count(code) == times


@pytest.mark.parametrize(
    ("side", "at_start", "at_end"), [("both", True, True), ("start", True, False), ("end", False, True)]
)
def test_a_filter_in_seconds_includes_or_excludes_whole_seconds(
    simulator: Simulator, client: Client, side: str, at_start: bool, at_end: bool
) -> None:
    code, order_ms = one_sale(client)
    switch(simulator, filter_unit="seconds", window_ends=side)

    assert (code in between(client, HISTORY, order_ms + 5, order_ms + DAY_MS)) is at_start
    assert (code in between(client, HISTORY, order_ms - DAY_MS, order_ms - 5)) is at_end
    second_ms = order_ms // 1000 * 1000
    assert code not in between(client, HISTORY, second_ms + 1000, order_ms + DAY_MS)
    assert code not in between(client, HISTORY, order_ms - DAY_MS, second_ms - 1)


@pytest.mark.parametrize("path", [HISTORY, USERS, COMMISSIONS, DETAILS])
def test_a_date_range_that_is_too_long_is_rejected_or_truncated(
    simulator: Simulator, client: Client, path: str
) -> None:
    switch(simulator, max_window_days=100)
    refused = client.get(path, **EVERYTHING)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_parameter")
    switch(simulator, too_long_window="cut")

    end_ms = NOW_MS - 200 * DAY_MS
    cut = between(client, path, START_MS, end_ms)
    assert cut == between(client, path, end_ms - 100 * DAY_MS, end_ms)
    assert cut


def test_a_date_range_beyond_the_maximum_age_is_empty(simulator: Simulator, client: Client) -> None:
    switch(simulator, max_window_days=100, max_window_of="age", too_long_window="cut")

    assert between(client, HISTORY, START_MS, NOW_MS - 150 * DAY_MS) == []
    kept = between(client, HISTORY, START_MS, NOW_MS - 50 * DAY_MS)
    assert kept == between(client, HISTORY, NOW_MS - 100 * DAY_MS, NOW_MS - 50 * DAY_MS) != []


def test_an_accepted_future_end_date_works_like_now(simulator: Simulator, client: Client) -> None:
    now = between(client, HISTORY, START_MS, NOW_MS)
    assert client.get(HISTORY, start_date=START_MS, end_date=NOW_MS + DAY_MS).status_code == 400
    switch(simulator, future_end_date="accept")

    assert between(client, HISTORY, START_MS, NOW_MS + DAY_MS) == now


@pytest.mark.parametrize("days", [7, 90])
def test_a_switch_sets_the_default_date_range(simulator: Simulator, client: Client, days: int) -> None:
    month = client.rows(HISTORY, max_results=500, transaction_status=PRICE_DETAILS_STATUSES)
    switch(simulator, default_window_days=days)
    rows = client.rows(HISTORY, max_results=500, transaction_status=PRICE_DETAILS_STATUSES)

    assert codes(rows) == between(client, HISTORY, NOW_MS - days * DAY_MS, NOW_MS)
    assert (len(rows) > len(month)) is (days > 30)


@pytest.mark.parametrize(("side", "view_moves"), [("order_date", False), ("approved_date", True)])
def test_users_commissions_and_details_filter_by_order_or_approval_date(
    simulator: Simulator, client: Client, side: str, view_moves: bool
) -> None:
    world = simulator.world
    boleto = world.sale_moves.add_boletos(1, NOW_MS - 40 * DAY_MS)[0]
    unpaid = world.sale_moves.add_boletos(1, NOW_MS - 40 * DAY_MS)[0]
    world.set_status(boleto, "APPROVED", NOW_MS - 37 * DAY_MS)
    switch(simulator, other_views_filter=side)
    ordered = (NOW_MS - 41 * DAY_MS, NOW_MS - 39 * DAY_MS)
    approved = (NOW_MS - 38 * DAY_MS, NOW_MS - 36 * DAY_MS)

    for path in (USERS, COMMISSIONS, DETAILS):
        assert (boleto in between(client, path, *ordered)) is not view_moves
        assert (boleto in between(client, path, *approved)) is view_moves
        assert unpaid in between(client, path, *ordered)
        assert len(between(client, path, START_MS, NOW_MS)) == len(between(client, HISTORY, START_MS, NOW_MS))
        looked_up = {"transaction": boleto, "start_date": approved[0], "end_date": approved[1]}
        assert bool(client.rows(path, **looked_up)) is view_moves
    assert boleto in between(client, HISTORY, *ordered)
    assert boleto not in between(client, HISTORY, *approved)


def test_commissions_omit_some_complete_sales_for_a_year(simulator: Simulator, client: Client) -> None:
    history = client.rows(HISTORY, **EVERYTHING)
    assert sorted(codes(client.rows(COMMISSIONS, **EVERYTHING))) == sorted(codes(history))
    switch(simulator, late_commissions="some_missing")

    missing = set(codes(history)) - set(codes(client.rows(COMMISSIONS, **EVERYTHING)))
    assert 1 <= len(missing) <= 30
    for row in history:
        if row["purchase"]["transaction"] in missing:
            assert row["purchase"]["status"] == "COMPLETE"
            assert row["purchase"]["order_date"] > NOW_MS - 365 * DAY_MS
            assert len(client.rows(COMMISSIONS, transaction=row["purchase"]["transaction"])) == 1
    assert codes(client.rows(USERS, **EVERYTHING)) == codes(history)
    simulator.world.advance(365 * DAY_MS)
    assert sorted(codes(client.rows(COMMISSIONS, **EVERYTHING))) == sorted(codes(history))


@pytest.mark.parametrize("side", ["newest", "oldest", "none"])
def test_a_switch_sets_the_order_of_sales_over_all_pages(simulator: Simulator, client: Client, side: str) -> None:
    switch(simulator, sales_order=side, page_cap=13)
    query = {**EVERYTHING, "transaction_status": SALE_STATUSES}
    dates = [row["purchase"]["order_date"] for row in client.rows(HISTORY, **query)]

    rising, falling = (all(step(one, two) for one, two in pairwise(dates)) for step in (int.__le__, int.__ge__))
    assert (rising, falling) == (side == "oldest", side == "newest")
    assert len(dates) == 300
    assert dates == [row["purchase"]["order_date"] for row in client.rows(HISTORY, **query)]
