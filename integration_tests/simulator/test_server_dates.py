"""Dates that are absent, null or 0, in milliseconds or seconds, at all endpoints (hotmart-api.md 0.5 and 7.20)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hotmart_simulator import Fault, Simulator, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS, SALE_STATUSES
from hotmart_simulator.server.date_forms import reformed
from hotmart_simulator.server.descriptions import SHAPES
from hotmart_simulator.server.routes import ENDPOINTS
from hotmart_simulator.shapes import date_fields, shapes
from hotmart_simulator.switches import Switches
from integration_tests.simulator.conftest import NOW_MS

HISTORY = "/payments/api/v1/sales/history"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = f"{SUBSCRIPTIONS}/transactions"
SUMMARIES = f"{SUBSCRIPTIONS}/summary"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
SCHOOL = {"subdomain": "my-school"}
YEAR = {"start_date": NOW_MS - 365 * DAY_MS, "end_date": NOW_MS, "transaction_status": SALE_STATUSES}


@pytest.fixture(name="world", scope="module")
def small_world() -> World:
    """An account that is read about eighty times. Tests must not change it."""
    return World(seed=3, sales=300, subscriptions=40, students=20, products=24, participants=60, now_ms=NOW_MS)


def event(client: Client) -> str:
    number = next(row["id"] for row in client.rows(PRODUCTS) if row["format"] == "ETICKET")
    return f"/events/api/v1/{number}"


def purchases(client: Client) -> list[dict[str, Any]]:
    codes = [row["subscriber_code"] for row in client.rows(SUBSCRIPTIONS, accession_date=0)]
    return [row for code in codes[:40] for row in client.get(f"{SUBSCRIPTIONS}/{code}/purchases").json()]


def lessons(client: Client) -> list[dict[str, Any]]:
    users = [row["user_id"] for row in client.rows(STUDENTS, **SCHOOL)]
    return [client.get(f"{STUDENTS}/{user}/lessons", **SCHOOL).json() for user in users]


def coupons(client: Client) -> list[dict[str, Any]]:
    paths = [f"/products/api/v1/coupon/product/{row['id']}" for row in client.rows(PRODUCTS)]
    return [row for path in paths if client.get(path).content for row in client.rows(path)]


Read = Callable[[Client], list[dict[str, Any]]]
READS: Mapping[str, Read] = {
    "sales_history": lambda client: client.rows(HISTORY, **YEAR, max_results=500),
    "subscriptions": lambda client: client.rows(SUBSCRIPTIONS, accession_date=0),
    "subscription_summary": lambda client: client.rows(SUMMARIES, accession_date=0),
    "subscription_transactions": lambda client: client.rows(TRANSACTIONS, transaction_date=0, max_results=500),
    "subscription_purchases": purchases,
    "products": lambda client: client.rows(PRODUCTS),
    "coupons": coupons,
    "club_students": lambda client: client.rows(STUDENTS, **SCHOOL),
    "club_lessons": lessons,
    "event_info": lambda client: [client.get(f"{event(client)}/info").json()],
    "event_participants": lambda client: client.rows(f"{event(client)}/participants"),
}


def holders(record: Any, path: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the objects that can hold the field of a dotted path, and the field's name in them."""
    head, _, rest = path.partition(".")
    if not rest:
        yield record, head
        return
    below = record.get(head.removesuffix("[]"))
    for item in below if head.endswith("[]") and below else [below]:
        if isinstance(item, dict):
            yield from holders(item, rest)


def dates(shape: str, record: Any) -> list[Any]:
    """Return every date field of a record, with "absent" for missing ones."""
    return [holder.get(name, "absent") for path in sorted(date_fields(shape)) for holder, name in holders(record, path)]


def without_dates(shape: str, record: Any) -> Any:
    copy = orjson.loads(orjson.dumps(record))
    for path in date_fields(shape):
        for holder, name in holders(copy, path):
            holder.pop(name, None)
    return copy


def test_every_shape_with_dates_is_tested() -> None:
    assert set(READS) == {name for name in shapes() if date_fields(name)}


@pytest.mark.parametrize("shape", READS)
def test_a_switch_sends_absent_dates_as_null_or_zero(simulator: Simulator, client: Client, shape: str) -> None:
    usual, read = simulator.switches, READS[shape]
    before = read(client)
    simulator.switches = replace(usual, missing_dates="null")
    null = read(client)
    simulator.switches = replace(usual, missing_dates="zero")
    zero = read(client)
    simulator.switches = usual

    assert before
    for other, value in ((null, None), (zero, 0)):
        expected = [[value if date == "absent" else date for date in dates(shape, record)] for record in before]
        assert [dates(shape, record) for record in other] == expected
        assert [without_dates(shape, record) for record in other] == [without_dates(shape, row) for row in before]
    assert read(client) == before


@pytest.mark.parametrize("shape", READS)
def test_a_switch_sends_dates_in_seconds(simulator: Simulator, client: Client, shape: str) -> None:
    usual, read = simulator.switches, READS[shape]
    before = read(client)
    simulator.switches = replace(usual, dates_unit="seconds")
    seconds = read(client)
    simulator.switches = usual

    expected = [[date if date == "absent" else date // 1000 for date in dates(shape, record)] for record in before]
    assert [dates(shape, record) for record in seconds] == expected
    assert any(isinstance(date, int) and 10**9 < date < 10**10 for record in seconds for date in dates(shape, record))
    assert [without_dates(shape, record) for record in seconds] == [without_dates(shape, row) for row in before]
    assert read(client) == before


def test_some_dates_are_absent_on_most_endpoints(client: Client) -> None:
    absent = {shape for shape, read in READS.items() if any("absent" in dates(shape, row) for row in read(client))}

    assert absent >= {"sales_history", "subscriptions", "subscription_transactions", "subscription_purchases"}


def test_date_switches_combine_and_faults_apply_after_them(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, dates_unit="seconds", missing_dates="zero")
    simulator.add_fault(Fault(kind="bad_date", value="soon", path=SUBSCRIPTIONS))
    first = client.get(SUBSCRIPTIONS, accession_date=0).json()["items"][0]
    ends = {row["end_accession_date"] for row in client.rows(SUBSCRIPTIONS, accession_date=0)}

    assert first["accession_date"] == "soon"
    assert 0 in ends
    assert max(ends) < 10**10


def test_fields_not_selected_stay_absent(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, missing_dates="null", dates_unit="seconds")
    rows = client.rows(HISTORY, **YEAR, max_results=500, select="purchase.order_date")

    assert rows
    assert all(set(row) == {"purchase"} and set(row["purchase"]) == {"order_date"} for row in rows)
    assert all(row["purchase"]["order_date"] < 10**10 for row in rows)


def test_only_changed_parts_of_a_record_are_copied() -> None:
    shared: dict[str, Any] = {"id": 5, "name": "Course"}
    record = {"product": shared, "purchase": {"order_date": NOW_MS, "payment": {"type": "PIX"}}}
    document = {"items": [record], "page_info": {}}
    before = orjson.dumps(document)
    changed = reformed(document, "sales_history", Switches(dates_unit="seconds", missing_dates="null"), is_cut=False)

    assert orjson.dumps(document) == before
    assert changed["items"][0]["product"] is shared
    assert changed["items"][0]["purchase"]["payment"] is record["purchase"]["payment"]
    assert changed["items"][0]["purchase"]["approved_date"] is None
    assert reformed(document, "sales_history", Switches(), is_cut=False) is document


@pytest.mark.parametrize("document", [None, [], {}, {"page_info": {}}, {"items": {}, "page_info": {}}])
def test_documents_without_records_are_unchanged(document: Any) -> None:
    switches = Switches(missing_dates="null", dates_unit="seconds")

    assert reformed(document, "club_modules", switches, is_cut=False) == document
    assert reformed(document, "", switches, is_cut=False) is document


def test_every_endpoint_has_the_shape_of_its_path() -> None:
    paths = {endpoint.path for endpoint in ENDPOINTS}
    by_path = {shape.endpoint.replace("{", "<").replace("}", ">"): name for name, shape in shapes().items()}

    assert {path: SHAPES[path] for path in by_path} == by_path
    assert {endpoint.path: endpoint.shape for endpoint in ENDPOINTS if endpoint.shape} == {
        path: name for path, name in SHAPES.items() if path in paths
    }
    assert {endpoint.path for endpoint in ENDPOINTS if not endpoint.shape} <= {"/user/api/v1/me"}
