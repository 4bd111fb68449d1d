"""The envelope of pages: sizes, tokens, counts and the order of rows (hotmart-api.md 3)."""

import base64
import binascii
import json
import re
from collections.abc import Callable

from tools.live_probe import words
from tools.live_probe.account import ASKED_ROWS, DAY_MS, LONG_AGO_MS, Account, readable
from tools.live_probe.answer import Answer
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Ask, Otherwise, Told, amount

SMALL = 20
"""Rows per page that every known maximum allows."""
EMPTY_PAGES = 5
WITH_TOTALS = frozenset(
    {words.HISTORY, words.TOTALS, words.COMMISSIONS, words.PRICE_DETAILS, words.SUBSCRIPTIONS, words.STUDENTS}
)
"""As in 3.5, with participants, whose path differs from event to event."""


def maximum(ask: Callable[[Account], Answer], sides: tuple[int, ...]) -> Ask:
    """Check how many rows are returned where more are requested."""

    def asked(account: Account) -> Told | Otherwise:
        page = readable(ask(account))
        rows = len(page.rows)
        note = f"{rows:,} of {ASKED_ROWS:,} that were asked for"
        if not page.token:
            if page.total is not None and page.total > rows:
                return Otherwise(f"{note} are returned, {page.total:,} are counted, and there is no page token.")
            raise NotTold(f"there {'is' if rows == 1 else 'are'} only {amount(rows, 'row')}")
        return Told(rows, note) if rows in sides else Otherwise(f"A page holds {note}.")

    return asked


def default_size(account: Account) -> Told | Otherwise:
    """Check how many sales are returned without max_results."""
    page = account.no_status
    if not page.token:
        raise NotTold(f"there are only {amount(len(page.rows), 'sale')}")
    sides: dict[int, int | None] = {10: None, 5: 5}
    if len(page.rows) in sides:
        return Told(sides[len(page.rows)], f"{len(page.rows)} sales")
    return Otherwise(f"A page of sales without max_results holds {amount(len(page.rows), 'row')}.")


def empty(account: Account) -> Told | Otherwise:
    """Check whether pages without rows have the key items, and ask for such pages while all of them have it."""
    long_ago = {"start_date": LONG_AGO_MS, "end_date": LONG_AGO_MS + DAY_MS}
    ahead = {"accession_date": account.now_ms - 1}
    charged = {"transaction_date": LONG_AGO_MS, "end_transaction_date": LONG_AGO_MS + DAY_MS}
    more = iter(
        ((words.PRODUCTS, {"id": 1}), (words.HISTORY, long_ago), (words.SUMMARY, ahead), (words.CHARGES, charged))
    )
    while True:
        pages = [answer for _, _, answer in account.pages if not answer.rows]
        bare = sum("items" not in answer.document for answer in pages)
        if bare:
            return Told("some_without_items", f"{bare} of {amount(len(pages), 'page')} without rows")
        extra = next(more, None) if len(pages) < EMPTY_PAGES else None
        if extra is None:
            break
        account.get(extra[0], **extra[1])
    if not pages:
        raise NotTold("every page has rows")
    return Told("items", f"{amount(len(pages), 'page')} without rows")


def page_info(account: Account) -> Told | Otherwise:
    """Check whether lists of one page have page_info."""
    pages = [answer for _, _, answer in account.pages if answer.rows]
    bare = sum(answer.page_info is None for answer in pages)
    if bare:
        return Told("absent_on_single_page", f"on {bare} of {amount(len(pages), 'page')}")
    if all(answer.token for answer in pages):
        raise NotTold("every list has more than one page")
    return Told("present", amount(len(pages), "page"))


def results_per_page(account: Account) -> Told | Otherwise:
    """Compare results_per_page with the rows of the page."""
    pages = [answer for _, _, answer in account.pages if answer.rows and answer.page_info]
    numbers = [((answer.page_info or {}).get("results_per_page"), len(answer.rows)) for answer in pages]
    if not numbers:
        raise NotTold("no page with rows has page_info")
    if all(number == rows for number, rows in numbers):
        return Told("rows", amount(len(numbers), "page"))
    if all(number == 0 for number, _ in numbers):
        return Told("zero", amount(len(numbers), "page"))
    return Otherwise(f"On {sum(number != rows for number, rows in numbers)} of {len(numbers)} pages it differs.")


def last_token(account: Account) -> Told | Otherwise:
    """Check which token last pages have."""
    infos = [answer.page_info for _, _, answer in account.pages if answer.page_info and not answer.token]
    forms = {
        "absent" if "next_page_token" not in info else "null" if info["next_page_token"] is None else "empty"
        for info in infos
    }
    if not forms:
        raise NotTold("no last page was read")
    note = amount(len(infos), "last page")
    return Told(forms.pop(), note) if len(forms) == 1 else Otherwise(f"Last pages differ: {', '.join(sorted(forms))}.")


def totals(account: Account) -> Told | Otherwise:
    """Check which endpoints have total_results."""
    counted: dict[bool, set[str]] = {True: set(), False: set()}
    for path, _, answer in account.pages:
        if answer.rows and answer.page_info:
            counted[answer.total is not None].add("participants" if path.startswith(words.EVENTS) else path)
    note = f"on {len(counted[True])} endpoints and not on {len(counted[False])}"
    if counted[True] and counted[False]:
        if counted[True] <= WITH_TOTALS | {"participants"} and not counted[False] & (WITH_TOTALS | {"participants"}):
            return Told("documented", note)
        names = ", ".join(sorted(_short(path) for path in counted[True]))
        return Otherwise(f"total_results is on {names}, and not on {len(counted[False])} other endpoints.")
    if not counted[True] and not counted[False]:
        raise NotTold("no page has rows")
    return Told("everywhere" if counted[True] else "nowhere", note)


def _short(path: str) -> str:
    return path.split("/v1/")[-1]


def totals_count(account: Account) -> Told | Otherwise:
    """Compare total_results with the rows of pages that are not the last, and of lists of one page."""
    pages = [(answer.total, len(answer.rows), answer.token) for _, _, answer in account.pages]
    longer = [(total, rows) for total, rows, token in pages if token and total is not None and rows]
    single = [(total, rows) for total, rows, token in pages if not token and total is not None and rows]
    if not longer:
        raise NotTold("no list with total_results has more than one page")
    if all(total == rows for total, rows in longer):
        return Told("page", f"as many as the rows of each of {amount(len(longer), 'page')}")
    low = {total for total, rows in longer if total <= rows}
    if len(low) == 1:
        return Told("capped", f"{low.pop():,} on pages of more rows, and never more than {max(t for t, _ in longer):,}")
    if low:
        return Otherwise("On pages that are not the last one, total_results is not above their rows.")
    wrong = sum(total != rows for total, rows in single)
    if wrong:
        return Otherwise(f"In {wrong} of {amount(len(single), 'list')} of one page total_results is not its rows.")
    return Told(
        "rows", f"{amount(len(longer), 'page')} that are not the last, {amount(len(single), 'list')} of one page"
    )


def _small_pages(account: Account) -> tuple[Answer, Answer]:
    """Return the first two pages of charges, 20 rows each."""
    window = account.days(365)
    first = account.charges_of(window, max_results=SMALL)
    if not first.token:
        raise NotTold(f"there are only {amount(len(first.rows), 'charge')}")
    return first, account.charges_of(window, max_results=SMALL, page_token=first.token)


def order(account: Account) -> Told | Otherwise:
    """Read the first charges twice, on one large page and on two small ones, and compare their order."""
    large = [json.dumps(row, sort_keys=True) for row in account.charges.rows]
    pages = [[json.dumps(row, sort_keys=True) for row in page.rows] for page in _small_pages(account)]
    small = [*pages[0], *pages[1]]
    if not account.charges.token and not set(small) <= set(large):
        raise NotTold("a charge was made or changed meanwhile")
    moved = sum(row != other for row, other in zip(small, large, strict=False))
    note = f"{moved} of {len(small)} charges were in another place when read again"
    if moved > len(small) // 4:
        return Told("every_call", note)
    return Told("shifts_at_edges" if moved else "stable", note)


def middle(account: Account) -> Told | Otherwise:
    """Count the rows of two pages of charges that have a next one, and look for empty ones in other lists."""
    sizes = [len(page.rows) for page in _small_pages(account) if page.token]
    short = sum(size < SMALL for size in sizes)
    # Every other list shows one such page, where only a missing row could be noticed.
    is_empty = any(not page.rows for _, _, page in account.pages if page.token)
    if len(sizes) < 2:
        raise NotTold("there are too few pages")
    note = f"{short} of {len(sizes)} pages of charges have fewer than {SMALL} rows"
    if is_empty:
        return Told("some_empty", note)
    return Told("some_short" if short else "full", note)


def subscription_token(account: Account) -> Told | Otherwise:
    """Look at the form of a page token of charges."""
    token = _small_pages(account)[0].token
    if re.fullmatch(r"[0-9a-fA-F]{64}", token):
        return Told("opaque")
    try:
        content = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), validate=True))
    except (binascii.Error, ValueError):
        content = None
    if isinstance(content, dict) and "page" in content:
        return Told("page_numbers")
    return Otherwise(f"A token of another form is sent, {len(token)} characters long.")
