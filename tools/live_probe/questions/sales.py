"""The sales that each view returns, and what their records hold (hotmart-api.md 4.0, 5.1 to 5.5)."""

import re
from collections import Counter
from math import isclose

from tools.live_probe import words
from tools.live_probe.account import Account, enough, readable
from tools.live_probe.answer import Row, value_at
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount


def roles(account: Account) -> Told | Otherwise:
    """Look for a sale as co-producer or affiliate, and ask for them where there is none."""
    rows = account.history
    counts = Counter(value_at(row, "purchase.commission_as") for row in rows)
    if any(counts[role] for role in words.ROLES_OF_OTHERS):
        return Told("every_role", ", ".join(f"{counts[role]:,} as {role}" for role in words.ROLES_OF_OTHERS))
    start_ms, end_ms = account.window
    for role in words.ROLES_OF_OTHERS:
        query = {"start_date": start_ms, "end_date": end_ms, "max_results": 1, "commission_as": role}
        if readable(account.get(words.HISTORY, **query)).rows:
            return Told("producer_only", f"sales as {role} are returned only if asked for")
    raise NotTold("the account has no sale as co-producer or affiliate in this time")


def one_row(account: Account) -> Told | Otherwise:
    """Look for a transaction that occurs twice on one page."""
    page = account.all_statuses if account.all_statuses.is_page else account.no_status
    counts = Counter(page.values("purchase.transaction"))
    twice = [code for code, count in counts.items() if count > 1]
    if twice:
        return Told("row_per_role", f"{len(twice):,} of {len(counts):,} transactions occur more than once")
    enough(page.rows, "sales")
    return Told("one_row", f"none of {len(counts):,} transactions occurs twice")


def codes(account: Account) -> Told | Otherwise:
    """Look at the form of the codes."""
    known = [value_at(row, "purchase.transaction") for row in account.history]
    suffixed = [code for code in known if re.fullmatch(r"HP\d+\D.*", code)]
    others = [code for code in known if not re.fullmatch(r"HP\d+.*", code)]
    if others:
        return Otherwise(f"{len(others):,} of {len(known):,} transaction codes are not HP and digits.")
    return Told("some_suffixed" if suffixed else "digits", f"{len(suffixed):,} of {len(known):,} have a suffix")


def products(account: Account) -> Told | Otherwise:
    """Look for records without a product in history, users and commissions, where it is not optional."""
    rows = [*account.history]
    for path in (words.USERS, words.COMMISSIONS):
        rows += account.view(path).rows
    bare = sum(not isinstance(row.get("product"), dict) for row in rows)
    return Told("some_missing" if bare else "as_documented", f"{bare:,} of {amount(len(rows), 'record')} lack it")


def commissions_complete(account: Account) -> Told | Otherwise:
    """Compare the sales of commissions with those of history, and look up one that is missing."""
    page = account.view(words.COMMISSIONS)
    total, expected = page.total, account.all_statuses.total
    if total is not None and total == expected:
        return Told("never", f"{total:,} sales in both views")
    listed = set(page.values("transaction"))
    paid = [row["purchase"] for row in account.history if row["purchase"]["status"] == "COMPLETE"]
    paid = [purchase for purchase in paid if page.token == "" or purchase["order_date"] >= _oldest(account, listed)]
    missing = [purchase["transaction"] for purchase in paid if purchase["transaction"] not in listed]
    enough(paid, "complete sales")
    if not missing:
        return Told("never", f"each of {len(paid):,} complete sales is in commissions")
    found = readable(account.get(words.COMMISSIONS, transaction=missing[0])).rows
    note = f"{len(missing):,} of {len(paid):,} complete sales"
    if found:
        return Told("some_missing", f"{note} are missing, and the first one is found by its transaction")
    return Otherwise(f"Commissions lack {note}, and the first one is not found by its transaction either.")


def _oldest(account: Account, listed: set[str]) -> int:
    dates = [row["purchase"]["order_date"] for row in account.history if row["purchase"]["transaction"] in listed]
    return min(dates, default=account.now_ms)


def _commissions(account: Account) -> list[Row]:
    entries = [entry for value in account.view(words.COMMISSIONS).values("commissions") for entry in value]
    rows = [entry["commission"] for entry in entries]
    enough(rows, "commissions")
    return rows


def commission_currency(account: Account) -> Told | Otherwise:
    """Check which key holds the currency of commissions."""
    rows = _commissions(account)
    code, value = (sum(key in row for row in rows) for key in ("currency_code", "currency_value"))
    side = "mixed" if code and value else "currency_code" if code else "currency_value"
    if code + value == 0:
        return Otherwise("Commissions have neither currency_code nor currency_value.")
    return Told(side, f"currency_code in {code:,} and currency_value in {value:,} of {len(rows):,} commissions")


def price_currencies(account: Account) -> Told | Otherwise:
    """Look for price details in several currencies, and add up those in one."""
    rows = account.view(words.PRICE_DETAILS).rows
    enough(rows, "price details")
    mixed = sum(len({amount["currency_code"] for amount in _amounts(row).values()}) > 1 for row in rows)
    if mixed:
        return Told("some_mixed", f"{mixed:,} of {amount(len(rows), 'record')}")
    wrong = sum(not _adds_up(row) for row in rows)
    if wrong:
        return Otherwise(f"Each record has one currency, but in {wrong:,} of {len(rows):,} total is not the sum.")
    return Told("one", amount(len(rows), "record"))


def _amounts(row: Row) -> dict[str, Row]:
    return {name: row[name] for name in ("base", "total", "vat", "fee") if isinstance(row.get(name), dict)}


def _adds_up(row: Row) -> bool:
    parts = {name: part["value"] for name, part in _amounts(row).items()}
    return isclose(parts.pop("total"), sum(parts.values()), abs_tol=0.011)


def coupon_value(account: Account) -> Told | Otherwise:
    """Check whether the values of coupons are fractions or percentages."""
    values = list(account.view(words.PRICE_DETAILS).values("coupon.value"))
    if not values:
        raise NotTold("no price detail has a coupon")
    fractions = sum(0 <= value <= 1 for value in values)
    side = "fraction" if fractions == len(values) else "mixed" if fractions else "percent"
    return Told(side, f"{fractions:,} of {len(values):,} values lie between 0 and 1")


def order(account: Account) -> Told | Otherwise:
    """Check how the dates of a page are ordered."""
    page = account.all_statuses if account.all_statuses.is_page else account.no_status
    dates = list(page.values("purchase.order_date"))
    if len(set(dates)) < 3:
        raise NotTold(f"there are only {amount(len(dates), 'sale')}")
    newest, oldest = dates == sorted(dates, reverse=True), dates == sorted(dates)
    return Told("newest" if newest else "oldest" if oldest else "none", f"{amount(len(dates), 'sale')} of one page")
