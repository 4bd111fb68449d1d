"""The queries of the account that several questions share."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Final

from tools.live_probe import words
from tools.live_probe.answer import Answer, Form, Row, value_at
from tools.live_probe.client import Client, Query
from tools.live_probe.failure import NotTold

DAY_MS: Final = 86_400_000
LONG_AGO_MS: Final = 1_262_304_000_000  # 2010-01-01, before the first sale on Hotmart (hotmart-api.md 6.3)
ASKED_ROWS: Final = 1_000
"""Above every known maximum page size, to see how many rows Hotmart returns."""
ENOUGH_ROWS: Final = 20
"""Minimum number of rows for a conclusion about all rows."""

Window = tuple[int, int]


class Account:
    """Send each query once, even if several questions need it. All times are epoch milliseconds by Hotmart's clock."""

    def __init__(self, client: Client, members_areas: Sequence[str]) -> None:
        self.client = client
        self.now_ms = client.now_ms
        self._members_areas = members_areas

    def get(self, path: str, **query: int | str | list[str]) -> Answer:
        """Return any response to a query."""
        return self.client.get(path, query)

    def days(self, number: int) -> Window:
        """Return the range of the last `number` days up to now, shortened by a millisecond."""
        return self.now_ms - number * DAY_MS + 1, self.now_ms

    # Sales

    def sales(self, path: str, window: Window, rows: int = 0, statuses: Sequence[str] = ()) -> Answer:
        """Return the first page of a view. Without rows and statuses these parameters are not sent."""
        query: dict[str, int | str | list[str]] = {"start_date": window[0], "end_date": window[1]}
        if rows:
            query["max_results"] = rows
        if statuses:
            query["transaction_status"] = list(statuses)
        return self.get(path, **query)

    @cached_property
    def window(self) -> Window:
        """Return the longest date range up to now that Hotmart accepts for sales: a year, 300, 180 or 30 days.

        Raise NotTold where it accepts none of them.
        """
        problem = ""
        for days in (365, 300, 180, 30):
            window = self.days(days)
            answer = self.sales(words.HISTORY, window, ASKED_ROWS, words.SALE_STATUSES)
            if not answer.is_refusal and settled(answer).is_page:
                return window
            if answer.is_refusal and self.sales(words.HISTORY, window).is_page:
                return window
            problem = answer.says
        raise NotTold(f"Hotmart answered {problem}")

    @property
    def all_statuses(self) -> Answer:
        """Return the sales of that range in all 17 statuses. Hotmart may reject the query."""
        return self.sales(words.HISTORY, self.window, ASKED_ROWS, words.SALE_STATUSES)

    @property
    def no_status(self) -> Answer:
        """Return the sales of that range without a status or page size. Raise NotTold where they are unreadable."""
        return readable(self.sales(words.HISTORY, self.window))

    @property
    def paid_without_dates(self) -> Answer:
        """Return the approved and complete sales of the default range. Raise NotTold where they are unreadable."""
        return readable(self.get(words.HISTORY, transaction_status=sorted(words.PAID), max_results=ASKED_ROWS))

    @property
    def history(self) -> list[Row]:
        """Return the sales in both of these responses. Raise NotTold where there is none."""
        rows = [*self.all_statuses.rows, *self.no_status.rows]
        if not rows:
            raise NotTold("the account has no sale in this time")
        return list({value_at(row, "purchase.transaction"): row for row in rows}.values())

    @property
    def status_of(self) -> dict[str, str]:
        """Return the statuses of these sales by transaction."""
        return {row["purchase"]["transaction"]: row["purchase"]["status"] for row in self.history}

    def view(self, path: str) -> Answer:
        """Return the same sales in another view: in 17 statuses, or in the documented 14 where 17 are rejected.

        Raise NotTold where both are rejected.
        """
        answer = self.sales(path, self.window, ASKED_ROWS, words.SALE_STATUSES)
        if answer.is_refusal:
            answer = self.sales(path, self.window, ASKED_ROWS, words.DOCUMENTED_14)
        return readable(answer)

    # Subscriptions

    def _since_long_ago(self, path: str) -> Answer:
        answer = self.get(path, accession_date=LONG_AGO_MS, max_results=ASKED_ROWS)
        if answer.is_page or answer.is_forbidden:
            return readable(answer)
        return readable(self.get(path, accession_date=self.days(365)[0], max_results=ASKED_ROWS))

    @property
    def subscriptions(self) -> Answer:
        """Return all subscriptions, or those of a year where Hotmart rejects the long range."""
        return self._since_long_ago(words.SUBSCRIPTIONS)

    @property
    def summaries(self) -> Answer:
        """Return the summaries of the same subscriptions."""
        return self._since_long_ago(words.SUMMARY)

    def charges_of(self, window: Window, **query: int | str) -> Answer:
        """Return charges of subscriptions. Raise NotTold where they are unreadable."""
        return readable(self.get(words.CHARGES, **self.charge_query(window), **query))

    def charge_query(self, window: Window) -> dict[str, int | str | list[str]]:
        """Return the range of a query of charges."""
        return {"transaction_date": window[0], "end_transaction_date": window[1]}

    @property
    def charges(self) -> Answer:
        """Return the charges of the last year."""
        return self.charges_of(self.days(365), max_results=ASKED_ROWS)

    # Products, members areas and events

    @property
    def products(self) -> Answer:
        """Return the products of the account."""
        return readable(self.get(words.PRODUCTS, max_results=ASKED_ROWS))

    def products_where(self, **wanted: object) -> Iterator[Row]:
        """Yield the products with these values."""
        return (row for row in self.products.rows if all(row.get(name) == value for name, value in wanted.items()))

    @property
    def members_area(self) -> str:
        """Return the first members area of the settings. Raise NotTold where they name none."""
        if not self._members_areas:
            raise NotTold("the settings name no members_area_subdomain")
        return self._members_areas[0]

    @property
    def students(self) -> Answer:
        """Return the students of that members area."""
        return readable(self.get(words.STUDENTS, subdomain=self.members_area, max_results=ASKED_ROWS))

    def more_students(self, token: str) -> Answer:
        """Return the next page of them."""
        query = {"subdomain": self.members_area, "max_results": str(ASKED_ROWS), "page_token": token}
        return readable(self.get(words.STUDENTS, **query))

    def tickets(self, **query: str) -> Answer:
        """Return the tickets of the first event. Raise NotTold where there is no event."""
        event = next(self.products_where(format="ETICKET"), None)
        if event is None:
            raise NotTold("the account has no event")
        return readable(self.get(f"{words.EVENTS}/{event['id']}/participants", max_results=ASKED_ROWS, **query))

    # Everything at once

    @property
    def asked(self) -> list[tuple[str, Query, Answer]]:
        """Return path, query and response of every call so far, including the main list of each endpoint."""
        lists: tuple[Callable[[], object], ...] = (
            lambda: self.no_status,
            lambda: self.view(words.USERS),
            lambda: self.view(words.COMMISSIONS),
            lambda: self.view(words.PRICE_DETAILS),
            lambda: self.subscriptions,
            lambda: self.summaries,
            lambda: self.charges,
            lambda: self.products,
            lambda: self.students,
            self.tickets,
        )
        for ask in lists:
            with suppress(NotTold):
                ask()
        return self.client.asked

    @property
    def pages(self) -> list[tuple[str, Query, Answer]]:
        """Return the calls whose response has items and page_info."""
        return [entry for entry in self.asked if entry[2].is_page and entry[2].form is Form.PAGE]


def settled(answer: Answer) -> Answer:
    """Return the response if it depends on its query. Raise NotTold for a failure that any query could have."""
    if answer.is_forbidden:
        raise NotTold(f"the credential may not read it ({answer.status})")
    if answer.is_passing or answer.form is Form.OTHER:
        raise NotTold(f"Hotmart answered {answer.says}")
    return answer


def readable(answer: Answer) -> Answer:
    """Return the response if it holds rows or says that there are none. Otherwise raise NotTold."""
    if not settled(answer).is_page:
        raise NotTold(f"Hotmart answered {answer.says}")
    return answer


def enough(rows: Sequence[object], noun: str, at_least: int = ENOUGH_ROWS) -> None:
    """Raise NotTold if there are too few rows for a conclusion about all rows."""
    if len(rows) < at_least:
        raise NotTold(f"only {len(rows)} {noun} can be compared")
