"""The endpoint of the charges of subscriptions (hotmart-api.md 4.8)."""

from array import array
from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import (
    BILLING_TYPES,
    PAYMENT_TYPES,
    PURCHASE_STATUS_OF,
    PURCHASE_STATUSES,
    RECURRENCY_STATUSES,
    SUBSCRIPTION_STATUSES,
)
from hotmart_simulator.server.endpoint import PAGING, Desk, Matches, PagedEndpoint, paged
from hotmart_simulator.server.parameters import Asked, Parameter, one_of
from hotmart_simulator.subscriptions.charge_rows import ChargeRow, ChargeRows
from hotmart_simulator.subscriptions.filters import NUMBER, SUBSCRIPTIONS, TEXT, check_window, default_window_ms

RowTest = Callable[[ChargeRow, Any], bool]
ROW_TESTS: Final[Mapping[str, RowTest]] = {
    "product_id": lambda row, wanted: row.history.contract.product.id == wanted,
    "subscriber_name": lambda row, wanted: wanted.lower() in row.history.contract.subscriber.name.lower(),
    "subscriber_email": lambda row, wanted: row.history.contract.subscriber.email.lower() == wanted.lower(),
    "subscriber_code": lambda row, wanted: row.history.contract.code == wanted,
    "billing_type": lambda row, wanted: row.history.contract.billing_type == wanted,
    "subscription_status": lambda row, wanted: row.history.contract.status == wanted,
    "recurrency_status": lambda row, wanted: row.charge.recurrency_status == wanted,
    "purchase_status": lambda row, wanted: PURCHASE_STATUS_OF[row.charge.status] == wanted,
    "offer_code": lambda row, wanted: row.history.plan_of(row.charge).offer_code == wanted,
    "purchase_payment_type": lambda row, wanted: row.sale.payment_type == wanted,
}


def find(desk: Desk, asked: Asked) -> Matches:
    """Return the charges that match, ascending by adoption.

    Without dates they are those of the last 30 days, unless one transaction is requested.
    """
    account = desk.account
    wanted = {**asked.path, **asked.values}
    start_ms, end_ms = asked.get("transaction_date"), asked.get("end_transaction_date")
    if "transaction" not in asked:
        end_ms = account.now_ms if end_ms is None else end_ms
        start_ms = end_ms - default_window_ms(desk) if start_ms is None else start_ms
        check_window(desk, "transaction_date", start_ms, end_ms)
    low_ms, high_ms = 0 if start_ms is None else start_ms, 2**63 - 1 if end_ms is None else end_ms
    tests = [(ROW_TESTS[name], value) for name, value in wanted.items() if name in ROW_TESTS]
    rows = ChargeRows(account)

    def matching() -> "array[int]":
        serial = None
        if "transaction" in asked:
            serial = account.sales.serial(asked.get("transaction"))
            if serial is None:
                return array("Q")
        found = rows.find(low_ms, high_ms, serial)
        if tests:
            found = (row for row in found if all(test(rows.about(row), value) for test, value in tests))
        return array("Q", found)

    query = (asked.fingerprint, start_ms, end_ms, rows.seen_ms, desk.switches)
    kept = account.subscriptions.kept(query, matching)
    return Matches(
        len(kept),
        lambda offset, count: [rows.record(row) for row in kept[offset : offset + count]],
        None if start_ms is None or end_ms is None else end_ms - start_ms,
    )


ENDPOINTS: Final = (
    PagedEndpoint(
        path=f"{SUBSCRIPTIONS}/transactions",
        parameters={
            **PAGING,
            "product_id": NUMBER,
            "transaction": TEXT,
            "subscriber_name": TEXT,
            "subscriber_email": TEXT,
            "subscriber_code": TEXT,
            "billing_type": Parameter(one_of(BILLING_TYPES)),
            "subscription_status": Parameter(one_of(SUBSCRIPTION_STATUSES)),
            "recurrency_status": Parameter(one_of(RECURRENCY_STATUSES)),
            "purchase_status": Parameter(one_of(PURCHASE_STATUSES)),
            "transaction_date": NUMBER,
            "end_transaction_date": NUMBER,
            "offer_code": TEXT,
            "purchase_payment_type": Parameter(one_of(PAYMENT_TYPES)),
        },
        answer=paged,
        key=("purchase", "transaction"),
        date=("last_update",),
        text=("plan", "name"),
        find=find,
        cap="payments_cap",
        default_rows=10,
        totals=False,
        token_form="opaque",
    ),
)
