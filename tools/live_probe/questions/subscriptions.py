"""Which subscriptions and summaries are returned, and what their records say (hotmart-api.md 4.6, 4.7, 5.6 and 5.7)."""

from collections import Counter

from tools.live_probe import words
from tools.live_probe.account import ASKED_ROWS, DAY_MS, LONG_AGO_MS, Account, enough, readable, settled
from tools.live_probe.answer import Answer, Row, value_at
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount


def _some(account: Account) -> list[Row]:
    rows = account.subscriptions.rows
    if not rows:
        raise NotTold("the account has no subscription")
    return rows


def longest(account: Account) -> Told | Otherwise:
    """Ask for all subscriptions since 2010 in one range."""
    answer = account.get(words.SUBSCRIPTIONS, accession_date=LONG_AGO_MS, max_results=ASKED_ROWS)
    if settled(answer).is_page:
        return Told(None, f"since 2010: {answer.says}")
    days = [days for days in (730, 365) if _accepts(account, days)]
    if days == [730, 365]:
        return Told(730, f"since 2010: {answer.says}, since 730 days: 200")
    accepted = f", and accepts the last {days[0]} days" if days else ""
    return Otherwise(f"For the range since 2010 Hotmart answers {answer.says}{accepted}.")


def _accepts(account: Account, days: int) -> bool:
    begin_ms = account.now_ms - days * DAY_MS
    return settled(account.get(words.SUBSCRIPTIONS, accession_date=begin_ms, max_results=1)).is_page


def default_statuses(account: Account) -> Told | Otherwise:
    """Look for subscriptions that are not active, and ask for all statuses where there is none."""
    rows = _some(account)
    seen = {row.get("status") for row in rows}
    if seen - {"ACTIVE"}:
        return Told("all", f"{len(seen & set(words.SUBSCRIPTION_STATUSES))} statuses among {amount(len(rows), 'row')}")
    inactive = [status for status in words.SUBSCRIPTION_STATUSES if status != "ACTIVE"]
    if _asked_for(account, status=inactive).rows:
        return Told("active", f"{amount(len(rows), 'row')}, and others are returned only if asked for")
    raise NotTold("every subscription is active")


def _asked_for(account: Account, **query: int | str | list[str]) -> Answer:
    return readable(account.get(words.SUBSCRIPTIONS, accession_date=LONG_AGO_MS, max_results=ASKED_ROWS, **query))


def next_charge(account: Account) -> Told | Otherwise:
    """Look for subscriptions whose next charge does not lie ahead, and ask for them where there is none."""
    rows = _some(account)
    past = sum((row.get("date_next_charge") or 0) < account.now_ms for row in rows)
    if past:
        return Told("asleep", f"{past:,} of {amount(len(rows), 'row')} have no next charge ahead")
    if _asked_for(account, date_next_charge=LONG_AGO_MS, end_date_next_charge=account.now_ms).rows:
        return Told("from_now", f"{amount(len(rows), 'row')}, and others are returned only if asked for")
    raise NotTold("every subscription has a next charge ahead")


def cancellation(account: Account) -> Told | Otherwise:
    """Look for subscriptions that ended more than 30 days ago, and ask for them where there is none."""
    rows = _some(account)
    border_ms = account.now_ms - 31 * DAY_MS
    ended = sum(0 < (row.get("end_accession_date") or 0) < border_ms for row in rows)
    if ended:
        return Told("asleep", f"{ended:,} of {amount(len(rows), 'row')} ended more than 31 days ago")
    if _asked_for(account, cancelation_date=LONG_AGO_MS, end_cancelation_date=border_ms).rows:
        return Told("last_30_days", f"{amount(len(rows), 'row')}, and others are returned only if asked for")
    raise NotTold("no subscription ended more than 31 days ago")


def end_accession(account: Account) -> Told | Otherwise:
    """Ask for the older half of the subscriptions that were not cancelled, by the end of their accession."""
    running = sorted(row["accession_date"] for row in _some(account) if not row.get("end_accession_date"))
    if len(running) < 2 or running[0] == running[-1]:
        raise NotTold("it takes two subscriptions that were not cancelled")
    bound_ms = running[(len(running) - 1) // 2]
    found = _asked_for(account, end_accession_date=bound_ms)
    if any(began_ms > bound_ms for began_ms in found.values("accession_date")):
        ended = [row for row in found.rows if 0 < (row.get("end_accession_date") or 0) <= bound_ms]
        if len(ended) == len(found.rows):
            return Told("cancellation", f"{amount(len(ended), 'row')}, all cancelled by then")
        return Otherwise("The filter end_accession_date bounds neither the accession nor the cancellation.")
    if any(not row.get("end_accession_date") for row in found.rows):
        return Told("accession", f"{amount(len(found.rows), 'row')}, running ones among them")
    return Told("cancellation", f"{amount(len(found.rows), 'row')}, and none that is still running")


def other_products(account: Account) -> Told | Otherwise:
    """Ask for the subscriptions of a product that has none."""
    sold = {value_at(row, "product.id") for row in account.subscriptions.rows}
    product = next((row for row in account.products_where(is_subscription=False) if row.get("id") not in sold), None)
    if product is None or account.subscriptions.token:
        raise NotTold("no product without subscriptions is known")
    query = {"accession_date": LONG_AGO_MS, "max_results": 1, "product_id": product["id"]}
    answer = settled(account.get(words.SUBSCRIPTIONS, **query))
    if answer.status == 404:
        return Told("404", answer.says)
    if answer.is_page and not answer.rows:
        return Told("empty", answer.says)
    return Otherwise(f"For a product without subscriptions Hotmart answers {answer.says}.")


def request_date(account: Account) -> Told | Otherwise:
    """Compare request_date with the accession of subscriptions that began more than 31 days ago."""
    rows = [row for row in _some(account) if row.get("request_date") and row["accession_date"] < account.now_ms]
    old = [row for row in rows if row["accession_date"] < account.now_ms - 31 * DAY_MS]
    moved = sum(row["request_date"] > row["accession_date"] + DAY_MS for row in old)
    enough(old, "subscriptions")
    if not moved:
        return Told("creation", f"none of {len(old):,} has a request more than a day after its accession")
    return Told("last_charge", f"{moved:,} of {len(old):,} have a request more than a day after their accession")


def subscriber_code(account: Account) -> Told | Otherwise:
    """Look for a code that occurs on two subscriptions."""
    rows = _some(account)
    counts = Counter(row["subscriber_code"] for row in rows)
    twice = sum(count > 1 for count in counts.values())
    if twice:
        return Told("shared", f"{twice:,} of {len(counts):,} codes occur twice or more")
    enough(rows, "subscriptions")
    return Told("one_subscription", f"none of {len(counts):,} codes occurs twice")


def summary_range(account: Account) -> Told | Otherwise:
    """Ask for the summary without an accession date, where subscriptions are older than 31 days."""
    border_ms = account.now_ms - 31 * DAY_MS
    if not any(began_ms < border_ms for began_ms in account.summaries.values("accession_date")):
        raise NotTold("no subscription is older than 31 days")
    page = readable(account.get(words.SUMMARY, max_results=ASKED_ROWS))
    older = sum(began_ms < border_ms for began_ms in page.values("accession_date"))
    return Told("none" if older else "applies", f"{older:,} of {amount(len(page.rows), 'row')} are older than 31 days")


def summary_code(account: Account) -> Told | Otherwise:
    """Filter the summary by the code of a subscription."""
    codes = [code for code in account.summaries.values("subscriber_code") if not str(code).isdecimal()]
    if not codes:
        raise NotTold("no subscription has a code with letters")
    query = {"accession_date": LONG_AGO_MS, "max_results": 1, "subscriber_code": codes[0]}
    answer = settled(account.get(words.SUMMARY, **query))
    return Told("integer" if answer.is_refusal else "text", answer.says)


def summary_next_charge(account: Account) -> Told | Otherwise:
    """Check whether summaries have a date of the next charge."""
    rows = account.summaries.rows
    dated = sum("date_next_charge" in row for row in rows)
    enough(rows, "summaries")
    return Told("present" if dated else "absent", f"in {dated:,} of {amount(len(rows), 'row')}")


def summary_delay(account: Account) -> Told | Otherwise:
    """Work out how old the summary is: lifetime counts the days of an active subscription up to its moment."""
    ages_ms = [
        (account.now_ms - row["accession_date"], row["lifetime"])
        for row in account.summaries.rows
        if row.get("status") == "ACTIVE" and row.get("accession_date")
    ]
    enough(ages_ms, "active subscriptions")
    # The state is of a moment that fits every row: lifetime days have passed, and one more has not.
    least_ms = max(age_ms - (lifetime + 1) * DAY_MS for age_ms, lifetime in ages_ms)
    most_ms = min(age_ms - lifetime * DAY_MS for age_ms, lifetime in ages_ms)
    least_h, most_h = (bound_ms / 3_600_000 for bound_ms in (least_ms, most_ms))
    note = f"{amount(len(ages_ms), 'row')} fit a delay of {max(0.0, least_h):.1f} to {most_h:.1f} hours"
    for hours in (0, 24):
        if least_h - 0.1 <= hours <= most_h + 0.1:
            return Told(hours, note)
    if least_h > most_h:
        raise NotTold("lifetime does not count days from the accession")
    return Otherwise(f"The summary is some hours old: {note}.")
