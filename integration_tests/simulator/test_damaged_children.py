"""The simulator's faults in responses without the usual envelope, or with an ID in their path."""

from collections import Counter
from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator, World
from hotmart_simulator.client import Client
from unit_tests.simulator.lookup import keyed

SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
MODULES = "/club/api/v1/modules"


def lessons_path(world: World) -> str:
    """Return the path of a student who has completed some lessons."""
    rows = keyed(world, "club_lessons").items()
    user_id = next(key[1] for key, row in rows if key[0] == "my-school" and row["is_completed"])
    return f"{STUDENTS}/{user_id}/lessons"


def child_paths(world: World) -> dict[str, str]:
    """Return one path per endpoint with an ID in it, whose response has at least two rows."""
    product, event = world.products.own[0], world.tickets.events[0]
    counts = Counter(key[0] for key in keyed(world, "subscription_purchases"))
    return {
        "offers": f"{PRODUCTS}/{product.ucode}/offers",
        "plans": f"{PRODUCTS}/{product.ucode}/plans",
        "coupons": f"/products/api/v1/coupon/product/{product.id}",
        "participants": f"/events/api/v1/{event.id}/participants",
        "purchases": f"{SUBSCRIPTIONS}/{counts.most_common(1)[0][0]}/purchases",
        "pages": f"{MODULES}/{next(iter(world.members_areas.home))}/pages",
        "lessons": lessons_path(world),
    }


@pytest.mark.parametrize(("kind", "body"), [("items_null", b"null"), ("items_object", b"{}"), ("items_missing", b"{}")])
def test_a_fault_replaces_an_array(simulator: Simulator, client: Client, kind: str, body: bytes) -> None:
    simulator.add_fault(Fault(kind=kind))

    assert client.get(MODULES, subdomain="my-school").content == body
    assert simulator.calls[-1].rows == 0
    assert client.get(MODULES, subdomain="my-school").json()


@pytest.mark.parametrize(("kind", "lessons"), [("items_null", None), ("items_object", {}), ("items_missing", "absent")])
def test_lessons_have_a_wrong_type(simulator: Simulator, client: Client, kind: str, lessons: Any) -> None:
    path = lessons_path(simulator.world)
    simulator.add_fault(Fault(kind=kind))

    assert client.get(path, subdomain="my-school").json().get("lessons", "absent") == lessons


@pytest.mark.parametrize("kind", ["repeat_token", "empty_page_with_token", "wrong_total"])
def test_faults_of_tokens_and_totals_leave_an_array_unchanged(simulator: Simulator, client: Client, kind: str) -> None:
    before = client.get(MODULES, subdomain="my-school").content
    simulator.add_fault(Fault(kind=kind))

    assert client.get(MODULES, subdomain="my-school").content == before


@pytest.mark.parametrize(
    ("name", "key", "date", "text"),
    [
        ("offers", "code", None, "payment_mode"),
        ("plans", "code", None, "payment_mode"),
        ("coupons", "id", "start_date", "coupon_code"),
        ("participants", "eticket.id", "eticket.current_update", "buyer.name"),
        ("purchases", "transaction", "approved_date", "payment_method"),
        ("pages", "page_id", "liberation_date", "name"),
        ("lessons", "page_id", "completed_date", "page_name"),
    ],
)
def test_a_fault_can_change_a_row_of_a_child(
    simulator: Simulator, client: Client, name: str, key: str, date: str | None, text: str
) -> None:
    path = child_paths(simulator.world)[name]
    query = {"subdomain": "my-school"} if path.startswith("/club/") else {}

    def second() -> Any:
        document = client.get(path, **query).json()
        return (document if isinstance(document, list) else document.get(name, document.get("items")))[1]

    def value(row: Any, field: str) -> Any:
        *parents, last = field.split(".")
        for parent in parents:
            row = row[parent]
        return row.get(last, "absent")

    assert value(second(), key) != "absent"
    for kind, field, expected in (
        ("no_key", key, "absent"),
        ("number_for_string", text, 12_345),
        ("bad_date", date, "x"),
    ):
        if field is not None:
            simulator.add_fault(Fault(kind=kind, path=path, row=1, value="x" if kind == "bad_date" else None))
            assert value(second(), field) == expected
            assert value(second(), field) != expected


@pytest.mark.parametrize("name", ["coupons", "participants"])
def test_a_repeated_token_of_a_child_belongs_to_its_query(simulator: Simulator, client: Client, name: str) -> None:
    path = child_paths(simulator.world)[name]
    simulator.add_fault(Fault(kind="repeat_token", path=path))
    looped = client.get(path, max_results=2).json()

    assert (
        client.get(path, max_results=2, page_token=looped["page_info"]["next_page_token"]).json()["items"]
        == (looped["items"])
    )


@pytest.mark.parametrize("name", ["coupons", "participants"])
@pytest.mark.parametrize("page", ["first", "middle", "last"])
def test_an_inserted_empty_page_of_a_child_loses_no_row(
    simulator: Simulator, client: Client, name: str, page: Any
) -> None:
    path = child_paths(simulator.world)[name]
    before = client.rows(path, max_results=3)
    simulator.add_fault(Fault(kind="empty_page_with_token", path=path, page=page))
    pages = list(client.pages(path, max_results=3))

    assert [len(each["items"]) for each in pages].count(0) == 1
    assert [row for each in pages for row in each["items"]] == before
