"""Lists without a total whose order changes with each request."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest

from hotmart_simulator import Call, Simulator, World
from integration_tests.losses.reads import (
    PRODUCTS,
    claims_to_be_complete,
    repeated,
    tiny_world,
    up_to_date,
    warnings,
)
from tools.harness import Connector, Run, VirtualClock, loaded, switches
from tools.rows import difference
from tools.sample import sample

LISTS = (
    "subscription_summary",
    "subscription_transactions",
    "coupons",
    "products",
    "product_offers",
    "product_plans",
    "event_participants",
)
"""Lists without a total, and child streams of such lists."""
CHILDREN = ("coupons", "product_offers", "product_plans", "event_participants")


@pytest.fixture
def world() -> World:
    """Lists of several small pages."""
    return tiny_world(products=26, coupons=60)


def is_reported(run: Run, stream: str) -> bool:
    """Whether a warning names the stream or its parent."""
    return bool(warnings(run, stream) or (stream in CHILDREN and warnings(run, "products")))


@pytest.mark.parametrize("stream", LISTS)
def test_a_list_that_shifts_at_page_boundaries_is_complete(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """At each page boundary one row is repeated and another is missing, until the page is requested again."""
    hotmart.switches = switches(untotalled_order="shifts_at_edges", page_cap=5)

    run = connector.read([stream])

    assert run.exit_code == 0, run.sentences
    found = difference(stream, world.expected(stream), run.records(stream))
    assert not found, str(found)


@pytest.mark.parametrize("stream", LISTS)
def test_a_list_in_random_order_is_complete_or_gives_a_warning(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """The whole list is in a new order in every request, so a pass lacks a third of its rows."""
    hotmart.switches = switches(untotalled_order="every_call", page_cap=8)

    run = connector.read([stream])

    expected = world.expected(stream)
    found = difference(stream, expected, run.records(stream))
    assert not found.surplus
    assert not repeated(run, stream)
    assert len(found.lost) <= len(expected) // 10, str(found)
    if found:
        assert is_reported(run, stream)
        assert not claims_to_be_complete(run)


@pytest.mark.parametrize("stream", LISTS)
def test_a_list_in_a_stable_order_is_read_twice_at_most(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """No row is repeated, so at most one more pass confirms the list, without a warning."""
    hotmart.switches = switches(untotalled_order="stable", page_cap=5)

    run = connector.read([stream])

    later_pages = Counter((call.path, tuple(call.query)) for call in hotmart.calls if call.get("page_token"))
    assert max(later_pages.values(), default=0) <= 2
    assert not is_reported(run, stream)
    assert not difference(stream, world.expected(stream), run.records(stream))


@pytest.mark.parametrize(
    ("stream", "nth", "order"),
    sample(
        [
            *product(
                ["products", "product_offers", "product_plans", "coupons"], [1, 5, 6, 8], ["stable", "shifts_at_edges"]
            )
        ],
        3,
    ),
)
def test_a_product_deleted_between_two_pages_loses_no_other_product(
    connector: Connector, hotmart: Simulator, world: World, stream: str, nth: int, order: Any
) -> None:
    """A product of the first page is deleted and no longer listed when a later page is requested. By default in one of
    three combinations.

    The list has four later pages, so the second pass begins with the fifth request. If its order shifts as well,
    neither of the first two passes has the row that shifted in the first and moved across the boundary in the second.
    """
    hotmart.switches = switches(untotalled_order=order, deleted_products="hidden", page_cap=5)
    listed = [str(row.record["id"]) for row in world.expected("products")]
    later_pages = 0

    def delete_one(call: Call) -> None:
        nonlocal later_pages
        if call.path == PRODUCTS and call.get("page_token") is not None:
            later_pages += 1
            if later_pages == nth:
                world.set_product(listed[1], {"status": "DELETED"})

    hotmart.before_call = delete_one

    run = connector.read([stream])

    assert later_pages >= nth
    assert run.exit_code == 0, run.sentences
    # The deleted product and its children may arrive or not.
    found = difference(stream, world.expected(stream), run.records(stream))
    assert not found.lost, str(found)


def test_charges_of_an_unstable_list_are_read_by_the_next_sync(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Charges are in a new order in every request of the first sync, and in a stable order in the second."""
    stream = "subscription_transactions"
    hotmart.switches = switches(untotalled_order="every_call", page_cap=2)
    first = connector.read([stream])
    hotmart.switches = switches(untotalled_order="stable", page_cap=2)
    clock.advance(days=1)

    second = connector.read([stream], state=first.state)

    assert not up_to_date(world, loaded(first, second), stream)
