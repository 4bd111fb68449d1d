"""Students of all members areas."""

from typing import Any, Final

from hotmart_simulator import World
from hotmart_simulator.members_area.facts import Student, student_rows
from hotmart_simulator.members_area.records import TYPES
from integration_tests.analytics.truth.forms import day, local, moment

STALLED_DAYS: Final = 30
LEARNERS: Final = ("STUDENT", "FREE_STUDENT")


def student_progress(world: World, as_of_ms: int) -> list[dict[str, Any]]:
    """Return hotmart__student_progress at a given time."""
    rows = []
    for subdomain in world.setting.subdomains:
        for number, _ in student_rows(world, subdomain):
            rows.append({"members_area": subdomain, **_row(world, Student(world, number), as_of_ms)})
    return rows


def _row(world: World, student: Student, as_of_ms: int) -> dict[str, Any]:
    items, completed = world.members_areas.lesson_count(student.subdomain), len(student.completed_ms)
    last_ms = student.shown_last_ms
    is_buyer = TYPES.get(student.role) == "BUYER"
    sign_ms = last_ms if last_ms is not None else (student.joined_ms if is_buyer else None)
    has_finished = items > 0 and completed >= items
    is_learning = student.role in LEARNERS and student.status == "ACTIVE"
    is_idle = sign_ms is not None and (local(as_of_ms) - local(sign_ms)).days >= STALLED_DAYS
    return {
        "student_id": student.user_id,
        "role": student.role,
        "status": student.status,
        "last_visit_at": moment(last_ms),
        "last_visit_on": day(last_ms),
        "visits": student.access_count,
        "items": items,
        "completed_items": completed,
        "has_finished": has_finished,
        "has_never_visited": student.first_ms is None,
        "days_since_last_visit": None if last_ms is None else (local(as_of_ms) - local(last_ms)).days,
        "is_stalled": is_learning and not has_finished and is_idle,
    }
