"""States of parents: which parents a sync reads, and that no change is lost in any history."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from source_hotmart.state import parents
from source_hotmart.state.intervals import UnreadableState
from source_hotmart.state.known_parents import KnownParents
from source_hotmart.state.parent_forms import ParentState, format_states, parse_states
from source_hotmart.state.parents import ParentProgress, ParentStates
from source_hotmart.state.slices import ParentsSlice
from source_hotmart.state.windows import DAY_MS, iso
from tools.sample import sample

NOW_MS = 1_767_225_600_000
START_MS = NOW_MS - 1_000 * DAY_MS


def ids(count: int, prefix: str = "P") -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def keyed(listed: list[str]) -> dict[str, str]:
    return {each: each for each in listed}


def known(listed: list[str]) -> KnownParents:
    found = KnownParents.sized_for(len(listed))
    for each in listed:
        found.add(each)
    return KnownParents.parse(str(found))


def record(
    progress: ParentProgress, *, read: Sequence[str] = (), empty: Sequence[str] = (), failed: Sequence[str] = ()
) -> None:
    """Record the outcomes of a slice of parents."""
    of_slice = ParentsSlice("", ())
    of_slice.read += read
    of_slice.empty += empty
    of_slice.failed += failed
    progress.record(of_slice)


def after(progress: ParentProgress) -> ParentState:
    """Return the state after every parent was read."""
    record(progress, read=progress.to_read)
    return progress.state(trusts_empty=True)


# Known parents


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 500, 20_000])
def test_known_parents_are_not_read_again(count: int) -> None:
    assert not known(ids(count)).unknown(ids(count), set())


@pytest.mark.parametrize("count", [1, 10, 500, 20_000])
@pytest.mark.parametrize("selected", [0, 3, 60])
def test_a_new_parent_is_found_by_re_reading_its_bucket(count: int, selected: int) -> None:
    before, new = ids(count), ids(5, "new")
    chosen = set(Random(1).sample(before, min(selected, count)))
    read = known(before)

    found = read.unknown([*before, *new], chosen)

    assert set(new) <= found
    assert not found & chosen
    most = Counter(read.bucket_of(each) for each in before).most_common(1)[0][1]
    assert len(found) <= 5 * (most + 1) or count < 100


def test_a_selected_new_parent_needs_no_bucket_read() -> None:
    before, new = ids(300), ids(20, "new")

    assert not known(before).unknown([*before, *new], set(new))


def test_a_removed_parent_causes_one_re_read_of_its_bucket() -> None:
    before = ids(1000)
    state = after(ParentProgress(ParentState(), keyed(before), (), NOW_MS))

    second = ParentProgress(state, keyed(before[1:]), (), NOW_MS + DAY_MS)
    third = ParentProgress(after(second), keyed(before[1:]), (), NOW_MS + 2 * DAY_MS)

    assert 0 < len(second.to_read) < 40
    assert not third.to_read


def test_a_state_of_ten_thousand_parents_is_small() -> None:
    state = after(ParentProgress(ParentState(), keyed(ids(10_000)), (), NOW_MS))

    assert len(json.dumps(format_states({"": state}, ""))) < 5_600


@pytest.mark.parametrize("text", ["", "AAA", "AAAA" * 4, "no base64", "AAAA" * 16384])
def test_invalid_digests_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        KnownParents.parse(text)


# Parents to read


def test_the_second_sync_reads_only_changed_parents() -> None:
    state = after(ParentProgress(ParentState(), keyed(ids(50)), (), NOW_MS))

    second = ParentProgress(state, keyed(ids(50)), {"P3", "P7"}, NOW_MS + DAY_MS)

    assert state.until_ms == NOW_MS
    assert state.open == ()
    assert set(second.to_read) == {"P3", "P7"}


def test_a_failed_parent_is_read_last_in_the_next_sync() -> None:
    first = ParentProgress(ParentState(), keyed(ids(50)), (), NOW_MS)
    record(first, read=[each for each in first.to_read if each != "P5"], failed=["P5"])

    second = ParentProgress(first.state(trusts_empty=True), keyed(ids(50)), {"P3", "P7"}, NOW_MS + DAY_MS)

    assert second.to_read[-1] == "P5"
    assert set(second.to_read) == {"P3", "P5", "P7"}


def test_a_moving_parent_is_read_once_more_when_it_stops() -> None:
    state = after(ParentProgress(ParentState(), keyed(ids(50)), (), NOW_MS))
    state = after(ParentProgress(state, keyed(ids(50)), {"P3"}, NOW_MS, moving={"P3"}))

    stopped = ParentProgress(state, keyed(ids(50)), (), NOW_MS)

    assert stopped.to_read == ["P3"]
    assert not ParentProgress(after(stopped), keyed(ids(50)), (), NOW_MS).to_read


def test_a_parent_with_a_changed_key_is_read_again() -> None:
    state = after(ParentProgress(ParentState(), keyed(ids(200)), (), NOW_MS))

    changed = ParentProgress(state, {**keyed(ids(200)), "P5": "P5/360"}, (), NOW_MS)

    assert "P5" in changed.to_read
    assert len(changed.to_read) < 40


def test_untrusted_empty_parents_are_read_again() -> None:
    progress = ParentProgress(ParentState(), keyed(ids(3)), (), NOW_MS)
    record(progress, empty=progress.to_read)

    doubted = progress.state(trusts_empty=False)
    trusted = progress.state(trusts_empty=True)

    assert set(ParentProgress(doubted, keyed(ids(3)), (), NOW_MS).to_read) == set(ids(3))
    assert not ParentProgress(trusted, keyed(ids(3)), (), NOW_MS).to_read


@pytest.mark.parametrize("listed", [0, 600])
def test_a_partial_parent_list_neither_re_reads_nor_advances_state(listed: int) -> None:
    state = after(ParentProgress(ParentState(), keyed(ids(2_000)), (), NOW_MS))

    short = ParentProgress(state, keyed(ids(listed)), ids(listed)[:2], NOW_MS + DAY_MS, is_partial=True)

    assert len(short.to_read) <= 2
    assert after(short).until_ms == NOW_MS
    assert not ParentProgress(after(short), keyed(ids(2_000)), (), NOW_MS + 2 * DAY_MS).to_read


def test_many_unread_parents_are_not_listed_in_the_state() -> None:
    progress = ParentProgress(ParentState(), keyed(ids(3_000)), (), NOW_MS)

    state = progress.state(trusts_empty=True)

    assert state.open == ()
    assert len(ParentProgress(state, keyed(ids(3_000)), (), NOW_MS).to_read) == 3_000


# Saved forms


def test_state_format_of_one_and_several_scopes() -> None:
    state = ParentState(until_ms=NOW_MS, open=("a",), known=KnownParents([1]))
    event = ParentState(until_ms=NOW_MS, since_ms=START_MS)
    entry = {"until": iso(NOW_MS), "open": ["a"], "known": "AAAAAQ=="}
    event_entry = {"until": iso(NOW_MS), "since": iso(START_MS)}

    assert format_states({"": state}, "") == entry
    assert format_states({}, "") == {}
    assert format_states({"x": state}, "subdomain") == {"scopes": [{"subdomain": "x", **entry}]}
    assert format_states({"1": event, "2": event}, "event_id") == {"scopes": [{"event_id": ["1", "2"], **event_entry}]}


def test_events_with_equal_states_share_one_entry() -> None:
    states = {str(number): ParentState(until_ms=NOW_MS, since_ms=START_MS) for number in range(1200)}

    saved = format_states(states, "event_id")

    assert len(saved["scopes"]) == 1
    assert parse_states(saved, "current_update", "event_id", START_MS, NOW_MS) == states


@pytest.mark.parametrize("scope_field", ["", "subdomain"])
def test_a_saved_state_round_trips(scope_field: str) -> None:
    state = ParentState(until_ms=NOW_MS, open=("a", "b"), known=known(ids(30)))

    saved = format_states({"x" if scope_field else "": state}, scope_field)
    (found,) = parse_states(json.loads(json.dumps(saved)), "synced_until", scope_field, START_MS, NOW_MS).values()

    assert (found.until_ms, found.open, str(found.known)) == (NOW_MS, ("a", "b"), str(state.known))


def date_range(*slices: tuple[int, int]) -> dict[str, Any]:
    return {"state_type": "date-range", "slices": [{"start": iso(first), "end": iso(last)} for first, last in slices]}


GAP = date_range((START_MS, START_MS + DAY_MS), (START_MS + 2 * DAY_MS, NOW_MS))


@pytest.mark.parametrize(
    ("saved", "until"),
    [
        (date_range((START_MS, NOW_MS)), {"": NOW_MS}),
        (GAP, {"": START_MS + DAY_MS}),
        (date_range(), {}),
        ({"states": [{"partition": {"subdomain": "x"}, "cursor": GAP}]}, {"x": START_MS + DAY_MS}),
        ({"states": [{"partition": {}, "cursor": date_range((START_MS, NOW_MS))}]}, {"": NOW_MS}),
        ({"synced_until": iso(NOW_MS)}, {"": NOW_MS}),
        ({"__ab_no_cursor_state_message": True}, {}),
        ({}, {}),
    ],
)
def test_states_of_version_1_0_are_read(saved: dict[str, Any], until: dict[str, int]) -> None:
    states = parse_states(saved, "synced_until", "subdomain", START_MS, NOW_MS)

    assert {scope: state.until_ms for scope, state in states.items()} == until
    assert not [state for state in states.values() if state.known is not None]


def test_every_parent_is_read_after_a_version_1_0_state() -> None:
    state = parse_states(date_range((START_MS, NOW_MS)), "synced_until", "", START_MS, NOW_MS)[""]

    assert set(ParentProgress(state, keyed(ids(40)), (), NOW_MS).to_read) == set(ids(40))


@pytest.mark.parametrize(
    "saved",
    [
        {"x": 1},
        {"states": "none"},
        {"states": [{"partition": 1, "cursor": {}}]},
        {"scopes": [{"until": iso(NOW_MS)}]},
        {"until": "yesterday"},
        {"until": iso(NOW_MS), "known": "?"},
        {"until": iso(NOW_MS + 2 * DAY_MS)},
        {"synced_until": iso(NOW_MS + 2 * DAY_MS)},
    ],
)
def test_any_other_state_is_rejected(saved: dict[str, Any]) -> None:
    with pytest.raises(UnreadableState):
        parse_states(saved, "synced_until", "subdomain", START_MS, NOW_MS)


def test_unread_scopes_keep_their_state() -> None:
    old = ParentState(until_ms=NOW_MS, known=known(ids(3)))
    states = ParentStates({"x": old, "y": old, "": old})
    states.progress["x"] = ParentProgress(old, keyed(ids(3)), (), NOW_MS + 1)

    assert set(states.current(trusts_empty=True)) == {"", "x", "y"}
    states.is_planned = True
    current = states.current(trusts_empty=True)

    assert {scope: state.until_ms - NOW_MS for scope, state in current.items()} == {"x": 1, "y": 0}


# Random histories


@dataclass
class Account:
    """Parents that change, appear late, disappear and return. The version of a parent represents its rows."""

    random: Random
    now_ms: int = NOW_MS
    versions: dict[str, int] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)
    moving: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)

    def live(self) -> None:
        """Advance by some days."""
        self.now_ms += self.random.randrange(1, 40) * DAY_MS // 4
        for _ in range(self.random.randrange(1, 12)):
            self.random.choice([self.appear, self.change, self.begin_to_move, self.move, self.stop, self.hide])()
        if self.random.random() < 0.3:
            self.hidden.clear()

    def appear(self) -> None:
        new = f"P{len(self.versions)}"
        self.versions[new] = 1
        self.dates[new] = self.now_ms - self.random.choice([0, 0, 500]) * DAY_MS

    def some(self) -> str:
        return self.random.choice(sorted(self.versions))

    def change(self) -> None:
        each = self.some()
        self.versions[each] += 1
        self.dates[each] = self.now_ms

    def begin_to_move(self) -> None:
        each = self.some()
        self.change()
        self.dates[each] = self.now_ms
        self.moving.add(each)

    def move(self) -> None:
        for each in self.moving:
            self.versions[each] += 1

    def stop(self) -> None:
        """Change once more without a date, then stop."""
        if self.moving:
            each = self.random.choice(sorted(self.moving))
            self.versions[each] += 1
            self.moving.remove(each)

    def hide(self) -> None:
        self.hidden.add(self.some())


@dataclass
class Syncs:
    """The syncs of one stream: the saved state as text, and the last version read of each parent."""

    account: Account
    text: str = "{}"
    read: dict[str, int] = field(default_factory=dict)

    def sync(self, *, is_good: bool) -> int:
        """Run one sync, with faults unless `is_good`. Return the number of parents read."""
        account, random = self.account, self.account.random
        listed = [each for each in account.versions if is_good or each not in account.hidden]
        is_partial = len(listed) < len(account.versions)
        if not is_good and random.random() < 0.2:
            listed, is_partial = listed[: random.randrange(len(listed) + 1)], random.random() < 0.5
        saved = parse_states(json.loads(self.text), "synced_until", "", START_MS, account.now_ms).get("", ParentState())
        since_ms = saved.until_ms
        moving = account.moving
        selected = {each for each in listed if account.dates[each] >= since_ms or each in moving}
        progress = ParentProgress(saved, keyed(listed), selected, account.now_ms, moving=moving, is_partial=is_partial)
        kill_after = random.randrange(len(progress.to_read) + 1) if not is_good and random.random() < 0.4 else None
        for number, each in enumerate(progress.to_read):
            if number == kill_after:
                return number
            if is_good or random.random() < 0.9:
                self.read[each] = account.versions[each]
                record(progress, read=[each])
            else:
                record(progress, failed=[each])
            if random.random() < 0.3:
                self.save(progress)
        self.save(progress)
        return len(progress.to_read)

    def save(self, progress: ParentProgress) -> None:
        self.text = json.dumps(format_states({"": progress.state(trusts_empty=True)}, ""))


@pytest.mark.parametrize("seed", sample(range(150), 5))
@pytest.mark.parametrize("waiting", [3, 1000])
def test_no_change_is_lost_in_any_history(seed: int, waiting: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "MAX_WAITING", waiting)
    monkeypatch.setattr(parents, "DOUBTFUL_AT_LEAST", 5)
    account = Account(Random(seed))
    for _ in range(account.random.choice([3, 40, 120])):
        account.appear()
    syncs = Syncs(account)
    for _ in range(8):
        syncs.sync(is_good=False)
        account.live()

    syncs.sync(is_good=True)

    assert syncs.read == account.versions
    account.now_ms += DAY_MS
    assert syncs.sync(is_good=True) <= len(account.moving) + len(
        [each for each, date_ms in account.dates.items() if date_ms >= account.now_ms - DAY_MS]
    )
