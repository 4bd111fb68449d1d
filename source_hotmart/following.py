"""Children that are read for those of their parents only that have moved since the last sync."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from source_hotmart.child import IncrementalChild


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
