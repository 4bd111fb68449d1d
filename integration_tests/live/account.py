"""The queries that several questions share, in the connector's own terms."""

from collections.abc import Sequence

from integration_tests.live.answer import Answer, value_at
from integration_tests.live.failure import NotTold
from integration_tests.live.probe import Probe, Query
from source_hotmart.config import EARLIEST_START, Config
from source_hotmart.sales import SALE_STATUSES
from source_hotmart.streams import (
    ClubStudents,
    Products,
    SalesHistory,
    Subscriptions,
    SubscriptionTransactions,
)
from source_hotmart.windows import DAY_MS, Window, later, milliseconds

HISTORY = SalesHistory.endpoint
SUBSCRIPTION_SUMMARY = "payments/api/v1/subscriptions/summary"
ASKED_ROWS = 1_000
"""Above every maximum that is known of, to see what is granted."""
LONG_AGO_MS = milliseconds(EARLIEST_START)
PRODUCTS_TRIED = 3


class Account:
    """The account as the probe has come to know it; every query is asked once, whoever asks it."""

    def __init__(self, probe: Probe, config: Config) -> None:
        self.probe = probe
        self.clubs = config.members_area_subdomain
        self.subscriptions_from_ms = LONG_AGO_MS
        self.all_subscriptions_refused = ""
        """What Hotmart said to all of them in one window, where it did not send them."""
        self.now_ms = probe.login.hotmart_ms()

    @property
    def year(self) -> Window:
        """The last twelve months, the longest window that the connector asks for."""
        return later(self.now_ms, -12) + 1, self.now_ms

    def days(self, number: int) -> Window:
        """The last so many days."""
        return self.now_ms - number * DAY_MS, self.now_ms

    def get(self, path: str, **query: int | str | list[str]) -> Answer:
        """An answer, whatever it is."""
        return self.probe.get(path, query)

    def sales(
        self,
        path: str = HISTORY,
        *,
        rows: int | None = None,
        window: Window | None = None,
        statuses: Sequence[str] | str | None = SALE_STATUSES,
    ) -> Answer:
        """Sales of the last twelve months, or of a window; `None` statuses are not sent."""
        start_ms, end_ms = window or self.year
        query: dict[str, int | str | list[str]] = {"start_date": start_ms, "end_date": end_ms}
        if statuses is not None:
            query["transaction_status"] = statuses if isinstance(statuses, str) else list(statuses)
        if rows is not None:
            query["max_results"] = rows
        return self.probe.get(path, query)

    def sales_page(self) -> Answer:
        """The page of sales that the connector would ask for. Raises `NotTold` where there is none."""
        return readable(self.sales(rows=SalesHistory.page_size))

    def subscriptions(self) -> Answer:
        """All subscriptions, or where that is refused those of a year. Raises `NotTold` for neither."""
        query = {"accession_date": LONG_AGO_MS, "max_results": ASKED_ROWS}
        answer = self.get(Subscriptions.endpoint, **query)
        if not answer.is_page and not answer.is_forbidden:
            self.all_subscriptions_refused = answer.says
            self.subscriptions_from_ms = self.year[0]
            answer = self.get(Subscriptions.endpoint, **{**query, "accession_date": self.subscriptions_from_ms})
        return readable(answer)

    def charges(self) -> Answer:
        """Charges of the last twelve months. Raises `NotTold` where they cannot be read."""
        start_ms, end_ms = self.year
        query: Query = {"transaction_date": start_ms, "end_transaction_date": end_ms, "max_results": ASKED_ROWS}
        return readable(self.probe.get(SubscriptionTransactions.endpoint, query))

    def products(self) -> Answer:
        """The account's own products. Raises `NotTold` where they cannot be read."""
        return readable(self.get(Products.endpoint, max_results=ASKED_ROWS))

    def product_values(self, field: str, **wanted: object) -> list[str]:
        """A field of the own products that have these values, as text for a path."""
        rows = self.products().rows
        fitting = [row for row in rows if all(value_at(row, name) == value for name, value in wanted.items())]
        return [str(value) for row in fitting if (value := value_at(row, field)) is not None]

    @property
    def club(self) -> str:
        """The first club of the settings. Raises `NotTold` when they name none."""
        if not self.clubs:
            raise NotTold("the settings name no members_area_subdomain")
        return self.clubs[0]

    def students(self) -> Answer:
        """Students of the first club. Raises `NotTold` where they cannot be read."""
        return readable(self.get(ClubStudents.endpoint, subdomain=self.club, max_results=ASKED_ROWS))


def settled(answer: Answer) -> Answer:
    """The answer, whatever it is, where it is one to this query. Raises `NotTold` for what is wrong with any query."""
    if answer.is_forbidden:
        raise NotTold(f"the credential may not read it ({answer.status})")
    if answer.is_passing:
        raise NotTold(f"Hotmart answered {answer.says}")
    return answer


def readable(answer: Answer) -> Answer:
    """The answer, where it holds rows or says that there are none. Raises `NotTold` for every other."""
    if not settled(answer).is_page:
        raise NotTold(f"Hotmart answered {answer.says}")
    return answer
