"""Students of the members areas and the account's owner (hotmart-api.md 5.13, 4.19). Dates: epoch ms."""

from typing import TYPE_CHECKING, Any, Final

from integration_tests.simulator.chance import scatter
from integration_tests.simulator.vocabulary import DAY_MS

if TYPE_CHECKING:
    from integration_tests.simulator.world import World

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


def subdomain_of(world: "World", number: int) -> str:
    """The club of a student: seven in ten are in the first one."""
    others = len(world.subdomains) - 1
    if not others or number % 10 < 7:
        return world.subdomains[0]
    return world.subdomains[1 + number % others]


def student(world: "World", number: int) -> dict[str, Any]:
    """club users; every tenth is also a student of the first club, with the same user_id there."""
    twice = len(world.subdomains) > 1 and number % 10 == 9
    bits = scatter(world.student_bits + number)
    person_number = number - 9 if twice else number
    person = world.people.buyers[scatter(world.student_bits ^ person_number) % len(world.people.buyers)]
    role = ROLES[bits & 15]
    total = bits >> 8 & 63
    completed = total * (bits >> 14 & 7) // 7
    record: dict[str, Any] = {
        "user_id": world.student_codes.text(person_number),
        "name": person.name,
        "email": person.email,
        "role": role,
        "status": STATUSES[bits >> 17 & 15],
        "type": TYPES.get(role, ("IMPORTED", "GUEST")[bits >> 21 & 1]),
        "plus_access": PLUS[bits >> 22 & 15],
        "engagement": ENGAGEMENTS[(bits >> 26) % 5],
        "locale": ("pt", "pt_BR", "pt_BR", "en", "es")[(bits >> 29) % 5],
        "access_count": 0,
        "is_deletable": bits >> 32 & 1 == 0,
        "class_id": world.student_codes.text(10**9 + bits % 6),
        "progress": {
            "total": total,
            "completed": completed,
            "completed_percentage": _percentage(completed, total, exact=bits >> 33 & 1 == 0),
        },
    }
    joined_ms = world.start_ms + bits % max(1, world.born_ms - world.start_ms)
    if record["type"] == "BUYER":
        record["purchase_date"] = joined_ms
    if bits >> 34 & 15:  # the others never entered
        record["first_access_date"] = min(joined_ms + bits % DAY_MS, world.born_ms)
        record["last_access_date"] = world.born_ms - bits % (world.born_ms - record["first_access_date"] + 1)
        record["access_count"] = bits % 90 + 1
    return record


def _percentage(completed: int, total: int, *, exact: bool) -> int | float:
    if not total:
        return 0
    return round(100 * completed / total, 1) if exact else 100 * completed // total


def owner(world: "World") -> dict[str, Any]:
    """user/me."""
    person = world.people.owner
    return {"name": person.name, "email": person.email, "phone": f"{person.phone_ddd}{person.phone}"}
