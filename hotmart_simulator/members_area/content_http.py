"""club/api: modules, pages and a student's lessons (hotmart-api.md 4.14 to 4.16)."""

from typing import Any, Final

from hotmart_simulator.members_area import content_records as club
from hotmart_simulator.members_area.facts import number_of
from hotmart_simulator.members_area.http import nowhere, subdomain
from hotmart_simulator.members_area.state import Module
from hotmart_simulator.server.endpoint import Answer, Desk, Endpoint, bare
from hotmart_simulator.server.errors import Refusal, wrong_parameter
from hotmart_simulator.server.parameters import Asked, Parameter, flag, number, text

SUBDOMAIN: Final = {"subdomain": Parameter(text)}


def modules(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """One half each for is_extra true and false; what comes without it is not known (4.14)."""
    known = desk.account.members_areas.club(subdomain(desk, asked)).modules
    default = None if desk.switches.modules_without_is_extra == "all" else False
    wanted: bool | None = asked.get("is_extra", default)
    return bare([club.module(desk.account, module) for module in known if wanted in (None, module.is_extra)])


def pages_v1(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """The older version, which may be gone, or know some modules only."""
    name, form = subdomain(desk, asked), desk.switches.pages_v1
    if form == "gone":
        raise nowhere(desk.switches)
    if form == "refused":
        raise Refusal(404, "not_found", "The resource does not exist")
    home, module = _module(desk, asked)
    if home != name:
        raise Refusal(404, "not_found", "The module does not exist")
    if form == "some_empty" and module.sequence % 2 == 0:
        return bare([])
    return bare([club.page_v1(page) for page in module.pages])


def pages_v2(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """By the one product that the module belongs to, which no endpoint tells (4.15)."""
    product_id: int | None = asked.get("product_id")
    if product_id is None:
        raise Refusal(422, "unprocessable_entity", "The parameter product_id is required")
    _, module = _module(desk, asked)
    if module.product is None or module.product.id != product_id:
        form = desk.switches.pages_of_wrong_product
        if form == "404":
            raise Refusal(404, "not_found", "The module does not belong to the product")
        if form == "400":
            raise wrong_parameter("product_id", "the module does not belong to the product")
        return bare([])
    return bare([club.page_v2(desk.account, page) for page in module.pages])


def _module(desk: Desk, asked: Asked) -> tuple[str, Module]:
    """The club and the module of the id in the path."""
    found = desk.account.members_areas.home.get(asked.path["module_id"])
    if found is None:
        raise Refusal(404, "not_found", "The module does not exist")
    return found


def lessons(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """One student's progress, in an object of its own kind (3.4)."""
    account, name = desk.account, subdomain(desk, asked)
    with account.lock:
        student = number_of(account, name, asked.path["user_id"])
        if student is None:
            raise Refusal(404, "not_found", "The user does not exist")
        rows: list[dict[str, Any]] = club.lessons(account, student)
    return Answer(document={"lessons": rows}, rows=len(rows))


ENDPOINTS: Final = (
    Endpoint(
        path="/club/api/v1/modules",
        parameters={**SUBDOMAIN, "is_extra": Parameter(flag)},
        answer=modules,
        key=("module_id",),
        text=("name",),
    ),
    Endpoint(
        path="/club/api/v1/modules/<module_id>/pages",
        parameters=SUBDOMAIN,
        answer=pages_v1,
        key=("page_id",),
        date=("liberation_date",),
        text=("name",),
    ),
    Endpoint(
        path="/club/api/v2/modules/<module_id>/pages",
        parameters={"product_id": Parameter(number)},
        answer=pages_v2,
        key=("page_id",),
        text=("name",),
    ),
    Endpoint(
        path="/club/api/v1/users/<user_id>/lessons",
        parameters=SUBDOMAIN,
        answer=lessons,
        key=("page_id",),
        date=("completed_date",),
        text=("page_name",),
    ),
)
