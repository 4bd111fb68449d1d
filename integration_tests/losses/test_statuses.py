"""Several statuses in one request: no sale is lost if an endpoint ignores, rejects or lacks some of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator, World
from integration_tests.losses.reads import (
    DAY_MS,
    VIEWS,
    claims_to_be_complete,
    complete,
    counts_only,
    tiny_world,
    warnings,
)
from tools.harness import NOW_MS, Connector, switches
from tools.rows import difference
from tools.sample import combinations

UNDOCUMENTED = ("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION")
"""Statuses missing from the documentation of price details (reference 4.5)."""


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Sales of every status over four years."""
    return tiny_world(**{"sales": 90, "subscriptions": 10, **getattr(request, "param", {})})


def first_only(stream: str, **changes: Any) -> dict[str, Any]:
    """Return the switches that make a view return only the sales of the first status."""
    return {f"statuses_on_{stream.removeprefix('sales_')}": "first", **changes}


@pytest.mark.parametrize(
    ("stream", "limits"),
    combinations([*VIEWS], [{}, {"totals": "nowhere"}, {"max_window_days": 300}]),
    ids=str,
)
def test_a_view_that_ignores_all_but_one_status_loses_no_sale(
    connector: Connector, hotmart: Simulator, world: World, stream: str, limits: dict[str, Any]
) -> None:
    """A view returns only the sales of the first status, with totals, without them, or with date ranges of 300 days.

    By default four of twelve combinations.
    """
    hotmart.switches = switches(**first_only(stream, **limits))

    complete(connector.read([stream]), world, stream)


@pytest.mark.parametrize("stream", VIEWS)
def test_a_failed_preflight_request_loses_no_sale(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """A view returns only the sales of the first status, and every counting request answers 502."""
    hotmart.switches = switches(**first_only(stream))
    hotmart.add_fault(Fault(kind=502, path=VIEWS[stream], times=None, where=counts_only))

    complete(connector.read([stream]), world, stream)


@pytest.mark.parametrize("world", [{"now_ms": NOW_MS - 500 * DAY_MS}], ids=["old"], indirect=True)
@pytest.mark.parametrize("stream", VIEWS)
def test_preflight_requests_without_recent_sales_lose_no_sale(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """A view returns only the sales of the first status, and the last sale is more than a year old."""
    hotmart.switches = switches(**first_only(stream))

    complete(connector.read([stream]), world, stream)


def test_four_views_that_ignore_all_but_one_status_lose_no_sale(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """All four views return only the sales of the first status, and no view sends totals."""
    sides = {name: side for stream in VIEWS for name, side in first_only(stream).items()}
    hotmart.switches = switches(**sides, totals="nowhere")

    complete(connector.read(list(VIEWS)), world, *VIEWS)


@pytest.mark.parametrize("side", ["union", "first"])
@pytest.mark.parametrize("stream", ["sales_users", "sales_commissions"])
def test_statuses_that_a_view_rejects_are_skipped_with_a_warning(
    connector: Connector, hotmart: Simulator, world: World, stream: str, side: str
) -> None:
    """A view rejects three statuses, even if each is requested alone."""
    view = stream.removeprefix("sales_")
    sides = {f"accepted_on_{view}": "documented_14", f"statuses_on_{view}": side}
    hotmart.switches = switches(**sides)

    run = connector.read([stream])

    complete(run, world, stream)
    named = "\n".join(warnings(run, stream))
    assert [status for status in UNDOCUMENTED if status not in named] == []


def test_one_rejected_status_loses_only_its_own_sales(connector: Connector, hotmart: Simulator, world: World) -> None:
    """The history rejects one status. The sales of all others arrive."""
    hotmart.add_fault(
        Fault(
            kind=400,
            error="invalid_parameter",
            path=VIEWS["sales_history"],
            times=None,
            where=lambda call: "OVERDUE" in call.all("transaction_status"),
        )
    )

    run = connector.read(["sales_history"])

    assert run.exit_code == 0, run.sentences
    others = [row for row in world.expected("sales_history") if row.record["purchase"]["status"] != "OVERDUE"]
    assert not difference("sales_history", others, run.records("sales_history"))
    assert any("OVERDUE" in line for line in warnings(run, "sales_history"))


def test_a_rejected_status_does_not_fail_later_syncs(connector: Connector, hotmart: Simulator, world: World) -> None:
    """A view rejects three statuses. All syncs succeed, not only the first one."""
    hotmart.switches = switches(accepted_on_users="documented_14")
    first = connector.read(["sales_users"])

    second = connector.read(["sales_users"], state=first.state)

    assert (first.exit_code, second.exit_code) == (0, 0), second.sentences


@pytest.mark.parametrize("side", ["union", "first"])
def test_price_details_of_all_17_statuses_are_synced_if_accepted(
    connector: Connector, hotmart: Simulator, world: World, side: str
) -> None:
    """Price details accept the three statuses that are missing from their documentation."""
    sides = {"accepted_on_price_details": "all_17", "statuses_on_price_details": side}
    hotmart.switches = switches(**sides)

    run = connector.read(["sales_price_details"])

    complete(run, world, "sales_price_details")


def test_price_details_that_accept_14_statuses_give_no_warning(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """Price details reject the three undocumented statuses, which causes no warning."""
    hotmart.switches = replace(hotmart.switches, accepted_on_price_details="documented_14")

    run = connector.read(["sales_price_details"])

    complete(run, world, "sales_price_details")
    assert claims_to_be_complete(run)
    assert not warnings(run, "sales_price_details")
