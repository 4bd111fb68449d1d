"""The simulator's account: deterministic, complete, plausible and small."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from hotmart_simulator import World
from hotmart_simulator.common.vocabulary import (
    DAY_MS,
    PAYMENT_TYPES,
    PRICE_DETAILS_STATUSES,
    SALE_STATUSES,
    SUBSCRIPTION_STATUSES,
)
from hotmart_simulator.expected import LISTS as STREAMS
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
Rows = Callable[[str], dict[Any, dict[str, Any]]]


@pytest.fixture(name="world")
def small_world() -> World:
    return World(seed=5, sales=600, subscriptions=100, students=60, products=12, now_ms=NOW_MS)


@pytest.fixture(name="large", scope="module")
def large_world() -> World:
    """An account large enough to contain every rare case. Tests must not change it."""
    return World(seed=2, now_ms=NOW_MS)


@pytest.fixture(name="rows", scope="module")
def rows_by_stream(large: World) -> Rows:
    """Return the records of a stream of the large account by key. They are created once. Tests must not change them."""
    return cache(lambda stream: keyed(large, stream))


def fingerprint(world: World) -> dict[str, Any]:
    return {stream: keyed(world, stream) for stream in STREAMS}


def test_a_world_depends_only_on_its_arguments_and_seed(world: World) -> None:
    twin = World(seed=5, sales=600, subscriptions=100, students=60, products=12, now_ms=NOW_MS)
    other = World(seed=6, sales=600, subscriptions=100, students=60, products=12, now_ms=NOW_MS)

    assert fingerprint(world) == fingerprint(twin)
    assert not set(keyed(world, "sales_history")) & set(keyed(other, "sales_history"))


def test_changes_of_equal_worlds_are_equal(world: World) -> None:
    twin = World(seed=5, sales=600, subscriptions=100, students=60, products=12, now_ms=NOW_MS)
    moves = {"sales": 5, "refunds": 4, "chargebacks": 2, "cancellations": 3, "subscriptions": 2}
    moves |= {"studies": 6, "checkins": 5, "participants": 2, "coupons": 3}

    assert world.move(moves) == twin.move(moves)
    assert fingerprint(world) == fingerprint(twin)


def test_the_world_has_the_requested_size() -> None:
    for size in (0, 1, 2, 17, 250):
        world = World(sales=size, subscriptions=size, students=size, products=size, now_ms=NOW_MS)
        counts = {stream: len(keyed(world, stream)) for stream in STREAMS}
        assert counts["sales_history"] == counts["sales_users"] == counts["sales_commissions"] == size
        assert counts["subscriptions"] == counts["products"] == counts["club_students"] == size


def test_sales_cover_four_years_by_default(large: World, rows: Rows) -> None:
    dates = [raw["purchase"]["order_date"] for raw in rows("sales_history").values()]

    assert dates[0] == large.start_ms == NOW_MS - 1_461 * DAY_MS
    assert NOW_MS - 3 * DAY_MS < dates[-1] <= NOW_MS
    assert len(set(dates)) < len(dates), "some sales share their millisecond"
    by_year = Counter(datetime.fromtimestamp(at_ms / 1000, UTC).year for at_ms in dates)
    assert min(by_year[year] for year in (2022, 2023, 2024, 2025)) > 1_000


def test_every_status_occurs_and_most_sales_are_complete(rows: Rows, world: World) -> None:
    for sales in (rows("sales_history"), keyed(world, "sales_history")):
        counts = Counter(raw["purchase"]["status"] for raw in sales.values())
        assert set(counts) == set(SALE_STATUSES)
        assert 0.65 < counts["COMPLETE"] / counts.total() < 0.82
    assert {raw["status"] for raw in rows("subscriptions").values()} == set(SUBSCRIPTION_STATUSES)
    assert {raw["purchase"]["payment"]["type"] for raw in rows("sales_history").values()} == set(PAYMENT_TYPES)


def test_the_status_of_a_sale_matches_its_age(rows: Rows) -> None:
    warranty = {raw["id"]: raw["warranty_period"] for raw in rows("products").values()}
    for raw in rows("sales_history").values():
        purchase = raw["purchase"]
        age_days = (NOW_MS - purchase["order_date"]) / DAY_MS
        days = warranty.get(raw["product"]["id"], 30)
        if purchase["status"] == "APPROVED":
            assert age_days < 155, "only a charge-back that is still to come keeps a sale approved for long"
        if purchase["status"] == "COMPLETE" and raw["product"]["id"] in warranty:
            assert age_days > days
        if purchase["status"] == "CHARGEBACK":
            assert age_days > 19
        paid = purchase["status"] in SALE_STATUSES and "approved_date" in purchase
        assert paid == ("warranty_expire_date" in purchase)
        assert purchase.get("approved_date", NOW_MS) <= NOW_MS


def test_streams_can_be_joined(rows: Rows) -> None:
    sales = rows("sales_history")
    products = rows("products")
    subscriptions = rows("subscriptions")
    charges = rows("subscription_transactions")

    assert {raw["transaction"] for raw in subscriptions.values()} <= set(sales)
    assert {key[0] for key in charges} == {k for k, raw in sales.items() if raw["purchase"]["is_subscription"]}
    assert {raw["subscriber_code"] for raw in charges.values()} == set(subscriptions)
    of_others = {r["product"]["id"] for r in sales.values() if r["purchase"]["commission_as"] != "PRODUCER"}
    assert of_others
    assert not of_others & {raw["id"] for raw in products.values()}
    roles = {raw["purchase"]["commission_as"] for raw in sales.values()}
    assert roles == {"PRODUCER", "COPRODUCER", "AFFILIATE"}
    assert set(rows("sales_price_details")) == {
        key for key, raw in sales.items() if raw["purchase"]["status"] in PRICE_DETAILS_STATUSES
    }


def test_a_subscription_is_charged_only_while_active(rows: Rows) -> None:
    for raw in rows("subscription_transactions").values():
        assert raw["adoption_date"] - 2_000 <= raw["purchase"]["order_date"]
        assert raw["purchase"]["order_date"] <= raw.get("cancellation_date", NOW_MS)
        assert raw["purchase"]["order_date"] <= raw["last_update"] <= NOW_MS


def test_expected_records_can_be_filtered_by_date(large: World, rows: Rows) -> None:
    start_ms, end_ms = NOW_MS - 400 * DAY_MS, NOW_MS - 100 * DAY_MS
    cases: list[tuple[str, Callable[[Any], int]]] = [
        ("sales_history", lambda raw: raw["purchase"]["order_date"]),
        ("subscriptions", lambda raw: raw["accession_date"]),
        ("subscription_transactions", lambda raw: raw["last_update"]),
    ]
    for stream, date_of in cases:
        cut = keyed(large, stream, start_ms=start_ms, end_ms=end_ms)
        assert cut == {k: r for k, r in rows(stream).items() if start_ms <= date_of(r) <= end_ms}
        assert cut


def test_expected_records_are_copies(world: World) -> None:
    truth = keyed(world, "sales_users")
    for raw in truth.values():
        raw["users"].clear()

    assert all(raw["users"] for raw in raw_rows(world, "sales_users"))


def test_an_unknown_stream_raises_an_error(world: World) -> None:
    with pytest.raises(KeyError, match="no stream sales; there are sales_history"):
        keyed(world, "sales")


def test_a_sale_takes_less_than_fifty_bytes() -> None:
    sizes = []
    for sales in (100, 10_100):
        tracemalloc.start()
        world = World(seed=5, sales=sales, subscriptions=10, now_ms=NOW_MS)
        sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert len(world.sales) == sales

    assert (sizes[1] - sizes[0]) / 10_000 < 50
