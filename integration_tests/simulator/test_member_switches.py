"""The sides of the beliefs about members areas and the account itself (hotmart-api.md 4.13 to 4.16, 4.19)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.members_area import expected
from hotmart_simulator.members_area.moves import StudentMoves
from hotmart_simulator.products.moves import ProductMoves
from tools.sample import sample

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
AREAS = ("my-school", "second-school")
STUDENTS = "/club/api/v1/users"
MODULES = "/club/api/v1/modules"
STAFF = ("OWNER", "ADMIN", "CONTENT_EDITOR", "MODERATOR")
ME = "/user/api/v1/me"


@pytest.fixture(name="world", params=sample([1, 2, 3], 3))
def small_world(request: pytest.FixtureRequest) -> World:
    """Accounts as small as those of the flips, where every side must be visible."""
    return World(seed=request.param, sales=120, subscriptions=30, students=24, products=8, now_ms=NOW_MS)


@pytest.fixture(name="simulator")
def quick_simulator(world: World) -> Iterator[Simulator]:
    with Simulator(world, Switches(limit_per_minute=1_000_000)) as simulator:
        yield simulator


def students(client: Client) -> list[tuple[str, dict[str, Any]]]:
    """Return every row of the student lists, with its subdomain."""
    return [(area, row) for area in AREAS for row in client.rows(STUDENTS, subdomain=area, max_results=7)]


def modules(client: Client) -> list[tuple[str, dict[str, Any]]]:
    """Return every module with its subdomain."""
    return [
        (area, row)
        for area in AREAS
        for is_extra in ("true", "false")
        for row in client.get(MODULES, subdomain=area, is_extra=is_extra).json()
    ]


def pages_by_product(client: Client) -> dict[str, dict[int, list[dict[str, Any]]]]:
    """Return the pages of each module in version 2, by product."""
    found: dict[str, dict[int, list[dict[str, Any]]]] = {}
    for _, module in modules(client):
        for product in client.simulator.world.products.own:
            path = f"/club/api/v2/modules/{module['module_id']}/pages"
            rows = client.get(path, product_id=product.id).json()
            if rows:
                found.setdefault(module["module_id"], {})[product.id] = rows
    return found


def text_of(rows: list[dict[str, Any]]) -> list[bytes]:
    return sorted(map(orjson.dumps, rows))


def test_a_student_of_two_classes_has_one_row_or_two(simulator: Simulator, client: Client, world: World) -> None:
    one = students(client)
    second = set(StudentMoves(world).put_in_second_class(3))
    assert students(client) == one
    simulator.switches = replace(simulator.switches, student_rows="per_class")
    several = students(client)

    counts = Counter((area, row["user_id"]) for area, row in several)
    assert set(counts.values()) == {1, 2}
    assert second < {key for key, count in counts.items() if count == 2}, "some were in two classes at first"
    assert [row for row in several if row in one] == one
    for area, row in several:
        others = [other for name, other in several if (name, other["user_id"]) == (area, row["user_id"])]
        assert len({other["class_id"] for other in others}) == len(others)
        assert all({**other, "class_id": ""} == {**row, "class_id": ""} for other in others)
    assert text_of([row for _, row in several]) == text_of([row.record for row in expected.club_students(world)])
    page = client.get(STUDENTS, subdomain=AREAS[0], max_results=1).json()
    assert page["page_info"]["total_results"] == sum(area == AREAS[0] for area, _ in several)
    lessons = [row.identity for row in expected.club_lessons(world)]
    assert len(set(lessons)) == len(lessons), "a student has lessons once"


def test_the_last_access_is_current_or_three_days_late(simulator: Simulator, client: Client, world: World) -> None:
    def shown() -> dict[tuple[str, str], Any]:
        return {(area, row["user_id"]): row.get("last_access_date") for area, row in students(client)}

    joined = StudentMoves(world).join(1)[0]
    before = shown()
    simulator.switches = replace(simulator.switches, last_access_date="days_late")
    late = shown()
    StudentMoves(world).study(1_000, NOW_MS)
    assert shown() == late
    assert late[joined] is None
    for key, at_ms in late.items():
        assert at_ms == before[key] or (before[key] > NOW_MS - 3 * DAY_MS and (at_ms or 0) <= NOW_MS - 3 * DAY_MS)
    world.advance(3 * DAY_MS - 1)
    assert NOW_MS not in shown().values()
    world.advance(1)
    assert set(shown().values()) == {NOW_MS}
    rows = [row for _, row in students(client)]
    assert text_of(rows) == text_of([row.record for row in expected.club_students(world)])
    world.advance(DAY_MS)
    StudentMoves(world).study(1_000)
    assert set(shown().values()) == {NOW_MS}
    simulator.switches = replace(simulator.switches, last_access_date="at_once")
    assert set(shown().values()) == {NOW_MS + 4 * DAY_MS}


def test_lessons_of_staff_are_listed_or_rejected(simulator: Simulator, client: Client, world: World) -> None:
    def statuses() -> dict[tuple[str, str], int]:
        return {
            (area, row["user_id"]): client.get(f"{STUDENTS}/{row['user_id']}/lessons", subdomain=area).status_code
            for area, row in students(client)
        }

    roles = {(area, row["user_id"]): row["role"] for area, row in students(client)}
    assert set(statuses().values()) == {200}
    assert {row.identity[1:3] for row in expected.club_lessons(world)} == set(roles)
    simulator.switches = replace(simulator.switches, lessons_of_staff="refused")

    assert statuses() == {key: 403 if role in STAFF else 200 for key, role in roles.items()}
    assert 403 in statuses().values()
    assert {row.identity[1:3] for row in expected.club_lessons(world)} == {
        key for key, role in roles.items() if role not in STAFF
    }


def test_without_is_extra_regular_or_all_modules_are_listed(simulator: Simulator, client: Client) -> None:
    for area in AREAS:
        halves = [client.get(MODULES, subdomain=area, is_extra=flag).json() for flag in ("false", "true")]
        simulator.switches = replace(simulator.switches, modules_without_is_extra="regular")
        assert client.get(MODULES, subdomain=area).json() == halves[0]
        simulator.switches = replace(simulator.switches, modules_without_is_extra="all")
        assert text_of(client.get(MODULES, subdomain=area).json()) == text_of(halves[0] + halves[1])
        assert all(halves)


def test_total_pages_is_exact_or_zero_for_some_modules(simulator: Simulator, client: Client, world: World) -> None:
    def counts() -> dict[str, int]:
        return {
            row["module_id"]: len(client.get(f"{MODULES}/{row['module_id']}/pages", subdomain=area).json())
            for area, row in modules(client)
        }

    assert {row["module_id"]: row["total_pages"] for _, row in modules(client)} == counts()
    exact = counts()
    simulator.switches = replace(simulator.switches, module_total_pages="zero")

    shown = {row["module_id"]: row["total_pages"] for _, row in modules(client)}
    assert counts() == exact
    wrong = {key for key in shown if shown[key] != exact[key]}
    assert wrong and {shown[key] for key in wrong} == {0}
    assert any(shown.values())
    assert text_of([row for _, row in modules(client)]) == text_of([row.record for row in expected.club_modules(world)])


def test_pages_of_a_module_belong_to_one_or_two_products(simulator: Simulator, client: Client, world: World) -> None:
    one = pages_by_product(client)
    assert {len(products) for products in one.values()} == {1}
    simulator.switches = replace(simulator.switches, module_products="several")
    several = pages_by_product(client)

    assert {len(products) for products in several.values()} == {1, 2}
    for module_id, products in several.items():
        whole = text_of(next(iter(one[module_id].values())))
        assert text_of([row for rows in products.values() for row in rows]) == whole
        assert set(one[module_id]) <= set(products), "the product that it had at first still has some"
    rows = [row for products in several.values() for part in products.values() for row in part]
    kept = list(expected.club_pages(world, version=2))
    assert text_of(rows) == text_of([row.record for row in kept])
    assert len({row.identity for row in kept}) == len(kept)


def test_pages_of_a_deleted_product_are_available_only_while_it_is_listed(
    simulator: Simulator, client: Client, world: World
) -> None:
    ProductMoves(world).delete(100)
    kept = list(expected.club_pages(world, version=2))
    assert kept and len(pages_by_product(client)) > 1
    simulator.switches = replace(simulator.switches, deleted_products="hidden")

    assert pages_by_product(client) == {}
    assert list(expected.club_pages(world, version=2)) == []
    assert len(list(expected.club_pages(world, version=1))) == len(kept)
    simulator.switches = replace(simulator.switches, pages_of_wrong_product="404")
    module_id = modules(client)[0][1]["module_id"]
    path = f"/club/api/v2/modules/{module_id}/pages"
    assert {client.get(path, product_id=product.id).status_code for product in world.products.own} == {404}


@pytest.mark.parametrize("form", ["all", "some_empty", "refused", "gone"])
def test_version_1_of_the_pages_equals_the_expected_rows(
    simulator: Simulator, client: Client, world: World, form: Any
) -> None:
    whole = len(list(expected.club_pages(world)))
    simulator.switches = replace(simulator.switches, pages_v1=form)
    rows: list[dict[str, Any]] = []
    for area, module in modules(client):
        answer = client.get(f"{MODULES}/{module['module_id']}/pages", subdomain=area)
        assert answer.status_code == {"refused": 404, "gone": 302}.get(form, 200)
        rows += answer.json() if answer.status_code == 200 else []

    assert text_of(rows) == text_of([row.record for row in expected.club_pages(world)])
    assert (len(rows) == whole) == (form == "all")
    assert (len(rows) > 0) == (form in ("all", "some_empty"))
    assert len(list(expected.club_pages(world, version=2))) == whole


def test_only_rows_of_known_members_areas_are_expected(simulator: Simulator, world: World) -> None:
    simulator.switches = replace(simulator.switches, subdomains=(AREAS[1], "empty-school"))

    for rows in (expected.club_students, expected.club_modules, expected.club_pages, expected.club_lessons):
        assert {row.identity[1] for row in rows(world)} == {AREAS[1]}


def test_students_are_listed_at_once_or_after_their_first_visit(
    simulator: Simulator, client: Client, world: World
) -> None:
    def listed() -> dict[tuple[str, str], dict[str, Any]]:
        return {(area, row["user_id"]): row for area, row in students(client)}

    joined = set(StudentMoves(world).join(12))
    before = listed()
    assert joined <= set(before)
    simulator.switches = replace(simulator.switches, never_entered="hidden")

    after = listed()
    assert after == {key: row for key, row in before.items() if "first_access_date" in row}
    assert not joined & set(after)
    for area, user_id in joined:
        assert client.get(f"{STUDENTS}/{user_id}/lessons", subdomain=area).status_code == 404
    assert {row.identity[1:3] for row in expected.club_lessons(world)} == set(after)
    assert len(list(expected.club_students(world))) == len(after)
    StudentMoves(world).study(1_000)
    assert set(listed()) == set(before), "who enters is listed"


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("contact", {"name", "email", "phone"}),
        ("settings", {"id", "name", "locale", "time_zone", "currency_code_commission"}),
    ],
)
def test_the_account_has_contact_data_settings_or_both(
    simulator: Simulator, client: Client, form: Any, fields: set[str]
) -> None:
    both = client.get(ME).json()
    simulator.switches = replace(simulator.switches, account_fields=form)

    assert client.get(ME).json() == {name: both[name] for name in fields}
    assert fields < set(both)


def test_the_account_endpoint_responds_or_is_missing(simulator: Simulator, client: Client, world: World) -> None:
    answer = client.get(ME)
    assert answer.status_code == 200
    me = answer.json()
    assert set(me) == {"id", "name", "email", "phone", "locale", "time_zone", "currency_code_commission"}
    assert (me["name"], me["email"]) == (world.people.owner.name, world.people.owner.email)
    simulator.switches = replace(simulator.switches, user_me="missing")

    answer = client.get(ME)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
