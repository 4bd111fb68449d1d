"""Charges of subscriptions: what their filter compares, and what they say (hotmart-api.md 4.8, 5.8 and 5.9)."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from tools.live_probe import words
from tools.live_probe.account import ASKED_ROWS, DAY_MS, Account, enough, readable
from tools.live_probe.answer import Row, value_at
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount

HOUR_MS: Final = DAY_MS // 24
DATES: Final = {
    "last_update": "last_update",
    "order_date": "purchase.order_date",
    "approved_date": "purchase.approved_date",
    "adoption_date": "adoption_date",
    "recurrency_start": "recurrency.start_datetime",
    "cancellation_date": "cancellation_date",
}


def filtered_date(account: Account) -> Told | Otherwise:
    """Rule out each date that lies outside the range on some row, then ask around the dates that are left.

    A row without a date rules nothing out, as the filter could take another date for it.
    """
    start_ms, end_ms = account.days(365)
    rows = [row for row in account.charges.rows if row.get("subscriber_code")]
    if not rows:
        raise NotTold("there is no charge in the last twelve months")
    left = [
        side
        for side, path in DATES.items()
        if (dated := _with(rows, path)) and all(start_ms <= value_at(row, path) <= end_ms for row in dated)
    ]
    note = f"{len(DATES) - len(left)} dates are ruled out by {amount(len(rows), 'row')}"
    while len(left) > 1:
        side, row, apart_ms = _most_telling(rows, left)
        if apart_ms < 4:
            raise NotTold(f"{note}, and {' and '.join(left)} never differ")
        if _is_found(account, row, value_at(row, DATES[side]), min(HOUR_MS, apart_ms // 2)):
            return Told(side, f"{note}, and a charge is found by this date alone")
        left.remove(side)
    return Told(left[0], note) if left else Otherwise("The range filters on another date.")


def _with(rows: list[Row], path: str) -> list[Row]:
    return [row for row in rows if value_at(row, path)]


def _most_telling(rows: list[Row], left: list[str]) -> tuple[str, Row, int]:
    """Return the row and date furthest from all other remaining dates, and the distance (ms)."""

    def apart_ms(side: str, row: Row) -> int:
        others = {DATES[name] for name in (*left, "order_date") if name != side}
        dates_ms = [date_ms for path in others if (date_ms := value_at(row, path))]
        return min((abs(value_at(row, DATES[side]) - date_ms) for date_ms in dates_ms), default=0)

    pairs = [(side, row) for side in left for row in _with(rows, DATES[side])]
    return max(((side, row, apart_ms(side, row)) for side, row in pairs), key=lambda found: found[2])


def _is_found(account: Account, row: Row, at_ms: int, around_ms: int) -> bool:
    window = at_ms - around_ms, min(at_ms + around_ms, account.now_ms)
    found = account.charges_of(window, subscriber_code=str(row["subscriber_code"]), max_results=ASKED_ROWS)
    return row["purchase"]["transaction"] in set(found.values("purchase.transaction"))


def last_update(account: Account) -> Told | Otherwise:
    """Check whether a cancellation updated charges that were long over."""
    ended = [
        row
        for row in account.charges.rows
        if row.get("cancellation_date") and row["cancellation_date"] - row["purchase"]["order_date"] > 60 * DAY_MS
    ]
    kept = sum(row["last_update"] < row["cancellation_date"] - DAY_MS for row in ended)
    if kept:
        return Told("charge_only", f"{kept:,} of {amount(len(ended), 'older charge')} kept theirs at a cancellation")
    enough(ended, "charges that were more than 60 days old at a cancellation", 3)
    return Told("subscription_too", f"{amount(len(ended), 'older charge')} moved at a cancellation")


def currency_rows(account: Account) -> Told | Otherwise:
    """Look for a transaction that occurs in two currencies."""
    currencies = _by_transaction(account)
    several = sum(len(set(found)) > 1 for found in currencies.values())
    if several:
        return Told("per_currency", f"{several:,} of {len(currencies):,} charges")
    enough(list(currencies), "charges")
    return Told("one", f"none of {len(currencies):,} charges has two currencies")


def _by_transaction(account: Account) -> Mapping[str, list[str]]:
    currencies: dict[str, list[str]] = defaultdict(list)
    for row in account.charges.rows:
        currencies[row["purchase"]["transaction"]].append(str(value_at(row, "purchase.commission.currency")))
    return currencies


def negotiated(account: Account) -> Told | Otherwise:
    """Look for charges that settle several recurrences, and for a transaction and currency that occur twice."""
    twice = sum(max(Counter(found).values()) > 1 for found in _by_transaction(account).values())
    if twice:
        return Told("row_each", f"{twice:,} charges occur twice with one currency")
    lists = sum("," in str(number_list) for number_list in account.charges.values("recurrency.number_list"))
    if not lists:
        raise NotTold("no charge settles several recurrences")
    return Told("one_row", f"{lists:,} charges settle several recurrences")


def delay(account: Account) -> Told | Otherwise:
    """Look for the newest charges of history among the charges of subscriptions."""
    listed = set(account.charges.values("purchase.transaction"))
    sold = {row["purchase"]["transaction"] for row in account.history if row["purchase"].get("is_subscription")}
    known = {row["purchase"]["transaction"]: row["purchase"]["order_date"] for row in account.history}
    day = {code for code in sold if account.now_ms - DAY_MS < known[code] < account.now_ms - HOUR_MS}
    if day & listed:
        return Told(0, f"{len(day & listed)} of {amount(len(day), 'charge')} of the last 24 hours are listed")
    newest_ms = max(account.charges.values("purchase.order_date"), default=0)
    if newest_ms > account.now_ms - DAY_MS + HOUR_MS:
        return Told(0, f"the newest charge is {(account.now_ms - newest_ms) / HOUR_MS:.0f} hours old")
    if not day or account.charges.token:
        raise NotTold("no subscription was charged in the last 24 hours")
    return Told(24, f"none of {amount(len(day), 'charge')} of the last 24 hours is listed")


def types(account: Account) -> Told | Otherwise:
    """Look for the undocumented type."""
    seen = Counter(account.charges.values("recurrency.transaction_type"))
    unknown = seen.keys() - {"AUTOMATIC", "ANTICIPATION", "NEGOTIATION", "RECURRING"}
    if unknown:
        return Otherwise(f"{len(unknown)} types are in neither the docs nor their example.")
    enough(list(seen.elements()), "charges")
    return Told("recurring_too" if seen["RECURRING"] else "documented", f"{seen['RECURRING']:,} of {seen.total():,}")


def payment_delay(account: Account) -> Told | Otherwise:
    """Check which key holds the days of delay of charges."""
    sides = ("payment_delays_days", "payment_delay_days")
    counts = {side: sum(1 for _ in account.charges.values(f"recurrency.{side}")) for side in sides}
    found = [side for side in sides if counts[side]]
    if len(found) > 1:
        return Otherwise(f"Both keys occur, {' and '.join(f'{counts[side]:,} times {side}' for side in sides)}.")
    if not found:
        raise NotTold("no charge has either key")
    return Told(found[0], amount(counts[found[0]], "charge"))


def purchase_flag(account: Account) -> Told | Otherwise:
    """Look at the purchases of the subscriber with the most charges."""
    counts = Counter(account.charges.values("subscriber_code"))
    if not counts:
        raise NotTold("there is no charge in the last twelve months")
    code = quote(str(counts.most_common(1)[0][0]), safe="")
    rows = readable(account.get(f"{words.SUBSCRIPTIONS}/{code}/purchases")).rows
    flagged = sum("purchase_subscription" in row for row in rows)
    if not rows:
        raise NotTold("the subscriber has no purchase")
    if 0 < flagged < len(rows):
        return Otherwise(f"{flagged:,} of {amount(len(rows), 'purchase')} have the key purchase_subscription.")
    return Told("present" if flagged else "absent", f"{flagged:,} of {amount(len(rows), 'purchase')}")
