"""The simulator supports every side of the open questions about the API. Each switch changes only what it names."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_mock import MockerFixture

from hotmart_simulator import Simulator
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, SALE_STATUSES
from hotmart_simulator.server.ordering import Order, in_order
from integration_tests.simulator.conftest import NOW_MS

HISTORY = "/payments/api/v1/sales/history"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"
SUMMARIES = "/payments/api/v1/subscriptions/summary"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"


def year(**more: Any) -> dict[str, Any]:
    return {"start_date": NOW_MS - 365 * DAY_MS, "end_date": NOW_MS, "max_results": 500, **more}


def test_a_switch_makes_only_the_first_status_count(simulator: Simulator, client: Client) -> None:
    refunded = client.rows(HISTORY, **year(transaction_status="REFUNDED"))
    simulator.switches = replace(simulator.switches, statuses_on_history="first")

    assert client.rows(HISTORY, **year(transaction_status=["REFUNDED", "COMPLETE"])) == refunded
    assert refunded


def test_a_switch_accepts_comma_separated_statuses(simulator: Simulator, client: Client) -> None:
    union = client.rows(HISTORY, **year(transaction_status=["REFUNDED", "EXPIRED"]))
    simulator.switches = replace(simulator.switches, comma_lists="accept")

    assert client.rows(HISTORY, **year(transaction_status="REFUNDED,EXPIRED")) == union
    refused = client.get(HISTORY, **year(transaction_status="REFUNDED,COMPLETED"))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_parameter")
    assert client.get(HISTORY, **year(buyer_name="A,B")).status_code == 200  # a list only where keys repeat


def test_a_switch_lists_sales_of_every_status_by_default(simulator: Simulator, client: Client) -> None:
    every = client.rows(HISTORY, **year(transaction_status=SALE_STATUSES))
    simulator.switches = replace(simulator.switches, statuses_by_default="all")

    assert client.rows(HISTORY, **year()) == every


def test_a_switch_lists_only_active_subscriptions_by_default(simulator: Simulator, client: Client) -> None:
    active = client.rows(SUBSCRIPTIONS, accession_date=0, status="ACTIVE")
    simulator.switches = replace(simulator.switches, subscriptions_by_default="active")

    assert client.rows(SUBSCRIPTIONS, accession_date=0) == active
    assert client.rows(SUBSCRIPTIONS, accession_date=0, status="INACTIVE")


@pytest.mark.parametrize(
    ("path", "start", "more"),
    [
        (HISTORY, "start_date", {"end_date": NOW_MS}),
        (SUBSCRIPTIONS, "accession_date", {}),
        (SUMMARIES, "accession_date", {}),
        (TRANSACTIONS, "transaction_date", {"end_transaction_date": NOW_MS}),
    ],
)
def test_a_switch_sets_the_default_date_range(
    simulator: Simulator, client: Client, path: str, start: str, more: dict[str, Any]
) -> None:
    month = client.rows(path)
    simulator.switches = replace(simulator.switches, default_window_days=200)

    longer = client.rows(path)
    assert longer == client.rows(path, **{start: NOW_MS - 200 * DAY_MS}, **more)
    assert len(longer) > len(month)


def test_a_switch_limits_the_age_of_a_date_range(simulator: Simulator, client: Client) -> None:
    old = {"start_date": NOW_MS - 731 * DAY_MS, "end_date": NOW_MS - 720 * DAY_MS}
    assert client.get(HISTORY, **old).status_code == 200
    simulator.switches = replace(simulator.switches, max_window_of="age")

    assert client.get(HISTORY, **old).status_code == 400
    assert client.get(HISTORY, **{**old, "start_date": NOW_MS - 730 * DAY_MS}).status_code == 200


def test_a_switch_excludes_the_end_of_a_date_range(simulator: Simulator, client: Client) -> None:
    sale = client.rows(HISTORY, **year())[5]["purchase"]
    before = {"start_date": sale["order_date"] - DAY_MS, "end_date": sale["order_date"]}
    after = {"start_date": sale["order_date"], "end_date": sale["order_date"] + DAY_MS}

    def comes(window: dict[str, int]) -> bool:
        rows = client.rows(HISTORY, **window, max_results=500)
        return sale["transaction"] in {row["purchase"]["transaction"] for row in rows}

    assert (comes(before), comes(after)) == (True, True)
    simulator.switches = replace(simulator.switches, window_ends="start")
    assert (comes(before), comes(after)) == (False, True)


@pytest.mark.parametrize("total", [0, 1, 2, 3, 10, 101])
@pytest.mark.parametrize("rows", [1, 3, 100])
def test_every_order_lists_each_row_once(total: int, rows: int) -> None:
    newest = list(range(total, 0, -1))

    def pages(order: Order) -> list[int]:
        page = in_order(order, total, lambda offset, count: newest[offset : offset + count])
        return [row for offset in range(0, total + rows, rows) for row in page(offset, rows)]

    assert pages("newest") == newest
    assert pages("oldest") == newest[::-1]
    assert sorted(pages("none"), reverse=True) == newest
    assert total < 4 or pages("none") not in (newest, newest[::-1])


def test_a_switch_sets_the_order_of_sales(simulator: Simulator, client: Client) -> None:
    newest = client.rows(HISTORY, **year())
    simulator.switches = replace(simulator.switches, sales_order="oldest", page_cap=30)
    assert client.rows(HISTORY, **year()) == newest[::-1]
    simulator.switches = replace(simulator.switches, sales_order="none", page_cap=30)
    mixed = client.rows(HISTORY, **year())

    assert mixed not in (newest, newest[::-1])
    assert len(mixed) == len(newest)
    assert all(row in newest for row in mixed)


def test_a_switch_sets_the_default_page_size(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, default_rows=7)
    dates = {"start_date": NOW_MS - 365 * DAY_MS, "end_date": NOW_MS}

    assert len(client.get(HISTORY, **dates).json()["items"]) == 7
    assert len(client.get(PRODUCTS).json()["items"]) == 7
    assert len(client.get(PRODUCTS, max_results=9).json()["items"]) == 9


def test_switches_set_the_names_and_formats_of_rate_limit_headers(simulator: Simulator, client: Client) -> None:
    usual = simulator.switches

    def headers(**switches: Any) -> dict[str, str]:
        simulator.switches = replace(usual, **switches)
        answer = client.get(PRODUCTS)
        return {name: value for name, value in answer.headers.items() if "RateLimit" in name}

    assert set(headers()) == set(headers(quota_names="standard")) | set(headers(quota_names="x"))
    assert set(headers(quota_names="standard")) == {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    assert set(headers(quota_names="x")) == {"X-RateLimit-Limit-Minute", "X-RateLimit-Remaining-Minute"}
    assert headers()["RateLimit-Reset"] == "40"
    assert headers(quota_reset="epoch")["RateLimit-Reset"] == "1000000080"


def test_switches_add_latency_per_row_sent_and_row_found(
    simulator: Simulator, client: Client, mocker: MockerFixture
) -> None:
    slept = mocker.patch("time.sleep")
    found = len(client.rows(HISTORY, **year()))
    simulator.switches = replace(simulator.switches, ms_per_row_sent=2)
    client.get(HISTORY, **year(max_results=1))
    simulator.switches = replace(simulator.switches, ms_per_row_sent=0, ms_per_row_found=1)
    client.get(HISTORY, **year(max_results=1))

    assert [call.args[0] for call in slept.call_args_list] == [0.002, found / 1_000]


@pytest.mark.parametrize(("form", "body"), [("list", b'{"items":[],'), ("empty", b"")])
def test_a_switch_sets_the_response_for_a_product_without_plans(
    simulator: Simulator, client: Client, form: str, body: bytes
) -> None:
    one_off, recurring = (
        next(row["ucode"] for row in client.rows(PRODUCTS) if row["is_subscription"] is subscription)
        for subscription in (False, True)
    )
    assert client.get(f"{PRODUCTS}/{one_off}/plans").status_code == 400
    simulator.switches = replace(simulator.switches, no_plans=form)  # type: ignore[arg-type]
    answer = client.get(f"{PRODUCTS}/{one_off}/plans")

    assert answer.status_code == 200
    assert answer.content.startswith(body) if body else not answer.content
    assert client.rows(f"{PRODUCTS}/{recurring}/plans")


def test_a_switch_hides_deleted_products(simulator: Simulator, client: Client) -> None:
    every = client.rows(PRODUCTS)
    simulator.switches = replace(simulator.switches, deleted_products="hidden")

    left = client.rows(PRODUCTS)
    assert left == [row for row in every if row["status"] != "DELETED"]
    assert len(left) < len(every)


def test_a_switch_accepts_other_spellings_of_a_subdomain(simulator: Simulator, client: Client) -> None:
    students = client.rows(STUDENTS, subdomain="my-school")
    forms = ("MY-SCHOOL", "myschool")
    assert [client.get(STUDENTS, subdomain=form).status_code for form in forms] == [404, 404]
    simulator.switches = replace(simulator.switches, subdomain_forms="loose")

    assert [client.rows(STUDENTS, subdomain=form) for form in forms] == [students, students]
    assert client.get(STUDENTS, subdomain="third-school").status_code == 404
