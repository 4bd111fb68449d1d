"""How long calls take, which one measurement each can only hint at."""

from integration_tests.live.account import Account, readable
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told, amount
from source_hotmart.streams import SalesHistory

ENOUGH_ROWS = 20
"""A smaller page takes no longer than one row does."""
TIME_LIMIT_S = 30
"""After about so long Hotmart is documented to end a query with 502."""


class YearInTime(Question):
    """Documented: 502 after about 30 seconds."""

    assumption = "twelve months in 17 statuses come within 30 s"
    depends = "no: a window too heavy is halved"

    def ask(self, account: Account) -> Told:
        answer = account.sales(rows=SalesHistory.page_size)
        if answer.status in (0, 408, 502, 504, 524):
            return Told(f"{answer.says} after {answer.seconds:.1f} s; it is read in halves")
        page = readable(answer)
        in_time = "" if page.seconds < TIME_LIMIT_S else ", which is longer"
        return Told(f"{amount(len(page.rows), 'row')} in {page.seconds:.1f} s{in_time}")


class CountIsCheap(Question):
    """Whether Hotmart's own count can be had without reading what it counts."""

    assumption = "max_results=1 takes much less time than a page"
    depends = "yes: one for each year of sales"

    def ask(self, account: Account) -> Told:
        one, page = account.sales(rows=1), account.sales(rows=SalesHistory.page_size)
        if len(readable(page).rows) < ENOUGH_ROWS:
            raise NotTold(f"there are fewer than {ENOUGH_ROWS} sales in the last twelve months")
        cheap = readable(one).seconds < page.seconds / 2
        did = f"{one.seconds:.2f} s against {page.seconds:.2f} s for {amount(len(page.rows), 'row')}"
        return Told(did if cheap else f"{did}: not cheap, which costs a sync this time for each year")
