"""Outages and heavy pages cost few requests, and the resulting adjustments lose no rows later."""

from __future__ import annotations

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from integration_tests.losses.reads import DAY_MS, HISTORY, VIEWS, complete, tiny_world, up_to_date
from tools.harness import NOW_MS, Connector, VirtualClock, loaded

MOST_ROWS = 500
"""The largest `max_results` of the payments API (reference 2.4)."""


@pytest.fixture
def world() -> World:
    """Sales of four years, which are nine date ranges of 180 days."""
    return tiny_world(sales=90, subscriptions=10)


def max_results(call: Call) -> int:
    """Return the page size that a request asks for, or 0."""
    return int(call.get("max_results") or 0)


def test_max_results_never_exceeds_the_maximum(connector: Connector, hotmart: Simulator, world: World) -> None:
    """Hotmart answers 502 to large pages of old sales, and 400 to all requests for more than 500 rows per page."""

    def is_heavy(call: Call) -> bool:
        return max_results(call) > 60 and int(call.get("start_date") or 0) < NOW_MS - 1_300 * DAY_MS

    hotmart.add_fault(Fault(kind=502, path=HISTORY, times=None, where=is_heavy))
    hotmart.add_fault(
        Fault(
            kind=400,
            error="invalid_parameter",
            path=HISTORY,
            times=None,
            where=lambda call: max_results(call) > MOST_ROWS,
        )
    )

    run = connector.read(["sales_history"], config={**connector.config, "num_workers": 1})

    complete(run, world, "sales_history")
    assert max(max_results(call) for call in hotmart.calls) == MOST_ROWS


@pytest.mark.parametrize("workers", [1, 8])
def test_an_outage_of_one_view_needs_few_requests_and_loses_no_row(
    connector: Connector, hotmart: Simulator, world: World, workers: int
) -> None:
    """The history is unavailable in the first sync. The other streams arrive, and the second sync reads the rest."""
    config = {**connector.config, "num_workers": workers}
    streams = [*VIEWS, "subscriptions"]
    hotmart.add_fault(Fault(kind=504, path=HISTORY, times=None))

    first = connector.read(streams, config=config)

    assert first.exit_code == 1
    assert {name for name, end in first.statuses.items() if end != "COMPLETE"} == {"sales_history"}
    assert sum(call.path == HISTORY for call in hotmart.calls) <= 150
    hotmart.clear_faults()
    second = connector.read(streams, first.state, config=config)
    assert second.exit_code == 0, second.sentences
    assert not [str(found) for name in streams if (found := up_to_date(world, loaded(first, second), name))]


@pytest.mark.parametrize("kind", [500, 503])
def test_permanent_errors_of_a_sales_view_end_the_sync_in_minutes(
    connector: Connector, hotmart: Simulator, clock: VirtualClock, kind: int
) -> None:
    """Every request and its retries fail, which takes a minute. The first sync would otherwise count nine ranges."""
    hotmart.add_fault(Fault(kind=kind, path=HISTORY, times=None))

    run = connector.read(["sales_history", "subscriptions"], config={**connector.config, "num_workers": 1})

    assert run.exit_code == 1
    assert run.statuses == {"sales_history": "INCOMPLETE", "subscriptions": "COMPLETE"}
    assert sum(clock.slept_s) <= 15 * 60


def test_an_outage_during_the_sync_needs_few_requests(connector: Connector, hotmart: Simulator, world: World) -> None:
    """Every request after the first date range answers 504 after 30 seconds."""
    hotmart.add_fault(
        Fault(
            kind=504,
            path=HISTORY,
            times=None,
            nth=2,
            where=lambda call: max_results(call) == MOST_ROWS and len(call.all("transaction_status")) > 10,
        )
    )
    outage = hotmart.add_fault(Fault(kind=504, path=HISTORY, times=None, where=lambda call: begun(hotmart)))

    first = connector.read(["sales_history"], config={**connector.config, "num_workers": 1})

    assert first.exit_code == 1
    assert "not available" in first.sentences
    assert outage.fired <= 100
    hotmart.clear_faults()
    second = connector.read(["sales_history"], first.state)
    assert second.exit_code == 0, second.sentences
    assert not up_to_date(world, loaded(first, second), "sales_history")


def begun(hotmart: Simulator) -> bool:
    """Whether a request has already answered 504."""
    return any(call.status == 504 for call in hotmart.calls)
