"""Date ranges that Hotmart cannot return whole, lists of statuses that it rejects, and inconsistent counts."""

from __future__ import annotations

from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from hotmart_simulator.common.row import Row
from source_hotmart.reading.statuses import SALE_STATUSES
from tools.harness import NOW_MS, Connector, Run, VirtualClock, loaded, switches, truth
from tools.rows import Difference, difference, key_of
from tools.sample import sample

DAY_MS = 86_400_000
HISTORY = "/payments/api/v1/sales/history"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
DATED = ["sales_history", "sales_users", "sales_commissions", "sales_price_details", "subscription_transactions"]


def switch(hotmart: Simulator, **changes: Any) -> None:
    hotmart.switches = switches(**changes)


def complete(run: Run, world: World, streams: list[str]) -> None:
    """Assert that these streams have exactly Hotmart's rows, each of them once."""
    for stream in streams:
        assert not difference(stream, world.expected(stream), run.records(stream))


def each_as_before_or_after(run: Run, before: list[Row], world: World, stream: str) -> tuple[Difference, Difference]:
    """Assert that each row arrived once, as before or after the sync. Return the differences from both."""
    records = run.records(stream)
    keys = [key_of(stream, record) for record in records]
    assert len(keys) == len(set(keys))
    # A charge's subscription fields may have changed several times.
    was = difference(stream, before, records, after_increments=True)
    now = difference(stream, world.expected(stream), records, after_increments=True)
    assert not set(was.stale) & set(now.stale)
    assert not now.surplus
    return was, now


def asks_for_rows(call: Call) -> bool:
    """Whether a request asks for rows, not only for a count."""
    return dict(call.query)["max_results"] != "1"


def reads_a_range(call: Call) -> bool:
    """Whether a request asks for the rows of a date range with all statuses."""
    return asks_for_rows(call) and call.get("commission_as") is None and len(call.all("transaction_status")) > 4


def window_days(call: Call) -> float:
    query = dict(call.query)
    return (int(query["end_date"]) - int(query["start_date"]) + 1) / DAY_MS


@pytest.mark.parametrize(
    ("heavy", "streams"),
    [({"heavy_days": 100}, DATED), ({"heavy_days": 20}, sample(DATED, 4)), ({"heavy_rows": 40}, DATED)],
)
def test_date_ranges_that_are_too_heavy_are_halved(
    connector: Connector, hotmart: Simulator, world: World, heavy: dict[str, int], streams: list[str]
) -> None:
    """The shortest date ranges are read in two of five streams by default."""
    switch(hotmart, page_cap=25, **heavy)

    run = connector.read(streams)

    assert run.exit_code == 0, run.sentences
    complete(run, world, streams)


def test_a_half_one_second_longer_is_not_split_again(connector: Connector, hotmart: Simulator, world: World) -> None:
    switch(hotmart, heavy_days=100)
    connector.config["num_workers"] = 1
    connector.config["start_date"] = "2025-02-05T00:00:01Z"  # 180 days, and 150 days of an odd number of seconds

    run = connector.read(["sales_history"])

    assert run.exit_code == 0, run.sentences
    answered = [call for call in hotmart.calls if call.path == HISTORY and call.status == 200 and reads_a_range(call)]
    assert {round(window_days(call)) for call in answered} == {90, 75}


def test_the_length_of_a_successful_date_range_is_reused(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    switch(hotmart, heavy_days=100)
    connector.config["num_workers"] = 1

    connector.read(["sales_history"])

    refused = [call for call in hotmart.calls if call.status == 502 and reads_a_range(call)]
    # One date range finds the size, and the others start with it. After 1, 2, 4 and 8 successes a longer one is tried,
    # because the cause may have been a busy day.
    assert len({call.get("start_date") for call in refused}) <= 5
    assert {round(window_days(call)) for call in refused} == {180}


def test_a_single_502_needs_one_more_request(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    connector.read(["sales_history"])
    undisturbed = hotmart.count(HISTORY)
    hotmart.reset_log()
    fault = hotmart.add_fault(Fault(kind=502, path=HISTORY, where=reads_a_range))

    run = connector.read(["sales_history"])

    complete(run, world, ["sales_history"])
    assert fault.fired == 1
    assert hotmart.count(HISTORY) == undisturbed + 1
    assert 5.0 in clock.slept_s


@pytest.mark.parametrize(
    "kind", ["cut", "truncated_json", "wrong_length", "html200", "empty200", 500, 503, 504, "reset"]
)
def test_a_temporary_failure_within_a_date_range_loses_no_row(
    connector: Connector, hotmart: Simulator, world: World, kind: int | str
) -> None:
    switch(hotmart, page_cap=15)
    fault = hotmart.add_fault(Fault(kind=kind, path=HISTORY, page="middle", nth=3))

    run = connector.read(["sales_history"])

    assert fault.fired == 1
    assert run.exit_code == 0, run.sentences
    complete(run, world, ["sales_history"])


def test_an_unreadable_day_fails_only_its_stream(connector: Connector, hotmart: Simulator, world: World) -> None:
    bad_day_ms = NOW_MS - 200 * DAY_MS

    def holds_bad_day(call: Call) -> bool:
        query = dict(call.query)
        return query["max_results"] != "1" and int(query["start_date"]) <= bad_day_ms <= int(query["end_date"])

    hotmart.add_fault(Fault(kind=502, path=HISTORY, times=None, where=holds_bad_day))

    run = connector.read(["sales_history", "sales_users"])

    assert run.exit_code != 0
    assert "Even the single day" in run.sentences
    assert run.statuses == {"sales_history": "INCOMPLETE", "sales_users": "COMPLETE"}
    complete(run, world, ["sales_users"])
    hotmart.clear_faults()
    resumed = connector.read(["sales_history", "sales_users"], run.state)
    assert resumed.exit_code == 0
    rows = loaded(run, resumed).rows["sales_history"].values()
    assert not difference("sales_history", world.expected("sales_history"), rows)


def test_statuses_are_requested_one_by_one_if_a_list_is_rejected(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    switch(hotmart, several_statuses="refused", page_cap=100)
    connector.config["num_workers"] = 1  # so that requests are in the order of a single reader
    streams = ["sales_history", "sales_users", "sales_commissions", "sales_price_details", "sales_summary"]

    run = connector.read(streams, full_refresh=True)

    assert run.exit_code == 0, run.sentences
    complete(run, world, streams[:-1])
    assert run.logs.count("sales_history: Hotmart may ignore some of several statuses in one request") == 1
    asked = [
        [value for name, value in call.query if name == "transaction_status"]
        for call in hotmart.calls
        if call.path == HISTORY and call.status == 200 and asks_for_rows(call) and window_days(call) > 1
    ]
    assert {len(statuses) for statuses in asked} - {0} == {1}
    first_seen = list(dict.fromkeys(statuses[0] for statuses in asked if statuses))
    assert (
        first_seen
        == [
            *SALE_STATUSES[: SALE_STATUSES.index("APPROVED")],
            "PROTESTED",  # once more before the statuses that can end a dispute
            "APPROVED",
            "COMPLETE",
            *SALE_STATUSES[SALE_STATUSES.index("PROTESTED") + 1 :],
        ]
    )

    assert asked.count(["PROTESTED"]) == 2 * asked.count(["REFUNDED"])
    prices = {
        value
        for call in hotmart.calls
        if call.path.endswith("price/details") and asks_for_rows(call)
        for name, value in call.query
        if name == "transaction_status"
    }
    assert len(prices) == 14
    assert not any("transaction_status" in dict(c.query) for c in hotmart.calls if c.path.endswith("summary"))


def test_statuses_are_requested_one_by_one_if_all_but_one_are_ignored(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    """History and commissions are known to combine several statuses."""
    first = {"statuses_on_users": "first", "statuses_on_price_details": "first"}
    switch(hotmart, **first, totals="everywhere", page_cap=100)
    streams = ["sales_users", "sales_price_details"]

    run = connector.read(streams)

    assert run.exit_code == 0, run.sentences
    complete(run, world, streams)
    for stream in streams:
        assert run.logs.count(f"{stream}: Hotmart may ignore some of several statuses in one request") == 1
    assert "WARN" not in run.logs


def test_two_preflight_requests_check_support_of_several_statuses(connector: Connector, hotmart: Simulator) -> None:
    connector.read(["sales_users"])

    path = "/payments/api/v1/sales/users"
    small = [call for call in hotmart.calls if call.path == path and call.get("max_results") == "1"]
    counts = [len([name for name, _ in call.query if name == "transaction_status"]) for call in small]
    assert counts[:2] == [0, len(SALE_STATUSES)]
    assert 0 not in counts[2:]


def test_a_sale_refunded_between_two_statuses_is_synced(connector: Connector, hotmart: Simulator, world: World) -> None:
    switch(hotmart, several_statuses="refused")
    connector.config["num_workers"] = 1
    moved: list[str] = []

    def refund_between_statuses(call: Call) -> None:
        if call.all("transaction_status") == ["COMPLETE"] and not moved and asks_for_rows(call):
            moved.extend(world.change_status(30, "COMPLETE", "REFUNDED", world.now_ms, seed=1))

    hotmart.before_call = refund_between_statuses

    run = connector.read(["sales_history"])

    assert moved
    complete(run, world, ["sales_history"])


def test_a_dispute_that_ends_between_two_statuses_loses_no_row(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    switch(hotmart, several_statuses="refused")
    connector.config["num_workers"] = 1
    before = world.expected("sales_history")
    ended: list[str] = []

    def approve_after_the_approved(call: Call) -> None:
        if call.all("transaction_status") == ["COMPLETE"] and not ended and asks_for_rows(call):
            window = int(dict(call.query)["start_date"]), int(dict(call.query)["end_date"])
            ended.extend(world.change_status(3, "PROTESTED", "APPROVED", world.now_ms, seed=1, ordered=window))

    hotmart.before_call = approve_after_the_approved

    run = connector.read(["sales_history"])

    assert ended
    assert run.exit_code == 0, run.sentences
    was, now = each_as_before_or_after(run, before, world, "sales_history")
    assert not was.lost
    assert set(now.stale) <= set(ended)


@pytest.mark.parametrize("kind", ["repeat_token", "empty_page_with_token"])
@pytest.mark.parametrize("page", ["first", "middle", "last"])
def test_a_temporary_loop_of_pages_is_read_again(
    connector: Connector, hotmart: Simulator, world: World, kind: str, page: Any
) -> None:
    switch(hotmart, page_cap=15)
    fault = hotmart.add_fault(Fault(kind=kind, path=HISTORY, page=page, where=asks_for_rows))

    run = connector.read(["sales_history"])

    assert fault.fired == 1
    assert run.exit_code == 0, run.sentences
    complete(run, world, ["sales_history"])


def test_a_permanent_count_mismatch_gives_a_warning(connector: Connector, hotmart: Simulator, world: World) -> None:
    hotmart.add_fault(Fault(kind="wrong_total", path=HISTORY, value=3, where=asks_for_rows, nth=2, times=None))

    run = connector.read(["sales_history"])

    complete(run, world, ["sales_history"])
    warnings = [line for line in run.logs.splitlines() if line.startswith("WARN")]
    assert any("sales_history" in line and "rows, and" in line for line in warnings)
    assert any(line.startswith("WARN Rows may be missing: sales_history") for line in warnings)


def test_a_temporary_count_mismatch_gives_no_warning(connector: Connector, hotmart: Simulator, world: World) -> None:
    hotmart.add_fault(Fault(kind="wrong_total", path=HISTORY, value=3, where=asks_for_rows, nth=2))

    run = connector.read(["sales_history"])

    complete(run, world, ["sales_history"])
    assert "WARN" not in run.logs
    assert "Complete: the rows match Hotmart's count in all" in run.logs


def test_without_totals_completeness_is_not_logged(connector: Connector, hotmart: Simulator, world: World) -> None:
    switch(hotmart, totals="nowhere")

    run = connector.read(["sales_history"])

    complete(run, world, ["sales_history"])
    assert "Complete: " not in run.logs


@pytest.mark.parametrize("stream", ["sales_history", "sales_price_details", "subscription_transactions"])
def test_sales_made_and_changed_during_the_sync_lose_no_row(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock, stream: str
) -> None:
    switch(hotmart, page_cap=20)
    before = world.expected(stream)
    changed: set[str] = set()
    pages = 0

    def move(call: Call) -> None:
        nonlocal pages
        pages += 1
        if pages in (4, 5, 9):
            clock.advance(seconds=1)
            world.add_sales(3, clock.now_ms)
            statuses = ("COMPLETE", "WAITING_PAYMENT")
            changed.update(world.change_status(6, statuses, "REFUNDED", clock.now_ms, seed=pages))

    hotmart.before_call = move

    run = connector.read([stream])

    assert run.exit_code == 0, run.sentences
    was, now = each_as_before_or_after(run, before, world, stream)
    assert {key[0] if isinstance(key, tuple) else key for key in now.stale} <= changed
    missing = set(was.lost)
    if stream == "subscription_transactions":
        # Charges are filtered by last update, so one that changes during the sync belongs to the next sync.
        missing -= {key for key in missing if key[0] in changed}
    assert not missing


def test_a_stale_page_token_restarts_the_date_range(connector: Connector, hotmart: Simulator, world: World) -> None:
    switch(hotmart, page_cap=15)
    fault = hotmart.add_fault(Fault(kind=400, error="invalid_token", path=HISTORY, page="middle"))

    run = connector.read(["sales_history"])

    assert fault.fired == 1
    complete(run, world, ["sales_history"])


@pytest.mark.parametrize("kind", ["repeat_token", "empty_page_with_token"])
def test_an_endless_list_of_pages_fails_with_a_message(connector: Connector, hotmart: Simulator, kind: str) -> None:
    switch(hotmart, page_cap=20)
    hotmart.add_fault(Fault(kind=kind, path=HISTORY, times=None))

    run = connector.read(["sales_history"])

    assert run.exit_code != 0
    assert "list of pages has no end" in run.sentences


def test_halved_date_ranges_of_subscriptions_are_complete_or_fail(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    switch(hotmart, heavy_days=400)
    run = connector.read(["subscriptions"])
    assert run.exit_code == 0, run.sentences
    complete(run, world, ["subscriptions"])

    switch(hotmart, end_accession_filters="cancellation")

    def is_whole(call: Call) -> bool:
        is_long = int(str(call.get("accession_date"))) < NOW_MS - 400 * DAY_MS
        return is_long and call.get("end_accession_date") is None and asks_for_rows(call)

    hotmart.add_fault(Fault(kind=502, path=SUBSCRIPTIONS, times=None, where=is_whole))
    run = connector.read(["subscriptions"])
    assert run.exit_code != 0
    assert "cannot answer the whole list in one query" in run.sentences


def test_halved_date_ranges_of_subscriptions_survive_a_failed_count(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    switch(hotmart, heavy_days=400)
    counted = []

    def begins_after_the_last_page(call: Call) -> None:
        if call.path == SUBSCRIPTIONS and call.get("max_results") == "1":
            counted.append(call)
            world.add_subscriptions(1)

    hotmart.before_call = begins_after_the_last_page
    hotmart.add_fault(Fault(kind=503, path=SUBSCRIPTIONS, where=lambda call: call.get("max_results") == "1"))

    run = connector.read(["subscriptions"])

    assert run.exit_code == 0, run.sentences
    assert len(counted) > 1
    complete(run, world, ["subscriptions"])


def test_an_outage_is_not_treated_as_a_heavy_date_range(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    connector.config["num_workers"] = 1
    connector.read(["sales_history"])
    undisturbed = hotmart.count(HISTORY)
    hotmart.reset_log()
    over_ms = clock.now_ms + 40_000
    hotmart.add_fault(Fault(kind=502, path=HISTORY, times=None, where=lambda call: clock.now_ms < over_ms))

    run = connector.read(["sales_history"])

    complete(run, world, ["sales_history"])
    assert "two halves" not in run.logs
    assert hotmart.count(HISTORY) < undisturbed + 15


def test_a_full_refresh_reads_charges_updated_during_the_sync(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    switch(hotmart, page_cap=100)
    connector.config["num_workers"] = 1
    before = world.expected("subscription_transactions")
    changed: list[str] = []

    def refund(call: Call) -> None:
        clock.advance(seconds=1)
        if len(changed) < 60:
            changed.extend(
                world.change_status(10, ("COMPLETE", "APPROVED"), "REFUNDED", clock.now_ms, seed=len(changed))
            )

    hotmart.before_call = refund

    run = connector.read(["subscription_transactions"], full_refresh=True)

    assert changed
    was, now = each_as_before_or_after(run, before, world, "subscription_transactions")
    assert not was.lost
    assert {key[0] for key in now.stale} <= set(changed)


def test_a_charge_with_a_late_update_is_synced_once(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    """Hotmart's data is up to a day old here: an update appears after its date range was read, with an earlier date."""
    before = world.expected("subscription_transactions")
    read = 0

    def appears(call: Call) -> None:
        nonlocal read
        read += call.path == TRANSACTIONS and not call.get("subscriber_code")
        if read == 4:
            world.change_status(60, ("APPROVED", "COMPLETE"), "REFUNDED", NOW_MS - DAY_MS // 24, seed=3)

    hotmart.before_call = appears
    first = connector.read(["subscription_transactions"], config={**connector.config, "num_workers": 1})
    hotmart.before_call = None
    clock.advance(days=1)
    second = connector.read(["subscription_transactions"], state=first.state)

    assert first.exit_code == 0, first.sentences
    was, _ = each_as_before_or_after(first, before, world, "subscription_transactions")
    assert not was.lost
    rows = {key_of("subscription_transactions", row): row for row in second.records("subscription_transactions")}
    held = truth(world, "subscription_transactions")
    refunded = {key for key, row in held.items() if row["purchase"]["status"] == "REFUNDED"}
    assert all(rows[key]["purchase"]["status"] == "REFUNDED" for key in refunded & rows.keys())
    changed = {key for key, row in held.items() if row["last_update"] >= NOW_MS - DAY_MS}
    assert changed
    assert changed <= rows.keys()
    both = loaded(first, second).rows["subscription_transactions"].values()
    expected = world.expected("subscription_transactions")
    assert not difference("subscription_transactions", expected, both, after_increments=True)


def test_new_charges_do_not_cause_a_second_read(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    switch(hotmart, page_cap=100)

    def sell(call: Call) -> None:
        clock.advance(seconds=1)
        world.add_sales(1, clock.now_ms)

    connector.read(["subscription_transactions"])
    undisturbed = hotmart.count(TRANSACTIONS)
    hotmart.reset_log()
    hotmart.before_call = sell

    run = connector.read(["subscription_transactions"])

    assert "changed between pages" not in run.logs
    assert hotmart.count(TRANSACTIONS) <= undisturbed + 2


def test_a_failed_counting_request_does_not_fail_the_date_range(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    hotmart.add_fault(Fault(kind=500, path=HISTORY, times=None, where=lambda call: not asks_for_rows(call)))

    complete(connector.read(["sales_history"]), world, ["sales_history"])


@pytest.mark.parametrize("times", [1, None])
def test_a_failed_preflight_request_for_roles_loses_no_sale(
    connector: Connector, hotmart: Simulator, world: World, times: int | None
) -> None:
    switch(hotmart, roles_by_default="producer_only")

    def asks_whether_a_sale_is_listed(call: Call) -> bool:
        return asks_for_rows(call) and window_days(call) < 1 and len(call.all("transaction_status")) == 1

    fault = hotmart.add_fault(Fault(kind=502, path=HISTORY, times=times, where=asks_whether_a_sale_is_listed))

    run = connector.read(["sales_history"])

    assert fault.fired
    assert run.exit_code == 0, run.sentences
    complete(run, world, ["sales_history"])
