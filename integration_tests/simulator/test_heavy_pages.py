"""502 for pages that are too large, on all days or on some (hotmart-api.md 2.4)."""

from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator, Switches, World, heavy_range
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, HOUR_MS, SALE_STATUSES

HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
SUMMARY = "/payments/api/v1/sales/summary"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = f"{SUBSCRIPTIONS}/transactions"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
LAUNCH_MS = 1_768_003_200_000  # 2026-01-10T00:00:00Z
LAUNCH_SALES = 60


@pytest.fixture(name="launched")
def world_with_a_launch() -> World:
    """An account with few sales, and sixty more on one day."""
    world = World(seed=4, sales=40, subscriptions=10, students=20, products=12, now_ms=NOW_MS)
    world.add_sales(LAUNCH_SALES, at_ms=(LAUNCH_MS, LAUNCH_MS + DAY_MS - 1))
    return world


def month(**changes: Any) -> dict[str, Any]:
    """Thirty days including the launch, all statuses."""
    dates = {"start_date": NOW_MS - 30 * DAY_MS, "end_date": NOW_MS}
    return {**dates, "transaction_status": list(SALE_STATUSES), **changes}


@pytest.mark.parametrize(
    ("path", "query"),
    [(HISTORY, {}), (SUMMARY, {}), (TRANSACTIONS, {}), (PRODUCTS, {}), (STUDENTS, {"subdomain": "my-school"})],
)
def test_a_page_of_too_many_rows_answers_502_on_any_list(
    simulator: Simulator, client: Client, path: str, query: dict[str, Any]
) -> None:
    simulator.switches = replace(simulator.switches, heavy_page_rows=15)

    heavy = client.get(path, max_results=16, **query)
    assert (heavy.status_code, heavy.json()["error"]) == (502, "internal_server_error")
    assert client.get(path, max_results=15, **query).status_code == 200


def test_heaviness_depends_on_the_capped_page_size(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, heavy_page_rows=15, page_cap=10)

    assert client.get(HISTORY, max_results=500).status_code == 200


def test_heaviness_can_affect_one_path(simulator: Simulator, client: Client) -> None:
    def is_large(call: Call) -> bool:
        return int(call.get("max_results") or 10) > 15

    simulator.add_fault(Fault(kind=502, path=PRODUCTS, times=None, where=is_large))

    assert client.get(PRODUCTS, max_results=16).status_code == 502
    assert client.get(PRODUCTS, max_results=15).status_code == 200
    assert client.get(HISTORY, max_results=16).status_code == 200


def test_a_launch_day_is_heavy_until_pages_are_smaller(launched: World) -> None:
    with Simulator(launched, Switches(empty_pages="items")) as simulator, Client(simulator) as client:
        is_heavy = heavy_range(launched, LAUNCH_MS, LAUNCH_MS + DAY_MS - 1, rows=20)
        simulator.add_fault(Fault(kind=502, path="/payments/api/v1/sales/*", times=None, where=is_heavy))

        for path in (HISTORY, USERS):
            assert client.get(path, max_results=500, **month()).status_code == 502
            assert client.get(path, max_results=21, **month()).status_code == 502
            assert client.get(path, max_results=1, **month()).status_code == 200
            assert len(client.rows(path, max_results=20, **month())) >= LAUNCH_SALES
        before = month(end_date=LAUNCH_MS - 1)
        after = month(start_date=LAUNCH_MS + DAY_MS)
        assert [client.get(HISTORY, max_results=500, **query).status_code for query in (before, after)] == [200] * 2
        hours = [
            client.get(HISTORY, max_results=500, **month(start_date=start_ms, end_date=start_ms + HOUR_MS - 1))
            for start_ms in range(LAUNCH_MS, LAUNCH_MS + DAY_MS, HOUR_MS)
        ]
        assert [answer.status_code for answer in hours] == [200] * 24
        assert sum(len(answer.json()["items"]) for answer in hours) >= LAUNCH_SALES
        assert client.get(TRANSACTIONS, max_results=500).status_code == 200


def test_a_day_can_be_heavy_with_any_page_size(launched: World) -> None:
    with Simulator(launched) as simulator, Client(simulator) as client:
        is_heavy = heavy_range(launched, LAUNCH_MS, LAUNCH_MS + DAY_MS - 1, page_rows=0)
        simulator.add_fault(Fault(kind=502, times=None, where=is_heavy))

        assert client.get(HISTORY, max_results=1, **month()).status_code == 502
        assert client.get(HISTORY, max_results=500, **month(end_date=LAUNCH_MS - 1)).status_code == 200
        assert client.get(PRODUCTS, max_results=500).status_code == 200


def test_date_ranges_of_subscriptions_and_charges_can_be_heavy(launched: World) -> None:
    launched.add_subscriptions(5, at_ms=(LAUNCH_MS, LAUNCH_MS + DAY_MS - 1))
    with Simulator(launched) as simulator, Client(simulator) as client:
        is_heavy = heavy_range(launched, LAUNCH_MS, LAUNCH_MS + DAY_MS - 1, rows=4)
        simulator.add_fault(Fault(kind=502, times=None, where=is_heavy))
        dates = {
            SUBSCRIPTIONS: ("accession_date", "end_accession_date"),
            f"{SUBSCRIPTIONS}/summary": ("accession_date", "end_accession_date"),
            TRANSACTIONS: ("transaction_date", "end_transaction_date"),
        }
        for path, (start, end) in dates.items():
            day = {start: LAUNCH_MS, end: LAUNCH_MS + DAY_MS - 1}
            assert client.get(path, max_results=500, **day).status_code == 502, path
            assert client.get(path, max_results=4, **day).status_code == 200, path
            assert client.get(path, max_results=500, **{start: LAUNCH_MS + DAY_MS}).status_code == 200, path


def test_only_counting_requests_can_fail(simulator: Simulator, client: Client) -> None:
    def is_count(call: Call) -> bool:
        return call.get("max_results") == "1"

    simulator.add_fault(Fault(kind=502, path="/payments/api/v1/sales/*", times=None, where=is_count))

    assert [client.get(USERS, max_results=rows).status_code for rows in (1, 2)] == [502, 200]


def test_one_view_can_reject_requests_with_several_statuses(simulator: Simulator, client: Client) -> None:
    def has_several(call: Call) -> bool:
        return len(call.all("transaction_status")) > 1

    simulator.add_fault(Fault(kind=400, path=USERS, times=None, where=has_several))
    statuses = [["COMPLETE"], ["COMPLETE", "APPROVED"]]

    assert [client.get(USERS, transaction_status=each).status_code for each in statuses] == [200, 400]
    assert [client.get(HISTORY, transaction_status=each).status_code for each in statuses] == [200, 200]
