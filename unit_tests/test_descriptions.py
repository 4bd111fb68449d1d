"""Field descriptions in the schemas: Hotmart's meaning, and other names of the same value."""

from __future__ import annotations

import re
from itertools import permutations

import pytest

from unit_tests.test_schemas import every_stream, nodes, schema_of

SAME_VALUES = [
    ("sales_history.id", "sales_history.purchase.transaction"),
    ("sales_history.order_date", "sales_history.purchase.order_date"),
    ("sales_summary.currency_code", "sales_summary.total_value.currency_code"),
    (
        "sales_commissions.commissions[].commission.currency_code",
        "sales_commissions.commissions[].commission.currency_value",
    ),
    ("subscription_transactions.id", "subscription_transactions.purchase.transaction"),
    ("subscription_transactions.commission_currency", "subscription_transactions.purchase.commission.currency"),
    ("subscription_transactions.recurrency_number", "subscription_transactions.recurrency.number"),
    ("event_participants.id", "event_participants.eticket.id"),
    ("event_participants.current_update", "event_participants.eticket.current_update"),
    ("event_participants.event_id", "event_participants.product.id"),
    ("event_participants.event_id", "event_participants.event.product.id"),
    ("event_participants.product.name", "event_participants.event.product.name"),
]
"""Fields of a row that hold the same value under two names."""

SALE_CODES = [
    "sales_users.transaction",
    "sales_commissions.transaction",
    "sales_price_details.transaction",
    "subscription_purchases.transaction",
    "subscription_transactions.id",
    "subscription_transactions.purchase.transaction",
    "subscriptions.transaction",
]
"""Transaction codes outside `sales_history`."""

MEANINGS = {
    "subscriptions.request_date": "when the subscription was created",
    "sales_summary.total_items": "Number of commissions",
    "sales_summary.total_value": "Sum of commissions",
    "subscription_transactions.plan.offer.key": "identifies the offer",
    "subscription_transactions.plan.offer.code": "code of the coupon for subscriptions",
    "subscription_transactions.plan.coupon_code": "ANTICIPATION",
    "sales_price_details.fee": "Interest of an instalment purchase",
    "sales_price_details.vat": "only in Europe and Mexico",
    "sales_price_details.base": "Commissions are split from this amount",
    "sales_price_details.real_conversion_rate": "from the currency of the offer to the currency of the buyer",
    "sales_commissions.exchange_rate_currency_payout": "without taxes to the gross commission",
    "sales_history.purchase.hotmart_fee.currency_code": "can differ from purchase.price.currency_code",
    "club_pages.dripping_configs[].classes": "An empty list means all classes",
}
"""Fields whose name does not suggest their meaning, as described in Hotmart's documentation."""


@every_stream
def test_a_description_names_its_subject_before_a_pronoun(stream: str) -> None:
    begins = {path: schema["description"].split()[:5] for path, schema in nodes(schema_of(stream))}

    assert not {path: words for path, words in begins.items() if {"it", "they", "them"} & set(words)}


@pytest.mark.parametrize(("field", "other"), SAME_VALUES)
def test_fields_with_the_same_value_refer_to_each_other(field: str, other: str) -> None:
    stream = field.partition(".")[0]
    for path, other_path in permutations([name.removeprefix(f"{stream}.") for name in (field, other)]):
        same_parent = path.rpartition(".")[0] == other_path.rpartition(".")[0]
        name = other_path.rpartition(".")[2] if same_parent else other_path
        description = dict(nodes(schema_of(stream)))[path]["description"]
        assert re.search(rf"Same value as (\S+ and )?{re.escape(name)}(?![.\w]\w)", description), path


@pytest.mark.parametrize("field", SALE_CODES)
def test_every_transaction_code_refers_to_sales_history(field: str) -> None:
    stream, _, path = field.partition(".")

    assert re.search(r"Same value as .*\bsales_history\.id\b", dict(nodes(schema_of(stream)))[path]["description"])


@pytest.mark.parametrize(("field", "meaning"), MEANINGS.items(), ids=MEANINGS)
def test_descriptions_match_the_hotmart_documentation(field: str, meaning: str) -> None:
    stream, _, path = field.partition(".")

    assert meaning in dict(nodes(schema_of(stream)))[path]["description"]
