"""Known traps for naive Hotmart clients, with the numbers of the API reference, section 7.

Points 18, 19, 26 and 27 are about endpoints that the connector does not read.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from tools.harness import (
    NOW_MS,
    Connector,
    Run,
    VirtualClock,
    Warehouse,
    catalog,
    loaded,
    stream_names,
    switches,
    truth,
)
from tools.rows import difference, key_of

DAY_MS = 86_400_000
HISTORY = "/payments/api/v1/sales/history"


def switch(hotmart: Simulator, **changes: Any) -> None:
    hotmart.switches = switches(**changes)


def queries(hotmart: Simulator, part: str) -> list[list[tuple[str, str]]]:
    return [call.query for call in hotmart.calls if part in call.path]


def refused(hotmart: Simulator) -> list[Call]:
    """Return rejected requests, except those that check what Hotmart accepts, and those for products without plans."""

    def finds_out(call: Call) -> bool:
        is_question = call.path.endswith("price/details") and call.get("max_results") == "1"
        return is_question or call.path.endswith("/plans")

    return [call for call in hotmart.calls if call.status == 400 and not finds_out(call)]


@pytest.fixture(scope="module")
def done() -> list[tuple[Connector, Run]]:
    return []


@pytest.fixture
def whole(request: pytest.FixtureRequest, done: list[tuple[Connector, Run]]) -> tuple[Connector, Run]:
    """Return one sync of every stream. Several tests look at its requests and records."""
    if not done:
        connector = request.getfixturevalue("connector")
        done.append((connector, connector.read()))
    return done[0]


def complete(run: Run, world: World, *streams: str) -> None:
    """Assert that these streams have exactly Hotmart's rows, each of them once."""
    assert run.exit_code == 0, run.sentences
    for stream in streams:
        assert not difference(stream, world.expected(stream), run.records(stream))


def test_trap_01_sales_of_every_status_are_read_and_updated(
    connector: Connector, world: World, clock: VirtualClock
) -> None:
    warehouse = Warehouse()
    first = connector.read(["sales_history"])
    warehouse.load(first.messages)
    clock.advance(days=1)
    (sale,) = world.change_status(
        1, "COMPLETE", "REFUNDED", clock.now_ms, seed=1, ordered=(NOW_MS - 300 * DAY_MS, NOW_MS - 200 * DAY_MS)
    )

    warehouse.load(connector.read(["sales_history"], first.state).messages)

    assert warehouse.rows["sales_history"][sale]["purchase"]["status"] == "REFUNDED"
    assert not difference("sales_history", world.expected("sales_history"), warehouse.rows["sales_history"].values())
    statuses = {record["purchase"]["status"] for record in first.records("sales_history")}
    assert statuses > {"APPROVED", "COMPLETE", "REFUNDED", "CHARGEBACK", "CANCELLED", "EXPIRED"}


def test_trap_02_both_dates_are_always_sent(whole: tuple[Connector, Run]) -> None:
    connector, run = whole
    hotmart = connector.simulator

    complete(run, hotmart.world, "sales_history", "subscriptions", "subscription_transactions")
    for query in queries(hotmart, "/sales/"):
        assert {"start_date", "end_date"} <= set(dict(query))
    for query in queries(hotmart, "/subscriptions/transactions"):
        assert {"transaction_date", "end_transaction_date"} <= set(dict(query))
    for call in hotmart.calls:
        if call.path.endswith("/subscriptions"):
            assert "accession_date" in dict(call.query)


def test_trap_03_a_change_of_an_old_sale_is_synced(connector: Connector, world: World, clock: VirtualClock) -> None:
    first = connector.read(["sales_commissions"])
    clock.advance(days=1)
    changed = world.change_status(
        5, "COMPLETE", "CHARGEBACK", clock.now_ms, seed=2, ordered=(NOW_MS - 360 * DAY_MS, NOW_MS - 100 * DAY_MS)
    )

    run = connector.read(["sales_commissions"], first.state)

    assert set(changed) <= {record["transaction"] for record in run.records("sales_commissions")}
    rows = loaded(first, run).rows["sales_commissions"].values()
    assert not difference("sales_commissions", world.expected("sales_commissions"), rows)


def test_trap_04_no_date_range_is_longer_than_twelve_months(connector: Connector, hotmart: Simulator) -> None:
    switch(hotmart, max_window_days=366)

    run = connector.read(["sales_history"], config={**connector.config, "start_date": "2012-02-29"})

    assert run.exit_code == 0, run.sentences
    assert not [call for call in hotmart.calls if call.status == 400]


def test_trap_05_statuses_are_spelled_as_the_endpoint_expects(whole: tuple[Connector, Run]) -> None:
    hotmart = whole[0].simulator

    assert not refused(hotmart)
    sent = {value for query in queries(hotmart, "/sales/") for name, value in query if name == "transaction_status"}
    assert {"UNDER_ANALISYS", "PRINTED_BILLET", "COMPLETE"} <= sent
    assert not sent & {"UNDER_ANALYSIS", "BILLET_PRINTED", "COMPLETED"}


def test_trap_06_several_statuses_are_repeated_parameters(connector: Connector, hotmart: Simulator) -> None:
    connector.read(["sales_history"])

    statuses = [call.all("transaction_status") for call in hotmart.calls if call.path == HISTORY]
    assert {len(values) for values in statuses if len(values) > 4} == {17}
    assert not [value for values in statuses for value in values if "," in value]


def test_trap_07_a_short_page_does_not_end_pagination(connector: Connector, hotmart: Simulator, world: World) -> None:
    switch(hotmart, page_cap=7)

    complete(connector.read(["products", "subscriptions"]), world, "products", "subscriptions")


def test_trap_08_totals_are_optional(connector: Connector, hotmart: Simulator, world: World) -> None:
    switch(hotmart, totals="nowhere", page_cap=100)

    complete(connector.read(["sales_history", "sales_users"]), world, "sales_history", "sales_users")


def test_trap_09_a_stale_page_token_causes_no_new_login(connector: Connector, hotmart: Simulator, world: World) -> None:
    switch(hotmart, page_cap=50)
    hotmart.add_fault(Fault(kind=400, error="invalid_token", path=HISTORY, page="middle"))

    complete(connector.read(["sales_history"]), world, "sales_history")
    assert hotmart.count("/security/oauth/token") == 1


def test_trap_10_filters_stay_the_same_on_every_page(connector: Connector, hotmart: Simulator) -> None:
    switch(hotmart, page_cap=20)

    connector.read(["sales_history"])

    followed = [query for query in queries(hotmart, HISTORY) if "page_token" in dict(query)]
    first = [query for query in queries(hotmart, HISTORY) if "page_token" not in dict(query)]
    assert followed
    assert any("=" in dict(query)["page_token"] for query in followed)
    for query in followed:
        assert [pair for pair in query if pair[0] != "page_token"] in first


def test_trap_11_new_sales_do_not_shift_pages_of_a_date_range(
    connector: Connector, hotmart: Simulator, world: World, clock: VirtualClock
) -> None:
    switch(hotmart, page_cap=25)
    before = world.expected("sales_history")

    def sell(call: Call) -> None:
        clock.advance(seconds=1)
        world.add_sales(1, clock.now_ms)

    hotmart.before_call = sell

    run = connector.read(["sales_history"])

    assert not difference("sales_history", before, run.records("sales_history"))
    assert "WARN" not in run.logs


def test_trap_12_the_access_token_is_used_unchanged(connector: Connector, hotmart: Simulator) -> None:
    connector.read(["products"])

    call = next(call for call in hotmart.calls if call.path.startswith("/products"))
    bearer = call.headers["authorization"].removeprefix("Bearer ")
    assert unquote(bearer) != bearer
    assert call.status == 200


def test_trap_13_the_token_lifetime_is_read_from_the_response(
    connector: Connector, hotmart: Simulator, clock: VirtualClock, world: World
) -> None:
    switch(hotmart, token_life_s=600, page_cap=20)
    connector.config["num_workers"] = 1
    hotmart.before_call = lambda call: clock.advance(seconds=20)

    complete(connector.read(["sales_history"]), world, "sales_history")
    data_calls = hotmart.count(HISTORY)
    assert 2 <= hotmart.count("/security/oauth/token") <= data_calls * 20 // 400 + 1
    assert not [call for call in hotmart.calls if call.status == 401]


def test_trap_14_no_output_contains_the_token_url(connector: Connector, hotmart: Simulator) -> None:
    hotmart.add_fault(Fault(kind=500, path="/security/oauth/token", times=None))

    run = connector.run("read", "--debug", catalog=catalog(["products"]))

    assert run.exit_code != 0
    assert hotmart.client_secret not in run.output
    assert "grant_type" not in run.output


@pytest.mark.parametrize("kind", ["empty200", "html200"])
def test_trap_15_a_response_that_is_not_json_is_retried(
    connector: Connector, hotmart: Simulator, world: World, kind: str
) -> None:
    hotmart.add_fault(Fault(kind=kind, path=HISTORY, times=2))

    complete(connector.read(["sales_history"]), world, "sales_history")


def test_trap_16_a_redirect_is_not_followed(connector: Connector, hotmart: Simulator) -> None:
    switch(hotmart, unknown_subdomain="redirect")

    run = connector.read(["club_students"], config={**connector.config, "members_area_subdomain": "no-such-club"})

    assert run.exit_code != 0
    assert "no-such-club" in run.sentences
    assert {call.path for call in hotmart.calls} == {"/security/oauth/token", "/club/api/v1/users"}


def test_trap_17_an_empty_response_does_not_mean_no_rows(connector: Connector, hotmart: Simulator) -> None:
    hotmart.add_fault(Fault(kind="empty200", path="/products/api/v1/products", times=None))

    run = connector.read(["products"])

    assert run.exit_code != 0
    assert run.statuses == {"products": "INCOMPLETE"}
    assert "an empty body instead of rows" in run.sentences


def test_trap_20_dates_in_seconds_are_converted(connector: Connector, hotmart: Simulator) -> None:
    hotmart.add_fault(Fault(kind="bad_date", path="/products/api/v1/products", value=1_700_000_000))

    run = connector.read(["products"])

    assert "2023-11-14T22:13:20.000Z" in {record["created_at"] for record in run.records("products")}


def test_trap_21_the_currency_of_a_commission_is_in_one_column(connector: Connector, world: World) -> None:
    rows = world.expected("sales_commissions")
    raw = [entry["commission"] for row in rows for entry in row.record["commissions"]]
    assert any("currency_value" in commission and "currency_code" not in commission for commission in raw)

    run = connector.read(["sales_commissions"])

    for record in run.records("sales_commissions"):
        assert all(entry["commission"]["currency_code"] for entry in record["commissions"])
    complete(run, world, "sales_commissions")


def test_trap_22_to_25_absent_objects_and_unusual_values_are_accepted(connector: Connector, world: World) -> None:
    run = connector.read(["sales_history"])

    records = run.records("sales_history")
    assert any("buyer" not in record for record in records)
    assert any("approved_date" not in record["purchase"] for record in records)
    assert any("recurrency_number" not in record["purchase"] for record in records)
    amounts = {type(record["purchase"]["price"]["value"]) for record in records}
    assert amounts == {int, float}
    held = truth(world, "sales_history")
    for record in records:
        assert record["purchase"]["price"]["value"] == held[record["id"]]["purchase"]["price"]["value"]
    complete(run, world, "sales_history")


def test_trap_28_all_streams_share_one_quota(
    connector: Connector, hotmart: Simulator, clock: VirtualClock, world: World
) -> None:
    switch(hotmart, limit_per_minute=60, page_cap=60)

    complete(connector.read(), world, "sales_history", "club_students")
    refused = hotmart.count(status=429)
    assert refused <= len(hotmart.calls) // 100


def test_trap_29_a_429_is_retried_after_the_reset(
    connector: Connector, hotmart: Simulator, clock: VirtualClock
) -> None:
    hotmart.add_fault(Fault(kind=429, path="/products/api/v1/products", reset_s=37))

    run = connector.read(["products"])

    assert run.exit_code == 0, run.sentences
    assert 37 <= clock.longest_wait_s <= 41


def test_trap_30_a_forbidden_api_family_fails_only_its_own_streams(
    connector: Connector, hotmart: Simulator, world: World
) -> None:
    hotmart.add_fault(Fault(kind=403, path="/products/*", times=None))

    run = connector.read(["products", "sales_history"])

    assert run.exit_code != 0
    assert run.statuses == {"products": "INCOMPLETE", "sales_history": "COMPLETE"}
    assert "no permission" in run.sentences
    assert not difference("sales_history", world.expected("sales_history"), run.records("sales_history"))


def test_trap_31_no_date_range_ends_in_the_future(whole: tuple[Connector, Run]) -> None:
    hotmart = whole[0].simulator

    parameters = [pair for call in hotmart.calls for pair in call.query]
    # Next charges lie in the future. A range up to 2100 makes Hotmart include all of them.
    ends = [int(value) for name, value in parameters if name.startswith("end_") and "next_charge" not in name]
    assert ends
    assert max(ends) == NOW_MS
    assert not refused(hotmart)


def test_trap_32_rows_in_any_order_are_read(connector: Connector, world: World) -> None:
    run = connector.read(["sales_history", "subscription_transactions"])

    dates = [record["order_date"] for record in run.records("sales_history")]
    assert dates != sorted(dates)
    complete(run, world, "sales_history", "subscription_transactions")


def test_trap_33_summaries_contain_their_month(connector: Connector) -> None:
    run = connector.read(["sales_summary"])

    keys = [(record["month"], record["currency_code"]) for record in run.records("sales_summary")]
    assert len(keys) == len(set(keys)) > 48
    assert all(month.endswith("-01") for month, _ in keys)


def test_trap_35_only_records_contain_personal_data(connector: Connector, hotmart: Simulator, world: World) -> None:
    hotmart.add_fault(Fault(kind=403, path="/payments/api/v1/sales/users", nth=3, times=None))

    run = connector.run("read", "--debug", catalog=catalog(["sales_history", "sales_users", "subscriptions"]))

    buyers = (row.record.get("buyer", {}) for row in world.expected("sales_history"))
    mails = {buyer["email"] for buyer in buyers if "email" in buyer}
    others = json.dumps([message for message in run.messages if message["type"] != "RECORD"])
    assert not [mail for mail in mails if mail in others]


def test_trap_36_all_requests_except_the_login_are_get(
    whole: tuple[Connector, Run], connector: Connector, hotmart: Simulator
) -> None:
    connector.run("check")

    calls = [*hotmart.calls, *whole[0].simulator.calls]
    assert {call.method for call in calls if not call.path.startswith("/security")} == {"GET"}


def test_trap_37_requests_have_only_standard_headers(connector: Connector, hotmart: Simulator) -> None:
    connector.read(["products"])

    call = next(call for call in hotmart.calls if call.path.startswith("/products"))
    assert set(call.headers) <= {"host", "user-agent", "accept", "accept-encoding", "connection", "authorization"}


def test_trap_34_primary_keys_are_unique_within_one_account(whole: tuple[Connector, Run]) -> None:
    _, run = whole

    for stream in stream_names():
        keys = [key_of(stream, record) for record in run.records(stream)]
        assert len(keys) == len(set(keys)), stream
