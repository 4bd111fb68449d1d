"""The simulator's faults change a response, or its transfer, as their names say."""

import gzip
import socket
from threading import Thread
from typing import Any

import pytest
import requests

from hotmart_simulator import Fault, Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS

HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
ME = "/user/api/v1/me"


@pytest.fixture(name="world", scope="module")
def still_world() -> World:
    """An account of forty days, so that the default date ranges have rows. Tests must not change it."""
    now_ms = 1_768_478_400_000  # 2026-01-15T12:00:00Z
    start_ms = now_ms - 40 * DAY_MS
    return World(seed=8, sales=60, subscriptions=20, students=30, products=8, start_ms=start_ms, now_ms=now_ms)


def raw_answer(simulator: Simulator, client: Client, path: str, size: int = 1_000_000) -> bytes:
    """Return all bytes from the socket until the server closes it."""
    authorization = client.session.headers["Authorization"]
    lines = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {authorization!s}\r\n\r\n"
    host, port = simulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(lines.encode())
        parts = bytearray()
        while len(parts) < size and (part := connection.recv(65_536)):
            parts += part
        return bytes(parts)


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "body"),
    [
        ("html200", 200, "text/html;charset=UTF-8", "<!DOCTYPE html>"),
        ("empty200", 200, None, ""),
        ("html503", 503, "text/html;charset=UTF-8", "<!DOCTYPE html>"),
        ("empty_object", 200, "application/json", "{}"),
        ("error_object", 200, "application/json", '{"error":"internal_server_error"'),
        ("redirect", 302, "text/html;charset=UTF-8", "<!DOCTYPE html>"),
    ],
)
def test_a_fault_replaces_the_response(
    simulator: Simulator, client: Client, kind: str, status: int, content_type: str | None, body: str
) -> None:
    simulator.add_fault(Fault(kind=kind))
    answer = client.get(HISTORY)

    assert (answer.status_code, answer.headers.get("Content-Type")) == (status, content_type)
    assert answer.text.startswith(body)
    assert bool(answer.text) == bool(body)


def test_a_redirect_has_the_given_location(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="redirect", location="http://127.0.0.1:9/elsewhere"))

    assert client.get(HISTORY).headers["Location"] == "http://127.0.0.1:9/elsewhere"


@pytest.mark.parametrize(("kind", "items"), [("items_null", None), ("items_object", {}), ("items_missing", "absent")])
def test_items_have_a_wrong_type(simulator: Simulator, client: Client, kind: str, items: Any) -> None:
    simulator.add_fault(Fault(kind=kind))
    page = client.get(HISTORY).json()

    assert page.get("items", "absent") == items
    assert page["page_info"]["results_per_page"] == 10


def test_a_repeated_token_equals_the_token_of_the_request(simulator: Simulator, client: Client) -> None:
    for path in (HISTORY, TRANSACTIONS):
        first = client.get(path, max_results=2).json()["page_info"]["next_page_token"]
        simulator.add_fault(Fault(kind="repeat_token", path=path, page="middle"))
        assert client.get(path, max_results=2, page_token=first).json()["page_info"]["next_page_token"] == first
        simulator.add_fault(Fault(kind="repeat_token", path=path))
        looped = client.get(path, max_results=2).json()
        again = client.get(path, max_results=2, page_token=looped["page_info"]["next_page_token"]).json()
        assert again["items"] == looped["items"]


@pytest.mark.parametrize("path", [HISTORY, TRANSACTIONS, PRODUCTS])
@pytest.mark.parametrize("page", ["first", "middle", "last"])
def test_an_inserted_empty_page_loses_no_row(simulator: Simulator, client: Client, path: str, page: Any) -> None:
    before = client.rows(path, max_results=3)
    simulator.add_fault(Fault(kind="empty_page_with_token", path=path, page=page))
    pages = list(client.pages(path, max_results=3))

    assert [len(each["items"]) for each in pages].count(0) == 1
    assert [row for each in pages for row in each["items"]] == before


def test_a_wrong_total_is_off_by_the_given_value(simulator: Simulator, client: Client) -> None:
    right = client.get(HISTORY).json()["page_info"]["total_results"]
    simulator.add_fault(Fault(kind="wrong_total"))
    simulator.add_fault(Fault(kind="wrong_total", value=-2))

    assert client.get(HISTORY).json()["page_info"]["total_results"] == right + 1
    assert client.get(HISTORY).json()["page_info"]["total_results"] == right - 2


@pytest.mark.parametrize(
    ("path", "query", "key"),
    [
        (HISTORY, {}, ("purchase", "transaction")),
        (USERS, {}, ("transaction",)),
        (PRODUCTS, {}, ("id",)),
        (SUBSCRIPTIONS, {"accession_date": 0}, ("subscriber_code",)),
        (STUDENTS, {"subdomain": "my-school"}, ("user_id",)),
        (TRANSACTIONS, {}, ("purchase", "transaction")),
    ],
)
def test_one_record_lacks_its_key(
    simulator: Simulator, client: Client, path: str, query: dict[str, Any], key: tuple[str, ...]
) -> None:
    simulator.add_fault(Fault(kind="no_key", row=1))
    rows = client.get(path, **query).json()["items"]
    *parents, last = key

    def holder(row: Any) -> Any:
        for parent in parents:
            row = row[parent]
        return row

    assert [last in holder(row) for row in rows] == [number != 1 for number in range(len(rows))]
    assert all(last in holder(row) for row in client.get(path, **query).json()["items"])


def test_a_value_of_a_field_is_replaced(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="number_for_string"))
    simulator.add_fault(Fault(kind="number_for_string", value=7, field_name="purchase.status"))
    simulator.add_fault(Fault(kind="bad_date", value="tomorrow"))
    simulator.add_fault(Fault(kind="bad_date", value=-1, field_name="purchase.approved_date"))
    first = [client.get(HISTORY).json()["items"][0] for _ in range(5)]

    assert first[0]["product"]["name"] == 12_345
    assert first[1]["purchase"]["status"] == 7
    assert first[2]["purchase"]["order_date"] == "tomorrow"
    assert first[3]["purchase"]["approved_date"] == -1
    assert isinstance(first[4]["product"]["name"], str)


def test_truncated_json_matches_its_content_length(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="truncated_json"))
    answer = client.get(HISTORY)

    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_body_contains_invalid_utf8(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="bad_utf8"))

    with pytest.raises(UnicodeDecodeError):
        client.get(HISTORY).content.decode()


def test_gzip_is_invalid_or_expands_to_a_large_body(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="bad_gzip"))
    with pytest.raises(requests.exceptions.ContentDecodingError):
        client.get(HISTORY)

    simulator.add_fault(Fault(kind="gzip_bomb", megabytes=20))
    packed = raw_answer(simulator, client, HISTORY).partition(b"\r\n\r\n")[2]
    assert len(packed) < 100_000
    assert len(gzip.decompress(packed)) > 20_000_000


def test_content_length_is_too_long_or_too_short(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="wrong_length"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get(HISTORY)

    simulator.add_fault(Fault(kind="wrong_length", value=-10))
    with pytest.raises(requests.JSONDecodeError):
        client.get(HISTORY).json()


def test_a_body_is_cut_in_the_middle(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="cut"))
    head, _, body = raw_answer(simulator, client, HISTORY).partition(b"\r\n\r\n")
    announced = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))

    assert len(body) == announced // 2
    simulator.add_fault(Fault(kind="cut"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get(HISTORY)


def test_a_connection_is_reset_before_the_response(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="reset"))

    with pytest.raises(ConnectionResetError):
        raw_answer(simulator, client, HISTORY)
    assert simulator.calls[-1].status == 0


def test_a_connection_is_reset_within_the_body(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="reset_body"))

    with client.session.get(f"{simulator.url}{HISTORY}", stream=True, timeout=5) as answer:
        assert answer.status_code == 200
        with pytest.raises(requests.exceptions.RequestException):
            _ = answer.content
    assert client.get(HISTORY).json()["items"]


def test_a_hanging_request_ends_when_the_simulator_stops(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="hang", times=None))
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.session.get(f"{simulator.url}{ME}", timeout=0.05)
    got: list[bytes] = []
    waiting = Thread(target=lambda: got.append(raw_answer(simulator, client, ME)))
    waiting.start()
    while simulator.count(ME) < 2:
        pass

    assert got == []
    simulator.stop()
    waiting.join(timeout=5)
    assert got == [b""]


def test_a_slow_body_is_sent_byte_by_byte(simulator: Simulator, client: Client) -> None:
    whole = client.get(ME).content
    simulator.add_fault(Fault(kind="drip", interval_s=0.0005))
    simulator.add_fault(Fault(kind="drip"))

    assert client.get(ME).content == whole
    with client.session.get(f"{simulator.url}{ME}", stream=True, timeout=5) as answer:
        assert answer.raw.read(1) == whole[:1]


def test_a_slow_head_is_sent_byte_by_byte(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="drip_head", interval_s=0.0005))
    simulator.add_fault(Fault(kind="drip_head", interval_s=0.05))
    whole = raw_answer(simulator, client, ME)
    began = raw_answer(simulator, client, ME, size=3)

    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert whole.endswith(client.get(ME).content)
    assert began == b"HTT"


def test_a_huge_response_is_padded_to_the_given_size(simulator: Simulator, client: Client) -> None:
    right = client.get(HISTORY)
    simulator.add_fault(Fault(kind="huge", megabytes=5))
    answer = client.get(HISTORY)

    assert len(answer.content) == len(right.content) + 5_000_000
    assert answer.json() == right.json()
