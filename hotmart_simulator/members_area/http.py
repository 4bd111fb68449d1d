"""club/api: the students of a members area (hotmart-api.md 4.13)."""

from typing import Final

from hotmart_simulator.members_area import records as members
from hotmart_simulator.members_area.facts import student_rows
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


def nowhere(switches: Switches) -> Exception:
    """Return the response for a subdomain that does not exist."""
    if switches.unknown_subdomain == "404":
        document = {"code": "0006", "message": "The subdomain does not exist"}
        return Refusal(404, "not_found", "The subdomain does not exist", document=document)
    return Elsewhere(redirected=switches.unknown_subdomain == "redirect")


def subdomain(desk: Desk, asked: Asked) -> str:
    """Return the requested members area. Every endpoint but version 2 of the pages requires one."""
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
    """Find the students by number. `email` matches in part."""
    account, email = desk.account, asked.get("email")
    found = list(student_rows(account, subdomain(desk, asked)))
    if email is not None:
        found = [row for row in found if email.lower() in members.student(account, *row)["email"].lower()]
    return Matches(
        len(found),
        lambda offset, rows: [members.student(account, *row) for row in found[offset : offset + rows]],
    )


def students(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Return pages of students. An area without any may send an object for its list."""
    answer = paged(endpoint, desk, asked)
    if not answer.found and desk.switches.empty_club_items == "object":
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
    ),
)
