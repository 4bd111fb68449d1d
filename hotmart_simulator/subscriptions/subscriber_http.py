"""What is told of each subscription: summaries, and the purchases of one (hotmart-api.md 4.7 and 4.9)."""

from array import array
from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import HOUR_MS
from hotmart_simulator.sales.facts import Sale
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
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.parameters import Asked
from hotmart_simulator.subscriptions import subscriber_records as subscribers
from hotmart_simulator.subscriptions.facts import Contract
from hotmart_simulator.subscriptions.http import NUMBER, SUBSCRIPTIONS, TEXT, default_window_ms

TESTS: Final[Mapping[str, Callable[[Contract, Any], bool]]] = {
    "product_id": lambda contract, wanted: contract.product.id == wanted,
    "subscriber_code": lambda contract, wanted: contract.code == wanted,
    "date_next_charge": lambda contract, wanted: (contract.next_charge_ms or 0) >= wanted,
}


def find_summaries(desk: Desk, asked: Asked) -> Matches:
    """Ascending by accession; without accession_date only the last days."""
    account, book = desk.account, desk.account.subscriptions
    seen_ms = account.now_ms - desk.switches.summary_delay_hours * HOUR_MS
    start_ms = asked.get("accession_date", account.now_ms - default_window_ms(desk))
    end_ms = min(seen_ms, asked.get("end_accession_date", seen_ms))
    low, high = book.bounds(start_ms, end_ms)
    places = book.by_accession[low:high]
    tests = [(TESTS[name], value) for name, value in asked.values.items() if name in TESTS]
    if tests:
        contracts = (Contract(account, index) for index in places)
        places = array("I", [c.index for c in contracts if all(test(c, value) for test, value in tests)])
    return Matches(
        len(places),
        lambda offset, rows: [subscribers.summary(account, index, seen_ms) for index in places[offset : offset + rows]],
        end_ms - start_ms,
    )


def purchases(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """All at once, ascending by recurrence."""
    account = desk.account
    code = asked.path["subscriber_code"]
    with account.lock:
        index = account.subscriptions.codes.number(code)
        if index is None or index >= len(account.subscriptions) or account.subscriptions.codes.text(index) != code:
            raise Refusal(404, "not_found", "The subscriber does not exist")
        return bare(
            [subscribers.purchase(account, Sale(account, serial)) for serial in account.subscriptions.charges(index)]
        )


ENDPOINTS: Final = (
    PagedEndpoint(
        path=f"{SUBSCRIPTIONS}/summary",
        parameters={
            **PAGING,
            "product_id": NUMBER,
            "subscriber_code": TEXT,  # documented as a number, which the codes are not
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
        answer=purchases,
        key=("transaction",),
        date=("approved_date",),
        text=("payment_method",),
    ),
)
