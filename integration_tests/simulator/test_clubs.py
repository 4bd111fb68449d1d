"""The simulator's modules, pages and lessons of members areas (hotmart-api.md 4.14 to 4.16)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from hotmart_simulator import Simulator, World
from hotmart_simulator.client import Client
from unit_tests.simulator.lookup import keyed, raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
CLUBS = ("my-school", "second-school")
MODULES = "/club/api/v1/modules"
STUDENTS = "/club/api/v1/users"


def lessons_path(user_id: str) -> str:
    return f"{STUDENTS}/{user_id}/lessons"


def pages_path(module_id: str, version: int = 1) -> str:
    return f"/club/api/v{version}/modules/{module_id}/pages"


@pytest.fixture(name="moving")
def moving_world() -> World:
    """An account of the test's own, which it can change."""
    return World(seed=5, sales=10, subscriptions=0, students=60, products=12, now_ms=NOW_MS)


def test_is_extra_splits_the_modules(simulator: Simulator, client: Client) -> None:
    truth = keyed(simulator.world, "club_modules")
    for club in CLUBS:
        extra = client.get(MODULES, subdomain=club, is_extra="true").json()
        regular = client.get(MODULES, subdomain=club, is_extra="false").json()
        assert {row["is_extra"] for row in extra} == {True}
        assert {row["is_extra"] for row in regular} == {False}
        assert {(club, row["module_id"]): row for row in extra + regular} == {
            key: row for key, row in truth.items() if key[0] == club
        }
        assert client.get(MODULES, subdomain=club).json() == regular
        simulator.switches = replace(simulator.switches, modules_without_is_extra="all")
        assert len(client.get(MODULES, subdomain=club).json()) == len(extra + regular)
        simulator.switches = replace(simulator.switches, modules_without_is_extra="regular")


def test_version_1_lists_pages_by_members_area(simulator: Simulator, client: Client) -> None:
    truth = keyed(simulator.world, "club_pages")
    found: dict[tuple[str, str], Any] = {}
    for (club, module_id), module in keyed(simulator.world, "club_modules").items():
        rows = client.get(pages_path(module_id), subdomain=club).json()
        assert len(rows) == module["total_pages"]
        found |= {(module_id, row["page_id"]): row for row in rows}
        other = client.get(pages_path(module_id), subdomain=CLUBS[club == CLUBS[0]])
        assert other.status_code == 404

    assert found == truth
    assert any(module["total_pages"] == 0 for module in raw_rows(simulator.world, "club_modules"))
    assert client.get(pages_path("NOMODULE"), subdomain=CLUBS[0]).status_code == 404
    assert client.get(pages_path(module_id)).status_code == 422


def test_version_2_lists_pages_by_the_product_of_their_module(simulator: Simulator, client: Client) -> None:
    world = simulator.world
    found: dict[tuple[str, str], Any] = {}
    products: dict[str, set[int]] = {}
    ids = [raw["id"] for raw in raw_rows(world, "products")]
    for club, module_id in keyed(world, "club_modules"):
        answers = {product_id: client.get(pages_path(module_id, 2), product_id=product_id).json() for product_id in ids}
        having = [product_id for product_id, rows in answers.items() if rows]
        assert len(having) <= 1
        for product_id in having:
            products.setdefault(club, set()).add(product_id)
            found |= {(module_id, row["page_id"]): row for row in answers[product_id]}

    assert found == keyed(world, "club_pages", version=2)
    assert [len(products[club]) for club in CLUBS] == [2, 2], "two products share a club"
    missing = client.get(pages_path(module_id, 2))
    assert missing.status_code == 422
    assert client.get(pages_path("NOMODULE", 2), product_id=1).status_code == 404


@pytest.mark.parametrize(("form", "status"), [("empty", 200), ("404", 404), ("400", 400)])
def test_version_2_returns_no_pages_for_a_wrong_product(
    simulator: Simulator, client: Client, form: Any, status: int
) -> None:
    simulator.switches = replace(simulator.switches, pages_of_wrong_product=form)
    module_id = next(iter(simulator.world.members_areas.home))
    answer = client.get(pages_path(module_id, 2), product_id=1)

    assert answer.status_code == status
    assert status != 200 or answer.json() == []


def test_page_dates_are_text(world: World) -> None:
    dates = [row["liberation_date"] for row in raw_rows(world, "club_pages") if "liberation_date" in row]
    dates += [
        config["liberation"]["liberation_date"]
        for row in raw_rows(world, "club_pages", version=2)
        for config in row["dripping_configs"]
        if "liberation_date" in config.get("liberation", {})
    ]

    assert len(dates) > 1
    assert {datetime.fromisoformat(date).year for date in dates} == {2025}


def test_version_1_can_be_partly_empty_or_missing(simulator: Simulator, client: Client) -> None:
    modules = list(keyed(simulator.world, "club_modules").items())[:6]

    def answers() -> list[Any]:
        return [client.get(pages_path(module_id), subdomain=club) for (club, module_id), _ in modules]

    whole = [answer.json() for answer in answers()]
    simulator.switches = replace(simulator.switches, pages_v1="some_empty")
    some = [answer.json() for answer in answers()]
    assert some == [rows if module["sequence"] % 2 else [] for rows, (_, module) in zip(whole, modules, strict=True)]
    assert some != whole
    simulator.switches = replace(simulator.switches, pages_v1="refused")
    assert {(answer.status_code, answer.json()["error"]) for answer in answers()} == {(404, "not_found")}
    simulator.switches = replace(simulator.switches, pages_v1="gone")
    assert {answer.status_code for answer in answers()} == {302}
    simulator.switches = replace(simulator.switches, pages_v1="gone", unknown_path="empty_body")
    assert {(answer.status_code, answer.content) for answer in answers()} == {(200, b"")}


def test_lessons_are_the_published_pages_of_the_members_area(simulator: Simulator, client: Client) -> None:
    world = simulator.world
    found: dict[tuple[str, str, str], Any] = {}
    modules = keyed(world, "club_modules")
    pages = keyed(world, "club_pages")
    for (club, user_id), student in keyed(world, "club_students").items():
        answer = client.get(lessons_path(user_id), subdomain=club).json()
        assert list(answer) == ["lessons"]
        rows = answer["lessons"]
        found |= {(club, user_id, row["page_id"]): row for row in rows}
        completed = [row for row in rows if row["is_completed"]]
        assert student["progress"]["total"] == len(rows)
        assert student["progress"]["completed"] == len(completed)
        assert {row["page_id"] for row in rows} == {
            page_id
            for (module_id, page_id), page in pages.items()
            if (club, module_id) in modules and page["is_published"]
        }
        for row in rows:
            assert ("completed_date" in row) == row["is_completed"]
        for row in completed:
            assert student["first_access_date"] <= row["completed_date"] <= student["last_access_date"]

    assert found == keyed(world, "club_lessons")
    assert any(row["is_completed"] for row in found.values())
    names = {(club, row["name"], row["is_extra"]) for (club, _), row in modules.items()}
    assert {(key[0], row["module_name"], row["is_module_extra"]) for key, row in found.items()} <= names


def test_lessons_of_a_user_of_another_members_area_are_not_found(simulator: Simulator, client: Client) -> None:
    keys = set(keyed(simulator.world, "club_students"))
    club, user_id = next(key for key in keys if (CLUBS[1], key[1]) not in keys)

    assert client.get(lessons_path(user_id), subdomain=club).status_code == 200
    assert client.get(lessons_path(user_id), subdomain=CLUBS[1]).status_code == 404
    assert client.get(lessons_path("NOBODY0000"), subdomain=club).status_code == 404
    assert client.get(lessons_path(user_id)).status_code == 422


def test_studying_updates_the_last_access_and_completes_a_lesson(moving: World) -> None:
    students, lessons = keyed(moving, "club_students"), keyed(moving, "club_lessons")
    changed = moving.student_moves.study(5, NOW_MS - 3)
    after, lessons_after = keyed(moving, "club_students"), keyed(moving, "club_lessons")

    assert len(set(changed)) == 5
    assert {key for key in students if students[key] != after[key]} == set(changed)
    for key in changed:
        assert after[key]["last_access_date"] == NOW_MS - 3
        assert after[key]["access_count"] == students[key]["access_count"] + 1
        assert after[key]["progress"]["completed"] == students[key]["progress"]["completed"] + 1
    done = [key for key in lessons if lessons[key] != lessons_after[key]]
    assert sorted(key[:2] for key in done) == sorted(changed)
    for key in done:
        assert (lessons[key]["is_completed"], lessons_after[key]["is_completed"]) == (False, True)
        assert lessons_after[key]["completed_date"] == NOW_MS - 3
    assert len(moving.student_moves.study(1_000)) == 60, "no more than there are"


def test_a_student_with_all_lessons_completed_still_gets_an_access(moving: World) -> None:
    for _ in range(40):
        moving.student_moves.study(60, NOW_MS)
    before = keyed(moving, "club_students")
    changed = moving.student_moves.study(2, NOW_MS + 1)
    after = keyed(moving, "club_students")

    assert all(row["progress"]["completed"] == row["progress"]["total"] for row in before.values())
    assert {key for key in before if before[key] != after[key]} == set(changed)
    assert {after[key]["progress"]["completed_percentage"] for key in changed} == {100}


def test_an_empty_members_area_returns_an_empty_list_or_object(simulator: Simulator, client: Client) -> None:
    clubs = (*CLUBS, "empty-school")
    forms: list[tuple[Any, Any]] = [("list", []), ("object", {})]
    for form, items in forms:
        simulator.switches = replace(simulator.switches, subdomains=clubs, empty_club_items=form)
        page = client.get(STUDENTS, subdomain="empty-school").json()
        assert page == {"items": items, "page_info": {"results_per_page": 0, "total_results": 0}}
        assert client.get(STUDENTS, subdomain=CLUBS[0]).json()["items"]
    assert client.get(MODULES, subdomain="empty-school", is_extra="false").json() == []


@pytest.mark.parametrize("path", [MODULES, pages_path("M"), lessons_path("U")])
@pytest.mark.parametrize(("form", "status"), [("404", 404), ("redirect", 302), ("html", 200)])
def test_every_members_area_endpoint_rejects_an_unknown_subdomain(
    simulator: Simulator, client: Client, path: str, form: Any, status: int
) -> None:
    simulator.switches = replace(simulator.switches, unknown_subdomain=form)
    answer = client.get(path, subdomain="nobodys")

    assert answer.status_code == status
    if form == "404":
        assert answer.json()["code"] == "0006"
    else:
        assert answer.headers["Content-Type"].startswith("text/html")
