"""The fewest calls by which a sync can read what it has to, after `design`: windows of twelve months, full pages.

Calculated from the account and not from the connector's code, so that the connector cannot agree with itself.
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
"""First and last epoch millisecond."""

PAGE: Final = 500
PAGE_OF_LIST: Final = {"subscriptions": 500, "products": 100, "club_students": 50}
VIEWS: Final = ("sales_history", "sales_users", "sales_commissions", "sales_price_details")
LATE: Final = ("PROTESTED", "REFUNDED", "PARTIALLY_REFUNDED", "CHARGEBACK")
DAY_MS: Final = 86_400_000
LOOKBACK_DAYS: Final = 65
SUMMARY_MONTHS: Final = 12
"""Months before that of the state's end that the totals are read again for."""


class Rows(Protocol):
    """What has to be known of an account."""

    def sales(self, windows: Sequence[tuple[int, int, Sequence[str]]]) -> list[int]: ...

    def charges(self, windows: Sequence[Window]) -> list[int]: ...

    def lists(self) -> Mapping[str, Sequence[int]]: ...


@dataclass
class Least:
    """Calls by what they are for."""

    by_stream: dict[str, int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    """Calls besides those for rows, each kind with its reason."""

    @property
    def total(self) -> int:
        return sum(self.by_stream.values()) + sum(self.named.values())


def first_read(account: Rows, start_ms: int, now_ms: int, streams: Sequence[str]) -> Least:
    """Of everything from the start date on."""
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
    """Of what may have changed since a state that ends at `saved_ms`: the look-back, and late statuses of a year."""
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
    """The views of a sale among these streams."""
    return [stream for stream in streams if stream in VIEWS]


def statuses_of(stream: str) -> Sequence[str]:
    """Every status that its endpoint knows."""
    return PRICE_DETAILS_STATUSES if stream == "sales_price_details" else SALE_STATUSES


def pages(counts: Sequence[int], page: int = PAGE) -> int:
    """Calls for lists of so many rows: at least one each."""
    return sum(max(1, ceil(count / page)) for count in counts)


def years(start_ms: int, end_ms: int) -> list[Window]:
    """Windows of twelve calendar months from the start on, the last cut at the end."""
    start, number = _moment(start_ms), 0
    edges = [start_ms]
    while edges[-1] <= end_ms:
        number += 1
        edges.append(_ms(start + relativedelta(months=12 * number)))
    return [(low, min(high - 1, end_ms)) for low, high in pairwise(edges)]


def months(start_ms: int, end_ms: int) -> int:
    """Calendar months that a window touches."""
    start, end = _moment(start_ms), _moment(end_ms)
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
