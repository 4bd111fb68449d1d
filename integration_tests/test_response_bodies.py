"""Response bodies are read within limits of time and size.

The limits are real seconds, kept short. A real server sends slow bodies.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import orjson
import pytest
import requests

from hotmart_simulator import Fault, Simulator
from hotmart_simulator.client import Client
from source_hotmart.api.pages import (
    DEFAULT_LIMITS,
    Limits,
    TruncatedBody,
    read_body,
)
from source_hotmart.api.transport import EgressGuard, ran_out_of_time
from tools.harness import small_world, switches

PATH = "/products/api/v1/products"


@pytest.fixture
def server() -> Iterator[Simulator]:
    """A simulator on the real clock."""
    with Simulator(small_world(), switches()) as simulator:
        yield simulator


def streamed(server: Simulator, fault: Fault | None = None, limits: Limits = DEFAULT_LIMITS) -> requests.Response:
    """Return a streamed response with a fault."""
    client = Client(server)
    client.session.mount("http://", EgressGuard("GET", f"{server.url}/", limits.total_s))
    if fault:
        server.add_fault(fault)
    return client.session.get(f"{server.url}{PATH}", stream=True, timeout=limits.read_s)


def test_a_valid_body_is_read_completely(server):
    body = read_body(streamed(server), Limits())

    assert len(orjson.loads(body)["items"]) == 12


def test_an_empty_body_is_returned_as_empty(server):
    assert read_body(streamed(server, Fault(kind="empty200")), Limits()) == b""


def test_a_slow_body_exceeds_the_total_timeout(server):
    limits = Limits(read_s=10, total_s=0.2)
    answer = streamed(server, Fault(kind="drip", interval_s=0.02), limits)

    with pytest.raises(TruncatedBody, match=r"^took more than 0\.2 seconds$"):
        read_body(answer, limits)


@pytest.mark.parametrize("read_s", [0.3, 10])
def test_slow_headers_exceed_the_total_timeout(server, read_s):
    began_s = time.monotonic()

    with pytest.raises(requests.ReadTimeout) as caught:
        streamed(server, Fault(kind="drip_head", interval_s=0.01), Limits(read_s=read_s, total_s=0.5))

    assert ran_out_of_time(caught.value)
    assert 0.5 <= time.monotonic() - began_s < 5


def test_headers_and_body_share_the_total_timeout(server, mocker):
    limits = Limits(total_s=20)
    answer = streamed(server, Fault(kind="huge", megabytes=1), limits)
    mocker.patch("time.perf_counter", return_value=time.perf_counter() + 20)

    with pytest.raises(TruncatedBody, match=r"^took more than 20 seconds$"):
        read_body(answer, limits)


def test_a_read_timeout_is_not_a_total_timeout(server):
    with pytest.raises(requests.ReadTimeout) as caught:
        streamed(server, Fault(kind="hang"), Limits(read_s=0.1, total_s=20))

    assert not ran_out_of_time(caught.value)


def test_each_response_on_a_connection_has_its_own_total_timeout(server):
    client = Client(server)
    client.session.mount("http://", EgressGuard("GET", f"{server.url}/", 0.3))
    for _ in range(3):
        answer = client.session.get(f"{server.url}{PATH}", stream=True, timeout=5)
        assert read_body(answer, Limits(total_s=0.3))
        time.sleep(0.15)

    assert server.count(PATH, 200) == 3
    assert len(server._connections) == 1


def test_a_slow_response_within_the_total_timeout_is_read(server):
    for kind in ("drip", "drip_head"):
        answer = streamed(server, Fault(kind=kind, interval_s=0.0001), Limits(total_s=20))

        assert orjson.loads(read_body(answer, Limits(total_s=20)))["items"]


def test_a_huge_body_exceeds_the_size_limit(server):
    answer = streamed(server, Fault(kind="huge", megabytes=50))

    with pytest.raises(TruncatedBody, match=r"^is larger than 2 MiB$"):
        read_body(answer, Limits(body_bytes=2 << 20))


def test_a_compressed_body_exceeds_the_size_limit_when_decoded(server):
    answer = streamed(server, Fault(kind="gzip_bomb", megabytes=200))

    tracemalloc.start()
    with pytest.raises(TruncatedBody, match=r"^is larger than 2 MiB$"):
        read_body(answer, Limits(body_bytes=2 << 20))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 100 << 20


@pytest.mark.parametrize("kind", ["cut", "wrong_length", "bad_gzip"])
def test_an_incomplete_body_is_reported_as_truncated(server, kind):
    answer = streamed(server, Fault(kind=kind))

    with pytest.raises(TruncatedBody, match=r"^broke off$"):
        read_body(answer, Limits())


def test_a_stalled_body_is_reported_as_truncated(server):
    client = Client(server)
    server.add_fault(Fault(kind="drip", interval_s=60))
    answer = client.session.get(f"{server.url}{PATH}", stream=True, timeout=(5, 0.2))

    with pytest.raises(TruncatedBody, match=r"^broke off$"):
        read_body(answer, Limits())


@pytest.mark.parametrize("kind", ["cut", "wrong_length", "bad_gzip", "huge", "gzip_bomb"])
def test_a_truncated_response_has_no_content(server, kind):
    answer = streamed(server, Fault(kind=kind))
    received = answer.raw

    with pytest.raises(TruncatedBody):
        read_body(answer, Limits(body_bytes=1 << 20))

    assert received.closed
    assert answer.content == b""
    with pytest.raises((requests.RequestException, ValueError, RuntimeError)):
        _ = answer.json()


@pytest.mark.parametrize("kind", ["cut", "bad_gzip"])
def test_the_error_of_a_truncated_response_contains_no_url(server, kind):
    answer = streamed(server, Fault(kind=kind))

    with pytest.raises(TruncatedBody) as caught:
        read_body(answer, Limits())

    assert caught.value.__suppress_context__
    assert "http" not in str(caught.value)
