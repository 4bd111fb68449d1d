"""The order of pages without totals: stable, shifted at page boundaries, or new per request (hotmart-api.md 3.7)."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.server.page_order import Order, PageOrder, mixed
from hotmart_simulator.server.page_tokens import Place
from hotmart_simulator.switches import Switches
from integration_tests.simulator.conftest import NOW_MS

HISTORY = "/payments/api/v1/sales/history"
USERS = "/payments/api/v1/sales/users"
TRANSACTIONS = "/payments/api/v1/subscriptions/transactions"
SUMMARIES = "/payments/api/v1/subscriptions/summary"
PRODUCTS = "/products/api/v1/products"
LIST = list("abcdefg")


def read(order: PageOrder, side: Order, rows: int, query: str = "q", total: int = len(LIST)) -> list[list[str]]:
    """Read a list of letters page by page."""
    places = [Place(page + 1, rows) for page in range(-(-total // rows))]
    content = LIST[:total]

    def page(offset: int, count: int) -> list[str]:
        assert offset >= 0
        return content[offset : offset + count]

    return [order.page(side, query, place, total, page) for place in places]


def texts(rows: list[dict[str, Any]]) -> list[bytes]:
    return [orjson.dumps(row) for row in rows]


def test_a_stable_order_never_changes() -> None:
    order = PageOrder()

    assert [read(order, "stable", 3) for _ in range(3)] == [[list("abc"), list("def"), ["g"]]] * 3


def test_page_boundaries_shift_on_every_second_read() -> None:
    order = PageOrder()
    reads = [read(order, "shifts_at_edges", 3) for _ in range(4)]

    assert reads[0] == reads[2] == [list("abc"), list("cef"), ["f"]]
    assert reads[1] == reads[3] == [list("abc"), list("def"), ["g"]]


def test_each_shifted_boundary_repeats_one_row_and_hides_another() -> None:
    rows = [row for page in read(PageOrder(), "shifts_at_edges", 2) for row in page]

    assert len(rows) == len(LIST)
    assert sorted(set(LIST) - set(rows)) == list("ceg")
    assert sorted(row for row in set(rows) if rows.count(row) == 2) == list("bdf")


def test_shifts_handle_single_small_and_empty_pages() -> None:
    assert read(PageOrder(), "shifts_at_edges", 7) == [LIST]
    assert read(PageOrder(), "shifts_at_edges", 1, total=3) == [["a"], ["a"], ["b"]]
    assert PageOrder().page("shifts_at_edges", "q", Place(3, 5), 7, lambda offset, rows: []) == []
    assert PageOrder().page("every_call", "q", Place(3, 5), 7, lambda offset, rows: []) == []


def test_requests_are_counted_per_query() -> None:
    order = PageOrder()

    assert read(order, "shifts_at_edges", 3, "one") == read(order, "shifts_at_edges", 3, "two")
    assert read(order, "shifts_at_edges", 3, "one") == read(order, "shifts_at_edges", 3, "two")


@pytest.mark.parametrize("total", [0, 1, 2, 3, 7, 100])
@pytest.mark.parametrize("turn", [1, 2, 3, 50])
def test_a_random_order_contains_each_row_once(total: int, turn: int) -> None:
    content = list(range(total))
    page = mixed(turn, total, lambda offset, rows: content[offset : offset + rows])

    assert sorted(row for offset in range(0, total, 3) for row in page(offset, 3)) == content
    assert list(page(0, total)) == [row for offset in range(0, total, 3) for row in page(offset, 3)]


def test_each_request_has_its_own_reproducible_order() -> None:
    order, again = PageOrder(), PageOrder()
    reads = [read(order, "every_call", 7)[0] for _ in range(6)]

    assert all(sorted(each) == LIST for each in reads)
    assert len({tuple(each) for each in reads}) > 3
    assert reads == [read(again, "every_call", 7)[0] for _ in range(6)]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (USERS, {"start_date": NOW_MS - 30_000_000_000, "max_results": 20}),
        (TRANSACTIONS, {"transaction_date": 0, "max_results": 20}),
        (SUMMARIES, {"accession_date": 0, "max_results": 20}),
        (PRODUCTS, {"max_results": 5}),
    ],
)
def test_lists_without_a_total_shift_between_pages_by_default(
    simulator: Simulator, client: Client, path: str, query: dict[str, Any]
) -> None:
    stable = texts(client.rows(path, **query))
    simulator.switches = replace(simulator.switches, untotalled_order="shifts_at_edges")
    first, second = texts(client.rows(path, **query)), texts(client.rows(path, **query))
    edges = -(-len(stable) // query["max_results"]) - 1

    assert Switches().untotalled_order == "shifts_at_edges"
    assert len(set(stable)) == len(stable) == len(first)
    assert len(set(stable) - set(first)) == edges > 1
    assert second == stable
    simulator.switches = replace(simulator.switches, untotalled_order="every_call")
    assert len(set(stable) - set(texts(client.rows(path, **query)))) > 0
    simulator.switches = replace(simulator.switches, untotalled_order="stable")
    assert texts(client.rows(path, **query)) == stable


@pytest.mark.parametrize("side", ["shifts_at_edges", "every_call"])
def test_lists_with_a_total_have_a_stable_order(simulator: Simulator, client: Client, side: Any) -> None:
    query = {"start_date": NOW_MS - 30_000_000_000, "max_results": 20}
    stable = client.rows(HISTORY, **query)
    products = client.rows(PRODUCTS)
    simulator.switches = replace(simulator.switches, untotalled_order=side)
    assert client.rows(HISTORY, **query) == stable
    simulator.switches = replace(simulator.switches, totals="everywhere")
    assert client.rows(PRODUCTS, max_results=5) == products
    simulator.switches = replace(simulator.switches, totals="nowhere")
    assert client.rows(HISTORY, **query) != stable


def test_a_shift_does_not_change_page_tokens_or_sizes(world: World) -> None:
    pages = {}
    sides: tuple[Order, ...] = ("stable", "shifts_at_edges")
    for side in sides:
        switches = Switches(limit_per_minute=1_000, untotalled_order=side)
        with Simulator(world, switches) as simulator, Client(simulator) as client:
            pages[side] = [page["page_info"] for page in client.pages(PRODUCTS, max_results=5)]

    assert pages["stable"] == pages["shifts_at_edges"]
