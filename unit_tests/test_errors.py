"""The result of each failure: retries where they may help, otherwise one message, and the other streams continue."""

from __future__ import annotations

import logging
from io import BytesIO

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.error_handlers import ResponseAction
from urllib3 import HTTPResponse

from source_hotmart.api.error_handler import HotmartErrorHandler
from source_hotmart.api.errors import BadRow, HotmartError
from source_hotmart.api.pages import Envelope
from source_hotmart.api.retries import QuotaBackoff


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
def test_a_429_waits_as_requested_or_backs_off_exponentially(headers, attempt, wait_s):
    response = requests.Response()
    response.status_code = 429
    response.headers.update(headers)

    assert QuotaBackoff(jitter=lambda: 0.0).backoff_time(response, attempt) == wait_s


@pytest.mark.parametrize("status", [500, 502, 503, 401])
def test_other_failures_use_the_backoff_of_the_cdk(status):
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
def test_a_lost_request_is_retried_or_split(lost, splittable, action):
    resolution = HotmartErrorHandler("things", Envelope(), splittable=splittable).interpret_response(lost)

    assert resolution.response_action == action
    assert resolution.failure_type == FailureType.transient_error
    assert (resolution.error_message or "").startswith("things: Hotmart ")
    assert "client_secret" not in (resolution.error_message or "")


def test_a_certificate_error_is_not_retried():
    with pytest.raises(
        HotmartError, match=r"things: The secure connection .* Check the certificates on this machine, and any proxy"
    ) as caught:
        HotmartErrorHandler("things", Envelope()).interpret_response(
            requests.exceptions.SSLError("https://x?client_secret=s")
        )

    assert "client_secret" not in str(caught.value)


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
def test_a_too_heavy_request_is_split_if_possible(status, can, action):
    resolution = HotmartErrorHandler("things", Envelope(), **can).interpret_response(answer(b"", status))

    assert resolution.response_action == action
    assert resolution.failure_type == FailureType.transient_error


@pytest.mark.parametrize("status", [425, 500, 503, 599])
def test_other_temporary_errors_are_retried_unchanged(status):
    handler = HotmartErrorHandler("things", Envelope(), splittable=True, page_size=10)

    assert handler.interpret_response(answer(b"", status)).response_action == ResponseAction.RETRY


def test_a_timeout_reduces_the_page_size_unlike_a_lost_connection():
    handler = HotmartErrorHandler("things", Envelope(), page_size=10)

    assert handler.interpret_response(requests.ReadTimeout()).response_action == ResponseAction.SPLIT_REQUEST_WINDOW
    assert handler.interpret_response(requests.ConnectionError()).response_action == ResponseAction.RETRY


def test_invalid_json_is_logged_once_per_stream_without_its_content(caplog):
    things, others = HotmartErrorHandler("things", Envelope()), HotmartErrorHandler("others", Envelope())
    with caplog.at_level(logging.WARNING, "airbyte.hotmart"):
        for handler, body in [
            (things, b'{"items":["fine"]}'),
            (things, b'{"items":["SECRET\xff"]}'),
            (things, b'{"items":["SECRET\xff"]}'),
            (others, b'{"items":["SECRET\n",NaN]}'),
        ]:
            assert handler.interpret_response(answer(body)).response_action == ResponseAction.SUCCESS

    replaced = "The invalid values were replaced."
    assert [record.getMessage() for record in caplog.records] == [
        f"things: Hotmart sent invalid JSON (invalid bytes). {replaced}",
        f"others: Hotmart sent invalid JSON (invalid numbers, control characters). {replaced}",
    ]


def test_deeply_nested_json_is_retried_with_a_clear_error():
    body = b'{"items":[{"id":1,"more":' + b"[" * 1000 + b"]" * 1000 + b"}]}"

    resolution = HotmartErrorHandler("things", Envelope()).interpret_response(answer(body))

    assert resolution.response_action == ResponseAction.RETRY
    assert resolution.error_message == "things: Hotmart sent JSON that is nested too deeply instead of rows."


def test_a_bad_row_error_names_the_problem():
    bad = BadRow("charges", "without a primary key")

    assert isinstance(bad, HotmartError)
    assert str(bad) == "charges: Hotmart sent a row without a primary key."
    assert bad.failure_type == FailureType.system_error
