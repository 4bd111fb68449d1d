"""Parents that are listed late with old dates, and parents whose children are rejected."""

from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
OLD = (NOW_MS - 800 * DAY_MS, NOW_MS - 500 * DAY_MS)
PURCHASES = "/payments/api/v1/subscriptions/{}/purchases"
PRODUCTS = "/products/api/v1/products"


@pytest.fixture(name="world")
def small_world() -> World:
    return World(seed=5, sales=300, subscriptions=60, students=40, products=16, now_ms=NOW_MS)


def added(world: World, stream: str, before: dict[Any, dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for key, record in keyed(world, stream).items() if key not in before]


def dates_of(record: Any, name: str = "") -> list[int]:
    """Return every date in a record, by field names that end in `date` and similar."""
    if isinstance(record, dict):
        return [date for key, value in record.items() for date in dates_of(value, key)]
    if isinstance(record, list):
        return [date for value in record for date in dates_of(value, name)]
    return [record] if name.endswith(("date", "update", "datetime", "_at")) and isinstance(record, int) else []


def test_imported_subscriptions_have_charges_and_only_old_dates(world: World) -> None:
    streams = ("subscriptions", "subscription_summary", "subscription_transactions", "sales_history")
    before = {stream: keyed(world, stream) for stream in streams}
    purchases = len(list(raw_rows(world, "subscription_purchases")))
    codes = world.import_subscriptions(10, at_ms=OLD)
    listed = added(world, "subscriptions", before["subscriptions"])

    assert {record["subscriber_code"] for record in listed} == set(codes)
    assert {record["status"] for record in listed} == {"CANCELLED_BY_CUSTOMER"}
    assert len(list(raw_rows(world, "subscription_purchases"))) - purchases == 20
    for stream in streams:
        dates = [date for record in added(world, stream, before[stream]) for date in dates_of(record)]
        # The last day of access is one period after the last charge.
        next_charges = [record.get("date_next_charge", 0) for record in added(world, stream, before[stream])]
        recent = [date for date in dates if date > NOW_MS - 60 * DAY_MS and date not in next_charges]
        assert dates
        assert recent == []
    last = [record["last_update"] for record in added(world, streams[2], before[streams[2]])]
    assert max(last) < NOW_MS - 30 * DAY_MS


def test_imported_subscriptions_can_be_active(world: World) -> None:
    codes = world.import_subscriptions(6, at_ms=OLD, charges=1, status="ACTIVE")
    listed = keyed(world, "subscriptions")

    for code in codes:
        record = next(each for each in listed.values() if each["subscriber_code"] == code)
        assert record["status"] == "ACTIVE"
        assert record["accession_date"] < OLD[1]
        assert record.get("date_next_charge", NOW_MS) >= NOW_MS - DAY_MS


def test_imported_students_have_lessons_and_only_old_dates(world: World) -> None:
    before, lessons = keyed(world, "club_students"), keyed(world, "club_lessons")
    keys = world.import_students(10, at_ms=OLD)
    students = added(world, "club_students", before)

    assert len(students) == len(keys) == 10
    assert all(max(dates_of(student)) < OLD[1] + 4 * DAY_MS for student in students)
    assert all(student["last_access_date"] and student["purchase_date"] for student in students)
    done = [each for each in added(world, "club_lessons", lessons) if each.get("completed_date")]
    assert len(done) == 20
    assert max(each["completed_date"] for each in done) < OLD[1] + 4 * DAY_MS


def test_imported_events_have_tickets_and_only_old_dates(world: World) -> None:
    products, tickets = keyed(world, "products"), keyed(world, "event_participants")
    ids = world.import_events(2, at_ms=OLD, tickets=4)
    events = added(world, "products", products)

    assert [str(event["id"]) for event in events] == ids
    assert {(event["format"], event["status"]) for event in events} == {("ETICKET", "ACTIVE")}
    rows = added(world, "event_participants", tickets)
    assert len(rows) == 8
    for row in (*events, *rows, *(world.event_info(each) for each in ids)):
        assert max(dates_of(row)) < OLD[1] + 32 * DAY_MS


def test_imported_products_have_an_old_date(world: World) -> None:
    before = keyed(world, "products")
    ids = world.import_products(3, at_ms=OLD)
    products = added(world, "products", before)

    assert [str(product["id"]) for product in products] == ids
    assert max(product["created_at"] for product in products) <= OLD[1]


def test_children_of_selected_parents_are_rejected_permanently(world: World) -> None:
    codes = [record["subscriber_code"] for record in keyed(world, "subscriptions").values()]
    refused = set(codes[:20])

    def is_refused(call: Call) -> bool:
        return call.ids.get("subscriber_code") in refused

    with Simulator(world) as simulator, Client(simulator) as client:
        simulator.add_fault(Fault(kind=404, path=PURCHASES.format("*"), where=is_refused, times=None))
        simulator.add_fault(Fault(kind=403, path=PURCHASES.format(codes[30]), times=None))
        statuses = [client.get(PURCHASES.format(code)).status_code for code in codes[:32]]

        assert statuses == [404] * 20 + [200] * 10 + [403, 200]


def test_participants_of_a_draft_can_be_rejected(world: World) -> None:
    (draft,) = world.import_events(1, status="DRAFT")
    with Simulator(world) as simulator, Client(simulator) as client:
        path = f"/events/api/v1/{draft}/participants"
        assert client.get(path).status_code == 200
        simulator.add_fault(Fault(kind=404, path=path, times=None))
        assert client.get(path).status_code == 404


def test_the_plans_of_one_product_answer_400_once(world: World) -> None:
    ucode = next(product["ucode"] for product in keyed(world, "products").values() if product["is_subscription"])
    with Simulator(world, Switches(limit_per_minute=100_000)) as simulator, Client(simulator) as client:
        simulator.add_fault(Fault(kind=400, path=f"{PRODUCTS}/{ucode}/plans"))
        answers = [client.get(f"{PRODUCTS}/{ucode}/plans") for _ in range(2)]

        assert answers[0].json()["error"] == "invalid_parameter"
        assert [answer.status_code for answer in answers] == [400, 200]


def test_a_product_can_be_deleted_between_two_pages_and_restored(world: World) -> None:
    switches = Switches(deleted_products="hidden", untotalled_order="stable", empty_pages="items")
    with Simulator(world, switches) as simulator, Client(simulator) as client:
        before = client.rows(PRODUCTS, max_results=4)

        def unlist(call: Call) -> None:
            if call.path == PRODUCTS and call.get("page_token"):
                simulator.before_call = None
                world.set_product(before[0]["id"], {"status": "DELETED"})

        simulator.before_call = unlist
        slipped = client.rows(PRODUCTS, max_results=4)
        assert [row for row in before if row not in slipped] == [before[4]]
        world.set_product(before[0]["id"], {"status": before[0]["status"]})
        assert client.rows(PRODUCTS, max_results=4) == before


def test_an_unknown_product_or_field_is_rejected(world: World) -> None:
    known = next(iter(keyed(world, "products").values()))["id"]

    with pytest.raises(KeyError):
        world.set_product(1, {"status": "DELETED"})
    with pytest.raises(ValueError, match="a product has no colour"):
        world.set_product(known, {"colour": "red"})
