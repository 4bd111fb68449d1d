"""How records write dates and fields without a value (hotmart-api.md 5, 7.20 and 7.22)."""

from collections import Counter

from tools.live_probe import words
from tools.live_probe.account import Account
from tools.live_probe.answer import Row, value_at
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount

OPTIONAL_DATES = {
    words.HISTORY: ("purchase.approved_date", "purchase.warranty_expire_date"),
    words.SUBSCRIPTIONS: ("end_accession_date", "date_next_charge"),
    words.SUMMARY: ("end_accession_date",),
    words.CHARGES: ("cancellation_date", "date_next_charge", "purchase.approved_date"),
    words.STUDENTS: ("purchase_date", "first_access_date", "last_access_date"),
}
OPTIONAL_FIELDS = {
    words.HISTORY: ("buyer", "purchase.tracking", "purchase.hotmart_fee", "purchase.recurrency_number"),
    words.PRICE_DETAILS: ("coupon", "fee", "vat"),
    words.SUBSCRIPTIONS: ("plan.max_charge_cycles",),
    words.SUMMARY: ("unpaid_recurrencies",),
    words.CHARGES: ("recurrency.number_list", "plan.coupon_code", "max_cycles", "purchase.payment.refusal_message"),
}
DATES_OF_10_DIGITS = (words.SUBSCRIPTIONS, words.STUDENTS)
SECONDS_BELOW = 10**11


def missing_dates(account: Account) -> Told | Otherwise:
    """Check what optional dates are where they do not exist."""
    forms = _missing(account, OPTIONAL_DATES)
    for side in ("zero", "null", "absent"):
        if forms[side]:
            others = sum(forms.values()) - forms[side]
            return Told(side, f"{forms[side]:,} dates" + (f", {others:,} in other forms" if others else ""))
    raise NotTold("every optional date exists")


def missing_fields(account: Account) -> Told | Otherwise:
    """Check what other optional fields are where they have no value."""
    forms = _missing(account, OPTIONAL_FIELDS)
    if forms["null"]:
        return Told("null", f"{forms['null']:,} fields, {forms['absent']:,} are absent")
    if forms["absent"]:
        return Told("absent", f"{forms['absent']:,} fields")
    raise NotTold("every optional field has a value")


def _missing(account: Account, fields: dict[str, tuple[str, ...]]) -> Counter[str]:
    """Count the forms of missing fields. Fields of an object that is missing itself do not count."""
    forms: Counter[str] = Counter()
    for path, _, answer in account.asked:
        for row in answer.rows if path in fields else ():
            forms.update(form for field in fields[path] if (form := _form(row, field)))
    return forms


def _form(row: Row, field: str) -> str:
    *parents, name = field.split(".")
    parent = value_at(row, ".".join(parents)) if parents else row
    if not isinstance(parent, dict):
        return ""
    if name not in parent:
        return "absent"
    return "null" if parent[name] is None else "zero" if parent[name] == 0 else ""


def unit(account: Account) -> Told | Otherwise:
    """Check how many digits the dates of subscriptions and students have."""
    dates = [
        value
        for path, _, answer in account.asked
        if path in DATES_OF_10_DIGITS
        for field in ("accession_date", "first_access_date", "last_access_date")
        for value in answer.values(field)
        if value
    ]
    if not dates:
        raise NotTold("no subscription or student has a date")
    seconds = sum(value < SECONDS_BELOW for value in dates)
    if 0 < seconds < len(dates):
        return Otherwise(f"{seconds:,} of {amount(len(dates), 'date')} are seconds, the others milliseconds.")
    return Told("seconds" if seconds else "milliseconds", amount(len(dates), "date"))
