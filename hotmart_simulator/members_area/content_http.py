"""club/api: modules, pages and a student's lessons (hotmart-api.md 4.14 to 4.16)."""

from typing import Any, Final

from hotmart_simulator.members_area import content_facts as facts
from hotmart_simulator.members_area import content_records as records
from hotmart_simulator.members_area.facts import STAFF, Student, number_of
from hotmart_simulator.members_area.http import subdomain
from hotmart_simulator.members_area.state import Module
from hotmart_simulator.server.endpoint import Answer, Desk, Endpoint, bare
from hotmart_simulator.server.errors import Refusal, wrong_parameter
from hotmart_simulator.server.parameters import Asked, Parameter, flag, number, text
from hotmart_simulator.server.replies import unknown_path

SUBDOMAIN: Final = {"subdomain": Parameter(text)}


def modules(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Return the modules with is_extra true or false. Without it the regular ones, or all by the switch (0.5, 4.14)."""
    known = desk.account.members_areas.area(subdomain(desk, asked)).modules
    default = None if desk.switches.modules_without_is_extra == "all" else False
    wanted: bool | None = asked.get("is_extra", default)
    return bare([records.module(desk.account, module) for module in known if wanted in (None, module.is_extra)])


def pages_v1(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Respond in the older version, which may have been removed or return only some modules."""
    name, form = subdomain(desk, asked), desk.switches.pages_v1
    if form == "gone":
        return unknown_path(endpoint.path, desk.switches)
    if form == "refused":
        raise Refusal(404, "not_found", "The resource does not exist")
    home, module = _module(desk, asked)
    if home != name:
        raise Refusal(404, "not_found", "The module does not exist")
    return bare([records.page_v1(page) for page in facts.pages_of_version_1(desk.account, module)])


def pages_v2(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Return pages by product. No endpoint shows which product a module belongs to (4.15)."""
    product_id: int | None = asked.get("product_id")
    if product_id is None:
        raise Refusal(422, "unprocessable_entity", "The parameter product_id is required")
    _, module = _module(desk, asked)
    pages = facts.pages_of_product(desk.account, module, product_id)
    if pages is None:
        form = desk.switches.pages_of_wrong_product
        if form == "404":
            raise Refusal(404, "not_found", "The module does not belong to the product")
        if form == "400":
            raise wrong_parameter("product_id", "the module does not belong to the product")
        return bare([])
    return bare([records.page_v2(desk.account, page) for page in pages])


def _module(desk: Desk, asked: Asked) -> tuple[str, Module]:
    """Return the subdomain and the module of the id in the path."""
    found = desk.account.members_areas.home.get(asked.path["module_id"])
    if found is None:
        raise Refusal(404, "not_found", "The module does not exist")
    return found


def lessons(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Return one student's progress, in an object of its own kind (3.4). The switch may reject that of staff."""
    account, name = desk.account, subdomain(desk, asked)
    with account.lock:
        student = number_of(account, name, asked.path["user_id"])
        if student is None:
            raise Refusal(404, "not_found", "The user does not exist")
        if desk.switches.lessons_of_staff == "refused" and Student(account, student).role in STAFF:
            raise Refusal(403, "unauthorized_client", "The user is not a student")
        rows: list[dict[str, Any]] = records.lessons(account, student)
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
