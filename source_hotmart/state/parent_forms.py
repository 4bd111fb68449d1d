"""The state of parents for each scope, and its saved formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from source_hotmart.state.intervals import NO_STATE, parse_saved, read_slices, time_ms
from source_hotmart.state.known_parents import KnownParents
from source_hotmart.state.windows import iso

ALL_SCOPES = ""
"""The scope of a stream with one list of parents, and of a state that applies to all scopes."""


@dataclass(frozen=True, kw_only=True)
class ParentState:
    """What was read of one scope: an account, a members area or an event. By default nothing was."""

    until_ms: int = 0
    """All known parents were read up to this time."""
    since_ms: int | None = None
    """The start of what was read, for lists that are filtered by a date."""
    open: tuple[str, ...] = ()
    """Parents to read again in any case."""
    known: KnownParents | None = None
    """`None` before the first read, and in states of 1.0.0, which do not record the parents that were read."""


def format_states(states: Mapping[str, ParentState], scope_field: str) -> dict[str, Any]:
    """Return the states in their saved format. Scopes with equal states share one entry."""
    entries = sorted((repr(entry := _entry(state)), scope, entry) for scope, state in states.items())
    if not scope_field:
        return entries[0][2] if entries else {}
    scopes = []
    for _, group in groupby(entries, key=lambda item: item[0]):
        equal = list(group)
        names = [scope for _, scope, _ in equal]
        scopes.append({scope_field: names if len(names) > 1 else names[0], **equal[0][2]})
    return {"scopes": scopes}


def _entry(state: ParentState) -> dict[str, Any]:
    entry: dict[str, Any] = {"until": iso(state.until_ms)}
    if state.since_ms is not None:
        entry["since"] = iso(state.since_ms)
    if state.known is not None:
        entry |= {"open": list(state.open), "known": str(state.known)}
    return entry


def parse_states(
    state: Mapping[str, Any], cursor_field: str, scope_field: str, start_ms: int, now_ms: int
) -> dict[str, ParentState]:
    """Return the saved state of each scope.

    Accepts what `format_states` returns, the states of 1.0.0, and the plain format `{cursor_field: time}`. Raise
    `UnreadableState` for anything else, and for a state in the future.
    """
    return parse_saved(
        lambda: _parse(state, cursor_field, scope_field, start_ms, now_ms),
        lambda states: max((each.until_ms for each in states.values()), default=0),
        now_ms,
    )


def _parse(
    state: Mapping[str, Any], cursor_field: str, scope_field: str, start_ms: int, now_ms: int
) -> dict[str, ParentState]:
    if not state or state.get(NO_STATE):
        return {}
    if "until" in state:
        return {ALL_SCOPES: _parse_entry(state)}
    if scope_field and "scopes" in state:
        return {scope: _parse_entry(item) for item in state["scopes"] for scope in _names(item[scope_field])}
    if scope_field and "states" in state:
        items = {str(item["partition"].get(scope_field, ALL_SCOPES)): item["cursor"] for item in state["states"]}
    else:
        items = {ALL_SCOPES: state}
    intervals = {scope: read_slices(cursor, cursor_field, start_ms, now_ms) for scope, cursor in items.items()}
    # The first of several intervals ends before a gap. Everything from the gap on is read again.
    return {
        scope: ParentState(since_ms=found[0].start_ms, until_ms=found[0].end_ms)
        for scope, found in intervals.items()
        if found
    }


def _names(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(name) for name in value]


def _parse_entry(item: Mapping[str, Any]) -> ParentState:
    return ParentState(
        until_ms=time_ms(item["until"]),
        since_ms=time_ms(item["since"]) if "since" in item else None,
        open=tuple(str(each) for each in item.get("open", ())),
        known=KnownParents.parse(item["known"]) if "known" in item else None,
    )
