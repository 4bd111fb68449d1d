"""The switches of pages: size, totals, tokens and the form of an empty page (hotmart-api.md 3)."""

from base64 import b64decode
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hotmart_simulator import Fault, Simulator, Switches
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, SALE_STATUSES
from integration_tests.simulator.conftest import NOW_MS

SALES = "/payments/api/v1/sales"
HISTORY = f"{SALES}/history"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = f"{SUBSCRIPTIONS}/transactions"
SUMMARIES = f"{SUBSCRIPTIONS}/summary"
PRODUCTS = "/products/api/v1/products"
COUPONS = "/products/api/v1/coupon/product"
STUDENTS = "/club/api/v1/users"
SCHOOL = {"subdomain": "my-school"}
YEAR: dict[str, Any] = {"start_date": NOW_MS - 365 * DAY_MS, "end_date": NOW_MS, "transaction_status": SALE_STATUSES}


@pytest.fixture(name="paths")
def every_paged_path(client: Client) -> dict[str, dict[str, Any]]:
    """Return each paged endpoint with its required parameters."""
    products = client.rows(PRODUCTS)
    recurring = next(product for product in products if product["is_subscription"])
    event = next(product for product in products if product["format"] == "ETICKET")
    coupons = (f"{COUPONS}/{product['id']}" for product in products)
    return {
        **{f"{SALES}/{name}": {} for name in ("history", "summary", "users", "commissions", "price/details")},
        SUBSCRIPTIONS: {},
        TRANSACTIONS: {},
        SUMMARIES: {},
        PRODUCTS: {},
        f"{PRODUCTS}/{recurring['ucode']}/offers": {},
        f"{PRODUCTS}/{recurring['ucode']}/plans": {},
        next(path for path in coupons if b"page_info" in client.get(path).content): {},
        STUDENTS: SCHOOL,
        f"/events/api/v1/{event['id']}/participants": {},
    }


def with_totals(client: Client, paths: dict[str, dict[str, Any]]) -> set[str]:
    """Return the paths that send a total."""
    return {path for path, query in paths.items() if "total_results" in client.get(path, **query).json()["page_info"]}


def test_documented_lists_except_sales_users_have_totals(client: Client, paths: dict[str, dict[str, Any]]) -> None:
    sales = {f"{SALES}/{name}" for name in ("history", "summary", "commissions", "price/details")}
    event = next(path for path in paths if path.endswith("participants"))

    assert with_totals(client, paths) == sales | {SUBSCRIPTIONS, STUDENTS, event}


@pytest.mark.parametrize(("side", "count"), [("everywhere", 14), ("nowhere", 0)])
def test_a_switch_sends_totals_everywhere_or_nowhere(
    simulator: Simulator, client: Client, paths: dict[str, dict[str, Any]], side: Any, count: int
) -> None:
    simulator.switches = replace(simulator.switches, totals=side)

    assert len(with_totals(client, paths)) == count
    assert len(paths) == 14


def test_a_total_counts_all_rows_page_rows_or_at_most_100(simulator: Simulator, client: Client) -> None:
    rows = len(client.rows(HISTORY, **YEAR, max_results=500))

    def totals(side: Any) -> list[int]:
        simulator.switches = replace(simulator.switches, totals_count=side)
        pages = client.pages(HISTORY, **YEAR, max_results=60)
        return [page["page_info"]["total_results"] for page in pages]

    full, rest = divmod(rows, 60)
    assert rows > 120
    assert rest
    assert totals("rows") == [rows] * (full + 1)
    assert totals("page") == [60] * full + [rest]
    assert totals("capped") == [100] * (full + 1)
    few = client.get(HISTORY, start_date=NOW_MS - 5 * DAY_MS).json()
    assert 0 < few["page_info"]["total_results"] < 100


@pytest.mark.parametrize(
    ("cap", "path", "query"),
    [
        ("payments_cap", HISTORY, YEAR),
        ("payments_cap", SUBSCRIPTIONS, {"accession_date": 0}),
        ("payments_cap", TRANSACTIONS, {"transaction_date": 0}),
        ("products_cap", PRODUCTS, {}),
        ("club_cap", STUDENTS, SCHOOL),
        ("events_cap", "participants", {}),
    ],
)
def test_each_page_size_cap_applies_to_its_api_family(
    simulator: Simulator, client: Client, cap: str, path: str, query: dict[str, Any]
) -> None:
    if path == "participants":
        path = f"/events/api/v1/{simulator.world.tickets.events[0].id}/participants"
    usual = simulator.switches
    caps = {"payments_cap": 3, "products_cap": 3, "club_cap": 3, "events_cap": 3}
    simulator.switches = replace(usual, **{**caps, cap: 7})  # type: ignore[arg-type]
    assert len(client.get(path, **query, max_results=50).json()["items"]) == 7
    simulator.switches = replace(usual, page_cap=5, **{cap: 7})  # type: ignore[arg-type]
    assert len(client.get(path, **query, max_results=50).json()["items"]) == 5


@pytest.mark.parametrize(("side", "tokens"), [("null", [None]), ("empty", [""]), ("absent", [])])
@pytest.mark.parametrize("path", [HISTORY, TRANSACTIONS, PRODUCTS])
def test_the_last_page_has_one_of_three_forms(
    simulator: Simulator, client: Client, path: str, side: Any, tokens: list[str | None]
) -> None:
    simulator.switches = replace(simulator.switches, last_page_token=side)
    *pages, last = client.pages(path, max_results=5)

    assert pages
    assert all(page["page_info"]["next_page_token"] for page in pages)
    assert [value for name, value in last["page_info"].items() if name == "next_page_token"] == tokens


def test_a_switch_encodes_page_numbers_in_subscription_tokens(simulator: Simulator, client: Client) -> None:
    queries: dict[str, dict[str, Any]] = {
        SUBSCRIPTIONS: {"accession_date": 0},
        TRANSACTIONS: {"transaction_date": 0},
        SUMMARIES: {"accession_date": 0},
    }
    rows = {path: client.rows(path, **query) for path, query in queries.items()}
    opaque = {path: client.get(path, **query).json()["page_info"]["next_page_token"] for path, query in queries.items()}
    simulator.switches = replace(simulator.switches, subscription_tokens="page_numbers")
    for path, query in queries.items():
        token = client.get(path, **query).json()["page_info"]["next_page_token"]
        inner = orjson.loads(b64decode(token, validate=True))

        assert list(inner.items())[:2] == [("rows", 10), ("page", 2)]
        assert client.rows(path, **query) == rows[path]
        for wrong in (opaque[path], token.replace("=", "") + "AA"):
            refused = client.get(path, **query, page_token=wrong)
            assert (refused.status_code, refused.json()["error"]) == (400, "invalid_token")
        assert client.get(path, **query, page_token=token, max_results=3).status_code == 400


def empty_pages(client: Client, count: int = 40) -> list[dict[str, Any]]:
    """Return the responses to queries for days before the first sale."""
    return [
        client.get(f"{SALES}/{name}", start_date=day * DAY_MS, end_date=(day + 1) * DAY_MS).json()
        for name in ("history", "summary")
        for day in range(count)
    ]


def test_about_half_of_the_empty_pages_have_no_items_by_default(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(limit_per_minute=100_000)
    pages = empty_pages(client)
    without = [page for page in pages if "items" not in page]

    assert 25 < len(without) < 55
    assert all(page["items"] == [] for page in pages if "items" in page)
    assert all(page["page_info"] == {"results_per_page": 0, "total_results": 0} for page in pages)
    assert empty_pages(client) == pages


def test_a_switch_sends_items_on_every_empty_page(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, empty_pages="items")

    assert all(page["items"] == [] for page in empty_pages(client))


def test_an_empty_page_with_a_token_always_has_items(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(limit_per_minute=100_000)
    simulator.add_fault(Fault(kind="empty_page_with_token", times=None))

    assert all(page["items"] == [] and page["page_info"]["next_page_token"] for page in empty_pages(client))


def test_an_object_for_an_empty_student_list_takes_precedence(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(empty_club_items="object")
    emails = [f"nobody-{number}@example.org" for number in range(12)]
    pages = [client.get(STUDENTS, **SCHOOL, email=email).json() for email in emails]
    assert [page["items"] for page in pages] == [{}] * 12
    simulator.switches = Switches()
    plain = [client.get(STUDENTS, **SCHOOL, email=email).json() for email in emails]

    assert {"items" in page for page in plain} == {True, False}


@pytest.mark.parametrize("kind", ["no_key", "number_for_string", "bad_date", "items_missing", "items_null"])
def test_a_row_fault_leaves_an_empty_page_unchanged(simulator: Simulator, client: Client, kind: str) -> None:
    simulator.switches = Switches(limit_per_minute=100_000)
    simulator.add_fault(Fault(kind=kind, times=None))
    pages = empty_pages(client, 10)

    assert all(page.pop("items", None) in (None, []) for page in pages)
    assert pages == [{"page_info": {"results_per_page": 0, "total_results": 0}}] * 20
