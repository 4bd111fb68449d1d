"""Pages of every endpoint: how large they get, whether they count, and in which order rows come."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from integration_tests.live.account import ASKED_ROWS, Account, readable
from integration_tests.live.answer import Answer
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told, amount

Ask = Callable[[Account], Answer]


@dataclass(frozen=True)
class PageMaximum(Question):
    """Documented for sales and subscriptions; elsewhere nothing is."""

    name: str
    ask_many: Ask
    """The answer where more rows are asked for than Hotmart gives."""
    maximum: int | None

    depends: ClassVar[str] = "no: page tokens are followed"

    @property
    def assumption(self) -> str:
        if self.maximum is None:
            return f"{self.name}: how many rows a page holds is not known"
        return f"{self.name}: a page holds {self.maximum} rows at the most"

    def ask(self, account: Account) -> Told:
        answer = self.ask_many(account)
        if answer.is_refusal:
            return Told(f"{ASKED_ROWS:,} are refused: {answer.says}")
        page = readable(answer)
        rows = f"{amount(len(page.rows), 'row')} of {ASKED_ROWS:,} asked for"
        if page.has_more:
            return Told(rows)
        if page.total is not None and page.total > len(page.rows):
            return Told(f"{rows} and {page.total:,} found, without a page token", "the further rows cannot be reached")
        raise NotTold(f"there {'is' if len(page.rows) == 1 else 'are'} only {amount(len(page.rows), 'row')}")


@dataclass(frozen=True)
class DefaultPage(Question):
    """Documented for products only."""

    name: str
    ask_plain: Ask
    """The answer where no page size is sent."""

    depends: ClassVar[str] = "no: max_results is sent"

    @property
    def assumption(self) -> str:
        return f"{self.name}: how many rows come without max_results is not known"

    def ask(self, account: Account) -> Told:
        page = readable(self.ask_plain(account))
        if not page.has_more:
            raise NotTold(f"there {'is' if len(page.rows) == 1 else 'are'} only {amount(len(page.rows), 'row')}")
        return Told(amount(len(page.rows), "row"))


@dataclass(frozen=True)
class Totals(Question):
    """Not in every documented example."""

    name: str
    ask_page: Ask

    depends: ClassVar[str] = "where told, rows are compared with it"

    @property
    def assumption(self) -> str:
        return f"{self.name}: total_results counts all rows"

    def ask(self, account: Account) -> Told:
        page = readable(self.ask_page(account))
        if page.total is None:
            return Told("not told")
        rows = len(page.rows)
        if page.has_more:
            return Told(f"{page.total:,}, with {amount(rows, 'row')} on the first page")
        if page.total == rows:
            return Told(f"{page.total:,}, as many as there are rows")
        return Told(f"{page.total:,} where {amount(rows, 'row')} came", "the sync warns of rows that are not missing")


@dataclass(frozen=True)
class Ordering(Question):
    """Documented nowhere."""

    name: str
    ask_page: Ask
    date: str

    depends: ClassVar[str] = "no: a window is read whole"

    @property
    def assumption(self) -> str:
        return f"{self.name}: rows come in no certain order"

    def ask(self, account: Account) -> Told:
        dates = list(readable(self.ask_page(account)).values(self.date))
        if len(set(dates)) < 3:
            raise NotTold(f"there {'is' if len(dates) == 1 else 'are'} only {amount(len(dates), 'row')}")
        field, pairs = self.date.rsplit(".", 1)[-1], list(pairwise(dates))
        if all(before >= after for before, after in pairs):
            return Told(f"newest {field} first")
        if all(before <= after for before, after in pairs):
            return Told(f"oldest {field} first")
        return Told(f"neither up nor down by {field}")
