"""Children that are read for those of their parents only that have moved since the last sync."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.child import Entry, IncrementalChild
from source_hotmart.reader import Record
from source_hotmart.windows import Window, milliseconds, subtract


class FollowingChild(IncrementalChild, ABC):
    """A child that is read for those parents only of which a date moved since the last sync."""

    cursor_field: ClassVar[str] = "synced_until"
    moved_by: ClassVar[tuple[str, ...]]
    """Dates of the parent; one that was not covered yet has its parent read.

    The first is of what the parent does by itself. One without it can appear in the list long after its other dates,
    so for these the look-back counts.
    """
    still_moving: ClassVar[tuple[str, tuple[str, ...]] | None] = None
    """(field of the parent, values): parents that are read in every sync, as their rows change without a date."""

    def entry(self, row: Record) -> Entry | None:
        """A parent that has moved, filed under the first date that says so: it stays uncovered until it is read."""
        entry = super().entry(row)
        if entry is None:
            return None
        dates_ms = [self._time_ms(row[name]) for name in self.moved_by if row.get(name)]
        if not dates_ms:  # it may be new or have moved at any time, so it is read in every sync
            return entry._replace(moved_ms=self.api.now_ms)
        club = str(row.get("subdomain", ""))
        overlap_ms = self.overlap_ms if row.get(self.moved_by[0]) else self.lookback_ms
        for date_ms in dates_ms:
            if not self.coverage.is_settled(club, date_ms, overlap_ms):
                return entry._replace(moved_ms=self._within(date_ms))
        if self.still_moving and row.get(self.still_moving[0]) in self.still_moving[1]:
            return entry._replace(moved_ms=self._within(dates_ms[0]))
        return None

    def _time_ms(self, time: Any) -> int:
        """A date of the parent."""
        try:
            return milliseconds(datetime.fromisoformat(time))
        except (TypeError, ValueError):  # kept as sent, since it is no time
            return self.api.now_ms

    def _within(self, time_ms: int) -> int:
        """A time inside what a state can cover."""
        return min(max(time_ms, self.api.config.start_ms), self.api.now_ms)

    def slices(self, club: str, entries: list[Entry]) -> Iterator[StreamSlice]:
        """Groups by the date on which they moved, each covering the time up to the next group's."""
        groups = self.groups(sorted(entries, key=lambda entry: entry.moved_ms))
        settled = self.coverage.settled(club)
        windows: list[Window] = []
        for number, group in enumerate(groups, 1):
            first_ms, last_ms = group[0].moved_ms, group[-1].moved_ms
            next_ms = groups[number][0].moved_ms if number < len(groups) else last_ms
            # Up to the next group, which makes a short state; but what is settled stays so when this group fails.
            between = [(last_ms, next_ms - 1)]
            windows.append(
                (first_ms, next_ms - 1 if next_ms > last_ms and subtract(between, settled) == between else last_ms)
            )
        # Of a parent that is missing nobody knows when it moved.
        self.coverage.plan(club, windows, gains=not self.api.parents.is_short(self.parent, club))
        for group, (start_ms, end_ms) in zip(groups, windows, strict=True):
            yield self.slice_of(group, {"scope": club, "start_ms": start_ms, "end_ms": end_ms})
