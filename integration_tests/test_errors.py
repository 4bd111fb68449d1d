"""The result of each failure: retries where they may help, otherwise one message, and the other streams continue."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, World
from source_hotmart.api.error_handler import HTTP_LOGGER
from tools.harness import Connector, Run, VirtualClock, small_world
from tools.rows import difference

PRODUCTS_PATH = "/products/api/v1/products"
SALES_PATH = "/payments/api/v1/sales/history"
TRIES = 7


@pytest.fixture
def world() -> World:
    return small_world()


def read_products(connector: Connector, **fault: Any) -> Run:
    """Read two streams, one of them with the fault."""
    connector.simulator.add_fault(Fault(**fault, path=PRODUCTS_PATH))
    return connector.read(["products", "subscriptions"])


def assert_all_products(run: Run, connector: Connector) -> None:
    assert not difference("products", connector.simulator.world.expected("products"), run.records("products"))


PASSING = [
    500,
    502,
    503,
    504,
    "html200",
    "html503",
    "empty200",
    "empty_object",
    "items_null",
    "items_missing",
    "items_object",
    "error_object",
    "truncated_json",
    "bad_gzip",
    "wrong_length",
    "cut",
    "reset",
]
HEAVY = (502, 504, "bad_gzip", "wrong_length", "cut")
"""Failures of responses that may be too large. After them, the connector requests smaller pages."""


@pytest.mark.parametrize("kind", PASSING)
def test_a_temporary_failure_is_retried(connector, kind):
    run = read_products(connector, kind=kind, times=3)

    assert run.exit_code == 0
    assert_all_products(run, connector)
    calls = [call for call in connector.simulator.calls if call.path == PRODUCTS_PATH]
    # Requests that may be too heavy are tried twice. Then a request for one row detects an outage.
    rows = ["100", "100", "1", "1", "100"] if kind in HEAVY else ["100"] * 4
    assert [call.get("max_results") for call in calls if not call.get("status")] == rows


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (500, "products: Hotmart had an internal error (500)."),
        (502, "products: Hotmart could not answer the query in time (502)."),
        (503, "products: Hotmart is not available (503)."),
        (504, "products: Hotmart could not answer the query in time (504)."),
        ("html200", "products: Hotmart sent an HTML page instead of rows."),
        ("html503", "products: Hotmart is not available (503)."),
        ("empty200", "products: Hotmart sent an empty body instead of rows."),
        ("empty_object", "products: Hotmart sent an object without a list of 'items' instead of rows."),
        ("items_null", "products: Hotmart sent an object without a list of 'items' instead of rows."),
        ("error_object", "products: Hotmart sent an error object instead of rows."),
        ("truncated_json", "products: Hotmart sent a body that is not JSON instead of rows."),
        ("bad_gzip", "products: Hotmart's response broke off."),
        ("cut", "products: Hotmart's response broke off."),
        ("reset", "products: Hotmart could not be reached."),
        (429, "products: Hotmart's quota of requests per minute is used up (429)."),
    ],
)
def test_a_permanent_failure_fails_the_stream_with_one_message(connector, kind, sentence):
    run = read_products(connector, kind=kind, times=None)

    assert run.exit_code != 0
    errors = [error for error in run.errors if error["message"].startswith("products: ")]
    what_next = f"Tried {TRIES} times. The next sync continues from here."
    if kind in HEAVY:
        what_next = "The next sync reads the whole list again."
    assert errors[0]["message"] == f"{sentence} {what_next}"
    is_of_the_api = "an object without" in sentence  # otherwise an outage, or a firewall
    assert errors[0]["failure_type"] == ("system_error" if is_of_the_api else "transient_error")
    assert connector.simulator.count(PRODUCTS_PATH) == TRIES + (2 if kind in HEAVY else 0)


@pytest.mark.parametrize("kind", [403, 404, 405, 422, "redirect"])
def test_a_failure_that_retries_cannot_fix_is_not_retried(connector, kind):
    run = read_products(connector, kind=kind, times=None)

    assert run.exit_code != 0
    assert connector.simulator.count(PRODUCTS_PATH) == 1
    assert any(error["message"].startswith("products: ") for error in run.errors)


@pytest.mark.parametrize("kind", [403, 404, 422, 500, "html200", "redirect", "no_key", 400])
def test_a_failed_stream_does_not_affect_the_others(connector, kind):
    run = read_products(connector, kind=kind, times=None)

    assert run.exit_code != 0
    assert run.statuses == {"products": "INCOMPLETE", "subscriptions": "COMPLETE"}
    expected = connector.simulator.world.expected("subscriptions")
    assert not difference("subscriptions", expected, run.records("subscriptions"))


def test_a_missing_permission_message_names_who_must_create_the_credential(connector):
    run = read_products(connector, kind=403, times=None)

    error = next(error for error in run.errors if error["message"].startswith("products: "))
    assert error["failure_type"] == "config_error"
    assert "no permission" in error["message"]
    assert "Create a credential as the owner of the account" in error["message"]
    assert "deselect this stream" in error["message"]


def test_a_redirect_is_not_followed(connector):
    connector.simulator.add_fault(Fault(kind="redirect", path=PRODUCTS_PATH, times=None, location="/docs/en/"))

    run = connector.read(["products"])

    assert "products: The request was redirected to another address (302)" in run.sentences
    assert connector.simulator.count("/docs") == 0


def test_the_wait_between_retries_grows(connector, clock: VirtualClock):
    read_products(connector, kind=500, times=None)

    assert clock.slept_s == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize("reset_s", [1, 37, 60])
def test_a_429_is_retried_after_the_rate_limit_reset(connector, clock: VirtualClock, reset_s):
    run = read_products(connector, kind=429, reset_s=reset_s)

    assert run.exit_code == 0
    assert_all_products(run, connector)
    assert reset_s <= clock.longest_wait_s <= reset_s + 3


def test_a_429_is_retried_after_retry_after(connector, clock: VirtualClock):
    run = read_products(connector, kind=429, quota_headers=False, retry_after_s=20)

    assert run.exit_code == 0
    assert 20 <= clock.longest_wait_s <= 60 + 3


@pytest.mark.parametrize("told", ["soon", "-5", "3600", "NaN", ""])
def test_a_429_with_an_invalid_header_has_a_bounded_wait(connector, clock: VirtualClock, told):
    run = read_products(connector, kind=429, reset_s=told, times=2)

    assert run.exit_code == 0
    assert_all_products(run, connector)
    assert 1 <= clock.longest_wait_s <= 3 * 60


def test_the_sync_waits_minutes_for_an_exhausted_quota(connector, clock: VirtualClock):
    run = read_products(connector, kind=429, reset_s=60, times=5)

    assert run.exit_code == 0
    assert_all_products(run, connector)
    assert sum(clock.slept_s) >= 300


@pytest.mark.parametrize("kind", [502, 504])
def test_a_query_that_is_too_heavy_once_is_retried_unchanged(connector, clock: VirtualClock, kind):
    def reads_a_range(call: Call) -> bool:
        return (
            call.get("commission_as") is None
            and call.get("max_results") != "1"
            and len(call.all("transaction_status")) > 4
        )

    connector.simulator.add_fault(Fault(kind=kind, path=SALES_PATH, where=reads_a_range))

    run = connector.read(["sales_history"])

    assert run.exit_code == 0
    expected = connector.simulator.world.expected("sales_history")
    assert not difference("sales_history", expected, run.records("sales_history"))
    refused, *others = [call for call in connector.simulator.calls if call.status == kind]
    assert not others
    assert [call.query for call in connector.simulator.calls].count(refused.query) == 2
    assert clock.slept_s == [5]


def test_a_row_with_invalid_bytes_does_not_affect_others(connector):
    run = read_products(connector, kind="bad_utf8", times=1)

    assert run.exit_code == 0
    expected = connector.simulator.world.expected("products")
    assert len(run.records("products")) == len(expected)
    assert sum("\xff\xfe" in str(record) for record in run.records("products")) == 1
    assert "products: Hotmart sent invalid JSON (invalid bytes)." in run.logs


def test_the_http_client_never_logs_bodies(connector):
    connector.run("read", "--debug", catalog={"streams": []})

    assert HTTP_LOGGER.getEffectiveLevel() == logging.INFO


@pytest.mark.parametrize("kind", [400, 403, 404, 422, 500, 503])
def test_messages_and_logs_never_quote_a_body(connector, kind):
    body = '{"error":"invalid_parameter","error_description":"QUOTED-BODY"}'

    run = read_products(connector, kind=kind, times=None, body=body)

    assert run.exit_code != 0
    assert "QUOTED-BODY" not in run.output
