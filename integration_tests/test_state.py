"""States: content, earlier and later start dates, rejected states, and the state after a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from source_hotmart.state.windows import iso
from tools.harness import NOW_MS, Connector, VirtualClock, loaded, truth
from tools.rows import difference

DAY_MS = 86_400_000
HISTORY = "/payments/api/v1/sales/history"
NOW = "2026-01-01T00:00:00.000Z"
EVERYTHING = [{"start": "2022-01-01T00:00:00.000Z", "end": NOW, "as_of": NOW}]
RANGE_MS = 180 * DAY_MS


def data_calls(hotmart: Simulator) -> list[dict[str, str]]:
    """Return the queries for rows, without those for counts."""
    queries = (dict(call.query) for call in hotmart.calls if call.path == HISTORY)
    return [query for query in queries if query["max_results"] != "1"]


def asks_for_rows(call: Call) -> bool:
    """Whether a request asks for rows, not only for a count."""
    return call.get("max_results") != "1"


def whole_ranges(hotmart: Simulator) -> list[int]:
    """Return the starts of the date ranges that were read with all statuses."""
    calls = (call for call in hotmart.calls if call.path == HISTORY and len(call.all("transaction_status")) == 17)
    return [int(str(call.get("start_date"))) for call in calls if call.get("max_results") not in ("1", "10")]


def is_late_range(call: Call) -> bool:
    return len(call.all("transaction_status")) == 4


def starts_at(time_ms: int) -> Callable[[Call], bool]:
    """Whether a request asks for the rows of a date range that starts at this time."""
    return lambda call: call.get("start_date") == str(time_ms) and call.get("max_results") != "1"


def test_a_state_contains_the_date_ranges_read_and_their_time(connector: Connector) -> None:
    run = connector.read(["sales_history", "subscriptions"])

    assert run.state["sales_history"].pop("unsettled")["from"] == "2024-12-31"  # see state/unsettled.py
    since_2010 = [{**EVERYTHING[0], "start": "2010-01-01T00:00:00.000Z"}]
    assert run.state == {
        "sales_history": {"state_type": "date-range", "slices": EVERYTHING},
        "subscriptions": {"state_type": "date-range", "slices": since_2010},
    }


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
    assert run.state["sales_history"]["slices"] == EVERYTHING


def test_a_later_start_date_rereads_only_the_look_back(connector: Connector, hotmart: Simulator) -> None:
    first = connector.read(["sales_history"])
    hotmart.reset_log()

    connector.read(["sales_history"], first.state, config={**connector.config, "start_date": "2025-06-01"})

    oldest_ms = min(int(query["start_date"]) for query in data_calls(hotmart))
    assert oldest_ms >= 1_748_736_000_000  # 2025-06-01, for the late statuses
    assert min(whole_ranges(hotmart)) == NOW_MS - 65 * DAY_MS


def test_moving_the_start_date_back_reads_earlier_changes(
    connector: Connector, world: World, clock: VirtualClock
) -> None:
    first = connector.read(["sales_history"])
    clock.advance(days=1)
    changed = world.change_status(
        5, "COMPLETE", "REFUNDED", clock.now_ms, seed=3, ordered=(NOW_MS - 300 * DAY_MS, NOW_MS - 100 * DAY_MS)
    )
    clock.advance(days=1)
    moved = connector.read(["sales_history"], first.state, config={**connector.config, "start_date": "2025-12-20"})
    clock.advance(days=1)

    run = connector.read(["sales_history"], moved.state)

    assert set(changed) <= {record["id"] for record in run.records("sales_history")}
    rows = loaded(first, moved, run).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)


@pytest.mark.parametrize("lookback_days", [0, 65, 730])
def test_the_look_back_is_read_again(connector: Connector, hotmart: Simulator, lookback_days: int) -> None:
    config = {**connector.config, "lookback_days": lookback_days}
    first = connector.read(["sales_history"], config=config)
    hotmart.reset_log()

    connector.read(["sales_history"], first.state, config=config)

    assert min(whole_ranges(hotmart)) == NOW_MS - max(lookback_days, 1) * DAY_MS


def test_the_plain_form_of_a_state_is_accepted(connector: Connector, hotmart: Simulator) -> None:
    run = connector.read(["sales_history"], {"sales_history": {"order_date": "2025-12-01T00:00:00Z"}})

    assert run.exit_code == 0, run.sentences
    assert run.state["sales_history"]["slices"] == EVERYTHING
    # This state does not record disputed sales, so all sales that may be disputed are read once.
    assert min(whole_ranges(hotmart)) == 1_733_011_200_000  # 2024-12-01
    hotmart.reset_log()
    connector.read(["sales_history"], run.state)
    assert min(whole_ranges(hotmart)) == NOW_MS - 65 * DAY_MS


def test_a_sync_continues_from_a_state_of_the_first_release(
    connector: Connector, world: World, clock: VirtualClock
) -> None:
    first = connector.read(["sales_history"])
    window = {"start": "2022-01-01T00:00:00.000Z", "end": NOW}
    old = {"sales_history": {"state_type": "date-range", "slices": [window]}}
    clock.advance(days=10)
    world.change_status(
        5, "COMPLETE", "REFUNDED", clock.now_ms, seed=3, ordered=(NOW_MS - 300 * DAY_MS, NOW_MS - 100 * DAY_MS)
    )

    run = connector.read(["sales_history"], old)

    assert run.exit_code == 0, run.sentences
    rows = loaded(first, run).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)
    (only,) = run.state["sales_history"]["slices"]
    assert only["start"] == window["start"]
    assert only["end"] == only["as_of"] == "2026-01-11T00:00:00.000Z"


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
def test_an_invalid_state_is_rejected_with_a_message(connector: Connector, garbage: dict[str, Any]) -> None:
    run = connector.read(["sales_history"], {"sales_history": garbage})

    assert run.exit_code != 0
    assert "sales_history: The saved state cannot be used" in run.sentences
    assert {error["failure_type"] for error in run.errors} == {"config_error"}
    assert not run.records("sales_history")


def test_a_state_from_the_future_is_rejected_with_a_message(connector: Connector) -> None:
    window = {"start": "2024-01-01T00:00:00Z", "end": "2099-01-01T00:00:00Z"}

    run = connector.read(["sales_history"], {"sales_history": {"state_type": "date-range", "slices": [window]}})

    assert run.exit_code != 0
    assert "ends in the future" in run.sentences


def test_a_clock_set_back_slightly_loses_no_row(connector: Connector, clock: VirtualClock, world: World) -> None:
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


def test_a_failed_date_range_keeps_the_progress_of_the_others(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    failing_ms = world.start_ms + 4 * RANGE_MS
    hotmart.add_fault(Fault(kind="no_key", path=HISTORY, times=None, where=starts_at(failing_ms)))

    run = connector.read(["sales_history", "products"])

    assert run.exit_code != 0
    assert run.statuses == {"sales_history": "INCOMPLETE", "products": "COMPLETE"}
    sentence = f"sales_history: Hotmart sent 1 row without a primary key in {iso(failing_ms)} to "
    assert sentence in run.sentences
    assert run.state["sales_history"]["slices"] == [
        {"start": "2022-01-01T00:00:00.000Z", "end": iso(failing_ms - 1), "as_of": NOW},
        {"start": iso(failing_ms + RANGE_MS), "end": NOW, "as_of": NOW},
    ]
    assert len(run.records("sales_history")) == len(world.expected("sales_history")) - 1
    hotmart.clear_faults()
    resumed = connector.read(["sales_history"], run.state)
    rows = loaded(run, resumed).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)


def test_a_failed_look_back_date_range_is_read_by_a_later_sync(
    connector: Connector, hotmart: Simulator, clock: VirtualClock
) -> None:
    config = {**connector.config, "lookback_days": 600}
    first = connector.read(["sales_history"], config=config)
    clock.advance(days=1)
    reread_ms = NOW_MS - 600 * DAY_MS
    hotmart.add_fault(Fault(kind=403, path=HISTORY, times=None, where=starts_at(reread_ms)))

    run = connector.read(["sales_history"], first.state, config=config)

    assert run.exit_code != 0
    tomorrow = iso(NOW_MS + DAY_MS)
    assert run.state["sales_history"]["slices"] == [
        {"start": "2022-01-01T00:00:00.000Z", "end": iso(reread_ms + RANGE_MS - 1), "as_of": NOW},
        {"start": iso(reread_ms + RANGE_MS), "end": tomorrow, "as_of": tomorrow},
    ]
    hotmart.clear_faults()
    hotmart.reset_log()
    clock.advance(days=30)
    connector.read(["sales_history"], run.state, config=config)
    assert reread_ms in whole_ranges(hotmart)


def test_a_late_status_in_an_unreadable_date_range_is_synced_later(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    first = connector.read(["sales_history"], config={**connector.config, "start_date": "2024-01-01"})
    clock.advance(days=2)
    world.change_status(
        5, "COMPLETE", "REFUNDED", clock.now_ms, seed=3, ordered=(NOW_MS - 364 * DAY_MS, NOW_MS - 100 * DAY_MS)
    )
    late = hotmart.add_fault(Fault(kind=403, path=HISTORY, times=None, where=is_late_range))

    run = connector.read(["sales_history"], first.state)

    assert late.fired
    assert run.exit_code != 0
    again, now = iso(NOW_MS - 65 * DAY_MS), iso(clock.now_ms)
    # The gap of the earlier start date and the look-back are read. Rows in between stay unchanged.
    assert run.state["sales_history"]["slices"] == [
        {"start": "2022-01-01T00:00:00.000Z", "end": "2023-12-31T23:59:59.999Z", "as_of": now},
        {"start": "2024-01-01T00:00:00.000Z", "end": iso(NOW_MS - 65 * DAY_MS - 1), "as_of": NOW},
        {"start": again, "end": now, "as_of": now},
    ]
    hotmart.clear_faults()
    clock.advance(days=30)
    resumed = connector.read(["sales_history"], run.state)
    rows = loaded(first, run, resumed).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)


def reverse_chargebacks(world: World, transactions: list[str]) -> None:
    for transaction in transactions:
        world.set_status(transaction, "COMPLETE", world.now_ms)


def test_a_reversed_chargeback_on_an_unreadable_day_is_synced_later(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    streams, config = ["sales_history"], {**connector.config, "num_workers": 1}
    ordered = NOW_MS - 220 * DAY_MS, NOW_MS - 190 * DAY_MS
    disputed = world.change_status(1, ("COMPLETE", "APPROVED"), "CHARGEBACK", clock.now_ms, seed=3, ordered=ordered)
    order_ms = truth(world, "sales_history")[disputed[0]]["purchase"]["order_date"]
    runs = [connector.read(streams, config=config)]
    del runs[-1].state["sales_history"]["unsettled"]  # as in a state of the first release: all days are re-read
    clock.advance(days=1)
    reverse_chargebacks(world, disputed)

    def holds_the_sale(call: Call) -> bool:
        start_ms, end_ms = int(str(call.get("start_date"))), int(str(call.get("end_date")))
        return asks_for_rows(call) and len(call.all("transaction_status")) == 17 and start_ms <= order_ms <= end_ms

    hotmart.add_fault(Fault(kind=502, path=HISTORY, times=None, where=holds_the_sale))
    runs.append(connector.read(streams, runs[-1].state, config=config))
    assert runs[-1].exit_code != 0
    hotmart.clear_faults()
    clock.advance(days=1)
    runs.append(connector.read(streams, runs[-1].state, config=config))

    rows = loaded(*runs).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)


def test_a_chargeback_reversed_between_distant_syncs_is_synced(
    connector: Connector, world: World, clock: VirtualClock
) -> None:
    ordered = NOW_MS - 360 * DAY_MS, NOW_MS - 345 * DAY_MS
    disputed = world.change_status(4, ("COMPLETE", "APPROVED"), "CHARGEBACK", clock.now_ms, seed=3, ordered=ordered)
    first = connector.read(["sales_history"])
    clock.advance(days=3)
    reverse_chargebacks(world, disputed)
    clock.advance(days=40)

    second = connector.read(["sales_history"], first.state)

    assert disputed
    rows = loaded(first, second).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)


def test_an_invalid_state_fails_only_its_stream_and_is_not_overwritten(connector: Connector, world: World) -> None:
    run = connector.read(["sales_history", "products", "sales_users"], {"sales_history": {"foo": 1}})

    assert run.exit_code != 0
    assert run.statuses == {"sales_history": "INCOMPLETE", "products": "COMPLETE", "sales_users": "COMPLETE"}
    assert "sales_history" not in run.state
    assert not difference("sales_users", world.expected("sales_users"), run.records("sales_users"))
