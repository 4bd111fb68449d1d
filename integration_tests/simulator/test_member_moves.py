"""Changes of students, modules and pages in the simulator's members areas."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.client import Client
from hotmart_simulator.common.row import Row
from hotmart_simulator.members_area import expected
from hotmart_simulator.members_area.content_moves import ContentMoves
from hotmart_simulator.members_area.moves import StudentMoves
from hotmart_simulator.shapes import problems
from tools.sample import sample

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
AREAS = ("my-school", "second-school")
STUDENTS = "/club/api/v1/users"
MODULES = "/club/api/v1/modules"
Rows = dict[tuple[str, ...], dict[str, Any]]


@pytest.fixture(name="world", params=sample([1, 2, 3], 3))
def small_world(request: pytest.FixtureRequest) -> World:
    """Accounts as small as those of the flips."""
    return World(seed=request.param, sales=120, subscriptions=30, students=24, products=8, now_ms=NOW_MS)


@pytest.fixture(name="simulator")
def quick_simulator(world: World) -> Iterator[Simulator]:
    with Simulator(world, Switches(limit_per_minute=1_000_000)) as simulator:
        yield simulator


def students(client: Client) -> Rows:
    """Return every student by subdomain, user_id and class. Assert that no row is repeated."""
    found = [(area, row) for area in AREAS for row in client.rows(STUDENTS, subdomain=area, max_results=7)]
    rows: Rows = {(area, row["user_id"], row["class_id"]): row for area, row in found}
    assert len(rows) == len(found)
    return rows


def lessons(client: Client) -> Rows:
    """Return every lesson by subdomain, user_id and page."""
    rows: Rows = {}
    for area, user_id in {key[:2] for key in students(client)}:
        answer = client.get(f"{STUDENTS}/{user_id}/lessons", subdomain=area)
        assert answer.status_code == 200
        rows |= {(area, user_id, row["page_id"]): row for row in answer.json()["lessons"]}
    return rows


def modules(client: Client) -> Rows:
    """Return every module by subdomain and ID."""
    return {
        (area, row["module_id"]): row
        for area in AREAS
        for is_extra in ("true", "false")
        for row in client.get(MODULES, subdomain=area, is_extra=is_extra).json()
    }


def pages(client: Client) -> Rows:
    """Return every page in version 1, by subdomain, module and page."""
    return {
        (area, module_id, row["page_id"]): row
        for area, module_id in modules(client)
        for row in client.get(f"{MODULES}/{module_id}/pages", subdomain=area).json()
    }


def pages_v2(client: Client) -> list[dict[str, Any]]:
    """Return every page in version 2, for every product."""
    return [
        row
        for _, module_id in modules(client)
        for product in client.simulator.world.products.own
        for row in client.get(f"/club/api/v2/modules/{module_id}/pages", product_id=product.id).json()
    ]


def assert_expected(found: Rows | list[dict[str, Any]], rows: Iterator[Row], shape: str = "") -> None:
    """Assert that a complete read returns the expected rows, without repeated keys. Check their shape if given."""
    kept = list(rows)
    if shape:
        assert [problems(shape, row.record) for row in kept] == [[]] * len(kept)
    assert len({row.identity for row in kept}) == len(kept)
    read = found if isinstance(found, list) else list(found.values())
    assert sorted(map(orjson.dumps, read)) == sorted(orjson.dumps(row.record) for row in kept)


def changed(before: Rows, after: Rows) -> set[tuple[str, ...]]:
    """Return the keys of new, removed and changed rows, without the last key field."""
    return {key[:-1] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def test_a_complete_read_equals_the_expected_rows_after_every_change(client: Client, world: World) -> None:
    moves = {**StudentMoves(world).named(), **ContentMoves(world).named()}
    assert set(moves) == {
        "studies",
        "students",
        "student_blocks",
        "student_removals",
        "second_classes",
        "pages",
        "module_renames",
    }
    for move in moves.values():
        assert len(move(2)) == 2
        assert_expected(students(client), expected.club_students(world), "club_students")
        assert_expected(lessons(client), expected.club_lessons(world))
        assert problems("club_lessons", {"lessons": [row.record for row in expected.club_lessons(world)]}) == []
        assert_expected(modules(client), expected.club_modules(world), "club_modules")
        assert_expected(pages(client), expected.club_pages(world))
        assert_expected(pages_v2(client), expected.club_pages(world, version=2), "club_pages_v2")


def test_identities_contain_the_parents(world: World) -> None:
    user_ids = {row.record["user_id"] for row in expected.club_students(world)}
    module_ids = {row.record["module_id"] for row in expected.club_modules(world)}

    for rows in (expected.club_students, expected.club_modules, expected.club_pages, expected.club_lessons):
        assert {row.identity[1] for row in rows(world)} == set(AREAS)
    assert {row.identity[2] for row in expected.club_pages(world)} <= module_ids
    assert {row.identity[2] for row in expected.club_lessons(world)} == user_ids


def test_new_students_have_no_access_until_they_study(client: Client, world: World) -> None:
    before = students(client)
    made = StudentMoves(world).join(20, NOW_MS - 3)
    after = students(client)

    assert {key[:2] for key in after.keys() - before.keys()} == set(made)
    assert len(set(made)) == 20
    assert {key: after[key] for key in before} == before
    new = {key: row for key, row in after.items() if key not in before}
    for row in new.values():
        assert (row["role"], row["type"], row["status"]) == ("STUDENT", "BUYER", "ACTIVE")
        assert (row["purchase_date"], row["access_count"]) == (NOW_MS - 3, 0)
        assert row["progress"]["completed"] == 0 < row["progress"]["total"]
        assert not {"first_access_date", "last_access_date"} & set(row)
    assert {area for area, _ in made} == set(AREAS)
    both = {user_id for _, user_id in made} & {key[1] for key in before}
    assert both, "every tenth is a student of the first area already"
    StudentMoves(world).study(1_000, NOW_MS)
    for key, row in students(client).items():
        if key in new:
            assert row["first_access_date"] == row["last_access_date"] == NOW_MS
            assert (row["access_count"], row["progress"]["completed"]) == (1, 1)


def test_blocked_students_stay_listed(client: Client, world: World) -> None:
    before = students(client)
    picked = StudentMoves(world).block(100)
    after = students(client)

    assert picked
    assert changed(before, after) == set(picked)
    assert set(picked) == {key[:2] for key, row in before.items() if row["status"] == "ACTIVE"}
    assert {after[key]["status"] for key in after if key[:2] in picked} == {"BLOCKED", "BLOCKED_BY_OWNER"}
    assert {key: {**row, "status": ""} for key, row in after.items()} == {
        key: {**row, "status": ""} for key, row in before.items()
    }
    assert StudentMoves(world).block(1) == []
    joined = StudentMoves(world).join(1)
    assert StudentMoves(world).block(5) == joined


def test_removed_students_are_no_longer_listed_and_have_no_lessons(client: Client, world: World) -> None:
    before = students(client)
    picked = StudentMoves(world).remove(4)
    after = students(client)

    assert len(set(picked)) == 4
    assert before.keys() - after.keys() == {key for key in before if key[:2] in picked}
    assert after == {key: row for key, row in before.items() if key[:2] not in picked}
    for area, user_id in picked:
        answer = client.get(f"{STUDENTS}/{user_id}/lessons", subdomain=area)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert {key[:2] for key in lessons(client)} == {key[:2] for key in after}
    assert not set(StudentMoves(world).study(1_000)) & set(picked)
    assert len(StudentMoves(world).remove(1_000)) == 20
    assert students(client) == {}
    moves = StudentMoves(world).named()
    assert [move(1) for name, move in moves.items() if name != "students"] == [[]] * 4


def test_a_student_removed_from_one_members_area_stays_in_the_other(client: Client, world: World) -> None:
    both = {key[1] for key in students(client) if key[0] == AREAS[1]}
    twins = {key[1] for key in students(client) if key[0] == AREAS[0] and key[1] in both}
    assert twins
    while not set(StudentMoves(world).remove(1)) & {(area, user_id) for area in AREAS for user_id in twins}:
        pass
    left = {key[:2] for key in students(client)}

    assert any(len([area for area in AREAS if (area, user_id) in left]) == 1 for user_id in twins)
    for user_id in twins:
        for area in AREAS:
            answer = client.get(f"{STUDENTS}/{user_id}/lessons", subdomain=area)
            assert answer.status_code == (200 if (area, user_id) in left else 404)


def test_an_added_page_is_an_uncompleted_lesson(client: Client, world: World) -> None:
    modules_before, pages_before, lessons_before = modules(client), pages(client), lessons(client)
    picked = ContentMoves(world).add_page(5)
    modules_after, pages_after, lessons_after = modules(client), pages(client), lessons(client)

    assert len(set(picked)) == 5
    new = pages_after.keys() - pages_before.keys()
    assert {key[:2] for key in new} == set(picked)
    assert {key: pages_after[key] for key in pages_before} == pages_before
    assert all(pages_after[key]["is_published"] for key in new)
    for key, module in modules_after.items():
        added = 1 if key in picked else 0
        assert module == {**modules_before[key], "total_pages": modules_before[key]["total_pages"] + added}
        orders = sorted(row["page_order"] for row_key, row in pages_after.items() if row_key[:2] == key)
        assert orders == list(range(1, module["total_pages"] + 1))
    assert {key: lessons_after[key] for key in lessons_before} == lessons_before, "what was completed stays so"
    added_lessons = lessons_after.keys() - lessons_before.keys()
    assert {key[2] for key in added_lessons} == {key[2] for key in new}
    assert not any(lessons_after[key]["is_completed"] for key in added_lessons)
    for row in students(client).values():
        progress = row["progress"]
        assert progress["completed_percentage"] <= 100 * progress["completed"] / progress["total"] + 0.1


def test_pages_can_be_added_to_a_module_repeatedly(client: Client, world: World) -> None:
    for _ in range(12):
        ContentMoves(world).add_page(1_000)
    found = pages(client)

    assert len({key[2] for key in found}) == len(found)
    assert_expected(found, expected.club_pages(world))
    assert_expected(lessons(client), expected.club_lessons(world))


def test_a_renamed_module_is_renamed_in_the_lessons(client: Client, world: World) -> None:
    before, lessons_before = modules(client), lessons(client)
    picked = ContentMoves(world).rename(4)
    after, lessons_after = modules(client), lessons(client)

    assert len(set(picked)) == 4
    assert {key for key in before if before[key] != after[key]} == set(picked)
    for key in picked:
        assert after[key] == {**before[key], "name": f"{before[key]['name']} (new)"}
    new_name = {(key[0], before[key]["name"]): after[key]["name"] for key in before}
    assert lessons_after == {
        key: {**row, "module_name": new_name[key[0], row["module_name"]]} for key, row in lessons_before.items()
    }
    assert lessons_after != lessons_before


def test_an_account_without_modules_or_students_has_no_changes() -> None:
    world = World(sales=0, subscriptions=0, students=0, products=0, modules=0, now_ms=NOW_MS)

    assert ContentMoves(world).add_page(1) == ContentMoves(world).rename(1) == []
    assert StudentMoves(world).study(1) == StudentMoves(world).remove(1) == []
    assert len(StudentMoves(world).join(1)) == 1
