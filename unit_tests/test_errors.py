"""The result of each failure: retries where they may help, otherwise one message, and the other streams continue."""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from urllib3 import HTTPResponse

from hotmart_simulator import Call, Fault, World
from source_hotmart.api.error_handler import HTTP_LOGGER, AnswerHandler
from source_hotmart.api.errors import BadRow, HotmartError
from source_hotmart.api.pages import Envelope
from source_hotmart.api.retries import QuotaBackoff
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
def test_what_may_pass_is_repeated_until_it_does(connector, kind):
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
        (502, "products: Hotmart could not answer so large a query in time (502)."),
        (503, "products: Hotmart is not available (503)."),
        (504, "products: Hotmart could not answer so large a query in time (504)."),
        ("html200", "products: Hotmart sent an HTML page where rows were expected."),
        ("html503", "products: Hotmart is not available (503)."),
        ("empty200", "products: Hotmart sent an empty body where rows were expected."),
        ("empty_object", "products: Hotmart sent an object without a list of 'items' where rows were expected."),
        ("items_null", "products: Hotmart sent an object without a list of 'items' where rows were expected."),
        ("error_object", "products: Hotmart sent an error object where rows were expected."),
        ("truncated_json", "products: Hotmart sent a body that is not JSON where rows were expected."),
        ("bad_gzip", "products: Hotmart sent an answer that broke off."),
        ("cut", "products: Hotmart sent an answer that broke off."),
        ("reset", "products: Hotmart could not be reached."),
        (429, "products: Hotmart's quota of calls a minute is used up (429)."),
    ],
)
def test_what_does_not_pass_ends_its_stream_with_a_sentence(connector, kind, sentence):
    run = read_products(connector, kind=kind, times=None)

    assert run.exit_code != 0
    errors = [error for error in run.errors if error["message"].startswith("products: ")]
    what_next = f"Tried {TRIES} times; the next sync continues from here."
    if kind in HEAVY:
        what_next = "The next sync reads the whole list again."
    assert errors[0]["message"] == f"{sentence} {what_next}"
    is_of_the_api = "an object without" in sentence  # otherwise an outage, or a firewall
    assert errors[0]["failure_type"] == ("system_error" if is_of_the_api else "transient_error")
    assert connector.simulator.count(PRODUCTS_PATH) == TRIES + (2 if kind in HEAVY else 0)


@pytest.mark.parametrize("kind", [403, 404, 405, 422, "redirect"])
def test_what_cannot_pass_is_not_repeated(connector, kind):
    run = read_products(connector, kind=kind, times=None)

    assert run.exit_code != 0
    assert connector.simulator.count(PRODUCTS_PATH) == 1
    assert any(error["message"].startswith("products: ") for error in run.errors)


@pytest.mark.parametrize("kind", [403, 404, 422, 500, "html200", "redirect", "no_key", 400])
def test_a_stream_that_fails_does_not_keep_others_from_being_read(connector, kind):
    run = read_products(connector, kind=kind, times=None)

    assert run.exit_code != 0
    assert run.statuses == {"products": "INCOMPLETE", "subscriptions": "COMPLETE"}
    expected = connector.simulator.world.expected("subscriptions")
    assert not difference("subscriptions", expected, run.records("subscriptions"))


def test_no_permission_says_who_has_to_create_the_credential(connector):
    run = read_products(connector, kind=403, times=None)

    error = next(error for error in run.errors if error["message"].startswith("products: "))
    assert error["failure_type"] == "config_error"
    assert "no permission" in error["message"]
    assert "Create them as the owner of the account" in error["message"]
    assert "deselect this stream" in error["message"]


def test_a_redirect_is_not_followed(connector):
    connector.simulator.add_fault(Fault(kind="redirect", path=PRODUCTS_PATH, times=None, location="/docs/en/"))

    run = connector.read(["products"])

    assert "products: Hotmart sent the call to another address (302)" in run.sentences
    assert connector.simulator.count("/docs") == 0


def test_the_waits_between_tries_grow(connector, clock: VirtualClock):
    read_products(connector, kind=500, times=None)

    assert clock.slept_s == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize("reset_s", [1, 37, 60])
def test_after_a_429_the_reset_is_waited_for_and_not_much_longer(connector, clock: VirtualClock, reset_s):
    run = read_products(connector, kind=429, reset_s=reset_s)

    assert run.exit_code == 0
    assert_all_products(run, connector)
    assert reset_s <= clock.longest_wait_s <= reset_s + 3


def test_after_a_429_a_wait_in_the_usual_header_is_kept_as_well(connector, clock: VirtualClock):
    run = read_products(connector, kind=429, quota_headers=False, retry_after_s=20)

    assert run.exit_code == 0
    assert 20 <= clock.longest_wait_s <= 60 + 3


@pytest.mark.parametrize("told", ["soon", "-5", "3600", "NaN", ""])
def test_after_a_429_with_a_useless_header_the_wait_is_bounded(connector, clock: VirtualClock, told):
    run = read_products(connector, kind=429, reset_s=told, times=2)

    assert run.exit_code == 0
    assert_all_products(run, connector)
    assert 1 <= clock.longest_wait_s <= 3 * 60


def test_a_quota_that_stays_closed_for_minutes_is_waited_for(connector, clock: VirtualClock):
    run = read_products(connector, kind=429, reset_s=60, times=5)

    assert run.exit_code == 0
    assert_all_products(run, connector)
    assert sum(clock.slept_s) >= 300


@pytest.mark.parametrize(
    ("headers", "attempt", "wait_s"),
    [
        ({"RateLimit-Reset": "37"}, 1, 37),
        ({"ratelimit-reset": "37"}, 1, 37),
        ({"RateLimit-Reset": "0"}, 1, 0),
        ({"Retry-After": "12"}, 1, 12),
        ({"RateLimit-Reset": "37", "Retry-After": "12"}, 1, 37),
        ({"RateLimit-Reset": "soon", "Retry-After": "12"}, 1, 12),
        ({"RateLimit-Reset": "3600", "Retry-After": "12"}, 1, 12),
        ({"RateLimit-Reset": "NaN"}, 1, 3.75),
        ({"RateLimit-Reset": "-1"}, 2, 7.5),
        ({}, 1, 3.75),
        ({}, 2, 7.5),
        ({}, 4, 30),
        ({}, 6, 45),
        ({}, 60, 45),
    ],
)
def test_the_wait_after_a_429_is_what_was_told_or_grows_to_a_minute(headers, attempt, wait_s):
    response = requests.Response()
    response.status_code = 429
    response.headers.update(headers)

    assert QuotaBackoff(jitter=lambda: 0.0).backoff_time(response, attempt) == wait_s


@pytest.mark.parametrize("status", [500, 502, 503, 401])
def test_other_failures_have_the_waits_of_the_cdk(status):
    response = requests.Response()
    response.status_code = status
    response.headers["Retry-After"] = "5"

    assert QuotaBackoff().backoff_time(response, 1) is None
    assert QuotaBackoff().backoff_time(requests.ConnectionError(), 1) is None


@pytest.mark.parametrize(
    ("lost", "splittable", "action"),
    [
        (requests.ReadTimeout("https://x?client_secret=s"), True, ResponseAction.SPLIT_REQUEST_WINDOW),
        (requests.ReadTimeout("https://x?client_secret=s"), False, ResponseAction.RETRY),
        (requests.ConnectTimeout("https://x?client_secret=s"), True, ResponseAction.RETRY),
        (requests.ConnectionError("https://x?client_secret=s"), True, ResponseAction.RETRY),
        (requests.exceptions.ChunkedEncodingError("https://x?client_secret=s"), True, ResponseAction.RETRY),
        (requests.exceptions.ProxyError("https://x?client_secret=s"), True, ResponseAction.RETRY),
        (None, True, ResponseAction.RETRY),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_lost_call_is_repeated_or_made_smaller_and_never_quoted(lost, splittable, action):
    resolution = AnswerHandler("things", Envelope(), splittable=splittable).interpret_response(lost)

    assert resolution.response_action == action
    assert resolution.failure_type == FailureType.transient_error
    assert (resolution.error_message or "").startswith("things: Hotmart ")
    assert "client_secret" not in (resolution.error_message or "")


def test_a_certificate_that_cannot_be_verified_is_final():
    with pytest.raises(
        HotmartError, match=r"things: The secure connection .* check the certificates and any proxy"
    ) as caught:
        AnswerHandler("things", Envelope()).interpret_response(
            requests.exceptions.SSLError("https://x?client_secret=s")
        )

    assert "client_secret" not in str(caught.value)


@pytest.mark.parametrize("kind", [502, 504])
def test_a_query_that_was_too_heavy_once_is_repeated_once_as_it_was(connector, clock: VirtualClock, kind):
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


def answer(body: bytes, status: int = 200) -> requests.Response:
    """Return a response whose body has not been read."""
    response = requests.Response()
    response.status_code = status
    response.request = requests.Request("GET", "http://127.0.0.1/things").prepare()
    response.raw = HTTPResponse(BytesIO(body), status=status, preload_content=False)
    return response


@pytest.mark.parametrize("status", [408, 502, 504, 524])
@pytest.mark.parametrize(
    ("can", "action"),
    [
        ({"splittable": True}, ResponseAction.SPLIT_REQUEST_WINDOW),
        ({"page_size": 10}, ResponseAction.SPLIT_REQUEST_WINDOW),
        ({}, ResponseAction.RETRY),
    ],
    ids=["dates", "page size", "nothing"],
)
def test_a_query_that_is_too_heavy_is_made_smaller_where_it_can_be(status, can, action):
    resolution = AnswerHandler("things", Envelope(), **can).interpret_response(answer(b"", status))

    assert resolution.response_action == action
    assert resolution.failure_type == FailureType.transient_error


@pytest.mark.parametrize("status", [425, 500, 503, 599])
def test_what_is_not_too_heavy_is_repeated_as_it_was(status):
    handler = AnswerHandler("things", Envelope(), splittable=True, page_size=10)

    assert handler.interpret_response(answer(b"", status)).response_action == ResponseAction.RETRY


def test_a_time_out_leads_to_smaller_pages_and_a_lost_connection_does_not():
    handler = AnswerHandler("things", Envelope(), page_size=10)

    assert handler.interpret_response(requests.ReadTimeout()).response_action == ResponseAction.SPLIT_REQUEST_WINDOW
    assert handler.interpret_response(requests.ConnectionError()).response_action == ResponseAction.RETRY


def test_invalid_json_is_reported_once_per_stream_without_its_content(caplog):
    things, others = AnswerHandler("things", Envelope()), AnswerHandler("others", Envelope())
    with caplog.at_level(logging.WARNING, "airbyte.hotmart"):
        for handler, body in [
            (things, b'{"items":["fine"]}'),
            (things, b'{"items":["SECRET\xff"]}'),
            (things, b'{"items":["SECRET\xff"]}'),
            (others, b'{"items":["SECRET\n",NaN]}'),
        ]:
            assert handler.interpret_response(answer(body)).response_action == ResponseAction.SUCCESS

    replaced = "The values concerned were replaced."
    assert [record.getMessage() for record in caplog.records] == [
        f"Hotmart sent invalid JSON (invalid bytes) in things. {replaced}",
        f"Hotmart sent invalid JSON (invalid numbers, control characters) in others. {replaced}",
    ]


def test_a_row_with_invalid_bytes_keeps_no_other_from_being_read(connector):
    run = read_products(connector, kind="bad_utf8", times=1)

    assert run.exit_code == 0
    expected = connector.simulator.world.expected("products")
    assert len(run.records("products")) == len(expected)
    assert sum("\xff\xfe" in str(record) for record in run.records("products")) == 1
    assert "Hotmart sent invalid JSON (invalid bytes) in products." in run.logs


def test_json_that_is_nested_too_deeply_ends_in_a_sentence():
    body = b'{"items":[{"id":1,"more":' + b"[" * 1000 + b"]" * 1000 + b"}]}"

    resolution = AnswerHandler("things", Envelope()).interpret_response(answer(body))

    assert resolution.response_action == ResponseAction.RETRY
    assert resolution.error_message == "things: Hotmart sent JSON that is nested too deeply where rows were expected."


def test_a_bad_row_says_what_is_wrong_with_it():
    bad = BadRow("charges", "without a primary key")

    assert isinstance(bad, HotmartError)
    assert str(bad) == "charges: Hotmart sent a row without a primary key."
    assert bad.failure_type == FailureType.system_error


def test_the_logger_of_the_http_client_never_prints_bodies(connector):
    connector.run("read", "--debug", catalog={"streams": []})

    assert HTTP_LOGGER.getEffectiveLevel() == logging.INFO


@pytest.mark.parametrize("kind", [400, 403, 404, 422, 500, 503])
def test_no_sentence_and_no_log_quotes_a_body(connector, kind):
    body = '{"error":"invalid_parameter","error_description":"QUOTED-BODY"}'

    run = read_products(connector, kind=kind, times=None, body=body)

    assert run.exit_code != 0
    assert "QUOTED-BODY" not in run.output
