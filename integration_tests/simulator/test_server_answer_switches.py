"""The switches of pages and of absent fields, over all endpoints (hotmart-api.md 3.1, 5 and 7.22)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, SALE_STATUSES
from hotmart_simulator.server.missing_fields import completed
from hotmart_simulator.server.page_layout import MiddlePages, span
from hotmart_simulator.server.page_tokens import Place
from hotmart_simulator.shapes import problems, shapes
from integration_tests.simulator.conftest import NOW_MS

SALES = "/payments/api/v1/sales"
HISTORY = f"{SALES}/history"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
STUDENTS = "/club/api/v1/users"
SCHOOL = {"subdomain": "my-school"}
YEAR: dict[str, Any] = {"start_date": NOW_MS - 365 * DAY_MS, "end_date": NOW_MS, "transaction_status": SALE_STATUSES}
LISTS: dict[str, dict[str, Any]] = {
    HISTORY: YEAR,
    f"{SALES}/users": YEAR,
    SUBSCRIPTIONS: {"accession_date": 0},
    f"{SUBSCRIPTIONS}/summary": {"accession_date": 0},
    f"{SUBSCRIPTIONS}/transactions": {"transaction_date": 0},
    STUDENTS: SCHOOL,
}


@pytest.fixture(scope="module", name="world")
def small_world() -> World:
    """An account as small as those of the flips, where every side must be visible."""
    return World(seed=5, sales=120, subscriptions=30, students=24, products=8, now_ms=NOW_MS)


def flip(simulator: Simulator, **sides: Any) -> None:
    simulator.switches = replace(simulator.switches, **sides)


def pages(client: Client, path: str, /, **query: Any) -> Iterator[list[Any]]:
    """Yield the rows of every page. A page without page_info is the last one."""
    while True:
        page = client.get(path, **query).json()
        yield page["items"]
        query["page_token"] = page.get("page_info", {}).get("next_page_token")
        if not query["page_token"]:
            return


@pytest.mark.parametrize("path", LISTS)
def test_pages_before_the_last_can_be_full_short_or_empty(simulator: Simulator, client: Client, path: str) -> None:
    def read() -> list[list[Any]]:
        return list(pages(client, path, **LISTS[path], max_results=5))

    full = read()
    rows = [row for page in full for row in page]
    assert len(full) > 2
    assert {len(page) for page in full[:-1]} == {5}
    flip(simulator, middle_pages="some_short")
    short = read()
    assert {len(page) for page in short[:-1]} == {4, 5}
    assert [row for page in short for row in page] == rows
    flip(simulator, middle_pages="some_empty")
    empty = read()
    assert {len(page) for page in empty[:-1]} == {0, 5}
    assert empty[-1]
    assert [row for page in empty for row in page] == rows


def test_an_empty_middle_page_has_items_a_token_and_the_total(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(middle_pages="some_empty")
    total = client.get(HISTORY, **YEAR, max_results=5).json()["page_info"]["total_results"]
    answers = list(client.pages(HISTORY, **YEAR, max_results=5))
    empty = [answer for answer in answers if not answer["items"]]

    assert len(empty) > 2
    for answer in empty:
        assert answer["page_info"]["results_per_page"] == 0
        assert answer["page_info"]["total_results"] == total > 0
        assert answer["page_info"]["next_page_token"]
        assert answer["page_info"]["prev_page_token"]


@pytest.mark.parametrize("side", ["full", "some_short", "some_empty"])
@pytest.mark.parametrize("rows", [1, 2, 3, 7, 500])
def test_pages_are_adjacent(side: MiddlePages, rows: int) -> None:
    spans = [span(side, Place(page, rows)) for page in range(1, 20)]

    assert [each.offset for each in spans] == [sum(other.rows for other in spans[:n]) for n in range(len(spans))]
    assert all(0 <= each.rows <= rows for each in spans)
    assert all(each.rows for each in spans) == (side != "some_empty")
    assert (len({each.rows for each in spans}) > 1) == (side == "some_empty" or (side == "some_short" and rows > 1))


@pytest.mark.parametrize("side", ["some_short", "some_empty"])
@pytest.mark.parametrize("order", ["shifts_at_edges", "every_call"])
def test_short_and_empty_pages_work_in_every_order(simulator: Simulator, client: Client, side: str, order: str) -> None:
    path = f"{SALES}/users"
    whole = sum(map(len, pages(client, path, **YEAR, max_results=7)))
    flip(simulator, middle_pages=side, untotalled_order=order)

    assert whole > 20
    assert sum(map(len, pages(client, path, **YEAR, max_results=7))) == whole


def test_a_single_page_can_lack_page_info(simulator: Simulator, client: Client) -> None:
    for path, query in LISTS.items():
        assert "page_info" in client.get(path, **query, max_results=500).json()
    flip(simulator, page_info="absent_on_single_page", club_cap=500)
    for path, query in LISTS.items():
        single = client.get(path, **query, max_results=500).json()
        several = list(client.pages(path, **query, max_results=5))

        assert set(single) == {"items"}
        assert single["items"]
        assert len(several) > 1
        assert all("page_info" in page for page in several)


def test_an_empty_list_without_page_info_always_has_items(simulator: Simulator, client: Client) -> None:
    def answers() -> set[str]:
        queries = ({"start_date": day * DAY_MS, "end_date": (day + 1) * DAY_MS} for day in range(20))
        return {" ".join(client.get(HISTORY, **query).json()) for query in queries}

    flip(simulator, page_info="absent_on_single_page")
    assert answers() == {"items"}
    flip(simulator, empty_pages="some_without_items")
    assert answers() == {"items", "page_info"}


def test_dates_are_converted_on_a_page_without_page_info(simulator: Simulator, client: Client) -> None:
    flip(simulator, page_info="absent_on_single_page", dates_unit="seconds")
    rows = client.get(SUBSCRIPTIONS, accession_date=0, max_results=500).json()["items"]

    assert rows
    assert all(row["accession_date"] < 10**10 for row in rows)


def test_results_per_page_is_the_number_of_rows_or_0(simulator: Simulator, client: Client) -> None:
    def counts() -> list[int]:
        return [page["page_info"]["results_per_page"] for page in client.pages(HISTORY, **YEAR, max_results=7)]

    usual = counts()
    flip(simulator, results_per_page="zero")

    assert usual[:2] == [7, 7]
    assert 0 < usual[-1] <= 7
    assert counts() == [0] * len(usual)


def shape_of(path: str) -> str:
    return next(name for name, shape in shapes().items() if shape.endpoint == path)


def nulls(shape: str, record: Any) -> list[str]:
    return [text.removesuffix(" is null") for text in problems(shape, record) if text.endswith(" is null")]


def without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


@pytest.mark.parametrize("path", [path for path in LISTS if path != STUDENTS])
def test_a_switch_sends_absent_optional_fields_as_null(simulator: Simulator, client: Client, path: str) -> None:
    shape, query = shape_of(path), LISTS[path]
    before = [row for page in pages(client, path, **query, max_results=500) for row in page]
    flip(simulator, missing_fields="null")
    after = [row for page in pages(client, path, **query, max_results=500) for row in page]
    found = {name for row in after for name in nulls(shape, row)}
    fields = shapes()[shape].fields

    assert not any(nulls(shape, row) for row in before)
    assert found
    assert all("optional" in fields[name].marks and "ms" not in fields[name].types for name in found)
    assert without_nulls(after) == without_nulls(before)
    optional = [name for name, field in fields.items() if "optional" in field.marks and "ms" not in field.types]
    direct = [name for name in optional if "." not in name and "docs_only" not in fields[name].marks]
    assert all(set(direct) <= set(row) for row in after)


def test_a_switch_sends_nulls_in_every_list(simulator: Simulator, client: Client) -> None:
    ucodes = [product["ucode"] for product in client.rows("/products/api/v1/products")]
    offers: list[tuple[str, dict[str, Any]]] = [(f"/products/api/v1/products/{ucode}/offers", {}) for ucode in ucodes]

    def texts() -> list[bytes]:
        modules = [row["module_id"] for row in client.get("/club/api/v1/modules", **SCHOOL).json()]
        calls = [*offers, *((f"/club/api/v1/modules/{module}/pages", SCHOOL) for module in modules)]
        return [client.get(path, **query).content for path, query in calls]

    assert not any(b":null" in text for text in texts())
    flip(simulator, missing_fields="null")
    after = texts()
    assert any(b":null" in text and text.startswith(b"[") for text in after)
    assert any(b":null" in text and text.startswith(b"{") for text in after)


def test_select_returns_no_nulls(simulator: Simulator, client: Client) -> None:
    flip(simulator, missing_fields="null")
    rows = client.rows(HISTORY, **YEAR, select="items(purchase(transaction))", max_results=500)

    assert rows
    assert not any(b":null" in orjson.dumps(row) for row in rows)


def test_records_are_not_changed_in_place() -> None:
    record = {"purchase": {"order_date": NOW_MS, "payment": {"type": "PIX"}}, "product": {"id": 5}}
    document = {"items": [record], "page_info": {}}
    before = orjson.dumps(document)
    after = completed(document, "sales_history", Switches(missing_fields="null"), is_cut=False)

    assert orjson.dumps(document) == before
    assert after["items"][0]["buyer"] is None
    assert after["items"][0]["purchase"]["tracking"] is None
    assert "approved_date" not in after["items"][0]["purchase"]
    assert completed(document, "sales_history", Switches(), is_cut=False) is document
    assert completed(document, "", Switches(missing_fields="null"), is_cut=False) is document
    assert completed(None, "sales_history", Switches(missing_fields="null"), is_cut=False) is None
