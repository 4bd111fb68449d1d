"""The simulator rejects what the API rejects (hotmart-api.md 2.4) and answers the small endpoints."""

from typing import Any

import pytest

from hotmart_simulator import Simulator, Switches
from hotmart_simulator.client import Client
from unit_tests.simulator.lookup import keyed

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
COMMISSIONS = "/payments/api/v1/sales/commissions"
DETAILS = "/payments/api/v1/sales/price/details"
SUMMARY = "/payments/api/v1/sales/summary"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
OFFERS = "/products/api/v1/products/12121212-3434-4565-8787-909090909090/offers"
COUPONS = "/products/api/v1/coupon/product/1200001"
MODULES = "/club/api/v1/modules"
PARTICIPANTS = "/events/api/v1/1/participants"
ME = "/user/api/v1/me"


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        (HISTORY, {"transaction_status": "COMPLETED"}, "invalid_parameter"),
        (HISTORY, {"transaction_status": "BILLET_PRINTED"}, "invalid_parameter"),
        (HISTORY, {"transaction_status": "APPROVED,COMPLETE"}, "invalid_parameter"),
        (HISTORY, {"transaction_status": ["APPROVED", "NONE"]}, "invalid_parameter"),
        (HISTORY, {"start_date": ["1", "2"]}, "invalid_parameter"),
        (HISTORY, {"start_date": "2025-01-01"}, "invalid_value_parameter"),
        (HISTORY, {"start_date": "-1"}, "invalid_value_parameter"),
        (HISTORY, {"start_date": "1.5"}, "invalid_value_parameter"),
        (HISTORY, {"start_date": ""}, "invalid_value_parameter"),
        (HISTORY, {"max_results": "many"}, "invalid_value_parameter"),
        (HISTORY, {"max_results": "0"}, "invalid_value_parameter"),
        (HISTORY, {"product_id": "c487c4ad-5b79-4b90-8e47-d3b046a50c63"}, "invalid_value_parameter"),
        (HISTORY, {"payment_type": "CASH"}, "invalid_parameter"),
        (HISTORY, {"commission_as": "BUYER"}, "invalid_parameter"),
        (HISTORY, {"start_date": NOW_MS, "end_date": NOW_MS - 1}, "invalid_parameter"),
        (DETAILS, {"transaction_status": "NO_FUNDS"}, "invalid_parameter"),
        (DETAILS, {"transaction_status": "PRE_ORDER"}, "invalid_parameter"),
        (DETAILS, {"transaction_status": "PROCESSING_TRANSACTION"}, "invalid_parameter"),
        (SUBSCRIPTIONS, {"status": "CANCELLED"}, "invalid_parameter"),
        (SUBSCRIPTIONS, {"trial": "maybe"}, "invalid_value_parameter"),
        (TRANSACTIONS, {"purchase_status": "UNDER_ANALISYS"}, "invalid_parameter"),
        (TRANSACTIONS, {"billing_type": "MONTHLY"}, "invalid_parameter"),
        (PRODUCTS, {"status": "active"}, "invalid_parameter"),
        (COUPONS, {"max_results": "0"}, "invalid_value_parameter"),
        (MODULES, {"subdomain": "my-school", "is_extra": "1"}, "invalid_value_parameter"),
        ("/club/api/v2/modules/M/pages", {"product_id": "x"}, "invalid_value_parameter"),
        (PARTICIPANTS, {"ticket_status": "ALL"}, "invalid_parameter"),
        (PARTICIPANTS, {"last_update": "2025-01-01"}, "invalid_value_parameter"),
    ],
)
def test_an_invalid_query_is_rejected(client: Client, path: str, query: dict[str, Any], error: str) -> None:
    answer = client.get(path, **query)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_write_methods_are_rejected(simulator: Simulator, client: Client, method: str) -> None:
    answer = client.session.request(method, f"{simulator.url}{HISTORY}", json={})

    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert client.get(HISTORY).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/payments/api/v1/coupon/product/1",
        "/payments/api/v1/sales",
        f"{HISTORY}/",
        "/products/api/v1/product",
        "/club/api/v1/students",
        "/club/api/v1/pages",
        "/events/api/v1/x",
        "/user/api/v1/you",
    ],
)
def test_an_unknown_path_returns_an_empty_body(client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.content, "Content-Type" in answer.headers) == (200, b"", False)


def test_a_path_outside_the_api_is_not_found(client: Client) -> None:
    assert client.get("/elsewhere").status_code == 404


def test_an_unknown_subdomain_is_rejected(simulator: Simulator, client: Client) -> None:
    assert client.get(STUDENTS).status_code == 422
    unknown = client.get(STUDENTS, subdomain="nobodys")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "0006")
    assert "subdomain" in unknown.json()["message"]
    wrong = client.get("/club/api/v1/wrong")
    assert (wrong.status_code, wrong.headers["Location"]) == (302, f"{simulator.url}/docs/en/")

    simulator.switches = Switches(unknown_subdomain="redirect")
    moved = client.get(STUDENTS, subdomain="nobodys")
    assert (moved.status_code, moved.headers["Location"]) == (302, f"{simulator.url}/docs/en/")
    assert "text/html" in client.get("/docs/en/").headers["Content-Type"]

    simulator.switches = Switches(unknown_subdomain="html")
    page = client.get(STUDENTS, subdomain="nobodys")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html;charset=UTF-8")


@pytest.mark.parametrize(
    ("family", "path"),
    [("payments", HISTORY), ("products", PRODUCTS), ("club", STUDENTS), ("events", PARTICIPANTS), ("user", ME)],
)
@pytest.mark.parametrize(("status", "error"), [(401, "unauthorized"), (403, "unauthorized_client")])
def test_one_api_family_can_be_forbidden(
    simulator: Simulator, client: Client, family: str, path: str, status: Any, error: str
) -> None:
    paths = (HISTORY, PRODUCTS, f"{STUDENTS}?subdomain=my-school", ME)
    simulator.switches = Switches(refused_families=(family,), refused_with=status)
    answer = client.get(path)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert {client.get(other).status_code for other in paths if not other.startswith(path)} == {200}


def test_a_misspelt_switch_value_is_rejected() -> None:
    with pytest.raises(ValueError, match="refused_families are of payments, products, club, events, user"):
        Switches(refused_families=("clubs",))
    with pytest.raises(ValueError, match="refused_with is one of 401, 403"):
        Switches(refused_with=404)  # type: ignore[arg-type]


def test_products_are_filtered_by_id_status_and_format(simulator: Simulator, client: Client) -> None:
    everything = client.rows(PRODUCTS)

    assert {str(row["id"]): row for row in everything} == keyed(simulator.world, "products")
    for name in ("id", "status", "format"):
        wanted = everything[2][name]
        assert client.rows(PRODUCTS, **{name: wanted}) == [row for row in everything if row[name] == wanted]


def test_each_members_area_has_its_students_and_emails_match_partially(simulator: Simulator, client: Client) -> None:
    truth = keyed(simulator.world, "club_students")
    clubs = {club: client.rows(STUDENTS, subdomain=club) for club in ("my-school", "second-school")}

    assert {(club, row["user_id"]): row for club, rows in clubs.items() for row in rows} == truth
    in_both = {row["user_id"] for row in clubs["my-school"]} & {row["user_id"] for row in clubs["second-school"]}
    assert in_both
    email = clubs["my-school"][0]["email"]
    found = client.rows(STUDENTS, subdomain="my-school", email=email[:12].upper())
    assert clubs["my-school"][0] in found
    assert len(found) < len(clubs["my-school"])


def test_the_account_endpoint_returns_one_object(client: Client) -> None:
    account = client.get(ME).json()

    # hotmart-api.md 1.3 names the first three, and 0.5 the others.
    assert set(account) == {"name", "email", "phone"} | {"id", "locale", "time_zone", "currency_code_commission"}


def test_requests_are_logged_with_query_status_and_rows(simulator: Simulator, client: Client) -> None:
    simulator.reset_log()
    client.get(HISTORY, transaction_status=["APPROVED", "REFUNDED"], max_results=4)
    client.get(HISTORY, start_date="x")
    client.get(PRODUCTS)
    first = simulator.calls[0]

    assert (first.method, first.path, first.status, first.rows) == ("GET", HISTORY, 200, 4)
    assert first.query == [
        ("transaction_status", "APPROVED"),
        ("transaction_status", "REFUNDED"),
        ("max_results", "4"),
    ]
    assert (first.get("max_results"), first.all("transaction_status")) == ("4", ["APPROVED", "REFUNDED"])
    assert first.headers["authorization"].startswith("Bearer ")
    assert simulator.count() == 3
    assert simulator.count(path_prefix="/payments/") == 2
    assert simulator.count(path_prefix="/payments/", status=400) == 1


def test_a_connection_is_kept_open_between_requests(simulator: Simulator, client: Client) -> None:
    for _ in range(5):
        client.get(ME)
    adapter: Any = client.session.get_adapter(simulator.url)

    assert [pool.num_connections for pool in adapter.poolmanager.pools._container.values()] == [1]
