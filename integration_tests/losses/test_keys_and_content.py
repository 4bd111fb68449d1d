"""Rows with the same primary key and different content: each arrives, or the sync logs the number of missing ones."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from integration_tests.losses.reads import complete, keys, tiny_world, warnings
from tools.harness import Connector, Run, VirtualClock, switches
from tools.rows import key_of, sent


@pytest.fixture
def world(clock: VirtualClock) -> World:
    """An account with at least one row of each of these kinds."""
    world = tiny_world()
    for name in ("failed_charges", "failed_charges", "negotiations", "negotiations"):
        world.move({name: 8})
    world.move({"own_affiliate_sales": 3, "second_classes": 3})
    clock.advance(minutes=1)
    return world


def is_warned_of(run: Run, world: World, stream: str) -> bool:
    """Whether a warning has the number of primary keys with several contents, or the number of their rows."""
    rows = [sent(stream, row) for row in world.expected(stream)]
    by_key: dict[Any, set[str]] = {}
    for row in rows:
        by_key.setdefault(key_of(stream, row), set()).add(repr(sorted(row.items(), key=str)))
    shared = [len(contents) for contents in by_key.values() if len(contents) > 1]
    assert shared
    counts = {len(shared), sum(shared), sum(shared) - len(shared)}
    numbers = {int(number) for line in warnings(run, stream) for number in re.findall(r"(?<![\w-])\d+(?![\w-])", line)}
    return bool(counts & numbers)


@pytest.mark.parametrize("stream", ["subscription_transactions", "subscription_purchases"])
def test_a_payment_of_several_recurrences_has_one_row_each(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """A negotiation settles several recurrences with one purchase, and each recurrence is listed."""
    hotmart.switches = switches(negotiated_recurrences="row_each")
    rows = [sent(stream, row) for row in world.expected(stream)]
    name = "id" if stream == "subscription_transactions" else "transaction"
    by_recurrence = {(row[name], row.get("commission_currency"), row["recurrency_number"]) for row in rows}
    assert len(by_recurrence) > len({(row[name], row.get("commission_currency")) for row in rows})

    complete(connector.read([stream]), world, stream)


@pytest.mark.parametrize("workers", [1, 16])
def test_a_coupon_of_several_products_has_one_row_each(
    connector: Connector, hotmart: Simulator, world: World, workers: int
) -> None:
    """Every second coupon is listed for up to three products."""
    hotmart.switches = switches(coupons_of="several_products")
    assert len({row.identity[2] for row in world.expected("coupons")}) < len(world.expected("coupons"))

    run = connector.read(["coupons"], config={**connector.config, "num_workers": workers})

    complete(run, world, "coupons")


SHARED = [
    ("subscriptions", {"subscriber_codes": "shared"}),
    ("subscription_summary", {"subscriber_codes": "shared"}),
    ("sales_history", {"transactions_per_sale": "row_per_role"}),
    ("club_students", {"student_rows": "per_class"}),
]


@pytest.mark.parametrize(("stream", "sides"), SHARED, ids=[stream for stream, _ in SHARED])
def test_conflicting_rows_of_one_primary_key_are_counted_in_a_warning(
    connector: Connector, hotmart: Simulator, world: World, stream: str, sides: dict[str, str]
) -> None:
    """Two subscriptions share a code, a sale is listed once per role, or a student once per class."""
    hotmart.switches = switches(untotalled_order="stable", **sides)

    run = connector.read([stream])

    assert is_warned_of(run, world, stream)
    assert len(keys(run, stream)) == len(set(keys(run, stream)))
    wanted = {key_of(stream, sent(stream, row)) for row in world.expected(stream)}
    assert set(keys(run, stream)) == wanted


@pytest.mark.parametrize("stream", ["sales_history", "subscriptions", "club_students", "products", "coupons"])
def test_identical_duplicate_rows_give_no_warning(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """Every primary key has one content, and pages are small."""
    hotmart.switches = switches(page_cap=7, untotalled_order="stable")

    run = connector.read([stream])

    complete(run, world, stream)
    assert not warnings(run, stream)
