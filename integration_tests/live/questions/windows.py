"""How long a window of sales may be, where it may lie, and what it includes."""

from integration_tests.live.account import HISTORY, Account, readable
from integration_tests.live.answer import Answer
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told, amount
from source_hotmart.sales import SALE_STATUSES
from source_hotmart.windows import DAY_MS

MINUTE_MS = 60_000


class WindowLimit(Question):
    """730 days passed and 731 did not, once, with an end of now: the limit may be of the length or of the age."""

    assumption = "730 days limit the length of a window, not its age"
    depends = "yes: windows of twelve months, however old"

    def ask(self, account: Account) -> Told:
        month_ago_ms = account.now_ms - 770 * DAY_MS
        asked = {
            "the last 730 days": account.days(730),
            "the last 731 days": account.days(731),
            "30 days two years ago": (month_ago_ms - 30 * DAY_MS, month_ago_ms),
        }
        answers = {name: account.sales(window=window, rows=1) for name, window in asked.items()}
        longest, too_long, old = answers.values()
        for answer in answers.values():
            if not answer.is_refusal:
                readable(answer)
        did = ", ".join(f"{name}: {answer.status}" for name, answer in answers.items())
        if old.is_refusal:
            return Told(f"{did}; a limit of the age", "sales that old cannot be read, and a sync stops at them")
        if too_long.is_page:
            return Told(f"{did}; no limit at 730 days")
        if longest.is_refusal:
            return Told(f"{did}; a limit below 730 days, and a refused window is halved")
        return Told(f"{did}; a limit of the length")


class FutureEnd(Question):
    """Refused by one report, accepted by others."""

    assumption = "an end_date in the future is refused"
    depends = "no: windows end at the start of the sync"

    def ask(self, account: Account) -> Told:
        answer = account.sales(window=(account.now_ms - DAY_MS, account.now_ms + DAY_MS), rows=1)
        return Told(answer.says if answer.is_refusal else f"accepted ({readable(answer).status})")


class DefaultWindow(Question):
    """Two notes from production say 30 days; the documentation nothing."""

    assumption = "sales without dates are those of about 30 days"
    depends = "no: both dates are always sent"

    def ask(self, account: Account) -> Told:
        page = readable(account.get(HISTORY, transaction_status=list(SALE_STATUSES), max_results=500))
        month, year = account.sales(window=account.days(30), rows=1).count, account.sales_page().count
        if page.count is None or month is None or year is None:
            raise NotTold("Hotmart tells no total_results, and the sales fill more than a page")
        if month == year:
            raise NotTold("the account has no sales of the last twelve months that are older than 30 days")
        came = f"{amount(page.count, 'sale')}; 30 days hold {month:,}, twelve months {year:,}"
        oldest_ms = min(page.values("purchase.order_date"), default=None)
        if page.has_more or oldest_ms is None:
            return Told(came)
        return Told(f"{came}; the oldest is of {(account.now_ms - oldest_ms) / DAY_MS:.0f} days ago")


class WindowEnds(Question):
    """Taken from what probes of others saw."""

    assumption = "a window of sales includes both of its ends"
    depends = "yes: windows lie one millisecond apart"

    def ask(self, account: Account) -> Told:
        row = next(iter(account.sales_page().rows), None)
        if row is None:
            raise NotTold("there is no sale in the last twelve months")
        transaction, order_ms = row["purchase"]["transaction"], row["purchase"]["order_date"]
        around = {
            "its end": (order_ms - MINUTE_MS, order_ms),
            "its start": (order_ms, min(order_ms + MINUTE_MS, account.now_ms)),
        }
        found = {name: _holds(account.sales(window=window, rows=500), transaction) for name, window in around.items()}
        did = ", ".join(f"a sale at {name} {'comes' if came else 'does not come'}" for name, came in found.items())
        return Told(did, "" if all(found.values()) else "a sale at the very edge of a window is missed")


def _holds(answer: Answer, transaction: str) -> bool:
    return transaction in set(readable(answer).values("purchase.transaction"))
