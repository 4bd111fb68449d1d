"""A query parameter that an endpoint does not know is ignored and logged, or rejected (hotmart-api.md 0.5)."""

from dataclasses import replace
from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator
from hotmart_simulator.client import Client

HISTORY = "/payments/api/v1/sales/history"
SALES = "/payments/api/v1/sales"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
OFFERS = "/products/api/v1/products/12121212-3434-4565-8787-909090909090/offers"
MODULES = "/club/api/v1/modules"
PAGES = "/club/api/v2/modules/M/pages"
ME = "/user/api/v1/me"
SCHOOL = {"subdomain": "my-school"}

unknown = pytest.mark.parametrize(
    ("path", "query", "name", "value"),
    [
        (HISTORY, {}, "colour", "red"),
        (HISTORY, {}, "affiliate_name", "Ana"),
        (HISTORY, {}, "startdate", ""),
        (f"{SALES}/users", {}, "payment_type", "PIX"),
        (f"{SALES}/commissions", {}, "buyer_email", "a@example.com"),
        (f"{SALES}/summary", {}, "commission_as", "PRODUCER"),
        (f"{SALES}/price/details", {}, "commission_as", "PRODUCER"),
        (SUBSCRIPTIONS, {}, "start_date", "1"),
        (f"{SUBSCRIPTIONS}/transactions", {}, "accession_date", "1"),
        (f"{SUBSCRIPTIONS}/summary", {}, "status", "ACTIVE"),
        (f"{SUBSCRIPTIONS}/ABCDEFGH/purchases", {}, "max_results", "1"),
        (PRODUCTS, {}, "start_date", "1"),
        (OFFERS, {}, "code", "abcd1234"),
        (STUDENTS, SCHOOL, "status", "ACTIVE"),
        (f"{STUDENTS}/U/lessons", SCHOOL, "page_token", "x"),
        (MODULES, SCHOOL, "max_results", "1"),
        (f"{MODULES}/M/pages", SCHOOL, "product_id", "1"),
        (PAGES, {"product_id": "1"}, "subdomain", "my-school"),
        ("/events/api/v1/1/info", {}, "max_results", "1"),
        (ME, {}, "max_results", "1"),
    ],
)


@unknown
def test_an_unknown_parameter_is_ignored_and_logged(
    simulator: Simulator, client: Client, path: str, query: dict[str, Any], name: str, value: str
) -> None:
    without = client.get(path, **query)
    answer = client.get(path, **query, **{name: value})

    assert (answer.status_code, answer.content) == (without.status_code, without.content)
    assert [noted for _, noted in simulator.unknown_parameters] == [name]


@unknown
def test_a_switch_rejects_unknown_parameters(
    simulator: Simulator, client: Client, path: str, query: dict[str, Any], name: str, value: str
) -> None:
    simulator.switches = replace(simulator.switches, unknown_parameters="refused")
    answer = client.get(path, **query, **{name: value})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_parameter")
    assert simulator.unknown_parameters == []


def test_the_log_contains_route_and_parameter_but_no_value(simulator: Simulator, client: Client) -> None:
    client.get(HISTORY, bayer_email="ana@example.com", max_results=2)
    client.get(HISTORY, bayer_email=["ana@example.com", "eva@example.com"])
    client.get(f"{SUBSCRIPTIONS}/ABCDEFGH/purchases", page=1)

    assert simulator.unknown_parameters == [
        (HISTORY, "bayer_email"),
        (HISTORY, "bayer_email"),
        (HISTORY, "bayer_email"),
        (f"{SUBSCRIPTIONS}/<subscriber_code>/purchases", "page"),
    ]
    simulator.reset_log()
    assert simulator.unknown_parameters == []


def test_known_parameters_are_validated_and_not_logged(simulator: Simulator, client: Client) -> None:
    assert client.get(HISTORY, max_results=2, transaction_status=["APPROVED", "REFUNDED"]).status_code == 200
    assert client.get(HISTORY, colour="red", start_date="x").status_code == 400
    assert simulator.unknown_parameters == [(HISTORY, "colour")]


def test_a_page_token_is_valid_without_the_ignored_parameter(client: Client) -> None:
    token = client.get(HISTORY, colour="red").json()["page_info"]["next_page_token"]

    assert client.get(HISTORY, page_token=token).status_code == 200


def test_a_fault_affects_a_query_with_an_unknown_parameter(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="empty_page_with_token", path=HISTORY))
    page = client.get(HISTORY, colour="red").json()

    assert page["items"] == []
    assert page["page_info"]["next_page_token"]
