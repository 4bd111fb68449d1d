"""Wrong responses with status 200: without page_info, empty, with another date, with a capped total."""

from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from hotmart_simulator import Fault, Simulator
from hotmart_simulator.client import Client
from hotmart_simulator.common.vocabulary import DAY_MS

HISTORY = "/payments/api/v1/sales/history"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
TRANSACTIONS = f"{SUBSCRIPTIONS}/transactions"
PRODUCTS = "/products/api/v1/products"
STUDENTS = "/club/api/v1/users"
MODULES = "/club/api/v1/modules"
ME = "/user/api/v1/me"
TOKEN = "/security/oauth/token"
SCHOOL = {"subdomain": "my-school"}
LISTS: list[tuple[str, dict[str, Any]]] = [
    (HISTORY, {}),
    (SUBSCRIPTIONS, {"accession_date": 0}),
    (TRANSACTIONS, {}),
    (PRODUCTS, {}),
    (STUDENTS, SCHOOL),
]


@pytest.mark.parametrize(("path", "query"), LISTS)
def test_a_first_page_can_lack_page_info_once(
    simulator: Simulator, client: Client, path: str, query: dict[str, Any]
) -> None:
    first = client.get(path, max_results=3, **query).json()
    simulator.add_fault(Fault(kind="no_page_info", path=path, page="first"))

    assert client.get(path, max_results=3, **query).json() == {"items": first["items"]}
    assert client.get(path, max_results=3, **query).json() == first


@pytest.mark.parametrize(("path", "query"), LISTS)
def test_a_first_page_can_be_empty_once(simulator: Simulator, client: Client, path: str, query: dict[str, Any]) -> None:
    first = client.get(path, max_results=3, **query).json()
    simulator.add_fault(Fault(kind="empty_list", path=path, page="first"))
    empty = client.get(path, max_results=3, **query).json()

    has_total = "total_results" in first["page_info"]
    assert empty == {"items": [], "page_info": {"results_per_page": 0, **({"total_results": 0} if has_total else {})}}
    assert simulator.calls[-1].rows == 0
    assert client.get(path, max_results=3, **query).json() == first


def test_a_bare_list_and_lessons_can_be_empty_once(simulator: Simulator, client: Client) -> None:
    students = client.rows(STUDENTS, **SCHOOL)
    lessons = f"{STUDENTS}/{students[0]['user_id']}/lessons"
    for path, empty in ((MODULES, []), (lessons, {"lessons": []})):
        before = client.get(path, **SCHOOL).json()
        simulator.add_fault(Fault(kind="empty_list", path=path))
        assert client.get(path, **SCHOOL).json() == empty != before
        assert client.get(path, **SCHOOL).json() == before


def test_an_empty_list_fault_does_not_affect_an_object(simulator: Simulator, client: Client) -> None:
    before = client.get(ME).json()
    simulator.add_fault(Fault(kind="empty_list", path=ME))

    assert client.get(ME).json() == before


def test_a_total_can_be_capped_at_any_number(simulator: Simulator, client: Client) -> None:
    query = {"start_date": simulator.world.now_ms - 700 * DAY_MS, "end_date": simulator.world.now_ms}
    right = client.get(HISTORY, **query).json()["page_info"]["total_results"]
    simulator.switches = replace(simulator.switches, totals_count="capped", total_cap=40)

    assert right > 40
    assert client.get(HISTORY, **query).json()["page_info"]["total_results"] == 40
    assert len(client.rows(HISTORY, **query)) == right


def test_the_date_of_every_response_can_be_wrong(simulator: Simulator, client: Client) -> None:
    simulator.switches = replace(simulator.switches, date_offset_s=-10 * 365 * 86_400)
    for answer in (client.ask_token(), client.get(ME)):
        date_s = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        assert date_s == simulator.clock() - 10 * 365 * 86_400


def test_the_date_of_one_login_can_be_wrong(simulator: Simulator, client: Client) -> None:
    simulator.add_fault(Fault(kind="wrong_date", path=TOKEN, value=3 * 86_400))
    answers = [client.get(ME), client.ask_token(), client.ask_token()]
    dates_s = [parsedate_to_datetime(answer.headers["Date"]).timestamp() for answer in answers]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [date_s - simulator.clock() for date_s in dates_s] == [0, 3 * 86_400, 0]
