"""What date ranges of sales include, how long they may be, and what is returned without one (hotmart-api.md 4.0)."""

from tools.live_probe import words
from tools.live_probe.account import DAY_MS, Account, Window, readable, settled
from tools.live_probe.answer import Answer, Row
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount

LENGTHS_DAYS = (730, 365, 300)
LONG_DAYS = 1_070
MINUTE_MS = 60_000
DEFAULTS_DAYS = (30, 7)


def _count(account: Account, window: Window) -> Answer:
    """Return one sale of a window, with Hotmart's count, or its refusal. Raise NotTold for every other answer."""
    answer = account.sales(words.HISTORY, window, 1)
    return answer if answer.is_refusal else readable(answer)


def _long(account: Account) -> Window:
    return account.now_ms - LONG_DAYS * DAY_MS, account.now_ms


def _last(account: Account, days: int) -> Window:
    return account.now_ms - days * DAY_MS, account.now_ms


def _old(account: Account) -> Window:
    """Return 300 days that end before the longest range begins."""
    return account.now_ms - LONG_DAYS * DAY_MS, account.now_ms - (LONG_DAYS - 300) * DAY_MS


def longest(account: Account) -> Told | Otherwise:
    """Ask for ranges of each length in turn, and for a day more."""
    for days in LENGTHS_DAYS:
        if _count(account, _last(account, days)).is_refusal:
            continue
        if _count(account, _last(account, days + 1)).is_refusal:
            return Told(days, f"{days:,} days are accepted and {days + 1:,} are refused")
        if days == LENGTHS_DAYS[0] and _cut(account):
            return Told(days, f"{LONG_DAYS:,} days return no more than {days:,}")
        return Otherwise(f"A range of {days + 1:,} days is accepted.")
    return Otherwise(f"A range of {LENGTHS_DAYS[-1]} days is refused.")


def _cut(account: Account) -> bool:
    """Whether a range of more than 730 days loses its older part. Raise NotTold where counts cannot say."""
    whole, part, old = (
        _count(account, window).count for window in (_long(account), _last(account, LENGTHS_DAYS[0]), _old(account))
    )
    if whole is None or part is None or not old:
        raise NotTold("Hotmart counts no sale that is older than 730 days")
    return whole < part + old and whole <= part


def too_long(account: Account) -> Told | Otherwise:
    """Ask for one day more than the longest range that is accepted."""
    for days in LENGTHS_DAYS:
        if not _count(account, _last(account, days)).is_refusal:
            beyond = _count(account, _last(account, days + 1))
            if beyond.is_refusal:
                return Told("refused", beyond.says)
            if _cut(account):
                return Told("cut", f"{LONG_DAYS:,} days return no more than {days:,}")
            return Otherwise(f"A range of {LONG_DAYS:,} days is accepted whole.")
    raise NotTold(f"a range of {LENGTHS_DAYS[-1]} days is refused already")


def limit_meaning(account: Account) -> Told | Otherwise:
    """Ask for a short range that lies further back than the longest range reaches."""
    old = _count(account, _old(account))
    note = f"300 days that end {LONG_DAYS - 300} days ago: {old.says}"
    return Told("age" if old.is_refusal else "length", note)


def future_end(account: Account) -> Told | Otherwise:
    """Ask for a range that ends tomorrow."""
    answer = _count(account, (account.now_ms - DAY_MS, account.now_ms + DAY_MS))
    return Told("refuse" if answer.is_refusal else "accept", answer.says)


def _holds(account: Account, row: Row, window: Window, path: str = words.HISTORY) -> bool:
    """Whether a view has a sale in a window. A window of a single millisecond may be rejected."""
    answer = account.sales(path, window, 500, (row["purchase"]["status"],))
    answer = settled(answer) if window[0] == window[1] else readable(answer)
    field = "purchase.transaction" if path == words.HISTORY else "transaction"
    return row["purchase"]["transaction"] in set(answer.values(field))


def _one_sale(account: Account) -> Row:
    """Return a sale whose next milliseconds lie in its own second.

    If possible it was approved minutes after its order and was ordered on a whole second.
    """
    until_ms = account.now_ms - MINUTE_MS
    rows = [row for row in account.history if row["purchase"]["order_date"] < until_ms]
    rows = [row for row in rows if row["purchase"]["order_date"] % 1000 < 990]
    if not rows:
        raise NotTold("no sale is older than a minute")
    return max(rows, key=lambda row: (_is_approved_later(row), row["purchase"]["order_date"] % 1000 == 0))


def _is_approved_later(row: Row) -> bool:
    return (row["purchase"].get("approved_date") or 0) > row["purchase"]["order_date"] + 2 * MINUTE_MS


def date_of_views(account: Account) -> Told | Otherwise:
    """Ask sales/users for a sale by the millisecond of its order, then around its order, then around its approval."""
    row = _one_sale(account)
    if not _is_approved_later(row):
        raise NotTold("no sale was approved minutes after its order")
    purchase = row["purchase"]
    order_ms, approved_ms = purchase["order_date"], purchase["approved_date"]
    for side, window in (
        ("order_date", (order_ms, order_ms)),
        ("order_date", (order_ms - MINUTE_MS, order_ms + MINUTE_MS)),
        ("approved_date", (approved_ms - MINUTE_MS, min(approved_ms + MINUTE_MS, account.now_ms))),
    ):
        if _holds(account, row, window, words.USERS):
            return Told(side, "one sale of sales/users")
    return Otherwise("The view sales/users has a sale neither around its order nor around its approval.")


def bounds(account: Account) -> Told | Otherwise:
    """Look for one sale in a range of a single millisecond. If it is missing, try ranges to and from its date."""
    found = _bounds(account, _one_sale(account))
    if found is None:
        raise NotTold("the filter cuts off milliseconds")
    return found


def _bounds(account: Account, row: Row) -> Told | Otherwise | None:
    """Return which ends a range includes, or None where milliseconds are cut off and the answer stays open."""
    order_ms = row["purchase"]["order_date"]
    if _holds(account, row, (order_ms, order_ms), words.USERS):  # shared with `date_of_views`
        return Told("both")
    at_end = _holds(account, row, (order_ms - MINUTE_MS, order_ms))
    at_start = _holds(account, row, (order_ms, order_ms + MINUTE_MS))
    if at_end:
        return Told("both" if at_start else "end")
    if not at_start:
        return Otherwise("A sale is in neither of the two ranges that begin or end at its order date.")
    is_found_later = _holds(account, row, (order_ms - MINUTE_MS, order_ms + 1))
    return Told("start") if is_found_later else None


def unit(account: Account) -> Told | Otherwise:
    """Look for one sale in a range that begins a millisecond after its order, within the same second."""
    row = _one_sale(account)
    order_ms = row["purchase"]["order_date"]
    if _holds(account, row, (order_ms + 1, order_ms + 3)):
        return Told("seconds", "a range that begins a millisecond after a sale has it")
    if _bounds(account, row) is None:
        return Told("seconds", "a range that ends a millisecond after a sale does not have it")
    return Told("milliseconds")


def without_dates(account: Account) -> Told | Otherwise:
    """Check how old the oldest paid sale is that history returns without dates."""
    page = account.paid_without_dates
    known = [row["purchase"]["order_date"] for row in account.history if row["purchase"]["status"] in words.PAID]
    if page.token:
        return _by_count(account, page)
    dates = list(page.values("purchase.order_date"))
    if not dates:
        raise NotTold("no sale is returned")
    older = [date_ms for date_ms in known if date_ms < min(dates)]
    if not older:
        raise NotTold("no paid sale is known that is older than those returned")
    oldest, next_oldest = ((account.now_ms - date_ms) / DAY_MS for date_ms in (min(dates), max(older)))
    note = f"{amount(len(dates), 'paid sale')}, the oldest {oldest:.1f} days old"
    fitting = [days for days in DEFAULTS_DAYS if oldest - 0.1 <= days <= next_oldest + 0.1]
    if len(fitting) > 1:
        raise NotTold(f"{note}, and the next one {next_oldest:.1f} days")
    return Told(fitting[0], note) if fitting else Otherwise(f"Without dates sales of other days are returned: {note}.")


def _by_count(account: Account, page: Answer) -> Told | Otherwise:
    """Compare Hotmart's count with that of each known default."""
    for days in DEFAULTS_DAYS:
        counted = account.sales(words.HISTORY, _last(account, days), 1, sorted(words.PAID)).total
        if counted is not None and counted == page.total:
            return Told(days, f"{counted:,} paid sales, as many as the last {days} days have")
    raise NotTold("the sales fill more than a page, and their count fits neither 7 nor 30 days")
