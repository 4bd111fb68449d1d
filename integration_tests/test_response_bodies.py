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
from source_hotmart.api.deadline import BoundedAdapter, ran_out_of_time
from source_hotmart.api.pages import (
    DEFAULT_LIMITS,
    Limits,
    TruncatedBody,
    read_body,
)
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
    client.session.mount("http://", BoundedAdapter(limits.total_s))
    if fault:
        server.add_fault(fault)
    return client.session.get(f"{server.url}{PATH}", stream=True, timeout=limits.read_s)


def test_a_good_body_is_read_whole(server):
    body = read_body(streamed(server), Limits())

    assert len(orjson.loads(body)["items"]) == 12


def test_an_empty_body_is_empty(server):
    assert read_body(streamed(server, Fault(kind="empty200")), Limits()) == b""


def test_a_body_that_drips_is_cut_off_by_its_total_time(server):
    limits = Limits(read_s=10, total_s=0.2)
    answer = streamed(server, Fault(kind="drip", interval_s=0.02), limits)

    with pytest.raises(TruncatedBody, match=r"^took more than 0\.2 seconds$"):
        read_body(answer, limits)


@pytest.mark.parametrize("read_s", [0.05, 10])
def test_headers_that_drip_are_cut_off_by_the_total_time_of_the_answer(server, read_s):
    began_s = time.monotonic()

    with pytest.raises(requests.ReadTimeout) as caught:
        streamed(server, Fault(kind="drip_head", interval_s=0.01), Limits(read_s=read_s, total_s=0.2))

    assert ran_out_of_time(caught.value)
    assert 0.2 <= time.monotonic() - began_s < 5


def test_headers_and_body_share_the_time_of_an_answer(server, mocker):
    limits = Limits(total_s=20)
    answer = streamed(server, Fault(kind="huge", megabytes=1), limits)
    mocker.patch("time.perf_counter", return_value=time.perf_counter() + 20)

    with pytest.raises(TruncatedBody, match=r"^took more than 20 seconds$"):
        read_body(answer, limits)


def test_a_silence_is_no_end_of_the_time_of_an_answer(server):
    with pytest.raises(requests.ReadTimeout) as caught:
        streamed(server, Fault(kind="hang"), Limits(read_s=0.1, total_s=20))

    assert not ran_out_of_time(caught.value)


def test_the_time_of_an_answer_begins_anew_on_a_connection_that_stays_open(server):
    client = Client(server)
    client.session.mount("http://", BoundedAdapter(0.3))
    for _ in range(3):
        answer = client.session.get(f"{server.url}{PATH}", stream=True, timeout=5)
        assert read_body(answer, Limits(total_s=0.3))
        time.sleep(0.15)

    assert server.count(PATH, 200) == 3
    assert len(server._connections) == 1


def test_an_answer_that_drips_within_its_time_is_read(server):
    for kind in ("drip", "drip_head"):
        answer = streamed(server, Fault(kind=kind, interval_s=0.0001), Limits(total_s=20))

        assert orjson.loads(read_body(answer, Limits(total_s=20)))["items"]


def test_a_huge_body_is_cut_off_by_its_size(server):
    answer = streamed(server, Fault(kind="huge", megabytes=50))

    with pytest.raises(TruncatedBody, match=r"^is larger than 2 MiB$"):
        read_body(answer, Limits(body_bytes=2 << 20))


def test_a_small_body_that_swells_is_cut_off_by_its_decoded_size(server):
    answer = streamed(server, Fault(kind="gzip_bomb", megabytes=200))

    tracemalloc.start()
    with pytest.raises(TruncatedBody, match=r"^is larger than 2 MiB$"):
        read_body(answer, Limits(body_bytes=2 << 20))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 100 << 20


@pytest.mark.parametrize("kind", ["cut", "wrong_length", "bad_gzip"])
def test_a_body_that_does_not_arrive_whole_is_cut_off(server, kind):
    answer = streamed(server, Fault(kind=kind))

    with pytest.raises(TruncatedBody, match=r"^broke off$"):
        read_body(answer, Limits())


def test_a_server_that_falls_silent_in_mid_body_is_cut_off(server):
    client = Client(server)
    server.add_fault(Fault(kind="drip", interval_s=60))
    answer = client.session.get(f"{server.url}{PATH}", stream=True, timeout=(5, 0.2))

    with pytest.raises(TruncatedBody, match=r"^broke off$"):
        read_body(answer, Limits())


@pytest.mark.parametrize("kind", ["cut", "wrong_length", "bad_gzip", "huge", "gzip_bomb"])
def test_an_answer_that_was_cut_off_holds_no_content(server, kind):
    answer = streamed(server, Fault(kind=kind))
    received = answer.raw

    with pytest.raises(TruncatedBody):
        read_body(answer, Limits(body_bytes=1 << 20))

    assert received.closed
    assert answer.content == b""
    with pytest.raises((requests.RequestException, ValueError, RuntimeError)):
        _ = answer.json()


@pytest.mark.parametrize("kind", ["cut", "bad_gzip"])
def test_what_is_said_of_a_broken_answer_has_no_address_in_it(server, kind):
    answer = streamed(server, Fault(kind=kind))

    with pytest.raises(TruncatedBody) as caught:
        read_body(answer, Limits())

    assert caught.value.__suppress_context__
    assert "http" not in str(caught.value)
