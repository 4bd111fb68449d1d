"""The endpoint of subscriptions (hotmart-api.md 4.6)."""

from array import array
from typing import Any, Final

from hotmart_simulator.common.vocabulary import DAY_MS, SUBSCRIPTION_STATUSES
from hotmart_simulator.server.endpoint import PAGING, Desk, Matches, PagedEndpoint, paged
from hotmart_simulator.server.parameters import Asked, Parameter, flag, one_of, text
from hotmart_simulator.subscriptions import charge_http, records
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.filters import (
    CONTRACT_TESTS,
    NUMBER,
    SUBSCRIPTIONS,
    TEXT,
    ContractTest,
    check_product,
    check_window,
    default_window_ms,
)
from hotmart_simulator.subscriptions.listing import begun_between

CANCELLATION_WINDOW_MS: Final = 30 * DAY_MS


def find(desk: Desk, asked: Asked) -> Matches:
    """Return the subscriptions that match, newest accession first. The default of accession_date is 30 days ago."""
    account, switches = desk.account, desk.switches
    check_product(desk, asked)
    start_ms = asked.get("accession_date", account.now_ms - default_window_ms(desk))
    upper_ms = asked.get("end_accession_date")
    by_accession = switches.end_accession_filters == "accession"
    end_ms = upper_ms if by_accession else None
    check_window(desk, "accession_date", start_ms, account.now_ms if end_ms is None else end_ms)
    tests = [(CONTRACT_TESTS[name], value) for name, value in asked.values.items() if name in CONTRACT_TESTS]
    tests += _date_tests(desk, asked)
    if "status" not in asked and switches.subscriptions_by_default == "active":
        tests.append((CONTRACT_TESTS["status"], ("ACTIVE",)))
    if upper_ms is not None and not by_accession:
        # The docs' text: when the cancellation was requested.
        tests.append((lambda contract, wanted: contract.end_ms is not None and contract.end_ms <= wanted, upper_ms))
    places = begun_between(account, start_ms, end_ms)
    places.reverse()
    if tests:
        contracts = (Contract(account, index) for index in places)
        places = array("I", [c.index for c in contracts if all(test(c, value) for test, value in tests)])
    return Matches(
        len(places),
        lambda offset, rows: [records.subscription(Contract(account, i)) for i in places[offset : offset + rows]],
        (account.now_ms if end_ms is None else end_ms) - start_ms,
    )


def _date_tests(desk: Desk, asked: Asked) -> list[tuple[ContractTest, Any]]:
    """Return the tests of the two other date ranges of 4.6, whose defaults hold without them by a switch only."""
    now_ms, switches = desk.account.now_ms, desk.switches
    tests: list[tuple[ContractTest, Any]] = []

    def within(value_ms: int | None, wanted: tuple[int, int | None]) -> bool:
        start_ms, end_ms = wanted
        return value_ms is not None and start_ms <= value_ms and (end_ms is None or value_ms <= end_ms)

    if "cancelation_date" in asked or "end_cancelation_date" in asked:
        start_ms = asked.get("cancelation_date", now_ms - default_window_ms(desk))
        wanted = (start_ms, asked.get("end_cancelation_date", now_ms))
        tests.append((lambda contract, window: within(contract.end_ms, window), wanted))
    elif switches.cancellation_default == "last_30_days":
        recent = (now_ms - CANCELLATION_WINDOW_MS, now_ms)
        tests.append((lambda contract, window: contract.end_ms is None or within(contract.end_ms, window), recent))
    if "date_next_charge" in asked or "end_date_next_charge" in asked:
        wanted = (asked.get("date_next_charge", now_ms), asked.get("end_date_next_charge", now_ms))
        tests.append((lambda contract, window: within(contract.next_charge_ms(), window), wanted))
    elif switches.next_charge_default == "from_now":
        tests.append((lambda contract, window: within(contract.next_charge_ms(), window), (now_ms, None)))
    return tests


ENDPOINTS: Final = (
    PagedEndpoint(
        path=SUBSCRIPTIONS,
        parameters={
            **PAGING,
            "product_id": NUMBER,
            "plan": Parameter(text, repeats=True),
            "plan_id": NUMBER,
            "accession_date": NUMBER,
            "end_accession_date": NUMBER,
            "status": Parameter(one_of(SUBSCRIPTION_STATUSES), repeats=True),
            "subscriber_code": TEXT,
            "subscriber_email": TEXT,
            "transaction": TEXT,
            "trial": Parameter(flag),
            "cancelation_date": NUMBER,
            "end_cancelation_date": NUMBER,
            "date_next_charge": NUMBER,
            "end_date_next_charge": NUMBER,
        },
        answer=paged,
        key=("subscriber_code",),
        date=("accession_date",),
        text=("plan", "name"),
        find=find,
        cap="payments_cap",
        default_rows=10,
        totals=True,
        token_form="opaque",
    ),
    *charge_http.ENDPOINTS,
)
