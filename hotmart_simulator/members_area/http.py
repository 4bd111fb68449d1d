"""club/api: the students of a members area (hotmart-api.md 4.13)."""

from typing import Final

from hotmart_simulator.members_area import records as members
from hotmart_simulator.members_area.facts import subdomain_of
from hotmart_simulator.server.endpoint import (
    PAGING,
    Answer,
    Desk,
    Endpoint,
    Matches,
    PagedEndpoint,
    paged,
)
from hotmart_simulator.server.errors import Elsewhere, Refusal
from hotmart_simulator.server.parameters import Asked, Parameter, text
from hotmart_simulator.switches import Switches

CLUB: Final = "/club/api/"
# Wrong paths that were seen to answer 200 with nothing (2.4); the other wrong ones go to the documentation.
EMPTY_PATHS: Final = frozenset(("/club/api/v1/students", "/club/api/v1/pages"))


def nowhere(switches: Switches) -> Exception:
    """What a wrong path or a subdomain that does not exist meets."""
    if switches.unknown_subdomain == "404":
        document = {"code": "0006", "message": "The subdomain does not exist"}
        return Refusal(404, "not_found", "The subdomain does not exist", document=document)
    return Elsewhere(redirected=switches.unknown_subdomain == "redirect")


def subdomain(desk: Desk, asked: Asked) -> str:
    """The club asked for, which every club endpoint requires."""
    name: str | None = asked.get("subdomain")
    if name is None:
        raise Refusal(422, "unprocessable_entity", "The parameter subdomain is required")
    if desk.switches.subdomain_forms == "loose":
        name = next((known for known in desk.switches.subdomains if _plain(known) == _plain(name)), name)
    if name not in desk.switches.subdomains:
        raise nowhere(desk.switches)
    return name


def _plain(name: str) -> str:
    return name.replace("-", "").lower()


def find(desk: Desk, asked: Asked) -> Matches:
    account, club, email = desk.account, subdomain(desk, asked), asked.get("email")
    numbers = [number for number in range(account.members_areas.student_count) if subdomain_of(account, number) == club]
    if email is not None:
        numbers = [n for n in numbers if email.lower() in members.student(account, n)["email"].lower()]
    return Matches(
        len(numbers),
        lambda offset, rows: [members.student(account, number) for number in numbers[offset : offset + rows]],
    )


def students(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Pages of students; a club without any may send an object for its list."""
    answer = paged(endpoint, desk, asked)
    if not answer.rows and desk.switches.empty_club_items == "object":
        answer.document["items"] = {}
    return answer


ENDPOINTS: Final = (
    PagedEndpoint(
        path="/club/api/v1/users",
        parameters={**PAGING, "subdomain": Parameter(text), "email": Parameter(text)},
        answer=students,
        key=("user_id",),
        date=("last_access_date",),
        text=("name",),
        find=find,
        cap="club_cap",
        default_rows=20,
        totals=True,
    ),
)
