"""The look-back rules: what an incremental sync reads again. No other module contains this logic.

Hotmart has no filter for "changed since". So a sync reads again the rows younger than the look-back, and for a year
the sales with a late status. Both ages are measured at the time of the last read and not now, so no row grows too old
between two syncs.
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
"""Younger sales may still take on a late status, and younger months of totals may change."""
UPDATES_DAYS = 7
"""Hotmart shows the update of a charge up to a day late. A week leaves a margin."""
SETTLED_DAYS = 2
"""Days until every update of a charge is listed."""
OVERLAP_DAYS = 2
"""Days before the last sync to search again for changes of parents."""
VISITS_OVERLAP_DAYS = 7
"""The same for students. Hotmart may show a visit some days late."""


@dataclass(frozen=True)
class RereadRule:
    """Selects the parts of the saved intervals that an incremental sync reads again."""

    lookback_ms: int
    late_months: int = 0
    """Younger rows, in months, may still take on a late status. 0: no such statuses."""

    def plan(
        self, saved: Sequence[Interval], whole: Window, changed: Sequence[Window] = ()
    ) -> Iterator[tuple[Window, Reason]]:
        """Yield the date ranges to read: needed ones, those with known changes (`changed`), then late statuses."""
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
        end_ms = min(interval.end_ms, self._again_ms(interval) - 1)
        return [(interval.start_ms, end_ms)] if interval.start_ms <= end_ms else []

    def needed(self, saved: Iterable[Interval], whole: Window) -> list[Window]:
        """Return the parts of `whole` that must be read, ascending."""
        return subtract([whole], [window for interval in saved for window in self.beyond_lookback(interval)])

    def late(self, saved: Iterable[Interval], start_ms: int) -> list[Window]:
        """Return the date ranges to read again for late statuses only, from `start_ms` on, ascending."""
        windows = []
        for interval in saved if self.late_months else ():
            oldest_ms = max(start_ms, whole_second(later(interval.as_of_ms, -self.late_months)))
            windows += [(max(first, oldest_ms), last) for first, last in self.beyond_lookback(interval)]
        return union((first, last) for first, last in windows if first <= last)

    def compact(self, intervals: Iterable[Interval]) -> list[Interval]:
        """Merge intervals.

        A final part takes on the later time of the interval directly after it, because both are read alike from now on.
        Adjacent intervals with the same time are merged. So a look-back that is raised above `late_months` does not
        reach parts that were older than that when they were read.
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

    def _again_ms(self, interval: Interval) -> int:
        """Return the first millisecond that is read again as a whole."""
        return whole_second(interval.as_of_ms - self.lookback_ms)

    def _final_ms(self, interval: Interval) -> int:
        """Return the first millisecond that is not final."""
        return min(whole_second(later(interval.as_of_ms, -self.late_months)), self._again_ms(interval))

    def _at_final(self, interval: Interval) -> list[Interval]:
        """Split an interval into its final part and the rest."""
        final_ms = self._final_ms(interval)
        if not interval.start_ms < final_ms <= interval.end_ms:
            return [interval]
        return [replace(interval, end_ms=final_ms - 1), replace(interval, start_ms=final_ms)]


@dataclass(frozen=True)
class MonthRule(RereadRule):
    """Reads whole calendar months again: the current one, and `late_months` before the last read. None is read late."""

    def _again_ms(self, interval: Interval) -> int:
        return month_start(later(interval.as_of_ms, -self.late_months))


def of_dates(days: int) -> RereadRule:
    """Return the rule for rows with a date of their own: `lookback_days` of the form, at least one day."""
    return RereadRule(max(days, 1) * DAY_MS)


def of_sales(days: int) -> RereadRule:
    """Return the rule for sales, which may take on a late status."""
    return RereadRule(max(days, 1) * DAY_MS, LATE_MONTHS)


def of_months(days: int) -> RereadRule:
    """Return the rule for totals by month. The form's `lookback_days` do not affect it."""
    return MonthRule(max(days, 1) * DAY_MS, LATE_MONTHS)


def of_updates(days: int) -> RereadRule:
    """Return the rule for rows filtered by their last update: a week, or more if the form exceeds its default."""
    least_ms = max(days, SETTLED_DAYS) * DAY_MS
    return RereadRule(min(least_ms, UPDATES_DAYS * DAY_MS) if days <= USUAL_DAYS else least_ms)


def of_everything(now_ms: int) -> RereadRule:
    """Return the rule for a list that shows no changes, so each sync reads all of it."""
    return RereadRule(now_ms)


def changed_since(until_ms: int, overlap_days: int, days: int = 0) -> int:
    """Return the start of the search for changed parents, `days` of the form back if no date shows changes."""
    return until_ms - max(overlap_days, days) * DAY_MS
