"""Totals of sales by calendar month, as Hotmart adds them up."""

from __future__ import annotations

from abc import ABC
from collections.abc import Generator, Iterable, Iterator

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.api.errors import AccessDenied, HotmartError
from source_hotmart.reading.lists import ListReader, noting
from source_hotmart.reading.passes import Record
from source_hotmart.state import lookback
from source_hotmart.state.lookback import RereadRule
from source_hotmart.state.slices import DateSlice
from source_hotmart.state.windows import Window, moment, month_start, split_into_months
from source_hotmart.streams.api import Api
from source_hotmart.streams.dated import DatedStream
from source_hotmart.streams.sales_lookup import SaleLookup

STOPS_AFTER = 3
"""After so many months in succession that could not be read the rest is left to the next sync."""


class MonthlyTotals(DatedStream, ABC):
    """Totals that Hotmart adds up for the date range it is asked for: calendar months (UTC), a row per currency.

    No statuses are sent: the default filter, approved and complete sales, is the point. A month is never cut, since
    its parts would have to be added up.
    """

    splittable = False
    context_fields = ("month",)
    start_parameter = "start_date"
    end_parameter = "end_date"

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._months: list[int] = []
        """The first millisecond of each month to read."""

    @property
    def start_ms(self) -> int:
        """The start of the start date's month: totals are of whole months."""
        return month_start(self.api.config.start_ms)

    def reread_rule(self) -> RereadRule:
        """Return the rule of whole months."""
        return lookback.of_months(self.api.config.lookback_days)

    def slices(self) -> Iterable[StreamSlice]:
        """Yield one slice of all months: which currencies occur is known only when all are read."""
        self.edges = SaleLookup(self.api).window_edges(self.start_ms)
        self._months = sorted(
            {month_start(month[0]) for window in self.needed() for month in split_into_months(window)}
        )
        if self._months:
            yield DateSlice((self._months[0], self.api.now_ms))

    def read_slice(self, stream_slice: DateSlice) -> Iterator[Record]:
        """Yield the totals month by month, then a row of zeros for each currency that a month does not have.

        Without it a total that fell to nothing, after refunds, would stay in the warehouse. Raises `HotmartError` at
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
