"""Students of the members areas (hotmart-api.md 5.13). Dates: epoch ms."""

from typing import Any, Final

from hotmart_simulator.account import Account
from hotmart_simulator.members_area.facts import Student, class_id, class_places

TYPES: Final = {"STUDENT": "BUYER", "FREE_STUDENT": "FREE", "OWNER": "OWNER"}
PLUS: Final = ("WITHOUT_PLUS_ACCESS",) * 12 + (
    "HOLDER",
    "HOLDER_WITH_DEPENDENTS",
    "HOLDER_WITHOUT_DEPENDENTS",
    "DEPENDENT",
)
ENGAGEMENTS: Final = ("NONE", "LOW", "MEDIUM", "HIGH", "VERY_HIGH")


def student(account: Account, number: int, place: int = 0) -> dict[str, Any]:
    """Return a row of club users: that of one of the student's classes, by default of the first one."""
    facts = Student(account, number)
    bits = facts.bits
    person, role = account.people.buyers[facts.buyer_place], facts.role
    total, completed = account.members_areas.lesson_count(facts.subdomain), len(facts.completed_ms)
    record: dict[str, Any] = {
        "user_id": facts.user_id,
        "name": person.name,
        "email": person.email,
        "role": role,
        "status": facts.status,
        "type": TYPES.get(role, ("IMPORTED", "GUEST")[bits >> 21 & 1]),
        "plus_access": PLUS[bits >> 22 & 15],
        "engagement": ENGAGEMENTS[(bits >> 26) % 5],
        "locale": ("pt", "pt_BR", "pt_BR", "en", "es")[(bits >> 29) % 5],
        "access_count": facts.access_count,
        "is_deletable": bits >> 32 & 1 == 0,
        "class_id": class_id(account, class_places(account, number)[place]),
        "progress": {
            "total": total,
            "completed": completed,
            "completed_percentage": _percentage(completed, total, exact=bits >> 33 & 1 == 0),
        },
    }
    if record["type"] == "BUYER":
        record["purchase_date"] = facts.joined_ms
    if facts.first_ms is not None:
        record["first_access_date"] = facts.first_ms
    if facts.shown_last_ms is not None:
        record["last_access_date"] = facts.shown_last_ms
    return record


def _percentage(completed: int, total: int, *, exact: bool) -> int | float:
    if not total:
        return 0
    return round(100 * completed / total, 1) if exact else 100 * completed // total
