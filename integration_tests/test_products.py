"""Products of every status, including statuses that Hotmart's default list omits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Fault, World
from hotmart_simulator.common.vocabulary import PRODUCT_STATUSES as DOCUMENTED
from source_hotmart.streams.products import PRODUCT_STATUSES
from tools.harness import Connector, small_world
from tools.rows import difference

PATH = "/products/api/v1/products"


@pytest.fixture
def world() -> World:
    return small_world(products=40)


def statuses_asked(connector: Connector) -> Counter[str]:
    """Return how often each status was requested. The default list counts as ""."""
    return Counter(call.get("status") or "" for call in connector.simulator.calls if call.path == PATH)


def listed_statuses(connector: Connector) -> set[str]:
    return {row.record["status"] for row in connector.simulator.world.expected("products")}


def of_status(status: str, **fault: Any) -> Fault:
    return Fault(path=PATH, where=lambda call: call.get("status") == status, **fault)


def test_the_statuses_are_the_documented_ones():
    assert PRODUCT_STATUSES == DOCUMENTED


def test_only_statuses_missing_in_the_default_list_are_requested(connector):
    run = connector.read(["products"])

    expected = connector.simulator.world.expected("products")
    assert not difference("products", expected, run.records("products"))
    assert statuses_asked(connector) == dict.fromkeys({"", *DOCUMENTED} - listed_statuses(connector), 1)


def test_every_status_is_read_if_only_active_products_are_listed(connector):
    simulator = connector.simulator
    simulator.switches = replace(simulator.switches, products_by_default="active", products_cap=2)

    run = connector.read(["products"])

    assert run.exit_code == 0
    expected = simulator.world.expected("products")
    assert not difference("products", expected, run.records("products"))
    asked = statuses_asked(connector)
    assert set(asked) == {"", *DOCUMENTED} - {"ACTIVE"}
    assert max(count for status, count in asked.items() if status) > 1


def test_a_status_that_hotmart_does_not_accept_is_skipped(connector):
    simulator = connector.simulator
    simulator.switches = replace(simulator.switches, products_by_default="active")
    simulator.add_fault(of_status("IN_REVIEW", kind=400, times=None))

    run = connector.read(["products"])

    assert run.exit_code == 0
    expected = [row for row in simulator.world.expected("products") if row.record["status"] != "IN_REVIEW"]
    assert not difference("products", expected, run.records("products"))
    assert "products: Hotmart does not accept the status IN_REVIEW, so it was skipped." in run.logs
    assert "WARN" not in {message["log"]["level"] for message in run.of_type("LOG")}


def test_a_rejected_later_page_fails_the_stream(connector):
    simulator = connector.simulator
    simulator.switches = replace(simulator.switches, products_by_default="active", products_cap=1)
    simulator.add_fault(of_status("PAUSED", kind=400, times=None, page="last"))

    run = connector.read(["products"])

    assert run.statuses == {"products": "INCOMPLETE"}
    assert "products: Hotmart rejected the query (400 invalid_parameter)." in run.sentences


def test_an_unreadable_status_fails_the_stream_after_other_products(connector):
    simulator = connector.simulator
    simulator.switches = replace(simulator.switches, products_by_default="active")
    simulator.add_fault(of_status("CHANGES_PENDING_ON_PRODUCT", kind=500, times=None))

    run = connector.read(["products"])

    assert run.statuses == {"products": "INCOMPLETE"}
    expected = [
        row for row in simulator.world.expected("products") if row.record["status"] != "CHANGES_PENDING_ON_PRODUCT"
    ]
    assert not difference("products", expected, run.records("products"))
