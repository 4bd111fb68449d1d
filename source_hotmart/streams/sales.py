"""Sales: four views of each sale, and Hotmart's own totals by calendar month."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import AccessDenied, HotmartError
from source_hotmart.reading.lists import ListReader, noting
from source_hotmart.reading.passes import Record
from source_hotmart.reading.statuses import SALE_STATUSES
from source_hotmart.records.columns import copy_where_missing
from source_hotmart.state import lookback
from source_hotmart.state.slices import DateSlice
from source_hotmart.state.windows import Window, moment, month_start, split_into_months
from source_hotmart.streams.api import Api
from source_hotmart.streams.dated import DatedStream
from source_hotmart.streams.sales_lookup import SaleLookup
from source_hotmart.streams.sales_views import SalesStream

STOPS_AFTER = 3
"""Maximum number of successive months that cannot be read. The next sync then reads the rest."""


class SalesHistory(SalesStream):
    """One row per sale of any status. https://developers.hotmart.com/docs/en/v1/sales/sales-history/"""

    endpoint = "payments/api/v1/sales/history"
    primary_key = "id"
    cursor_field = "order_date"
    promoted_fields = (("id", "purchase.transaction"), ("order_date", "purchase.order_date"))


class SalesUsers(SalesStream):
    """The participants of each sale. https://developers.hotmart.com/docs/en/v1/sales/sales-users/"""

    endpoint = "payments/api/v1/sales/users"


class SalesCommissions(SalesStream):
    """The commissions of each sale. https://developers.hotmart.com/docs/en/v1/sales/sales-commissions/"""

    endpoint = "payments/api/v1/sales/commissions"

    def transform_row(self, row: Record) -> None:
        """Copy `currency_value` to `currency_code`. Hotmart documents the former and sends the latter."""
        entries = row.get("commissions")
        for entry in entries if isinstance(entries, list) else ():
            commission = entry.get("commission") if isinstance(entry, dict) else None
            copy_where_missing(commission, "currency_value", "currency_code")


class SalesPriceDetails(SalesStream):
    """Base price, taxes, fees and coupon of each sale, with the 14 statuses that this endpoint knows.

    https://developers.hotmart.com/docs/en/v1/sales/sales-price-details/ The endpoint would reject a whole query because
    of one status that it does not know.
    """

    endpoint = "payments/api/v1/sales/price/details"
    documented_statuses = tuple(
        status for status in SALE_STATUSES if status not in ("NO_FUNDS", "PRE_ORDER", "PROCESSING_TRANSACTION")
    )
    has_roles = False


class SalesSummary(DatedStream):
    """Hotmart's own totals, for reconciliation. https://developers.hotmart.com/docs/en/v1/sales/sales-summary/

    Hotmart adds them up per calendar month (UTC) and currency, for approved and complete sales, the default without
    statuses. A month is never split, since its parts would have to be added up.
    """

    endpoint = "payments/api/v1/sales/summary"
    cost_note = "one per month since the start date"
    primary_key = ["month", "currency_code"]  # noqa: RUF012 - the CDK's own form of a compound key
    cursor_field = "synced_until"
    promoted_fields = (("currency_code", "total_value.currency_code"),)
    splittable = False
    context_fields = ("month",)

    def __init__(self, api: Api) -> None:
        rule = lookback.of_months(api.config.lookback_days)
        super().__init__(api, rule, month_start(api.config.start_ms))  # because totals are for whole months
        self._months: list[int] = []
        """The first millisecond of each month to read."""

    def slices(self) -> Iterable[StreamSlice]:
        """Yield one slice with all months, because the currencies are known only after all have been read."""
        self.edges = SaleLookup(self.api, self.start_ms).window_edges()
        self._months = sorted(
            {month_start(month[0]) for window in self.needed() for month in split_into_months(window)}
        )
        if self._months:
            yield DateSlice((self._months[0], self.api.now_ms))

    def read_slice(self, stream_slice: DateSlice) -> Iterator[Record]:
        """Yield the totals month by month, then a row of zeros for each currency that a month lacks.

        Without zeros, a total that refunds have reduced to nothing would stay in the warehouse. Raise `HotmartError` at
        the end for months that could not be read.
        """
        reader = ListReader(self)
        found: set[tuple[str, str]] = set()
        complete = stream_slice.complete
        problems: list[HotmartError] = []
        failures = 0
        for start_ms in self._months:
            month = split_into_months((start_ms, self.api.now_ms))[0]
            try:
                result = yield from self._read_month(reader, month, found)
                failures = 0
                if result:
                    complete.append(month)
            except AccessDenied:
                raise
            except HotmartError as problem:
                problems.append(problem)
                failures += 1
            if failures >= STOPS_AFTER:
                break
        yield from self._zeros(complete, found)
        failure = self.verdict(problems)
        if failure:
            raise failure

    def _read_month(
        self, reader: ListReader, month: Window, found: set[tuple[str, str]]
    ) -> Generator[Record, None, bool]:
        """Yield the totals of one month, and return whether they are complete."""
        label = f"{moment(month[0]):%Y-%m}"
        rows = reader.read({**self.query(month, ()), "month": _first_day(month[0])}, label)
        result = yield from noting(rows, lambda total: found.add((total["month"], total["currency_code"])))
        if result.bad_rows:
            raise reader.bad_rows(result.bad_rows, label)
        return result.is_complete

    def _zeros(self, months: Iterable[Window], found: set[tuple[str, str]]) -> Iterator[Record]:
        self.coverage.currencies |= {currency for _, currency in found}
        for currency in sorted(self.coverage.currencies):
            for start_ms, _ in months:
                if (day := _first_day(start_ms), currency) not in found:
                    total = {"value": 0, "currency_code": currency}
                    yield self.record({"month": day, "total_items": 0, "total_value": total})[1]


def _first_day(time_ms: int) -> str:
    return f"{moment(time_ms):%Y-%m-01}"
