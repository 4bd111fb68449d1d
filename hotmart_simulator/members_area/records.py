"""Students of the members areas and the account's owner (hotmart-api.md 5.13, 4.19). Dates: epoch ms."""

from typing import Any, Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.members_area.content_records import class_id
from hotmart_simulator.members_area.facts import Student

ROLES: Final = ("STUDENT",) * 11 + ("FREE_STUDENT", "OWNER", "ADMIN", "CONTENT_EDITOR", "MODERATOR")
TYPES: Final = {"STUDENT": "BUYER", "FREE_STUDENT": "FREE", "OWNER": "OWNER"}
STATUSES: Final = ("ACTIVE",) * 13 + ("BLOCKED", "BLOCKED_BY_OWNER", "OVERDUE")
PLUS: Final = ("WITHOUT_PLUS_ACCESS",) * 12 + (
    "HOLDER",
    "HOLDER_WITH_DEPENDENTS",
    "HOLDER_WITHOUT_DEPENDENTS",
    "DEPENDENT",
)
ENGAGEMENTS: Final = ("NONE", "LOW", "MEDIUM", "HIGH", "VERY_HIGH")


def student(account: Account, number: int) -> dict[str, Any]:
    """club users."""
    facts = Student(account, number)
    bits, person_number = facts.bits, facts.person_number
    person = account.people.buyers[
        scatter(account.members_areas.student_seed ^ person_number) % len(account.people.buyers)
    ]
    role = ROLES[bits & 15]
    total, completed = account.members_areas.lesson_count(facts.subdomain), len(facts.completed_ms)
    record: dict[str, Any] = {
        "user_id": facts.user_id,
        "name": person.name,
        "email": person.email,
        "role": role,
        "status": STATUSES[bits >> 17 & 15],
        "type": TYPES.get(role, ("IMPORTED", "GUEST")[bits >> 21 & 1]),
        "plus_access": PLUS[bits >> 22 & 15],
        "engagement": ENGAGEMENTS[(bits >> 26) % 5],
        "locale": ("pt", "pt_BR", "pt_BR", "en", "es")[(bits >> 29) % 5],
        "access_count": facts.access_count,
        "is_deletable": bits >> 32 & 1 == 0,
        "class_id": class_id(account, bits),
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
        record["last_access_date"] = facts.last_ms
    return record


def _percentage(completed: int, total: int, *, exact: bool) -> int | float:
    if not total:
        return 0
    return round(100 * completed / total, 1) if exact else 100 * completed // total


def owner(account: Account) -> dict[str, Any]:
    """user/me."""
    person = account.people.owner
    return {"name": person.name, "email": person.email, "phone": f"{person.phone_ddd}{person.phone}"}
