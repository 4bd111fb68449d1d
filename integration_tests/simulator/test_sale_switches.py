"""Each side of the beliefs about the results of a sales query is visible over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, MINUTE_MS, PRICE_DETAILS_STATUSES, SALE_STATUSES

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
COMMISSIONS = "/payments/api/v1/sales/commissions"
DETAILS = "/payments/api/v1/sales/price/details"
SUMMARY = "/payments/api/v1/sales/summary"
LISTS = (HISTORY, USERS, COMMISSIONS, DETAILS)
START_MS = NOW_MS - 700 * DAY_MS
EVERYTHING: dict[str, Any] = {"start_date": START_MS, "end_date": NOW_MS, "max_results": 500}


@pytest.fixture(name="world")
def small_world() -> World:
    return World(
        seed=2, sales=300, subscriptions=60, students=24, products=8, participants=12, start_ms=START_MS, now_ms=NOW_MS
    )


def switch(simulator: Simulator, **sides: Any) -> None:
    simulator.switches = replace(simulator.switches, **sides)


def codes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["purchase"]["transaction"] if "purchase" in row else row["transaction"] for row in rows]


def statuses(simulator: Simulator, rows: list[dict[str, Any]]) -> set[str]:
    return {simulator.world.status_of(code) for code in codes(rows)}


# Statuses


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (HISTORY, "statuses_on_history"),
        (USERS, "statuses_on_users"),
        (COMMISSIONS, "statuses_on_commissions"),
        (DETAILS, "statuses_on_price_details"),
    ],
)
def test_each_list_combines_statuses_or_uses_only_the_first(
    simulator: Simulator, client: Client, path: str, name: str
) -> None:
    several = {**EVERYTHING, "transaction_status": ["REFUNDED", "COMPLETE"]}
    assert statuses(simulator, client.rows(path, **several)) == {"REFUNDED", "COMPLETE"}
    switch(simulator, **{name: "first"})

    assert statuses(simulator, client.rows(path, **several)) == {"REFUNDED"}
    for other in LISTS:
        if other != path:
            assert statuses(simulator, client.rows(other, **several)) == {"REFUNDED", "COMPLETE"}


def test_the_summary_combines_statuses_or_uses_only_the_first(simulator: Simulator, client: Client) -> None:
    several = {**EVERYTHING, "transaction_status": ["REFUNDED", "COMPLETE"]}
    refunded = client.rows(SUMMARY, **EVERYTHING, transaction_status="REFUNDED")
    assert client.rows(SUMMARY, **several) != refunded
    switch(simulator, statuses_on_summary="first")

    assert client.rows(SUMMARY, **several) == refunded != []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (USERS, "accepted_on_users"),
        (COMMISSIONS, "accepted_on_commissions"),
        (DETAILS, "accepted_on_price_details"),
    ],
)
@pytest.mark.parametrize("status", ["NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION"])
def test_each_list_accepts_or_rejects_three_undocumented_statuses(
    simulator: Simulator, client: Client, path: str, name: str, status: str
) -> None:
    switch(simulator, **{name: "all_17"})
    rows = client.rows(path, **EVERYTHING, transaction_status=[status, "REFUNDED"])
    assert statuses(simulator, rows) == {status, "REFUNDED"}
    one = next(code for code in codes(rows) if simulator.world.status_of(code) == status)
    assert client.rows(path, transaction=one)
    switch(simulator, **{name: "documented_14"})

    refused = client.get(path, **EVERYTHING, transaction_status=[status, "REFUNDED"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_parameter")
    assert client.get(path, **EVERYTHING, transaction_status=PRICE_DETAILS_STATUSES).status_code == 200
    assert client.get(HISTORY, **EVERYTHING, transaction_status=status).status_code == 200
    assert client.rows(path, transaction=one) == [], "the list does not hold it at all"
    switch(simulator, statuses_by_default="all")
    assert statuses(simulator, client.rows(path, **EVERYTHING)) == set(PRICE_DETAILS_STATUSES)
    assert statuses(simulator, client.rows(HISTORY, **EVERYTHING)) == set(SALE_STATUSES)


def test_some_sales_have_a_status_that_no_filter_accepts(simulator: Simulator, client: Client) -> None:
    before = {code: row for row in client.rows(HISTORY, **all_statuses()) for code in codes([row])}
    switch(simulator, unlisted_status="some_sales")
    after = set(codes(client.rows(HISTORY, **all_statuses())))

    hidden = set(before) - after
    assert 1 <= len(hidden) <= 30
    default = set(codes(client.rows(HISTORY, **EVERYTHING)))
    for code in hidden:
        shown = client.rows(HISTORY, transaction=code)[0]["purchase"]
        assert shown["status"] == "UNDER_REVIEW"
        assert "approved_date" not in shown
        assert code not in default
        assert client.rows(HISTORY, transaction=code, transaction_status="COMPLETE") == []
    switch(simulator, transaction_lookup="paid_only")
    assert [client.rows(HISTORY, transaction=code) for code in hidden] == [[] for _ in hidden]
    switch(simulator, statuses_by_default="all")
    assert hidden <= set(codes(client.rows(HISTORY, **EVERYTHING)))
    assert client.get(HISTORY, transaction_status="UNDER_REVIEW").status_code == 400


def all_statuses() -> dict[str, Any]:
    return {**EVERYTHING, "transaction_status": SALE_STATUSES}


def test_a_sale_with_an_unlisted_status_is_listed_after_a_change(simulator: Simulator, client: Client) -> None:
    before = set(codes(client.rows(HISTORY, **all_statuses())))
    switch(simulator, unlisted_status="some_sales")
    hidden = (before - set(codes(client.rows(HISTORY, **all_statuses())))).pop()
    simulator.world.set_status(hidden, "CHARGEBACK")

    assert hidden in codes(client.rows(HISTORY, **EVERYTHING, transaction_status="CHARGEBACK"))


def test_a_status_filter_is_current_or_a_day_behind(simulator: Simulator, client: Client) -> None:
    world = simulator.world
    code = next(code for code in codes(client.rows(HISTORY, **EVERYTHING)) if world.status_of(code) == "COMPLETE")
    world.set_status(code, "PROTESTED", NOW_MS - 3 * DAY_MS)
    world.set_status(code, "REFUNDED")

    def found_under(status: str) -> list[str]:
        rows = client.rows(HISTORY, **EVERYTHING, transaction_status=status)
        return [row["purchase"]["status"] for row in rows if row["purchase"]["transaction"] == code]

    assert (found_under("PROTESTED"), found_under("REFUNDED")) == ([], ["REFUNDED"])
    switch(simulator, status_shown="newer")
    assert (found_under("PROTESTED"), found_under("REFUNDED")) == (["REFUNDED"], [])
    assert found_under("COMPLETE") == []
    assert client.rows(HISTORY, transaction=code, transaction_status="REFUNDED") == []
    assert len(client.rows(HISTORY, transaction=code, transaction_status="PROTESTED")) == 1
    world.advance(DAY_MS)
    assert (found_under("PROTESTED"), found_under("REFUNDED")) == ([], ["REFUNDED"])


def test_a_transaction_lookup_finds_every_status_or_only_paid_sales(simulator: Simulator, client: Client) -> None:
    by_status = {row["purchase"]["status"]: row for row in client.rows(HISTORY, **all_statuses())}
    unpaid, refunded = (by_status[status]["purchase"]["transaction"] for status in ("EXPIRED", "REFUNDED"))
    assert [len(client.rows(path, transaction=unpaid)) for path in LISTS] == [1] * 4
    switch(simulator, transaction_lookup="paid_only")

    assert [len(client.rows(path, transaction=unpaid)) for path in LISTS] == [0] * 4
    assert [len(client.rows(path, transaction=refunded)) for path in LISTS] == [1] * 4
    assert [len(client.rows(path, transaction=unpaid, transaction_status="EXPIRED")) for path in LISTS] == [1] * 4


# Roles


@pytest.mark.parametrize("path", [HISTORY, USERS, COMMISSIONS])
def test_every_role_or_only_producer_sales_are_listed(simulator: Simulator, client: Client, path: str) -> None:
    everything = client.rows(path, **all_statuses())
    by_role = {
        role: client.rows(path, **all_statuses(), commission_as=role)
        for role in ("PRODUCER", "COPRODUCER", "AFFILIATE")
    }
    assert sorted(codes(everything)) == sorted(code for rows in by_role.values() for code in codes(rows))
    assert all(by_role.values())
    switch(simulator, roles_by_default="producer_only")

    assert client.rows(path, **all_statuses()) == by_role["PRODUCER"]
    assert client.rows(path, **all_statuses(), commission_as="AFFILIATE") == by_role["AFFILIATE"]
    other = codes(by_role["COPRODUCER"])[0]
    assert client.rows(path, transaction=other) == []
    assert len(client.rows(path, transaction=other, commission_as="COPRODUCER")) == 1


def test_lists_without_a_role_filter_return_every_role(simulator: Simulator, client: Client) -> None:
    query = {**EVERYTHING, "transaction_status": PRICE_DETAILS_STATUSES}
    details, summary = client.rows(DETAILS, **query), client.rows(SUMMARY, **EVERYTHING)
    switch(simulator, roles_by_default="producer_only")

    assert client.rows(DETAILS, **query) == details
    assert client.rows(SUMMARY, **EVERYTHING) == summary


@pytest.mark.parametrize("page_cap", [7, 500])
def test_a_sale_with_two_roles_is_one_row_or_one_per_role(simulator: Simulator, client: Client, page_cap: int) -> None:
    switch(simulator, page_cap=page_cap)
    plain = client.rows(HISTORY, **all_statuses())
    assert len(set(codes(plain))) == len(plain) == 300
    switch(simulator, transactions_per_sale="row_per_role")
    rows = client.rows(HISTORY, **all_statuses())

    doubled = {code for code in codes(rows) if codes(rows).count(code) == 2}
    assert len(rows) == len(plain) + len(doubled)
    assert doubled
    for code in doubled:
        roles = [row["purchase"]["commission_as"] for row in rows if row["purchase"]["transaction"] == code]
        assert roles in (["PRODUCER", "AFFILIATE"], ["COPRODUCER", "AFFILIATE"])
        assert len(client.rows(HISTORY, transaction=code)) == 2
        assert len(client.rows(USERS, transaction=code)) == 1
        affiliate = client.rows(HISTORY, transaction=code, commission_as="AFFILIATE")
        assert [row["purchase"]["commission_as"] for row in affiliate] == ["AFFILIATE"]
    affiliates = client.rows(HISTORY, **all_statuses(), commission_as="AFFILIATE")
    assert affiliates == [row for row in rows if row["purchase"]["commission_as"] == "AFFILIATE"]
    switch(simulator, roles_by_default="producer_only")
    producers = client.rows(HISTORY, **all_statuses())
    assert producers == [row for row in rows if row["purchase"]["commission_as"] == "PRODUCER"]


# Order and delay


def test_a_new_sale_is_listed_at_once_or_after_ten_minutes(simulator: Simulator, client: Client) -> None:
    world = simulator.world
    at_once = world.add_sales(3)
    assert set(at_once) <= listed(client)
    switch(simulator, new_sales="minutes_later")
    later = set(world.add_sales(20))

    assert not later & listed(client)
    assert not later & charged(client), "a charge is listed with its sale"
    assert client.rows(HISTORY, transaction=next(iter(later))) == []
    world.advance(10 * MINUTE_MS - 1)
    assert not later & listed(client)
    world.advance(1)
    assert later <= listed(client)
    assert later & charged(client)
    assert {simulator.world.sale(world.sale_moves.known(code)).order_ms for code in later} == {NOW_MS}


def listed(client: Client) -> set[str]:
    return set(codes(client.rows(HISTORY, **EVERYTHING)))


def charged(client: Client) -> set[str]:
    rows = client.rows("/payments/api/v1/subscriptions/transactions", transaction_date=0, max_results=500)
    return {row["purchase"]["transaction"] for row in rows}
