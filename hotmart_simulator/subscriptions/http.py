"""Subscriptions and their charges (hotmart-api.md 4.6 and 4.8)."""

from array import array
from collections.abc import Callable, Mapping
from typing import Any, Final

from hotmart_simulator.common.vocabulary import (
    BILLING_TYPES,
    DAY_MS,
    PAYMENT_TYPES,
    PURCHASE_STATUS_OF,
    PURCHASE_STATUSES,
    RECURRENCY_STATUSES,
    SUBSCRIPTION_STATUSES,
)
from hotmart_simulator.sales.facts import Sale
from hotmart_simulator.server.endpoint import (
    PAGING,
    Desk,
    Matches,
    PagedEndpoint,
    paged,
)
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.parameters import Asked, Parameter, flag, number, one_of, text
from hotmart_simulator.subscriptions import records as subscriptions
from hotmart_simulator.subscriptions.facts import Contract

SUBSCRIPTIONS: Final = "/payments/api/v1/subscriptions"
TEXT: Final = Parameter(text)
NUMBER: Final = Parameter(number)
ContractTest = Callable[[Contract, Any], bool]
CONTRACT_TESTS: Final[Mapping[str, ContractTest]] = {
    "product_id": lambda contract, wanted: contract.product.id == wanted,
    "plan": lambda contract, wanted: contract.plan.name in wanted,
    "plan_id": lambda contract, wanted: contract.plan.id == wanted,
    "status": lambda contract, wanted: contract.status in wanted,
    "subscriber_code": lambda contract, wanted: contract.code == wanted,
    "subscriber_email": lambda contract, wanted: contract.subscriber.email.lower() == wanted.lower(),
    "transaction": lambda contract, wanted: contract.transaction == wanted,
    "trial": lambda contract, wanted: contract.trial == wanted,
}
RowTest = Callable[[Sale, Contract, dict[str, Any], Any], bool]
ROW_TESTS: Final[Mapping[str, RowTest]] = {
    "product_id": lambda sale, contract, record, wanted: contract.product.id == wanted,
    "subscriber_name": lambda sale, contract, record, wanted: wanted.lower() in contract.subscriber.name.lower(),
    "subscriber_email": lambda sale, contract, record, wanted: contract.subscriber.email.lower() == wanted.lower(),
    "subscriber_code": lambda sale, contract, record, wanted: contract.code == wanted,
    "billing_type": lambda sale, contract, record, wanted: record["billing_type"] == wanted,
    "subscription_status": lambda sale, contract, record, wanted: contract.status == wanted,
    "recurrency_status": lambda sale, contract, record, wanted: record["recurrency"]["status"] == wanted,
    "purchase_status": lambda sale, contract, record, wanted: PURCHASE_STATUS_OF[sale.status] == wanted,
    "offer_code": lambda sale, contract, record, wanted: sale.offer_code == wanted,
    "purchase_payment_type": lambda sale, contract, record, wanted: sale.payment_type == wanted,
}


def default_window_ms(desk: Desk) -> int:
    """What a query without dates is about: 30 days as a rule."""
    return desk.switches.default_window_days * DAY_MS


def find_subscriptions(desk: Desk, asked: Asked) -> Matches:
    """Newest accession first; without accession_date only the last days."""
    account, book = desk.account, desk.account.subscriptions
    product_id = asked.get("product_id")
    if any(product.id == product_id and not product.is_subscription for product in account.products.own):
        raise Refusal(404, "not_found", "The product has no subscriptions")
    start_ms = asked.get("accession_date", account.now_ms - default_window_ms(desk))
    upper = asked.get("end_accession_date")
    by_accession = desk.switches.end_accession_filters == "accession"
    low, high = book.bounds(start_ms, upper if by_accession else None)
    tests = [(CONTRACT_TESTS[name], value) for name, value in asked.values.items() if name in CONTRACT_TESTS]
    tests += _date_tests(asked, account.now_ms, default_window_ms(desk))
    if "status" not in asked and desk.switches.subscriptions_by_default == "active":
        tests.append((CONTRACT_TESTS["status"], ("ACTIVE",)))
    if upper is not None and not by_accession:
        # The docs' text: when the cancellation was asked for.
        tests.append((lambda contract, wanted: contract.end_ms is not None and contract.end_ms <= wanted, upper))
    places = book.by_accession[low:high]
    places.reverse()
    if tests:
        contracts = (Contract(account, index) for index in places)
        places = array("I", [c.index for c in contracts if all(test(c, value) for test, value in tests)])
    return Matches(
        len(places),
        lambda offset, rows: [
            subscriptions.subscription(Contract(account, index)) for index in places[offset : offset + rows]
        ],
        (upper if upper is not None and by_accession else account.now_ms) - start_ms,
    )


def _date_tests(asked: Asked, now_ms: int, default_ms: int) -> list[tuple[ContractTest, Any]]:
    """The two other windows of 4.6; their defaults hold only when that kind of filter is in use."""
    tests: list[tuple[ContractTest, Any]] = []

    def within(value_ms: int | None, wanted: tuple[int, int]) -> bool:
        return value_ms is not None and wanted[0] <= value_ms <= wanted[1]

    if "cancelation_date" in asked or "end_cancelation_date" in asked:
        start_ms = asked.get("cancelation_date", now_ms - default_ms)
        wanted = (start_ms, asked.get("end_cancelation_date", now_ms))
        tests.append((lambda contract, window: within(contract.end_ms, window), wanted))
    if "date_next_charge" in asked or "end_date_next_charge" in asked:
        wanted = (asked.get("date_next_charge", now_ms), asked.get("end_date_next_charge", now_ms))
        tests.append((lambda contract, window: within(contract.next_charge_ms, window), wanted))
    return tests


def find_transactions(desk: Desk, asked: Asked) -> Matches:
    """Ascending by adoption date; the last days unless one transaction is asked for."""
    account, switches = desk.account, desk.switches
    start_ms, end_ms = asked.get("transaction_date"), asked.get("end_transaction_date")
    if "transaction" not in asked:
        end_ms = account.now_ms if end_ms is None else end_ms
        start_ms = end_ms - default_window_ms(desk) if start_ms is None else start_ms
    tests = [(ROW_TESTS[name], value) for name, value in asked.values.items() if name in ROW_TESTS]
    by_update = switches.transaction_date_filters == "last_update"
    date_of = account.sales.changed_of if by_update else account.sales.order_of

    def wanted(row: int) -> bool:
        sale = Sale(account, row >> 1)
        contract = Contract(account, sale.subscription)
        record = subscriptions.transaction(account, row)
        return all(test(sale, contract, record, value) for test, value in tests)

    def find() -> "array[int]":
        low = 0 if start_ms is None else start_ms
        high = 2**63 - 1 if end_ms is None else end_ms
        one = account.sales.serial(asked.get("transaction")) if "transaction" in asked else None
        if "transaction" in asked:
            rows = [] if one is None else [row for row in (one * 2, one * 2 + 1) if row in account.subscriptions.rows]
        else:
            rows = list(account.subscriptions.rows)
        if switches.currency_rows == "one":
            rows = [row for row in rows if not row & 1]
        rows = [row for row in rows if low <= date_of[row >> 1] <= high]
        return array("I", filter(wanted, rows) if tests else rows)

    query = (asked.fingerprint, start_ms, end_ms, switches)
    kept = account.subscriptions.kept(query, find)
    return Matches(
        len(kept),
        lambda offset, rows: [subscriptions.transaction(account, row) for row in kept[offset : offset + rows]],
        None if start_ms is None or end_ms is None else end_ms - start_ms,
    )


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
        find=find_subscriptions,
        cap="payments_cap",
        default_rows=10,
        totals=True,
        token_form="opaque",
    ),
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
        find=find_transactions,
        cap="payments_cap",
        default_rows=10,
        totals=False,
        token_form="opaque",
    ),
)
