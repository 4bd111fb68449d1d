"""Child streams that are read only for parents that are new or may have changed."""

from __future__ import annotations

from abc import ABC
from collections.abc import Collection, Iterator
from typing import Any, ClassVar

from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.reading.passes import Record
from source_hotmart.state.intervals import time_ms
from source_hotmart.state.lookback import OVERLAP_DAYS, changed_since
from source_hotmart.state.parent_forms import ParentState
from source_hotmart.state.parents import ParentProgress
from source_hotmart.state.slices import ParentKey
from source_hotmart.streams.child import ChildStream


class ChangedParentsStream(ChildStream, ABC):
    """A child stream that is read for parents that are new or may have changed since the last sync."""

    cursor_field: ClassVar[str] = "synced_until"
    overlap_days: ClassVar[int] = OVERLAP_DAYS
    """Days before the end of the last sync to search again for changes."""
    changed_fields: ClassVar[tuple[str, ...]]
    """Dates of the parent that change when its rows do."""
    always_read_where: ClassVar[tuple[str, tuple[str, ...]]] = ("", ())
    """(field of the parent, values): parents whose rows change without a date. They are read once more afterwards."""

    keeps_until = False
    """Whether changes since the last sync may have been missed, so that the next sync searches for them again."""

    def select(self, row: Record) -> ParentKey:
        """Return the parent with its latest date."""
        field, values = self.always_read_where
        is_moving = row.get(field) in values
        changed_ms = max((self.time_of(row[name]) for name in self.changed_fields if row.get(name)), default=0)
        return super().select(row)._replace(is_moving=is_moving, changed_ms=changed_ms)

    def time_of(self, value: Any) -> int:
        """Return a date of the parent in epoch milliseconds."""
        try:
            return time_ms(value)
        except (TypeError, ValueError):  # the value was kept as Hotmart sent it, so its time is not known
            return self.api.now_ms

    def changed(self, parents: Collection[ParentKey], saved: ParentState) -> set[str]:
        """Return the ids of the parents that may have changed since the last sync."""
        since_ms = changed_since(saved.until_ms, self.overlap_days)
        return {parent.id for parent in parents if parent.is_moving or parent.changed_ms > since_ms}

    def plan(self, subdomain: str, parents: list[ParentKey]) -> Iterator[StreamSlice]:
        by_id: dict[str, ParentKey] = {}
        for parent in parents:
            other = by_id.get(parent.id, parent)  # Hotmart may list a parent twice, with different dates
            by_id[parent.id] = parent._replace(
                is_moving=parent.is_moving or other.is_moving,
                changed_ms=max(parent.changed_ms, other.changed_ms),
                charged_ms=max(parent.charged_ms, other.charged_ms),
            )
        saved = self.states.of(subdomain)
        changed = self.changed(by_id.values(), saved) if saved.known else set()
        progress = self.states.progress[subdomain] = ParentProgress(
            saved,
            {each.id: each.id if each.trait is None else f"{each.id}/{each.trait}" for each in by_id.values()},
            changed,
            self.api.now_ms,
            moving={each.id for each in by_id.values() if each.is_moving},
            is_partial=self.api.parents.is_partial(self.parent, subdomain),
            keeps_until=self.keeps_until,
        )
        self.outcomes.list_read(listed=len(by_id), to_read=len(progress.to_read), has_worked_before=bool(saved.known))
        yield from self.groups(subdomain, [by_id[each] for each in progress.to_read])
