"""Find subscriptions that Hotmart leaves out if a filter is not sent, and the queries that return them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from source_hotmart.api.errors import HotmartError, TooHeavy
from source_hotmart.reading.lists import Fetch, fetch_twice
from source_hotmart.reading.passes import Query
from source_hotmart.state.windows import DAY_MS
from source_hotmart.streams.answers import Answers
from source_hotmart.streams.sales_facts import ROUND_TOTAL

LOGGER = logging.getLogger("airbyte.hotmart")

EARLIEST_MS: Final = 1_262_304_000_000
"""2010-01-01. Hotmart is younger."""
LATEST_MS: Final = 4_102_444_800_000
"""2100-01-01."""
SHORTER_MS: Final = 360 * DAY_MS
"""The date range of the probes, if Hotmart rejects them from 2010 on."""
NEXT_CHARGE: Final = {"date_next_charge": EARLIEST_MS, "end_date_next_charge": LATEST_MS}
"""The widest date range of the next charge."""

CANCELLED: Final = ("CANCELLED_BY_ADMIN", "CANCELLED_BY_SELLER", "CANCELLED_BY_CUSTOMER")
BY_CANCELLED: Final = {"status": list(CANCELLED)}
STATUSES: Final = (*CANCELLED, "INACTIVE", "DELAYED", "OVERDUE", "ACTIVE", "STARTED")
"""The most common ones are neither first nor last. If Hotmart uses only one status, the total then shows it."""


class DefaultFilters:
    """Queries that together return every subscription, determined once per sync from their totals.

    Hotmart may apply the documented default of a filter that is not sent. If so, a query with the widest value of the
    filter has a larger total than one without it.
    """

    def __init__(self) -> None:
        self._answers = Answers()
        self._fetch: Fetch
        self._now_ms: int
        self._since_ms = EARLIEST_MS
        self._total_without = 0
        self._hides_by_next_charge = False

    def ask(self, fetch: Fetch, now_ms: int) -> None:
        """Set the function that fetches a page of subscriptions. `Subscriptions` does so before anything is read."""
        self._fetch, self._now_ms = fetch, now_ms

    def queries(self) -> list[Query]:
        """Return the additional parameters of each query, first an empty set. Makes five requests, once per sync."""
        return self._answers.once("queries", self._find)

    @property
    def _cancellation(self) -> dict[str, Any]:
        return {"cancelation_date": EARLIEST_MS, "end_cancelation_date": self._now_ms}

    @property
    def total(self) -> int:
        """Number of subscriptions without any filter, 0 if Hotmart does not count them."""
        self.queries()
        return self._total_without

    @property
    def hides_by_next_charge(self) -> bool:
        """Whether rows are missing, or may be, unless the query has a date range of the next charge."""
        self.queries()
        return self._hides_by_next_charge

    def newest_transactions(self) -> list[str]:
        """Return the latest transactions of one active and one overdue subscription, if there are any."""
        found: list[str] = []
        for status in ("ACTIVE", "OVERDUE"):
            query = {"accession_date": self._since_ms, "status": status, "max_results": 1}
            rows = fetch_twice(self._fetch, query).rows
            found += [str(row["transaction"]) for row in rows if isinstance(row, dict) and row.get("transaction")]
        return found

    def _find(self) -> list[Query]:
        problem: Exception | None = None
        for since_ms in (EARLIEST_MS, self._now_ms - SHORTER_MS):
            self._since_ms = since_ms
            try:
                queries = self._by_totals()
            except (HotmartError, TooHeavy) as refused:
                problem = refused
            else:
                if len(queries) > 1:
                    LOGGER.info(
                        "subscriptions: Hotmart hides some rows by default, or does not count them. %d lists are read "
                        "instead of one (%s).",
                        len(queries),
                        ", ".join(sorted({name for query in queries for name in query})),
                    )
                return queries
        LOGGER.warning(
            "subscriptions and subscription_summary: The requests that show whether Hotmart hides rows by default "
            "failed, so rows may be missing. %s",
            problem,
        )
        return [{}]

    def _by_totals(self) -> list[Query]:
        """Return the queries. Raise Hotmart's error if it rejects a probe.

        A subscription that begins between two probes must not look like a hidden one, so the widest ones are last.
        """
        every, charge, ended = {"status": list(STATUSES)}, NEXT_CHARGE, self._cancellation
        in_both, cancelled = self._total(charge, ended), self._total(BY_CANCELLED)
        charged, in_all, total = self._total(charge), self._total(every), self._total()
        self._total_without = max(0, total)
        self._hides_by_next_charge = True  # until totals show that nothing is hidden
        if min(in_both, cancelled, charged, in_all, total) < 0:  # no totals, so no conclusions
            return [{}, every, every | charge, every | ended, every | charge | ended]
        if in_all < total and self._total(every) < total:  # only one status is used, or totals are not of all rows
            return [{}, *({"status": [status]} for status in STATUSES), charge, ended, charge | ended]
        if in_all > total:
            charged, in_both = self._total(every, charge), self._total(every, charge, ended)
            return [{}, every, *self._by_dates(every, in_all, charged, in_both, cancelled)]
        return [{}, *self._by_dates({}, total, charged, in_both, cancelled)]

    def _by_dates(
        self, statuses: dict[str, Any], total: int, charged: int, in_both: int, cancelled: int
    ) -> Iterator[dict[str, Any]]:
        """Yield the queries by dates, given totals without them, with a next charge, and with both dates.

        A cancelled subscription may be hidden by both dates at once, so one query has both.
        """
        charge, ended = statuses | NEXT_CHARGE, statuses | self._cancellation
        hides = charged > total
        if hides:
            yield charge
            cancelled = self._total(BY_CANCELLED, NEXT_CHARGE)
        if in_both > cancelled:
            hides |= in_both > self._total(ended)
            yield charge | ended if hides else ended
        self._hides_by_next_charge = hides
        if hides:
            LOGGER.warning(
                "subscriptions, subscription_summary and subscription_purchases: Hotmart lists only subscriptions with "
                "a date of their next charge. Subscriptions without this date may be missing."
            )

    def _total(self, *parts: Mapping[str, Any]) -> int:
        """Return Hotmart's own count of the rows of a query, -1 if that is not the number of all rows."""
        query = {name: value for part in parts for name, value in part.items()}
        asked = {"accession_date": self._since_ms, **query, "max_results": 1}
        page = fetch_twice(self._fetch, asked)
        total = -1 if page.total is None else page.total
        is_of_page = page.next_token is not None and total <= len(page.rows)
        is_capped = total > 0 and total % ROUND_TOTAL == 0
        return -1 if is_of_page or is_capped else total
