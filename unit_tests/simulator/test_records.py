"""The simulator's records have the fields of hotmart-api.md part 5, and sometimes omit optional ones."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from hotmart_simulator import World
from hotmart_simulator.expected import LISTS as STREAMS
from unit_tests.simulator.lookup import raw_rows

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z


@pytest.fixture(name="large", scope="module")
def large_world() -> World:
    """An account large enough to contain every rare case. Tests must not change it."""
    return World(seed=2, sales=1_500, subscriptions=250, now_ms=NOW_MS)


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Return the dotted names of all fields in a record, with array items merged."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{prefix}{name}"
            yield from paths(inner, f"{prefix}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, prefix)


# Every field of hotmart-api.md section 5, with "?" if the key may be absent.
FIELDS: dict[str, str] = {
    "sales_history": """
        product product.id product.name buyer? buyer.name? buyer.ucode? buyer.email? producer
        producer.name producer.ucode purchase purchase.transaction purchase.order_date
        purchase.approved_date? purchase.status purchase.recurrency_number? purchase.is_subscription
        purchase.commission_as purchase.price purchase.price.value purchase.price.currency_code
        purchase.payment purchase.payment.method purchase.payment.type
        purchase.payment.installments_number purchase.tracking? purchase.tracking.source?
        purchase.tracking.source_sck? purchase.tracking.external_code? purchase.warranty_expire_date?
        purchase.offer purchase.offer.code purchase.offer.payment_mode purchase.hotmart_fee?
        purchase.hotmart_fee.total? purchase.hotmart_fee.fixed? purchase.hotmart_fee.base?
        purchase.hotmart_fee.percentage? purchase.hotmart_fee.currency_code?
    """,
    "sales_users": """
        transaction product product.id product.name users users.role users.user users.user.ucode
        users.user.locale users.user.name users.user.trade_name? users.user.cellphone users.user.phone?
        users.user.email users.user.documents? users.user.documents.type? users.user.documents.value?
        users.user.address? users.user.address.city? users.user.address.state?
        users.user.address.country? users.user.address.zip_code? users.user.address.address?
        users.user.address.complement? users.user.address.neighborhood? users.user.address.number?
    """,
    "sales_commissions": """
        transaction product product.id product.name exchange_rate_currency_payout commissions
        commissions.source commissions.commission commissions.commission.value
        commissions.commission.currency_code? commissions.commission.currency_value? commissions.user
        commissions.user.ucode commissions.user.name commissions.user.email?
    """,
    "sales_price_details": """
        transaction product? product.id? product.name? base base.value base.currency_code total
        total.value total.currency_code vat? vat.value? vat.currency_code? fee? fee.value?
        fee.currency_code? coupon? coupon.code? coupon.value? real_conversion_rate
    """,
    "sales_summary": "total_items total_value total_value.value total_value.currency_code",
    "subscriptions": """
        subscriber_code subscription_id status accession_date end_accession_date? request_date
        date_next_charge? trial transaction plan plan.id plan.name plan.recurrency_period
        plan.max_charge_cycles? product product.id product.name product.ucode price price.value
        price.currency_code subscriber subscriber.name subscriber.email subscriber.ucode
    """,
    "subscription_transactions": """
        subscription_id subscriber_code last_update status billing_type adoption_date cancellation_date?
        date_next_charge? last_recurrency_start_date last_recurrency_number max_cycles?
        has_unpaid_recurrency has_credit_card_change is_paid_anticipation is_paid_negotiation product
        product.id product.name producer producer.name trial_info trial_info.trial
        trial_info.trial_period? trial_info.trial_end? plan plan.name plan.recurrency_period
        plan.recurrency_type plan.coupon_code? plan.offer plan.offer.key plan.offer.code?
        plan.offer.description? recurrency recurrency.status recurrency.number recurrency.number_list?
        recurrency.start_datetime recurrency.payment_delays_days recurrency.transaction_type
        recurrency.transaction_sequence recurrency.is_current_purchase recurrency.has_retry
        recurrency.scheduled_retry? purchase purchase.transaction purchase.order_date
        purchase.approved_date? purchase.status purchase.payment purchase.payment.payment_type
        purchase.payment.credit_card_flag? purchase.payment.refusal_message?
        purchase.payment.refund_chargeback_date? purchase.payment.pix_expiration_date?
        purchase.payment.billet_expiration_date? purchase.payment.billet_reprint_code?
        purchase.payment.billet_recovery_type? purchase.installment
        purchase.installment.installment_type purchase.installment.installment_number purchase.price
        purchase.price.currency purchase.price.value purchase.price.total_value purchase.commission
        purchase.commission.currency purchase.commission.conversion_rate
        purchase.commission.original_value purchase.commission.original_paid_value
        purchase.commission.producer_value purchase.commission.producer_paid_value subscriber
        subscriber.id subscriber.name subscriber.email subscriber.phone? subscriber.phone_ddd?
    """,
    "products": """
        id name ucode status created_at format is_subscription warranty_period
    """,
    "club_students": """
        user_id name email role status type plus_access engagement locale purchase_date?
        first_access_date? last_access_date? access_count is_deletable class_id progress progress.total
        progress.completed progress.completed_percentage
    """,
    "subscription_summary": """
        subscriber_code subscription_id status lifetime accession_date end_accession_date?
        date_next_charge? trial plan plan.name plan.recurrency_period product product.id product.name offer
        offer.code last_recurrency last_recurrency.number last_recurrency.request_date
        last_recurrency.status last_recurrency.transaction_number last_recurrency.billing_type
        unpaid_recurrencies? unpaid_recurrencies.number? unpaid_recurrencies.charge_date? subscriber
        subscriber.id subscriber.name subscriber.email
    """,
    "subscription_purchases": """
        transaction approved_date? payment_engine status price price.value price.currency_code payment_type
        payment_method recurrency_number under_warranty
    """,
    "product_offers": """
        code name? description? price price.value price.currency_code payment_mode is_main_offer
        is_currency_conversion_enabled is_smart_recovery_enabled
    """,
    "product_plans": """
        code name description? price price.value price.currency_code periodicity max_installments?
        payment_mode trial_period? is_subscription_recovery_enabled is_switch_plan_enabled
    """,
    "coupons": """
        id coupon_code discount status active? start_date? time_zone time_zone.id time_zone.offset
        time_zone.name time_zone.description
    """,
    "club_modules": "module_id name sequence is_public is_extra is_extra_paid classes total_pages",
    "club_pages": """
        page_id name type page_order liberation_type liberation_date? liberation_days? has_duration
        days_of_duration? is_published
    """,
    "club_lessons": "page_id page_name module_name is_module_extra is_completed completed_date?",
    "event_participants": """
        participant participant.id participant.name participant.email participant.document
        participant.phone buyer buyer.ucode buyer.name buyer.email buyer.document? buyer.phone? eticket
        eticket.id eticket.ticket_qr_code eticket.current_update eticket.checkin_status eticket.is_blocked
        eticket.ticket_status eticket.ticket_type eticket.checkin_url eticket.category? lot lot.id lot.name
        product product.id product.name
    """,
}
PAGES_V2 = """
    page_id name type page_order total_comments rates rates.rate? rates.total? rates_average published
    has_media dripping_configs dripping_configs.liberation? dripping_configs.liberation.type?
    dripping_configs.liberation.liberation_date? dripping_configs.liberation.liberation_days?
    dripping_configs.liberation.page_id? dripping_configs.expiration? dripping_configs.expiration.type?
    dripping_configs.expiration.duration_days? dripping_configs.classes? dripping_configs.classes.id?
    dripping_configs.classes.name? dripping_configs.classes.default_class?
"""


@pytest.mark.parametrize("stream", STREAMS)
def test_records_have_exactly_the_documented_fields(large: World, stream: str) -> None:
    rows = list(raw_rows(large, stream))
    for name in ("users", "commissions"):  # one part at a time, so that an absence shows
        rows = [{**row, name: [part]} for row in rows for part in row[name]] if name in rows[0] else rows
    assert_fields(rows, FIELDS[stream])


def test_version_2_pages_have_their_own_fields(large: World) -> None:
    rows = list(raw_rows(large, "club_pages", version=2))

    assert_fields(rows, PAGES_V2)
    assert [row["page_id"] for row in rows] == [row["page_id"] for row in raw_rows(large, "club_pages")]


def assert_fields(rows: list[Any], documented: str) -> None:
    """Assert that the rows have exactly the `documented` fields. "?" marks a field that some rows lack."""
    found, names = [set(paths(row)) for row in rows], documented.split()

    assert set().union(*found) == {name.rstrip("?") for name in names}
    assert set.intersection(*found) == {name for name in names if not name.endswith("?")}


def test_amounts_are_integers_or_floats_and_dates_are_integers(large: World) -> None:
    purchases = [raw["purchase"] for raw in raw_rows(large, "sales_history")]

    assert {type(purchase["price"]["value"]) for purchase in purchases} == {int, float}
    assert all(type(purchase["order_date"]) is int for purchase in purchases)
    assert len({purchase["price"]["currency_code"] for purchase in purchases}) == 4


def test_a_commission_has_its_currency_in_one_of_two_fields(large: World) -> None:
    shares: Counter[str] = Counter()
    for raw in raw_rows(large, "sales_commissions"):
        for part in raw["commissions"]:
            names = {"currency_code", "currency_value"} & set(part["commission"])
            assert len(names) == 1
            shares.update(names)

    assert 0 < shares["currency_value"] < shares["currency_code"] / 10
