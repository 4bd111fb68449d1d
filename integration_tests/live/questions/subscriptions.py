"""The dates by which subscriptions and their charges are filtered."""

from typing import Any

from integration_tests.live.account import ASKED_ROWS, SUBSCRIPTION_SUMMARY, Account, readable
from integration_tests.live.answer import Answer, value_at
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told, amount
from source_hotmart.streams import Subscriptions, SubscriptionTransactions
from source_hotmart.windows import DAY_MS

HOUR_MS = DAY_MS // 24


class LongList(Question):
    """Clients send a date long before the account was opened."""

    assumption = "subscriptions since 2010 come in one window"
    depends = "no: a window refused or too heavy is halved"

    def ask(self, account: Account) -> Told:
        page = account.subscriptions()
        if account.all_subscriptions_refused:
            return Told(f"{account.all_subscriptions_refused}; those of the last twelve months come")
        return Told(f"{page.status}")


class EndAccession(Question):
    """The documentation describes it as the date of the cancellation; clients use it as the end of the window."""

    assumption = "end_accession_date bounds the accession"
    depends = "only for lists in halves, whose count is then checked"

    def ask(self, account: Account) -> Told:
        rows = account.subscriptions().rows
        active = sorted(
            row["accession_date"] for row in rows if value_at(row, "end_accession_date") is None and _began(row)
        )
        if len(active) < 2 or active[0] == active[-1]:
            raise NotTold("it takes two subscriptions that were not cancelled")
        bound_ms = active[(len(active) - 1) // 2]
        query = {"accession_date": account.subscriptions_from_ms, "end_accession_date": bound_ms}
        came = readable(account.get(Subscriptions.endpoint, **query, max_results=ASKED_ROWS))
        if any(began_ms > bound_ms for began_ms in came.values("accession_date")):
            return Told("it bounds neither accession nor cancellation")
        if any(value_at(row, "end_accession_date") is None for row in came.rows):
            return Told("it bounds the accession: active ones from before it come")
        return Told("it bounds the cancellation: active ones from before it do not come; the sync stops and says so")


class DefaultAccession(Question):
    """Documented, and seen live."""

    assumption = "subscriptions without accession_date are those of 30 days"
    depends = "no: it is always sent"

    def ask(self, account: Account) -> Told:
        every = account.subscriptions()
        page = readable(account.get(Subscriptions.endpoint, max_results=ASKED_ROWS))
        return _default(account, page, every, "accession_date")


class SummaryDefaultAccession(Question):
    """Documented; a capture speaks against it."""

    assumption = "subscriptions/summary without accession_date: those of 30 days"
    depends = "no: it is always sent"

    def ask(self, account: Account) -> Told:
        every = summaries(account)
        page = readable(account.get(SUBSCRIPTION_SUMMARY, max_results=ASKED_ROWS))
        return _default(account, page, every, "accession_date")


class DefaultTransactionDate(Question):
    """Documented."""

    assumption = "subscriptions/transactions without dates: those of 30 days"
    depends = "no: both dates are always sent"

    def ask(self, account: Account) -> Told:
        every = account.charges()
        page = readable(account.get(SubscriptionTransactions.endpoint, max_results=ASKED_ROWS))
        return _default(account, page, every, "last_update")


class TransactionDate(Question):
    """The evidence is for the last update; nothing is documented."""

    assumption = "transaction_date filters last_update"
    depends = "yes: each sync asks, and looks back 180 days if not"

    def ask(self, account: Account) -> Told:
        row = next((row for row in account.charges().rows if _updated_later(row)), None)
        if row is None:
            raise NotTold("no charge of the last twelve months was updated days after its order")
        by_order = _finds(account, row, value_at(row, "purchase.order_date"))
        by_update = _finds(account, row, value_at(row, "last_update"))
        match by_order, by_update:
            case False, True:
                return Told("it filters last_update")
            case True, False:
                return Told("it filters purchase.order_date")
            case True, True:
                return Told("a charge comes by its order as well as by its last update")
        return Told("it filters another date", "charges that change later are missed")


def summaries(account: Account) -> Answer:
    """The summaries of all subscriptions. Raises `NotTold` where they cannot be read."""
    account.subscriptions()
    from_ms = account.subscriptions_from_ms
    return readable(account.get(SUBSCRIPTION_SUMMARY, accession_date=from_ms, max_results=ASKED_ROWS))


def _default(account: Account, page: Answer, every: Answer, date: str) -> Told:
    """How far back the rows of a query without dates reach, where older ones exist."""
    border_ms = account.now_ms - 31 * DAY_MS
    if not any(at_ms < border_ms for at_ms in every.values(date)) and not every.has_more:
        raise NotTold("there is nothing older than 31 days")
    rows = f"{'at least ' if page.has_more else ''}{amount(len(page.rows), 'row')}"
    oldest_ms = min(page.values(date), default=None)
    if oldest_ms is None:
        return Told("nothing comes")
    return Told(f"{rows}, the oldest {date} {(account.now_ms - oldest_ms) / DAY_MS:.0f} days ago")


def _began(row: Any) -> bool:
    return isinstance(value_at(row, "accession_date"), int)


def _updated_later(row: Any) -> bool:
    """Whether two hours around one date say nothing of the other."""
    apart_ms = row["last_update"] - row["purchase"]["order_date"]
    return bool(value_at(row, "subscriber_code")) and apart_ms > 2 * DAY_MS


def _finds(account: Account, row: Any, at_ms: int) -> bool:
    answer = account.get(
        SubscriptionTransactions.endpoint,
        transaction_date=at_ms - HOUR_MS,
        end_transaction_date=min(at_ms + HOUR_MS, account.now_ms),
        subscriber_code=str(row["subscriber_code"]),
        max_results=ASKED_ROWS,
    )
    return row["purchase"]["transaction"] in set(readable(answer).values("purchase.transaction"))
