"""The shapes fit the examples of hotmart-api.md, the genuine samples and every simulated record, and detect faults."""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common import vocabulary
from hotmart_simulator.shapes import Shape, date_fields, parse, problems, shapes

Read = Callable[..., list[Any]]

EXAMPLES: Final[dict[str, dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "reference_examples.json").read_text(encoding="utf-8")
)
SAMPLES: Final = Path(__file__).parents[2] / "unit_tests" / "resource" / "samples"
SHAPE_OF: Final = {
    "club-students-real": "club_students",
    "coupon-get-real": "coupons",
    "product-getall-real": "products",
    "subscription-real": "subscriptions",
}
# Fields that the recording client added to the samples (README.md beside them).
ADDED: Final = {"coupons": {"discount_percentage", "coupon_info"}}
LIBERATION_DATE: Final = "dripping_configs[].liberation.liberation_date"

NOW_MS: Final = 1_768_478_400_000  # 2026-01-15T12:00:00Z
START_MS: Final = NOW_MS - 1_461 * 86_400_000
RANGE_MS: Final = 180 * 86_400_000  # hotmart-api.md 0.5: longer date ranges may be refused
SALES: Final = ("sales_history", "sales_summary", "sales_users", "sales_commissions", "sales_price_details")

# The simulated pages of version 1 have the key that a row needs (6.4). 4.15 names only the other fields.
NOT_IN_THE_SHAPE: Final = {"club_pages_v1": {f"{key} is unknown" for key in ("page_id", "name", "type", "page_order")}}
# Optional fields that the simulator always sends if their parent is present, with the reason.
ALWAYS_SENT: Final = {
    "sales_history": {"buyer.name"},  # 5.1 does not say which fields a thin buyer lacks
    "sales_users": {"users[].user.address.country"},  # 5.3: all that a real buyer's address had
    "club_pages_v1": {"liberation_type", "has_duration", "is_published"},  # 4.15 gives no presence
}
NEVER_SENT: Final[dict[str, set[str]]] = {}


# The reference and the samples


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_reference_fits_its_shape(name: str) -> None:
    assert problems(name, EXAMPLES[name]) == []


def test_every_shape_except_pages_v1_has_an_example() -> None:
    assert set(shapes()) - set(EXAMPLES) == {"club_pages_v1"}


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_row_of_a_genuine_sample_fits_its_shape(path: Path) -> None:
    name = SHAPE_OF[path.stem]
    rows = json.loads(path.read_text(encoding="utf-8"))["response"]["body"]

    assert rows
    for row in rows:
        assert problems(name, {key: value for key, value in row.items() if key not in ADDED.get(name, ())}) == []


# Faults


def changed(name: str, path: str, *value: object) -> dict[str, Any]:
    """Return the example of a shape with a new value of one field, in the first array items, or without the field."""
    record = deepcopy(EXAMPLES[name])
    *steps, last = [0 if step == "[]" else step for step in path.replace("[]", ".[]").split(".")]
    place: Any = record
    for step in steps:
        place = place[step]
    if value:
        place[last] = value[0]
    else:
        del place[last]
    return record


@pytest.mark.parametrize(
    ("name", "path", "value", "problem"),
    [
        ("products", "id", "4112233", "id is not integer"),
        ("products", "id", True, "id is not integer"),
        ("products", "id", 4112233.0, "id is not integer"),
        ("products", "is_subscription", 0, "is_subscription is not boolean"),
        ("products", "price", 197, "price is unknown"),
        ("products", "created_at", 1_700_000_000, "created_at is not ms"),  # seconds
        ("products", "created_at", 0, "created_at is not ms"),
        ("sales_history", "purchase.price.value", "197.5", "purchase.price.value is not number"),
        ("sales_history", "purchase.price.value", False, "purchase.price.value is not number"),
        ("sales_history", "purchase.price.cents", 19750, "purchase.price.cents is unknown"),
        ("sales_users", "users[].user.email", 5, "users[].user.email is not string"),
        ("sales_users", "users[].user.documents[].type", None, "users[].user.documents[].type is null"),
        ("sales_users", "users[].user.age", 5, "users[].user.age is unknown"),
        ("club_modules", "classes[]", 5, "classes[] is not string"),
        ("club_lessons", "lessons[].completed_date", 1.5e12, "lessons[].completed_date is not ms"),
        ("event_participants", "participant.phone", 1.5, "participant.phone is not string or integer"),
        ("club_pages_v2", LIBERATION_DATE, NOW_MS, f"{LIBERATION_DATE} is not iso"),
        ("club_pages_v2", LIBERATION_DATE, "15/01/2026", f"{LIBERATION_DATE} is not iso"),
    ],
)
def test_a_wrong_value_or_unknown_field_is_reported(name: str, path: str, value: object, problem: str) -> None:
    assert problems(name, changed(name, path, value)) == [problem]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("sales_history", "purchase.price.value", 197),
        ("event_participants", "participant.phone", "550000000000"),
        ("event_participants", "participant.phone", 550000000000),
        ("event_participants", "eticket.category", {"anything": 1}),
        ("subscription_summary", "unpaid_recurrencies", []),
        ("club_pages_v2", LIBERATION_DATE, "2026-01-15"),
        ("club_pages_v2", LIBERATION_DATE, "2026-01-15T12:00:00.123-03:00"),
    ],
)
def test_every_documented_value_fits(name: str, path: str, value: object) -> None:
    assert problems(name, changed(name, path, value)) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_missing_field_or_wrong_type_is_reported(name: str) -> None:
    shape = shapes()[name]
    for field in [shape.fields[path] for path, present in presence(shape, "", EXAMPLES[name]) if present]:
        path, types, marks = field.path, " or ".join(field.types), field.marks
        if not path.endswith("[]"):
            assert problems(name, changed(name, path)) == ([] if "optional" in marks else [f"{path} is missing"])
        assert problems(name, changed(name, path, None)) == ([] if "nullable" in marks else [f"{path} is null"])
        assert problems(name, changed(name, path, {1})) == [f"{path} is not {types}"]


def test_every_problem_is_reported_once_without_its_value() -> None:
    record = changed("sales_users", "transaction")
    record["product"] = "Secret Course"
    for user in record["users"]:
        user["user"]["email"] = ["ana@example.com"]

    assert problems("sales_users", record) == [
        "product is not object",
        "users[].user.email is not string",
        "transaction is missing",
    ]


def test_fields_of_an_absent_object_are_not_reported() -> None:
    assert problems("sales_price_details", changed("sales_price_details", "fee")) == []
    assert problems("sales_price_details", changed("sales_price_details", "fee.value")) == ["fee.value is missing"]


def test_a_record_that_is_not_an_object_is_reported() -> None:
    assert problems("products", [EXAMPLES["products"]]) == ["the record is not an object"]
    with pytest.raises(KeyError):
        problems("product", EXAMPLES["products"])


@pytest.mark.parametrize("fields", ["{id: int}", "{id: integer sometimes}", "{a.b: string}", "{a: object, 'a[]': any}"])
def test_an_invalid_shape_definition_is_rejected(fields: str) -> None:
    with pytest.raises(ValueError, match=r"^(id|a\.b|a\[\]): "):
        parse(f"x: {{source: '5.1', endpoint: /x, fields: {fields}}}")


def test_date_fields_are_fields_in_milliseconds() -> None:
    assert date_fields("club_students") == {"purchase_date", "first_access_date", "last_access_date"}
    assert date_fields("club_lessons") == {"lessons[].completed_date"}
    assert date_fields("club_pages_v2") == frozenset()


# Simulated records


def presence(shape: Shape, path: str, value: Any) -> Iterator[tuple[str, bool]]:
    """Yield each declared field whose parent occurs in a record, with whether the field itself occurs."""
    known = shape.below.get(path, {})
    if isinstance(value, list) and known:
        for item in value:
            yield known["[]"].path, True
            yield from presence(shape, known["[]"].path, item)
    elif isinstance(value, dict):
        for key, field in known.items():
            yield field.path, key in value
            if key in value:
                yield from presence(shape, field.path, value[key])


@pytest.fixture(name="rows", scope="module")
def every_row() -> dict[str, list[Any]]:
    """Return every record of every endpoint, read over HTTP, by shape name."""
    rows: dict[str, list[Any]] = {name: [] for name in shapes()}
    world = World(seed=2, sales=1_500, subscriptions=250, students=120, now_ms=NOW_MS)
    with Simulator(world, Switches(limit_per_minute=1_000_000)) as simulator, Client(simulator) as client:
        read = reader(client, rows)
        read_payments(read)
        read_products(read)
        for subdomain in simulator.switches.subdomains:
            read_members_area(read, subdomain, [product["id"] for product in rows["products"]])
    return rows


def reader(client: Client, rows: dict[str, list[Any]]) -> Read:
    """Return a function that adds the records of one query to the rows, and returns them."""

    def read(name: str, ids: Mapping[str, object] | None = None, /, **query: Any) -> list[Any]:
        found = listed(client, name, shapes()[name].endpoint.format_map(ids or {}), **query)
        rows[name] += found
        return found

    return read


def listed(client: Client, name: str, path: str, **query: Any) -> list[Any]:
    """Return the rows of all pages, of a bare array, or of one document. An empty body has no rows (2.4)."""
    rows: list[Any] = []
    while True:
        answer = client.get(path, **query)
        if answer.status_code == 400 and name == "product_plans":  # a product without plans (4.12)
            return []
        assert answer.status_code == 200, (path, answer.text)
        page: Any = answer.json() if answer.content else []
        if "page_info" not in page:
            return page if isinstance(page, list) else [page]
        rows += page.get("items", [])
        query["page_token"] = page["page_info"].get("next_page_token")
        if not query["page_token"]:
            return rows


def read_payments(read: Read) -> None:
    for name in SALES:
        statuses = vocabulary.PRICE_DETAILS_STATUSES if name == "sales_price_details" else vocabulary.SALE_STATUSES
        for start_ms in range(START_MS, NOW_MS, RANGE_MS):
            dates = {"start_date": start_ms, "end_date": min(NOW_MS, start_ms + RANGE_MS - 1)}
            read(name, **dates, transaction_status=statuses, max_results=500)
    read("subscription_summary", accession_date=START_MS, max_results=500)
    read("subscription_transactions", transaction_date=START_MS, max_results=500)
    for row in read("subscriptions", accession_date=START_MS, status=vocabulary.SUBSCRIPTION_STATUSES, max_results=500):
        read("subscription_purchases", row)


def read_products(read: Read) -> None:
    for product in [product for status in vocabulary.PRODUCT_STATUSES for product in read("products", status=status)]:
        read("product_offers", product)
        read("product_plans", product)
        read("coupons", {"product_id": product["id"]})
        if product["format"] == "ETICKET":
            ids = {"event_id": product["id"]}
            read("event_info", ids)
            for status in vocabulary.TICKET_STATUSES:
                read("event_participants", ids, ticket_status=status, ticket_type="ALL", checkin_status="ALL")


def read_members_area(read: Read, subdomain: str, product_ids: list[int]) -> None:
    for student in read("club_students", subdomain=subdomain):
        read("club_lessons", student, subdomain=subdomain)
    for is_extra in ("false", "true"):
        for module in read("club_modules", subdomain=subdomain, is_extra=is_extra):
            read("club_pages_v1", module, subdomain=subdomain)
            for product_id in product_ids:
                read("club_pages_v2", module, product_id=product_id)


@pytest.mark.parametrize("name", shapes())
def test_every_simulated_record_fits_its_shape(rows: dict[str, list[Any]], name: str) -> None:
    found = {problem for row in rows[name] for problem in problems(name, row)}

    assert rows[name]
    assert found == NOT_IN_THE_SHAPE.get(name, set())


@pytest.mark.parametrize("name", shapes())
def test_every_field_occurs_and_every_optional_field_is_sometimes_absent(rows: dict[str, list[Any]], name: str) -> None:
    shape = shapes()[name]
    seen = {field for row in rows[name] for field in presence(shape, "", row)}
    marks = {path: field.marks for path, field in shape.fields.items()}
    never = {path for path in marks if "docs_only" not in marks[path] and (path, True) not in seen}
    always = {path for path in marks if "optional" in marks[path] and (path, False) not in seen}

    assert never == NEVER_SENT.get(name, set())
    assert always == ALWAYS_SENT.get(name, set())


def test_only_a_switch_creates_sales_without_product_or_producer() -> None:
    """beliefs.md names such rows, but the reference does not, so the shape follows 5.1, 5.3 and 5.4."""
    rows: dict[str, list[Any]] = {name: [] for name in shapes()}
    world = World(seed=2, now_ms=NOW_MS, sales=900, subscriptions=20)
    switches = Switches(limit_per_minute=1_000_000, sale_products="some_missing")
    with Simulator(world, switches) as simulator, Client(simulator) as client:
        read_payments(reader(client, rows))

    found = {problem for name in SALES for row in rows[name] for problem in problems(name, row)}
    assert found == {"product is missing", "producer is missing"}
