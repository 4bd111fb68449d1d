"""The simulator's pages and page tokens (hotmart-api.md 3)."""

from base64 import b64decode, b64encode
from typing import Any

import orjson
import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, SALE_STATUSES

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
# IDs of the first product, which has plans, and of the first event of the unchanging account.
WORLD = World(sales=0, subscriptions=0, students=0, products=24, seed=3, now_ms=NOW_MS)
FIRST = WORLD.products.own[0]
OFFERS = f"{PRODUCTS}/{FIRST.ucode}/offers"
PLANS = f"{PRODUCTS}/{FIRST.ucode}/plans"
COUPONS = f"/products/api/v1/coupon/product/{FIRST.id}"
PARTICIPANTS = f"/events/api/v1/{WORLD.tickets.events[0].id}/participants"
SUMMARY_OF_SUBSCRIPTIONS = f"{SUBSCRIPTIONS}/summary"


def transactions(rows: list[dict[str, Any]]) -> list[str]:
    return [row["purchase"]["transaction"] for row in rows]


@pytest.mark.parametrize(
    ("path", "query", "cap"),
    [
        (HISTORY, {"start_date": NOW_MS - 730 * DAY_MS, "transaction_status": SALE_STATUSES}, 50),
        (PRODUCTS, {}, 5),
        (STUDENTS, {"subdomain": "my-school"}, 20),
        (SUBSCRIPTIONS, {"accession_date": 0}, 50),
        (TRANSACTIONS, {"transaction_date": 0}, 50),
        (SUMMARY_OF_SUBSCRIPTIONS, {"accession_date": 0}, 50),
        (PARTICIPANTS, {}, 15),
        (OFFERS, {}, 1),
        (PLANS, {}, 1),
        (COUPONS, {}, 12),
    ],
)
def test_pages_are_capped_silently_and_contain_every_row_once(
    simulator: Simulator, client: Client, path: str, query: dict[str, Any], cap: int
) -> None:
    simulator.switches = Switches(page_cap=cap, untotalled_order="stable")
    pages = list(client.pages(path, **query, max_results=10_000))
    clamped = [orjson.dumps(row) for page in pages for row in page["items"]]

    assert [len(page["items"]) for page in pages[:-1]] == [cap] * (len(pages) - 1)
    assert 0 < len(pages[-1]["items"]) <= cap
    assert len(pages) >= 3
    assert len(set(clamped)) == len(clamped)
    assert all(page["page_info"]["results_per_page"] == len(page["items"]) for page in pages)
    assert "prev_page_token" not in pages[0]["page_info"]
    assert all("prev_page_token" in page["page_info"] for page in pages[1:])
    simulator.switches = Switches(untotalled_order="stable")
    assert [orjson.dumps(row) for row in client.rows(path, **query, max_results=37)] == clamped


@pytest.mark.parametrize(
    ("path", "query", "rows"),
    [
        (HISTORY, {"start_date": NOW_MS - 730 * DAY_MS, "transaction_status": SALE_STATUSES}, 10),
        (PRODUCTS, {}, 24),
        (STUDENTS, {"subdomain": "my-school"}, 20),
        (SUBSCRIPTIONS, {"accession_date": 0}, 10),
        (SUMMARY_OF_SUBSCRIPTIONS, {"accession_date": 0}, 10),
        (PARTICIPANTS, {}, 20),
        (OFFERS, {}, 3),
        (COUPONS, {}, 20),
    ],
)
def test_without_max_results_a_page_has_its_default_size(
    client: Client, path: str, query: dict[str, Any], rows: int
) -> None:
    assert len(client.get(path, **query).json()["items"]) == rows


@pytest.mark.parametrize(("path", "cap"), [(PRODUCTS, 50), (STUDENTS, 20), (HISTORY, 500), (SUBSCRIPTIONS, 500)])
def test_each_api_family_has_its_own_maximum_page_size(path: str, cap: int) -> None:
    world = World(
        sales=1_300,
        subscriptions=620,
        students=200,
        products=130,
        now_ms=NOW_MS,
        start_ms=NOW_MS - 90 * DAY_MS,
    )
    queries: dict[str, dict[str, Any]] = {
        HISTORY: {"start_date": world.start_ms},
        SUBSCRIPTIONS: {"accession_date": 0},
        STUDENTS: {"subdomain": "my-school"},
        PRODUCTS: {},
    }
    with Simulator(world) as simulator, Client(simulator) as client:
        assert len(client.get(path, **queries[path], max_results=1_000).json()["items"]) == cap


def test_the_last_page_and_an_empty_page_have_no_next_page_token(client: Client) -> None:
    empty = client.get(HISTORY, start_date=0, end_date=DAY_MS).json()

    assert empty == {"items": [], "page_info": {"results_per_page": 0, "total_results": 0}}
    exact = client.get(PRODUCTS, max_results=24).json()
    assert len(exact["items"]) == 24
    assert "next_page_token" not in exact["page_info"]


def test_page_tokens_of_sales_are_base64_of_page_and_rows(client: Client) -> None:
    token = client.get(HISTORY, max_results=7).json()["page_info"]["next_page_token"]
    inner = orjson.loads(b64decode(token))

    assert (inner["page"], inner["rows"]) == (2, 7)


def test_page_tokens_of_subscriptions_are_64_hexadecimal_digits(client: Client) -> None:
    for path, query in ((SUBSCRIPTIONS, {"accession_date": 0}), (TRANSACTIONS, {"transaction_date": 0})):
        token = client.get(path, **query).json()["page_info"]["next_page_token"]
        assert len(token) == 64
        assert set(token) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("path", "query", "other"),
    [
        (HISTORY, {"max_results": 5}, {"max_results": 6}),
        (HISTORY, {"max_results": 5}, {}),
        (HISTORY, {"max_results": 5}, {"max_results": 5, "transaction_status": "REFUNDED"}),
        (HISTORY, {"max_results": 5}, {"max_results": 5, "start_date": NOW_MS - DAY_MS}),
        (PRODUCTS, {"max_results": 5}, {"max_results": 5, "format": "EBOOK"}),
        (
            STUDENTS,
            {"max_results": 5, "subdomain": "my-school"},
            {"max_results": 5, "subdomain": "second-school"},
        ),
        (SUBSCRIPTIONS, {"accession_date": 0}, {"accession_date": 1}),
        (TRANSACTIONS, {"transaction_date": 0}, {"transaction_date": 0, "max_results": 5}),
    ],
)
def test_a_page_token_is_rejected_for_another_query(
    client: Client, path: str, query: dict[str, Any], other: dict[str, Any]
) -> None:
    token = client.get(path, **query).json()["page_info"]["next_page_token"]

    assert client.get(path, **query, page_token=token).status_code == 200
    refused = client.get(path, **other, page_token=token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_token")


def test_a_page_token_is_rejected_by_another_endpoint(client: Client) -> None:
    token = client.get(HISTORY).json()["page_info"]["next_page_token"]

    assert client.get(USERS, page_token=token).json()["error"] == "invalid_token"


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "%",
        "eyJ",
        b64encode(b'{"page":2,"rows":10}').decode(),
        b64encode(b"[1]").decode(),
        b64encode(b'{"page":"2","rows":[],"check":""}').decode(),
        "0" * 64,
        "é",
        "AAAA",
    ],
)
@pytest.mark.parametrize("path", [HISTORY, SUBSCRIPTIONS])
def test_an_invented_page_token_is_rejected(client: Client, path: str, token: str) -> None:
    answer = client.get(path, page_token=token)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token")


def test_rows_shift_when_the_account_changes_between_pages() -> None:
    world = World(sales=900, now_ms=NOW_MS)
    with Simulator(world) as simulator, Client(simulator) as client:
        first = client.get(HISTORY, max_results=10).json()
        world.add_sales(3)
        second = client.get(HISTORY, max_results=10, page_token=first["page_info"]["next_page_token"]).json()

    assert transactions(second["items"])[:3] == transactions(first["items"])[-3:]
    assert second["page_info"]["total_results"] == first["page_info"]["total_results"] + 3
