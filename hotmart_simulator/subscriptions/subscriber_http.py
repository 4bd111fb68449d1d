"""The endpoints of one subscription's summary and purchases (hotmart-api.md 4.7 and 4.9)."""

from array import array
from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import HOUR_MS
from hotmart_simulator.server.endpoint import (
    PAGING,
    Answer,
    Desk,
    Endpoint,
    Matches,
    PagedEndpoint,
    bare,
    paged,
)
from hotmart_simulator.server.errors import Refusal, wrong_value
from hotmart_simulator.server.parameters import Asked
from hotmart_simulator.subscriptions import subscriber_records as records
from hotmart_simulator.subscriptions.codes import with_code
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.filters import (
    NUMBER,
    SUBSCRIPTIONS,
    TEXT,
    check_window,
    default_window_ms,
)
from hotmart_simulator.subscriptions.listing import begun_between

TESTS: Final[Mapping[str, Callable[[Contract, Any], bool]]] = {
    "product_id": lambda contract, wanted: contract.product.id == wanted,
    "subscriber_code": lambda contract, wanted: contract.code == wanted,
}


def find_summaries(desk: Desk, asked: Asked) -> Matches:
    """Return the summaries that match, ascending by accession. The default of accession_date is 30 days ago."""
    account, switches = desk.account, desk.switches
    code = asked.get("subscriber_code", "0")
    if switches.summary_code_filter == "integer" and not (code.isascii() and code.isdigit()):
        raise wrong_value("subscriber_code", "a number is expected")
    seen_ms = account.now_ms - switches.summary_delay_hours * HOUR_MS
    has_default = switches.summary_default_window == "applies"
    start_ms = asked.get("accession_date", account.now_ms - default_window_ms(desk) if has_default else 0)
    end_ms = min(seen_ms, asked.get("end_accession_date", seen_ms))
    check_window(desk, "accession_date", start_ms, end_ms)
    at_ms = seen_ms if switches.summary_delay_hours else None
    places = begun_between(account, start_ms, end_ms, at_ms)
    tests = [(TESTS[name], value) for name, value in asked.values.items() if name in TESTS]
    if tests:
        contracts = (Contract(account, index) for index in places)
        places = array("I", [c.index for c in contracts if all(test(c, value) for test, value in tests)])
    if "date_next_charge" in asked:
        wanted_ms = asked.get("date_next_charge")
        charged = [records.next_charge_ms(account, index, at_ms) for index in places]
        places = array("I", [i for i, date_ms in zip(places, charged, strict=True) if (date_ms or 0) >= wanted_ms])
    return Matches(
        len(places),
        lambda offset, rows: [records.summary(account, index, seen_ms) for index in places[offset : offset + rows]],
        end_ms - start_ms,
    )


def find_purchases(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Return all purchases under a subscriber code at once, ascending by recurrence."""
    account = desk.account
    with account.lock:
        indexes = with_code(account, asked.path["subscriber_code"])
        if not indexes:
            raise Refusal(404, "not_found", "The subscriber does not exist")
        rows = [row for index in indexes for row in records.purchases(account, index)]
        rows.sort(key=lambda row: (row.number, row.sale.order_ms))
        return bare([records.purchase(account, row.sale, row.number) for row in rows])


ENDPOINTS: Final = (
    PagedEndpoint(
        path=f"{SUBSCRIPTIONS}/summary",
        parameters={
            **PAGING,
            "product_id": NUMBER,
            "subscriber_code": TEXT,  # documented as a number, unlike the codes
            "accession_date": NUMBER,
            "end_accession_date": NUMBER,
            "date_next_charge": NUMBER,
        },
        answer=paged,
        key=("subscriber_code",),
        date=("accession_date",),
        text=("plan", "name"),
        find=find_summaries,
        cap="payments_cap",
        default_rows=10,
        totals=False,
        token_form="opaque",
    ),
    Endpoint(
        path=f"{SUBSCRIPTIONS}/<subscriber_code>/purchases",
        parameters={},
        answer=find_purchases,
        key=("transaction",),
        date=("approved_date",),
        text=("payment_method",),
    ),
)
