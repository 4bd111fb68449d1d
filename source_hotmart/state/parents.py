"""State of streams with one list per parent: the parents that were read, and up to what time.

Hotmart lists some parents late, with old dates, and a list of parents can be incomplete. So dates alone do not show
which parents are new. The state therefore holds digests of the parents that were read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source_hotmart.state.cursors import StreamState
from source_hotmart.state.known_parents import KnownParents
from source_hotmart.state.parent_forms import ALL_SCOPES, ParentState, format_states, parse_states
from source_hotmart.state.slices import ParentsSlice

MAX_WAITING = 1000
"""Maximum number of waiting parents to list in a state. If there are more, their buckets are read again."""
DOUBTFUL_SHARE = 10
"""If more than one in so many parents of a partial list seem new, the list probably lacks many others."""
DOUBTFUL_AT_LEAST = 100


class ParentProgress:
    """Decides which parents of one list are read in this sync, and records which were.

    The state claims that the known parents are up to date as of this sync. Parents that are still to be read are
    missing from the digest or listed as open, so a killed sync loses none of them.
    """

    def __init__(
        self,
        saved: ParentState,
        keys: Mapping[str, str],
        selected: Collection[str],
        now_ms: int,
        *,
        moving: Collection[str] = (),
        is_partial: bool = False,
        keeps_until: bool = False,
    ) -> None:
        """`keys` maps the id of each parent to its known key. A parent whose key changes is new.

        `selected` are parents that may have changed, `moving` those of them to read in the next sync as well.
        `is_partial` means that parents are missing from the list, `keeps_until` that changed parents may be missing.
        """
        self._keys = listed = keys
        self._saved, self._moving = saved, moving
        # A saved time is later if a clock was set back.
        self._until_ms = max(0 if keeps_until else now_ms, saved.until_ms)
        still_open = {each for each in saved.open if each in listed}
        chosen = {each for each in selected if each in listed} | still_open
        unknown = set(listed) - chosen
        if saved.known is not None:
            new = saved.known.unknown(listed.values(), {listed[each] for each in chosen})
            unknown = {each for each in unknown if listed[each] in new}
        # A list that lacks many known parents is no evidence about the others. The next complete list is.
        lacks_many = not listed or (is_partial and len(unknown) > max(DOUBTFUL_AT_LEAST, len(listed) // DOUBTFUL_SHARE))
        self._gains = not (saved.known and lacks_many)
        self._waiting = dict.fromkeys(chosen | unknown if self._gains else chosen)
        self._known = KnownParents.sized_for(len(listed))
        for parent_id in listed:
            if parent_id not in self._waiting:
                self._known.add(listed[parent_id])
        failed_before = still_open - set(selected)
        by_bucket = sorted(self._waiting, key=lambda each: (self._known.bucket_of(keys[each]), each))
        self.to_read = sorted(by_bucket, key=lambda each: each in failed_before)
        """By bucket, so that a killed sync leaves few buckets incomplete. Parents that failed before are last."""
        self._read: set[str] = set()
        self._empty: set[str] = set()
        self._failed: set[str] = set()

    @property
    def opened_before(self) -> frozenset[str]:
        """The parents that the saved state lists as open."""
        return frozenset(self._saved.open)

    def record(self, of_slice: ParentsSlice) -> None:
        """Record the parents of a slice."""
        for parent_id in of_slice.read:
            self._was_read(parent_id)
        self._empty.update(of_slice.empty)
        self._failed.update(of_slice.failed)
        for parent_id in of_slice.failed:
            self._waiting.pop(parent_id, None)

    def _was_read(self, parent_id: str) -> None:
        self._read.add(parent_id)
        self._known.add(self._keys[parent_id])
        self._waiting.pop(parent_id, None)

    def state(self, *, trusts_empty: bool) -> ParentState:
        """Return the current state. `trusts_empty` means that parents without rows count as read."""
        if trusts_empty:
            for parent_id in sorted(self._empty):
                self._was_read(parent_id)
            self._empty.clear()
        stay_open = self._failed | {each for each in self._read if each in self._moving}
        if not self._gains:
            return replace(self._saved, open=tuple(sorted(stay_open | set(self._saved.open) - self._read)))
        if len(self._waiting) <= MAX_WAITING:
            stay_open |= set(self._waiting)
        return ParentState(until_ms=self._until_ms, open=tuple(sorted(stay_open)), known=self._known)


@dataclass
class ParentStates(StreamState):
    """The saved states of all scopes of a stream, and what this sync has read of each."""

    saved: dict[str, ParentState] = field(default_factory=dict)
    """Also the new states of scopes with a single parent, such as events, that have been read."""
    progress: dict[str, ParentProgress] = field(default_factory=dict)
    """Scopes with several parents that are read in this sync."""
    is_planned: bool = False
    """Whether every scope already has a state of its own."""
    cursor_field: str = ""
    scope_field: str = ""
    start_ms: int = 0
    now_ms: int = 0
    trusts_empty: Callable[[], bool] = lambda: True
    """Whether empty responses can be trusted, as far as this sync has shown."""

    def load(self, state: Mapping[str, Any]) -> None:
        self.saved = parse_states(state, self.cursor_field, self.scope_field, self.start_ms, self.now_ms)

    def of(self, scope: str) -> ParentState:
        """Return the saved state of a scope, or that of all scopes."""
        return self.saved.get(scope) or self.saved.get(ALL_SCOPES) or ParentState()

    @property
    def latest_ms(self) -> int:
        return max((state.until_ms for state in self.saved.values()), default=0)

    def record(self, of_slice: ParentsSlice) -> None:
        if progress := self.progress.get(of_slice.scope):
            progress.record(of_slice)
        elif of_slice.read or of_slice.empty:
            saved = self.of(of_slice.scope)
            since_ms = min(self.start_ms, saved.since_ms or self.start_ms)
            self.saved[of_slice.scope] = ParentState(since_ms=since_ms, until_ms=max(self.now_ms, saved.until_ms))

    @property
    def state(self) -> dict[str, Any]:
        return format_states(self.current(trusts_empty=self.trusts_empty()), self.scope_field)

    def current(self, *, trusts_empty: bool) -> dict[str, ParentState]:
        """Return the current state of each scope."""
        progress = list(self.progress.items())  # the generator of slices adds to it
        states = {
            **self.saved,
            **{scope: each.state(trusts_empty=trusts_empty) for scope, each in progress},
        }
        if self.is_planned and len(states) > 1:
            states.pop(ALL_SCOPES, None)
        return states
