"""The paths of the scrape of March 2026, which may be right instead of the official ones (4.8, 4.13, 4.16)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from hotmart_simulator.server.endpoint import Answer, Desk, Endpoint
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.parameters import Asked, Parameter, text
from hotmart_simulator.subscriptions.codes import with_code
from hotmart_simulator.switches import Switches

Answering = Callable[[Endpoint, Desk, Asked], Answer]


@dataclass(frozen=True, slots=True)
class OtherPath:
    """The path of one side of the switch `paths`, and the official path that is unknown on that side."""

    official: str
    path: str


OTHER_PATHS: Final[Mapping[str, OtherPath]] = {
    "charges_by_subscriber": OtherPath(
        "/payments/api/v1/subscriptions/transactions",
        "/payments/api/v1/subscriptions/<subscriber_code>/transactions",
    ),
    "club_students": OtherPath("/club/api/v1/users", "/club/api/v1/students"),
    "student_progress": OtherPath("/club/api/v1/users/<user_id>/lessons", "/club/api/v1/students/progress"),
}


def other_endpoints(official: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """Return the endpoints at the paths of the scrape. Their responses are those of the official endpoints."""
    by_path = {endpoint.path: endpoint for endpoint in official}
    charges, students, lessons = (
        replace(by_path[OTHER_PATHS[side].official], path=OTHER_PATHS[side].path)
        for side in ("charges_by_subscriber", "club_students", "student_progress")
    )
    without_code = {name: known for name, known in charges.parameters.items() if name != "subscriber_code"}
    return (
        replace(charges, parameters=without_code, answer=_of_known_subscriber(charges.answer)),
        students,
        replace(
            lessons,
            parameters={**lessons.parameters, "user_id": Parameter(text)},
            answer=_of_user_parameter(lessons.answer),
        ),
    )


def is_served(path: str, switches: Switches) -> bool:
    """Whether the path of an endpoint, with names in place of its ids, is known on this side of `paths`."""
    unknown = {side: other.path for side, other in OTHER_PATHS.items()}
    chosen = OTHER_PATHS.get(switches.paths)
    if chosen is not None:
        unknown[switches.paths] = chosen.official
    return path not in unknown.values()


def _of_known_subscriber(answer: Answering) -> Answering:
    """Return a function that responds with 404 for an unknown subscriber code in the path (2.4)."""

    def answered(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
        if not with_code(desk.account, asked.path["subscriber_code"]):
            raise Refusal(404, "not_found", "The subscriber does not exist")
        return answer(endpoint, desk, asked)

    return answered


def _of_user_parameter(answer: Answering) -> Answering:
    """Return a function that reads the user from a parameter instead of the path."""

    def answered(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
        user_id: str | None = asked.get("user_id")
        if user_id is None:
            raise Refusal(422, "unprocessable_entity", "The parameter user_id is required")
        return answer(endpoint, desk, replace(asked, path={"user_id": user_id}))

    return answered
