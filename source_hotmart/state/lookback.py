"""The look-back rule: what an incremental sync reads again. Nothing else in the package knows it.

Hotmart has no filter for "changed since". So a sync reads again what is younger than the look-back, and for a year the
sales that have taken on a late status. Both are measured from the time of the last reading and not from now, so no row
grows too old between two syncs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from source_hotmart.state.intervals import Interval, covered
from source_hotmart.state.slices import Reason
from source_hotmart.state.windows import DAY_MS, Window, later, month_start, subtract, union, whole_second

USUAL_DAYS = 65
"""The default of the form."""
LATE_MONTHS = 12
"""A younger sale may still take on a late status, and a younger month of totals may change."""
UPDATES_DAYS = 7
"""Hotmart shows the update of a charge up to a day late. A week leaves room for more."""
SETTLED_DAYS = 2
"""After so long every update of a charge is listed."""
OVERLAP_DAYS = 2
"""Days before the last sync to look for changes of parents in."""
VISITS_OVERLAP_DAYS = 7
"""The same for students. Hotmart may show a visit some days late."""


@dataclass(frozen=True)
class RereadRule:
    """What of the saved intervals an incremental sync reads again."""

    lookback_ms: int
    late_months: int = 0
    """Younger rows, in months, may still take on one of the late statuses. 0: there are none."""

    def plan(
        self, saved: Sequence[Interval], whole: Window, changed: Sequence[Window] = ()
    ) -> Iterator[tuple[Window, Reason]]:
        """Yield the date ranges to read: what is needed, what is known to have `changed`, then the late statuses."""
        known = covered(saved)
        for window in self.needed(saved, whole):
            if not known or window[0] > known[-1][1]:
                yield window, Reason.NEW
            else:
                yield window, Reason.GAP if subtract([window], known) == [window] else Reason.LOOK_BACK
        yield from ((window, Reason.UNSETTLED) for window in changed)
        yield from ((window, Reason.LATE) for window in subtract(self.late(saved, whole[0]), changed))

    def beyond_lookback(self, interval: Interval) -> list[Window]:
        """Return the part of an interval that is not read again as a whole."""
        end_ms = min(interval.end_ms, whole_second(interval.as_of_ms - self.lookback_ms) - 1)
        return [(interval.start_ms, end_ms)] if interval.start_ms <= end_ms else []

    def needed(self, saved: Iterable[Interval], whole: Window) -> list[Window]:
        """Return what has to be read of `whole`, ascending."""
        return subtract([whole], [window for interval in saved for window in self.beyond_lookback(interval)])

    def late(self, saved: Iterable[Interval], start_ms: int) -> list[Window]:
        """Return what is read again for the late statuses only, from `start_ms` on, ascending."""
        windows = []
        for interval in saved if self.late_months else ():
            oldest_ms = max(start_ms, whole_second(later(interval.as_of_ms, -self.late_months)))
            windows += [(max(first, oldest_ms), last) for first, last in self.beyond_lookback(interval)]
        return union((first, last) for first, last in windows if first <= last)

    def compact(self, intervals: Iterable[Interval]) -> list[Interval]:
        """Return the same intervals in fewer.

        What is final takes on the later time of the interval that follows it directly, since both are read alike from
        now on. Neighbours of the same time become one.
        """
        pieces = [piece for interval in intervals for piece in self._at_final(interval)]
        joined: list[Interval] = []
        for piece in sorted(pieces, reverse=True):
            after = joined[-1] if joined and joined[-1].start_ms == piece.end_ms + 1 else None
            if after and piece.as_of_ms < after.as_of_ms and piece.end_ms < self._final_ms(piece):
                piece = replace(piece, as_of_ms=after.as_of_ms)
            if after and piece.as_of_ms == after.as_of_ms:
                joined[-1] = replace(after, start_ms=piece.start_ms)
            else:
                joined.append(piece)
        return joined[::-1]

    def _final_ms(self, interval: Interval) -> int:
        """The first millisecond that is not final."""
        oldest_late_ms = later(interval.as_of_ms, -self.late_months)
        return whole_second(min(oldest_late_ms, interval.as_of_ms - self.lookback_ms))

    def _at_final(self, interval: Interval) -> list[Interval]:
        """An interval in its final part and the rest."""
        final_ms = self._final_ms(interval)
        if not interval.start_ms < final_ms <= interval.end_ms:
            return [interval]
        return [replace(interval, end_ms=final_ms - 1), replace(interval, start_ms=final_ms)]


@dataclass(frozen=True)
class MonthRule(RereadRule):
    """Whole calendar months: the current one and the `late_months` before the last reading are read again."""

    def beyond_lookback(self, interval: Interval) -> list[Window]:
        """Return the months of an interval that are not read again."""
        end_ms = min(interval.end_ms, self._final_ms(interval) - 1)
        return [(interval.start_ms, end_ms)] if interval.start_ms <= end_ms else []

    def late(self, saved: Iterable[Interval], start_ms: int) -> list[Window]:
        """Return nothing: months are read again as a whole."""
        return []

    def _final_ms(self, interval: Interval) -> int:
        return month_start(later(interval.as_of_ms, -self.late_months))


def of_dates(days: int) -> RereadRule:
    """Return the rule of rows with a date of their own: `lookback_days` of the form, at least one day."""
    return RereadRule(max(days, 1) * DAY_MS)


def of_sales(days: int) -> RereadRule:
    """Return the rule of sales, which may take on a late status."""
    return RereadRule(max(days, 1) * DAY_MS, LATE_MONTHS)


def of_months(days: int) -> RereadRule:
    """Return the rule of totals by month. The form's `lookback_days` do not change it."""
    return MonthRule(max(days, 1) * DAY_MS, LATE_MONTHS)


def of_updates(days: int) -> RereadRule:
    """Return the rule of rows filtered by their last update: a week, or more if the form says more than usual."""
    least_ms = max(days, SETTLED_DAYS) * DAY_MS
    return RereadRule(min(least_ms, UPDATES_DAYS * DAY_MS) if days <= USUAL_DAYS else least_ms)


def of_everything(now_ms: int) -> RereadRule:
    """Return the rule of a list that shows no changes, so all of it is read in each sync."""
    return RereadRule(now_ms)


def changed_since(until_ms: int, overlap_days: int, days: int = 0) -> int:
    """Return from when on changes of parents are looked for, `days` of the form back where no date shows them."""
    return until_ms - max(overlap_days, days) * DAY_MS
