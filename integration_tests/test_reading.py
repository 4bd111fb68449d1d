"""How date ranges and pages are read, checked by the rows, states and requests of a sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotmart_simulator import Simulator, World
from tools.harness import NOW_MS, Connector, Run, VirtualClock, Warehouse, switches
from tools.rows import difference, key_of
from tools.sample import ALL_CASES

DAY_MS = 86_400_000
SALES_STREAMS = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")


def test_a_total_that_drops_to_zero_is_replaced(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    warehouse = Warehouse()
    first = connector.read(["sales_summary"])
    warehouse.load(first.messages)
    clock.advance(days=1)
    month_ms = NOW_MS - 31 * DAY_MS
    for sale in world.expected("sales_history"):
        purchase = sale.record["purchase"]
        if purchase["order_date"] >= month_ms and purchase["price"]["currency_code"] == "USD":
            world.set_status(purchase["transaction"], "REFUNDED", NOW_MS + DAY_MS)

    second = connector.read(["sales_summary"], state=first.state)
    warehouse.load(second.messages)

    row = warehouse.rows["sales_summary"][("2025-12-01", "USD")]
    assert (row["total_items"], row["total_value"]["value"]) == (0, 0)
    assert not difference("sales_summary", world.expected("sales_summary"), warehouse.rows["sales_summary"].values())


def test_pages_of_any_size_give_the_same_rows(connector: Connector, hotmart: Simulator, world: World) -> None:
    hotmart.switches = switches(page_cap=137)

    run = connector.read(["sales_history", "products", "club_students", "subscriptions"])

    for stream in ("sales_history", "products", "club_students", "subscriptions"):
        assert not difference(stream, world.expected(stream), run.records(stream))


def test_a_busy_year_is_split_and_read_in_parallel(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = World(
        seed=5,
        sales=40_000 if ALL_CASES else 12_000,
        subscriptions=10,
        students=5,
        products=5,
        start_ms=NOW_MS - 700 * DAY_MS,
        now_ms=NOW_MS,
    )
    with Simulator(busy, switches(), clock.time, follow_clock=True) as hotmart:
        connector = Connector(hotmart, tmp_path, monkeypatch.setenv)
        hotmart.before_call = lambda call: clock.advance(seconds=3)

        run = connector.read(["sales_history"])

        assert not difference("sales_history", busy.expected("sales_history"), run.records("sales_history"))
        windows = {
            (dict(call.query)["start_date"], dict(call.query)["end_date"])
            for call in hotmart.calls
            if call.path.endswith("history") and dict(call.query)["max_results"] == "500"
        }
        assert len(windows) >= 4 + 2
        covered_before(run, "sales_history")
        assert len(run.of_type("STATE")) > 4


def covered_before(run: Run, stream: str) -> None:
    """Assert that every record that a state covers is emitted before it."""
    positions = {
        key_of(stream, m["record"]["data"]): index
        for index, m in enumerate(run.messages)
        if m["type"] == "RECORD" and m["record"]["stream"] == stream
    }
    dates = {key_of(stream, record): record["order_date"] for record in run.records(stream)}
    for index, message in enumerate(run.messages):
        if message["type"] != "STATE" or message["state"]["stream"]["stream_descriptor"]["name"] != stream:
            continue
        for covered in message["state"]["stream"]["stream_state"]["slices"]:
            late = [
                key
                for key, date in dates.items()
                if covered["start"] <= date <= covered["end"] and positions[key] > index
            ]
            assert not late


def test_records_are_emitted_before_the_states_that_cover_them(
    connector: Connector, hotmart: Simulator, clock: VirtualClock
) -> None:
    hotmart.before_call = lambda call: clock.advance(seconds=2)

    run = connector.read(list(SALES_STREAMS))

    covered_before(run, "sales_history")
    assert len(run.of_type("STATE")) >= 4 * len(SALES_STREAMS)


def test_the_number_of_expected_rows_is_emitted(connector: Connector, hotmart: Simulator) -> None:
    run = connector.read(["sales_history", "subscriptions", "products"])

    estimates = [m["trace"] for m in run.of_type("TRACE") if m["trace"]["type"] == "ESTIMATE"]
    last = {trace["estimate"]["name"]: trace["estimate"]["row_estimate"] for trace in estimates}
    assert last == {stream: len(run.records(stream)) for stream in ("sales_history", "subscriptions")}
    assert {trace["estimate"]["type"] for trace in estimates} == {"STREAM"}


def test_a_list_without_pagination_is_requested_once(connector: Connector, hotmart: Simulator) -> None:
    run = connector.read(["club_modules", "club_pages"])

    assert run.exit_code == 0, run.sentences
    assert "WARN" not in run.logs
    queries = [(call.path, tuple(call.query)) for call in hotmart.calls if "/modules" in call.path]
    assert len(queries) == len(set(queries))
