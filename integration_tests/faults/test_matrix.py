"""Each fault on each kind of request, once and permanently: check rows, state, exit code, message and secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from conftest import Tell
from hotmart_simulator import Simulator
from integration_tests.faults.laboratory import SIDE_BY_SIDE, STREAMS, SWITCHES, Laboratory, account, held, keys
from integration_tests.faults.network import Network
from integration_tests.secrecy import assert_hidden, secrets_of
from tools.faults.outcomes import (
    CIRCLE,
    GUESSED_KEY,
    NO_KEY,
    NO_PERMISSION,
    QUOTA,
    TOKENS_REJECTED,
    Outcome,
)
from tools.faults.table import (
    CALLS,
    CLUB,
    FIRST,
    HISTORY,
    LAST,
    MIDDLE,
    PARENT,
    ROWS,
    TOKEN_CALL,
    CallKind,
    Row,
)
from tools.harness import Run, VirtualClock, loaded
from tools.rows import difference, key_of
from tools.sample import ALL_CASES

pytestmark = pytest.mark.long

FOREIGN_WORDS = ("Exhausted", "see logs", "request window", "Something went wrong", "Exception", "Traceback", "http")

SAMPLED = (MIDDLE, LAST, CLUB, PARENT)
"""Kinds of request that share code with another kind. By default each runs every eighth fault, with different offsets.
Faults that affect no other kind always run.
"""
ONE_IN = 8


def is_chosen(number: int, row: Row, call: CallKind) -> bool:
    """Whether the fault at this position of the table runs on a kind of request."""
    if ALL_CASES or call not in SAMPLED or (number + CALLS.index(call)) % ONE_IN == 0:
        return True
    others = [row.outcome(other, always=always) for other in CALLS if other not in SAMPLED for always in (False, True)]
    return not any(others)


CASES = [
    pytest.param(row, call, always, id=f"{row.name}-{call.head}-{'always' if always else 'once'}")
    for number, row in enumerate(ROWS)
    for call in CALLS
    for always in (False, True)
    if row.outcome(call, always=always) and is_chosen(number, row, call)
]

PACE_S = 0.2
"""Seconds that the requests of a sync may be spread over by the rate limit, milliseconds each."""
HEALTHY_RETRIES_S = {"hang": 7, "drip_head": 7, "drip": 7}
"""Waits for three retries of other requests, by kind of fault: its time limit is so short that a busy machine exceeds
it."""
OLD_SALES = "Some sales whose status may change could not be read"
PAGES = 4
"""Number of pages of the account's sales."""

reference: dict[str, dict[Any, dict[str, Any]]] = {}
"""Records of a sync without faults, by stream and key."""
outputs: list[int] = []
"""Sizes of the outputs that were searched for secrets."""


@pytest.fixture
def laboratory(tmp_path: Path, mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laboratory]:
    clock, network = VirtualClock(), Network()
    clock.install(mocker.patch)
    network.install(mocker.patch)
    with Simulator(account(), SWITCHES, clock.time) as simulator:
        yield Laboratory(simulator, tmp_path, clock, network)
    network.close()


@pytest.fixture
def setenv(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    return monkeypatch.setenv


@pytest.fixture(autouse=True)
def undisturbed(laboratory: Laboratory, setenv: Any) -> None:
    if not reference:
        run = laboratory.read(setenv)
        assert run.exit_code == 0, run.sentences
        for stream in STREAMS:
            reference[stream] = {key_of(stream, record): record for record in run.records(stream)}
            assert not difference(stream, held(stream), run.records(stream))
        laboratory.simulator.reset_log()


def assert_rows(run: Run, row: Row, call: CallKind, outcome: Outcome, complete: set[str]) -> None:
    """Assert that complete streams have all rows, no key is repeated, and all rows equal those of a sync without
    faults."""
    for stream in STREAMS:
        came = keys(run, stream)
        assert len(came) == len(set(came)), stream
        found = difference(stream, held(stream), run.records(stream))
        assert not found.surplus, found
        if outcome.leaves_out_a_parent and stream == call.stream:
            assert all(call.label in key for key in found.lost)
        elif outcome.leaves_out_bad_rows and stream == call.stream:
            assert len(found.lost) <= PAGES, found
        elif stream in complete:
            assert not found.lost, found
        if not row.changes_values:
            assert not found.stale, found
            assert all(record == reference[stream][key_of(stream, record)] for record in run.records(stream))


def assert_told(run: Run, row: Row, call: CallKind, outcome: Outcome, laboratory: Laboratory) -> None:
    """Assert one message with the right failure type for the stream, and the same type at the end of the sync."""
    limits = laboratory.connector.limits
    reason = (row.login_reason if call is TOKEN_CALL and row.login_reason else row.reason).format(
        read_s=f"{limits.read_s:g}", total_s=f"{limits.total_s:g}", body_mib=limits.body_bytes >> 20
    )
    parts = re.split(r"\{(\w+)\}", outcome.sentence)
    told = {"stream": call.stream, "reason": reason}
    if call.label and outcome.ending == "a stream fails":
        told |= {"parent": call.label, "failed": "1", "parents": "4"}
    pattern = "".join(
        re.escape(part) if number % 2 == 0 else re.escape(told[part]) if part in told else ".+"
        for number, part in enumerate(parts)
    )
    *errors, summary = run.errors
    matching = [error for error in errors if re.fullmatch(pattern, error["message"])]
    assert matching, f"{pattern}\n{run.sentences}"
    assert {error["failure_type"] for error in matching} == {outcome.failure}
    assert summary["failure_type"] == outcome.failure
    for error in errors:
        assert not [word for word in FOREIGN_WORDS if word in error["message"]], error["message"]


def assert_outcome(run: Run, row: Row, call: CallKind, outcome: Outcome, laboratory: Laboratory) -> None:
    """Assert that the sync ended as the table says."""
    failed = {"complete": set(), "a stream fails": {call.stream}, "all fail": set(STREAMS)}[outcome.ending]
    assert (run.exit_code != 0) == bool(failed), run.sentences
    incomplete = {stream for stream, status in run.statuses.items() if status == "INCOMPLETE"}
    if row.order.get("network") and outcome.ending == "all fail" and call.stream in STREAMS:
        assert call.stream in incomplete  # others may already be read
    else:
        assert incomplete == failed, run.sentences
    assert set(run.statuses) == set(STREAMS)
    assert_rows(run, row, call, outcome, set(STREAMS) - incomplete)
    if failed:
        assert_told(run, row, call, outcome, laboratory)
    else:
        assert not run.errors
    warnings = [line for line in run.logs.splitlines() if line.startswith("WARN")]
    # Old sales are searched only in a longer date range.
    assert any(OLD_SALES not in warning for warning in warnings) == outcome.warns, warnings
    # The requests before the first page of sales report odd rows on their own.
    most = 4 if call.path == HISTORY else 1
    assert all(warnings.count(warning) <= most for warning in warnings)


def assert_within_time(outcome: Outcome, laboratory: Laboratory) -> None:
    """Assert that the number of affected requests and the total wait stay within the outcome's limits."""
    assert laboratory.fault is None or laboratory.fault.fired <= outcome.calls, laboratory.fault.fired
    side_by_side = SIDE_BY_SIDE if outcome.ending == "all fail" else 1
    slept_s = sum(laboratory.clock.slept_s)
    spare_s = PACE_S + (HEALTHY_RETRIES_S.get(str(laboratory.fault.kind), 0) if laboratory.fault else 0)
    assert slept_s <= outcome.waits_s * side_by_side + spare_s, slept_s


def assert_secret(run: Run, laboratory: Laboratory) -> None:
    assert_hidden(run.output, secrets_of(laboratory.connector))
    outputs.append(len(run.output))


@pytest.mark.parametrize(("row", "call", "always"), CASES)
def test_a_fault_has_the_documented_outcome(
    laboratory: Laboratory, setenv: Any, row: Row, call: CallKind, always: bool
) -> None:
    outcome = row.outcome(call, always=always)
    assert outcome
    laboratory.order(row, call, always=always)

    run = laboratory.read(setenv)

    assert_outcome(run, row, call, outcome, laboratory)
    assert_within_time(outcome, laboratory)
    assert laboratory.fault is None or laboratory.fault.fired > 0
    assert_secret(run, laboratory)
    assert laboratory.network.visits_elsewhere() == 0
    if run.exit_code == 0 and not outcome.leaves_out_a_parent:
        return
    laboratory.mend()
    resumed = laboratory.read(setenv, run.state)
    assert resumed.exit_code == 0, resumed.sentences
    warehouse = loaded(run, resumed)
    for stream in STREAMS:
        found = difference(stream, held(stream), warehouse.rows[stream].values())
        assert not found.lost + found.surplus, found
        assert row.changes_values or not found.stale, found
    assert_secret(resumed, laboratory)


@pytest.mark.parametrize("name", ["502", "400 `invalid_parameter`"])
def test_a_permanent_fault_on_a_year_fails_within_the_documented_time(
    laboratory: Laboratory, setenv: Any, name: str
) -> None:
    (row,) = [row for row in ROWS if row.name == name]
    outcome = row.outcome(FIRST, always=True)
    assert outcome
    laboratory.connector.config["start_date"] = "2025-01-01"
    laboratory.order(row, FIRST, always=True)

    run = laboratory.read(setenv)

    assert_outcome(run, row, FIRST, outcome, laboratory)
    assert_within_time(outcome, laboratory)
    assert laboratory.fault
    assert laboratory.fault.fired > outcome.calls * 2 // 3, laboratory.fault.fired
    assert_secret(run, laboratory)


CHECKED = [
    pytest.param(row, call, id=f"{row.name}-{call.head}")
    for row in ROWS
    for call in (TOKEN_CALL, FIRST, CLUB)  # a check makes one of each
    # Their time-outs are specific to the check, in real seconds: see test_processes.py.
    if row.outcome(call, always=True) and row.order.get("kind") not in ("hang", "drip", "drip_head")
]


@pytest.mark.parametrize(("row", "call"), CHECKED)
def test_a_check_reports_the_fault_at_once_in_one_message(
    laboratory: Laboratory, setenv: Any, row: Row, call: CallKind
) -> None:
    outcome = row.outcome(call, always=True)
    assert outcome
    laboratory.order(row, call, always=True)

    run = laboratory.check(setenv)

    denied = outcome in (NO_PERMISSION, TOKENS_REJECTED)  # for one of several families
    passes = denied or outcome.ending == "complete" or outcome in (CIRCLE, NO_KEY, GUESSED_KEY, QUOTA)
    assert run.connection_status["status"] == ("SUCCEEDED" if passes else "FAILED")
    sentence = run.connection_status.get("message") or ""
    assert bool(sentence) == (not passes or denied or outcome is QUOTA)
    assert not [word for word in FOREIGN_WORDS if word in sentence], sentence
    assert (run.exit_code, run.errors) == (0, [])
    assert sum(laboratory.clock.slept_s) <= (3 if outcome is TOKENS_REJECTED else 0)
    assert laboratory.network.visits_elsewhere() == 0
    assert_secret(run, laboratory)


def test_every_output_was_searched_for_secrets(tell: Tell) -> None:
    if len(outputs) > 2:  # unless single cases were selected
        assert len(outputs) >= len(CASES) + len(CHECKED)
    sampled = "" if ALL_CASES else f" (one in {ONE_IN} of {len(SAMPLED)} kinds; HOTMART_ALL_FAULTS=1 runs all)"
    tell(
        f"faults: {len(ROWS)} on {len(CALLS)} kinds of call, {len(CASES)} cases{sampled} and {len(CHECKED)} checks; "
        f"secrets looked for in {len(outputs)} outputs, {sum(outputs) / 1e6:.0f} MB"
    )
