"""States: what they say, what an earlier or later start date does, what is refused, what a failure leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator, World
from integration_tests.harness import NOW_MS, Connector, VirtualClock, loaded
from integration_tests.rows import difference

DAY_MS = 86_400_000
HISTORY = "/payments/api/v1/sales/history"
NOW = "2026-01-01T00:00:00.000Z"


def data_calls(hotmart: Simulator) -> list[dict[str, str]]:
    """The queries for rows, not those for counts."""
    queries = (dict(call.query) for call in hotmart.calls if call.path == HISTORY)
    return [query for query in queries if query["max_results"] != "1"]


def test_a_state_names_the_windows_that_are_read(connector: Connector) -> None:
    run = connector.read(["sales_history", "subscriptions"])

    window = {"start": "2022-01-01T00:00:00.000Z", "end": NOW}
    expected = {"state_type": "date-range", "slices": [window]}
    assert run.state == {"sales_history": expected, "subscriptions": expected}


def test_an_earlier_start_date_reads_the_gap_and_the_look_back(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    later = connector.read(["sales_history"], config={**connector.config, "start_date": "2024-01-01"})
    hotmart.reset_log()

    run = connector.read(["sales_history"], later.state)

    rows = loaded(later, run).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)
    gap = [query for query in data_calls(hotmart) if int(query["end_date"]) < NOW_MS - 700 * DAY_MS]
    assert min(int(query["start_date"]) for query in gap) == world.start_ms
    assert max(int(query["end_date"]) for query in gap) == 1_704_067_200_000 - 1
    assert run.state["sales_history"]["slices"] == [{"start": "2022-01-01T00:00:00.000Z", "end": NOW}]


def test_a_later_start_date_reads_nothing_twice_but_the_look_back(connector: Connector, hotmart: Simulator) -> None:
    first = connector.read(["sales_history"])
    hotmart.reset_log()

    connector.read(["sales_history"], first.state, config={**connector.config, "start_date": "2025-06-01"})

    oldest_ms = min(int(query["start_date"]) for query in data_calls(hotmart))
    assert oldest_ms >= 1_748_736_000_000  # 2025-06-01, for the sweep
    all_statuses = [
        call for call in hotmart.calls if call.path == HISTORY and ("transaction_status", "COMPLETE") in call.query
    ]
    assert min(int(dict(call.query)["start_date"]) for call in all_statuses) > NOW_MS - 66 * DAY_MS


@pytest.mark.parametrize("lookback_days", [0, 65, 730])
def test_the_look_back_is_read_again(connector: Connector, hotmart: Simulator, lookback_days: int) -> None:
    config = {**connector.config, "lookback_days": lookback_days}
    first = connector.read(["sales_history"], config=config)
    hotmart.reset_log()

    connector.read(["sales_history"], first.state, config=config)

    again = [
        int(dict(call.query)["start_date"])
        for call in hotmart.calls
        if call.path == HISTORY and ("transaction_status", "COMPLETE") in call.query
    ]
    assert min(again) == NOW_MS - max(lookback_days, 1) * DAY_MS + 1


def test_the_plain_form_of_a_state_is_accepted(connector: Connector, hotmart: Simulator) -> None:
    run = connector.read(["sales_history"], {"sales_history": {"order_date": "2025-12-01T00:00:00Z"}})

    assert run.exit_code == 0, run.sentences
    assert run.state["sales_history"]["slices"] == [{"start": "2022-01-01T00:00:00.000Z", "end": NOW}]
    with_all_statuses = [c for c in hotmart.calls if ("transaction_status", "COMPLETE") in c.query]
    assert min(int(dict(call.query)["start_date"]) for call in with_all_statuses) > NOW_MS - 97 * DAY_MS


@pytest.mark.parametrize(
    "empty", [{}, {"__ab_no_cursor_state_message": True}, {"state_type": "date-range", "slices": []}]
)
def test_an_empty_state_reads_everything(connector: Connector, world: World, empty: dict[str, Any]) -> None:
    run = connector.read(["sales_history"], {"sales_history": empty})

    assert not difference("sales_history", world.expected("sales_history"), run.records("sales_history"))


GARBAGE = [
    {"foo": 1},
    {"order_date": "yesterday"},
    {"order_date": None},
    {"state_type": "date-range"},
    {"state_type": "date-range", "slices": None},
    {"state_type": "date-range", "slices": [{"start": "2024-01-01T00:00:00Z"}]},
    {"state_type": "date-range", "slices": ["2024"]},
    {"state_type": "date-range", "slices": [{"start": 1, "end": 2}]},
    {"state_type": "range-2", "slices": []},
    {"synced_until": "2024-01-01T00:00:00Z"},
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_state_that_is_garbage_is_refused_in_a_sentence(connector: Connector, garbage: dict[str, Any]) -> None:
    run = connector.read(["sales_history"], {"sales_history": garbage})

    assert run.exit_code != 0
    assert "sales_history: The saved state cannot be used" in run.sentences
    assert {error["failure_type"] for error in run.errors} == {"config_error"}
    assert not run.records("sales_history")


def test_a_state_from_the_future_is_refused_in_a_sentence(connector: Connector) -> None:
    window = {"start": "2024-01-01T00:00:00Z", "end": "2099-01-01T00:00:00Z"}

    run = connector.read(["sales_history"], {"sales_history": {"state_type": "date-range", "slices": [window]}})

    assert run.exit_code != 0
    assert "ends in the future" in run.sentences


def test_a_clock_set_back_a_little_loses_nothing_and_the_cursor_still_grows(
    connector: Connector, clock: VirtualClock, world: World
) -> None:
    first = connector.read(["sales_users"])
    clock.advance(hours=-2)

    second = connector.read(["sales_users"], first.state)

    assert second.exit_code == 0, second.sentences
    until = {record["synced_until"] for record in second.records("sales_users")}
    assert until <= {NOW}
    rows = loaded(first, second).rows["sales_users"].values()
    assert not difference("sales_users", world.expected("sales_users"), rows)


def test_a_full_refresh_ignores_the_state(connector: Connector, world: World) -> None:
    first = connector.read(["sales_history"])

    run = connector.read(["sales_history"], first.state, full_refresh=True)

    assert not difference("sales_history", world.expected("sales_history"), run.records("sales_history"))
    assert run.state == {"sales_history": {"__ab_no_cursor_state_message": True}}


def test_a_failed_window_keeps_the_progress_of_the_others_and_stays_open(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    third_year = str(1_704_067_200_000)

    def is_third_year(call: Any) -> bool:
        query = dict(call.query)
        return query["start_date"] == third_year and query["max_results"] != "1"

    hotmart.add_fault(Fault(kind="no_key", path=HISTORY, times=None, where=is_third_year))

    run = connector.read(["sales_history", "products"])

    assert run.exit_code != 0
    assert run.statuses == {"sales_history": "INCOMPLETE", "products": "COMPLETE"}
    assert "sales_history: Hotmart sent a row without its id" in run.sentences
    assert run.state["sales_history"]["slices"] == [
        {"start": "2022-01-01T00:00:00.000Z", "end": "2023-12-31T23:59:59.999Z"},
        {"start": "2025-01-01T00:00:00.000Z", "end": NOW},
    ]
    hotmart.clear_faults()
    resumed = connector.read(["sales_history"], run.state)
    rows = loaded(run, resumed).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)


def test_an_older_window_read_again_is_not_hidden_behind_a_newer_one(connector: Connector, hotmart: Simulator) -> None:
    config = {**connector.config, "lookback_days": 600}
    first = connector.read(["sales_history"], config=config)
    reread_ms = NOW_MS - 600 * DAY_MS + 1

    def is_older_window(call: Any) -> bool:
        return dict(call.query)["start_date"] == str(reread_ms) and dict(call.query)["max_results"] != "1"

    hotmart.add_fault(Fault(kind=403, path=HISTORY, times=None, where=is_older_window))

    run = connector.read(["sales_history"], first.state, config=config)

    assert run.exit_code != 0
    older, newer = run.state["sales_history"]["slices"]
    assert (older["start"], newer["end"]) == ("2022-01-01T00:00:00.000Z", NOW)
    assert datetime.fromisoformat(older["end"]).timestamp() * 1000 == reread_ms - 1
    assert older["end"] < newer["start"]


def test_the_state_cannot_pass_its_old_end_without_the_sweep(
    connector: Connector, hotmart: Simulator, clock: VirtualClock
) -> None:
    first = connector.read(["sales_history"], config={**connector.config, "start_date": "2024-01-01"})
    clock.advance(days=2)

    def is_sweep(call: Any) -> bool:
        return len([value for name, value in call.query if name == "transaction_status"]) == 4

    sweep = hotmart.add_fault(Fault(kind=403, path=HISTORY, times=None, where=is_sweep))

    run = connector.read(["sales_history"], first.state)

    assert sweep.fired == 1
    assert run.exit_code != 0
    # The gap of the earlier start date is read; nothing after the old end is claimed.
    assert run.state["sales_history"]["slices"] == [{"start": "2022-01-01T00:00:00.000Z", "end": NOW}]


def test_a_state_that_is_garbage_ends_only_its_own_stream_and_is_left_as_it_was(
    connector: Connector, world: World
) -> None:
    run = connector.read(["sales_history", "products", "sales_users"], {"sales_history": {"foo": 1}})

    assert run.exit_code != 0
    assert run.statuses == {"sales_history": "INCOMPLETE", "products": "COMPLETE", "sales_users": "COMPLETE"}
    assert "sales_history" not in run.state
    assert not difference("sales_users", world.expected("sales_users"), run.records("sales_users"))
