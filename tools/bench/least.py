"""The fewest calls that a sync needs by the design: date ranges of twelve months, full pages.

The numbers are calculated from the account and not from the connector's code, so that the connector is not compared
with itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil
from typing import Final, Protocol

from dateutil.relativedelta import relativedelta

from hotmart_simulator.common.vocabulary import PRICE_DETAILS_STATUSES, SALE_STATUSES

Window = tuple[int, int]
"""The first and last epoch millisecond."""

PAGE: Final = 500
PAGE_OF_LIST: Final = {"subscriptions": 500, "products": 100, "club_students": 50}
VIEWS: Final = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")
LATE: Final = ("PROTESTED", "REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK")
DAY_MS: Final = 86_400_000
LOOKBACK_DAYS: Final = 65
SUMMARY_MONTHS: Final = 12
"""Number of months before the month of the state's end whose totals are read again."""


class Rows(Protocol):
    """The counts that the calculation needs from an account."""

    def sales(self, windows: Sequence[tuple[int, int, Sequence[str]]]) -> list[int]: ...

    def charges(self, windows: Sequence[Window]) -> list[int]: ...

    def lists(self) -> Mapping[str, Sequence[int]]: ...


@dataclass
class Least:
    """Number of calls by purpose."""

    by_stream: dict[str, int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    """Calls that return no rows of a stream, by reason."""

    @property
    def total(self) -> int:
        return sum(self.by_stream.values()) + sum(self.named.values())


def first_read(account: Rows, start_ms: int, now_ms: int, streams: Sequence[str]) -> Least:
    """Return the calls of a first read, from the start date on."""
    least = Least()
    windows = years(start_ms, now_ms)
    for stream in views_of(streams):
        counts = account.sales([(*window, statuses_of(stream)) for window in windows])
        least.by_stream[stream] = pages(counts)
    _add_lists(least, account, streams)
    if "sales_summary" in streams:
        least.by_stream["sales_summary"] = months(start_ms, now_ms)
    if "subscription_transactions" in streams:
        counts = account.charges(windows)
        least.by_stream["subscription_transactions"] = pages(counts)
        several = sum(count > PAGE for count in counts)
        least.named["whether charges changed while several pages of a window were read"] = several
        least.named["charges updated since the sync began, at the end of a first read"] = 1
    _add_named(least, len(windows), streams)
    return least


def daily(account: Rows, start_ms: int, saved_ms: int, now_ms: int, streams: Sequence[str]) -> Least:
    """Return the calls of a sync from a state that ends at `saved_ms`: the look-back, and a year of late statuses."""
    least = Least()
    again_ms = max(start_ms, saved_ms - LOOKBACK_DAYS * DAY_MS + 1)
    window = (again_ms, now_ms)
    year_before_ms = max(start_ms, _ms(_moment(saved_ms) - relativedelta(months=12)))
    swept = (year_before_ms, again_ms - 1)
    for stream in views_of(streams):
        counts = account.sales([(*window, statuses_of(stream))])
        if swept[0] <= swept[1]:
            counts += account.sales([(*swept, LATE)])
        least.by_stream[stream] = pages(counts)
    _add_lists(least, account, streams)
    if "sales_summary" in streams:
        oldest_ms = max(start_ms, _ms(_moment(saved_ms) - relativedelta(months=SUMMARY_MONTHS)))
        least.by_stream["sales_summary"] = months(oldest_ms, now_ms)
    if "subscription_transactions" in streams:
        counts = account.charges([window])
        least.by_stream["subscription_transactions"] = pages(counts)
        least.named["which date Hotmart filters charges by"] = 2
        several = sum(count > PAGE for count in counts)
        least.named["whether charges changed while several pages of a window were read"] = several
    _add_named(least, 1, streams)
    return least


def _add_lists(least: Least, account: Rows, streams: Sequence[str]) -> None:
    for stream, sizes in account.lists().items():
        if stream in streams:
            least.by_stream[stream] = pages(sizes, PAGE_OF_LIST[stream])


def _add_named(least: Least, windows: int, streams: Sequence[str]) -> None:
    least.named["access token"] = 1
    if views_of(streams):
        least.named["how many sales a window of twelve months holds, once for the four views"] = windows


def views_of(streams: Sequence[str]) -> list[str]:
    """Return the views of a sale among these streams."""
    return [stream for stream in streams if stream in VIEWS]


def statuses_of(stream: str) -> Sequence[str]:
    """Return every status that the stream's endpoint accepts."""
    return PRICE_DETAILS_STATUSES if stream == "sales_price_details" else SALE_STATUSES


def pages(counts: Sequence[int], page: int = PAGE) -> int:
    """Return the number of calls for lists of these sizes, at least one per list."""
    return sum(max(1, ceil(count / page)) for count in counts)


def years(start_ms: int, end_ms: int) -> list[Window]:
    """Return date ranges of twelve calendar months from the start on, the last one cut at the end."""
    start, number = _moment(start_ms), 0
    edges = [start_ms]
    while edges[-1] <= end_ms:
        number += 1
        edges.append(_ms(start + relativedelta(months=12 * number)))
    return [(low, min(high - 1, end_ms)) for low, high in pairwise(edges)]


def months(start_ms: int, end_ms: int) -> int:
    """Return the number of calendar months that a date range touches."""
    start, end = _moment(start_ms), _moment(end_ms)
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
