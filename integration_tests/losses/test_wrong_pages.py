"""Well-formed responses that are wrong: the connector detects fewer rows than Hotmart counted."""

from __future__ import annotations

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from integration_tests.losses.reads import (
    DAY_MS,
    HISTORY,
    VIEWS,
    claims_to_be_complete,
    complete,
    counts_only,
    holds,
    tiny_world,
    up_to_date,
    warnings,
)
from tools.harness import NOW_MS, Connector, VirtualClock, loaded, switches

OLD_MS = NOW_MS - 900 * DAY_MS
"""A time in a date range that no later sync re-reads for its look-back."""


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """Sales of four years, with several pages of ten in each."""
    return tiny_world(**{**getattr(request, "param", {})})


def asks_for_old_rows(call: Call) -> bool:
    """Whether a request asks for the first page of a date range with the time above."""
    return holds(call, OLD_MS) and not counts_only(call) and call.get("page_token") is None


@pytest.mark.parametrize(
    ("kind", "totals"), [("no_page_info", "documented"), ("no_page_info", "nowhere"), ("empty_list", "everywhere")]
)
@pytest.mark.parametrize("stream", VIEWS)
def test_a_wrong_page_is_requested_again(
    connector: Connector, hotmart: Simulator, world: World, stream: str, kind: str, totals: str
) -> None:
    """The first page of a date range is once without `page_info`, or once an empty list with a total of 0."""
    hotmart.switches = switches(page_cap=10, totals=totals)
    fault = hotmart.add_fault(Fault(kind=kind, path=VIEWS[stream], where=asks_for_old_rows))

    run = connector.read([stream])

    assert fault.fired == 1
    complete(run, world, stream)


@pytest.mark.parametrize("world", [{"students": 40}], ids=["students"], indirect=True)
@pytest.mark.parametrize("path", ["/products/api/v1/products", "/payments/api/v1/subscriptions", "/club/api/v1/users"])
def test_a_temporarily_missing_page_info_loses_no_row(
    connector: Connector, hotmart: Simulator, world: World, path: str
) -> None:
    """The first page of a list is once without `page_info`, so without the next-page token."""
    streams = {"products": "products", "subscriptions": "subscriptions", "users": "club_students"}
    stream = streams[path.rpartition("/")[2]]
    hotmart.switches = switches(page_cap=5)
    hotmart.add_fault(Fault(kind="no_page_info", path=path))

    complete(connector.read([stream]), world, stream)


@pytest.mark.parametrize("kind", ["no_page_info", "empty_list"])
def test_an_incomplete_date_range_is_read_again_by_the_next_sync(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, kind: str
) -> None:
    """The first page of an old date range is wrong in one whole sync and right in the next."""
    hotmart.switches = switches(page_cap=10)
    hotmart.add_fault(Fault(kind=kind, path=HISTORY, times=None, where=asks_for_old_rows))

    first = connector.read(["sales_history"])
    hotmart.clear_faults()
    clock.advance(days=1)
    second = connector.read(["sales_history"], state=first.state)

    assert first.exit_code or warnings(first, "sales_history")
    assert not claims_to_be_complete(first)
    assert second.exit_code == 0, second.sentences
    assert not up_to_date(world, loaded(first, second), "sales_history")


def test_a_date_range_with_too_few_rows_is_read_again(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Hotmart counts one sale more in an old date range than it lists, during the first sync."""
    hotmart.add_fault(Fault(kind="wrong_total", path=HISTORY, times=None, where=lambda call: holds(call, OLD_MS)))
    first = connector.read(["sales_history"])
    hotmart.clear_faults()
    clock.advance(days=1)

    second = connector.read(["sales_history"], state=first.state)

    assert warnings(first, "sales_history")
    assert not claims_to_be_complete(first)
    near = {
        row.record["purchase"]["transaction"]
        for row in world.expected("sales_history", start_ms=OLD_MS - 20 * DAY_MS, end_ms=OLD_MS + 20 * DAY_MS)
    }
    assert near
    assert near <= {record["id"] for record in second.records("sales_history")}
    third = connector.read(["sales_history"], state=second.state)
    assert not near & {record["id"] for record in third.records("sales_history")}


@pytest.mark.parametrize("stream", [*VIEWS, "sales_summary"])
def test_years_before_the_first_sale_are_read_as_empty(
    connector: Connector, hotmart: Simulator, world: World, stream: str
) -> None:
    """The start date lies years before the first sale, and some empty pages are without `items`."""
    hotmart.switches = switches(empty_pages="some_without_items")

    run = connector.read([stream], config={**connector.config, "start_date": "2014-03-05"})

    complete(run, world, stream)


LAUNCH = {"sales": 260, "subscriptions": 130, "students": 260, "start_ms": NOW_MS - 300 * DAY_MS}


@pytest.mark.parametrize("world", [LAUNCH], ids=["launch"], indirect=True)
@pytest.mark.parametrize("stream", ["sales_history", "subscriptions", "club_students"])
@pytest.mark.parametrize("sides", [{"totals_count": "capped"}, {"totals_count": "page"}], ids=str)
def test_a_total_below_the_number_of_rows_is_ignored(
    connector: Connector, hotmart: Simulator, world: World, stream: str, sides: dict[str, str]
) -> None:
    """Hotmart counts only up to a limit, or only the rows of the page."""
    hotmart.switches = switches(page_cap=60, totals="everywhere", **sides)

    run = connector.read([stream], config={**connector.config, "start_date": "2025-03-01"})

    complete(run, world, stream)
    assert not claims_to_be_complete(run)


def test_a_page_without_items_and_a_positive_total_is_retried(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """A page has a total above 0 and no `items`, once."""
    fault = hotmart.add_fault(Fault(kind="items_missing", path=HISTORY, where=asks_for_old_rows))

    run = connector.read(["sales_history"])

    assert fault.fired == 1
    complete(run, world, "sales_history")
