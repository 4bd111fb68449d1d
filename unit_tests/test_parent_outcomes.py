"""Outcomes of a stream's parents, and when they fail the stream."""

from __future__ import annotations

import pytest

from source_hotmart.api.errors import AccessDenied, HotmartError
from source_hotmart.streams.outcomes import STOPS_AFTER, STOPS_AFTER_REJECTED, ParentOutcomes


def outcomes(listed: int, *, to_read: int | None = None, known: bool = False, doubts: bool = False) -> ParentOutcomes:
    made = ParentOutcomes("club_lessons", "students", doubts_empty=doubts)
    made.list_read(listed=listed, to_read=listed if to_read is None else to_read, has_worked_before=known)
    made.is_planned = True
    return made


def rejection(status: int = 404) -> HotmartError:
    problem = HotmartError(f"club_lessons: Hotmart answered {status}.")
    problem.status = status
    return problem


def end(made: ParentOutcomes, *, read: int = 0, rejected: int = 0, again: bool = False) -> str:
    """Record these outcomes and return the failure of the stream."""
    for _ in range(read):
        made.was_read()
    for number in range(rejected):
        made.was_not_read(f"S{number}", rejection(), again=again)
    return str(made.verdict() or "")


@pytest.mark.parametrize(
    ("listed", "read", "rejected", "known", "again", "fails"),
    [
        (400, 399, 1, False, False, False),
        (400, 0, 1, True, True, False),  # the only parent requested on a quiet day
        (900, 840, 60, False, False, False),
        (12, 8, 4, False, False, True),
        (12, 9, 3, False, False, False),
        (4, 2, 2, False, False, False),
        (1, 0, 1, False, False, True),
        (1, 0, 1, True, False, False),
        (5_000, 0, 40, True, False, True),  # the endpoint has stopped working
        (5_000, 0, 40, True, True, False),
    ],
)
def test_rejections_are_judged_against_all_listed_parents(
    listed: int, read: int, rejected: int, known: bool, again: bool, fails: bool
) -> None:
    made = outcomes(listed, to_read=read + rejected, known=known)

    sentence = end(made, read=read, rejected=rejected, again=again)

    assert bool(sentence) == fails
    if fails:
        assert sentence.startswith(f"club_lessons: Hotmart rejected {rejected} of {listed} students: S0")


def test_consecutive_failures_stop_the_stream_despite_rejections() -> None:
    made = outcomes(1_000)
    for number in range(STOPS_AFTER):
        assert not made.stopped
        made.was_not_read(f"R{number}", rejection())
        made.was_not_read(f"F{number}", HotmartError("club_lessons: No answer."))

    assert made.stopped
    assert f"{STOPS_AFTER} students in a row could not be read" in str(made.verdict())


def test_too_many_consecutive_rejections_stop_the_stream() -> None:
    made = outcomes(200)
    for number in range(STOPS_AFTER_REJECTED):
        assert not made.stopped
        made.was_not_read(f"R{number}", rejection())

    assert made.stopped


def test_a_rejected_access_token_stops_the_stream_at_once() -> None:
    made = outcomes(200)
    denied = AccessDenied("club_lessons: Not accepted.")
    denied.status = 401
    made.was_not_read("S1", denied)

    assert made.stopped
    assert str(made.verdict()) == str(denied)


@pytest.mark.parametrize(("empty", "read", "trusted"), [(2, 0, True), (3, 0, False), (3, 1, True)])
def test_empty_responses_for_all_of_three_parents_are_an_error(empty: int, read: int, trusted: bool) -> None:
    made = outcomes(empty + read, doubts=True)
    for number in range(empty):
        assert not made.trusts_empty
        made.is_empty(f"S{number}", rejection(), is_expected=False)
    for _ in range(read):
        made.was_read()

    assert made.trusts_empty == trusted
    assert (made.verdict() is None) == trusted
    assert made.trusts_empty == trusted


def test_parents_expected_to_be_empty_do_not_count() -> None:
    made = outcomes(4, doubts=True)
    for number in range(4):
        made.is_empty(f"S{number}", rejection(), is_expected=True)

    assert made.verdict() is None


def test_the_verdict_includes_list_and_slice_errors() -> None:
    made = outcomes(4)
    made.list_failed(HotmartError("club_lessons: The list could not be read."))

    sentence = str(made.verdict([HotmartError("club_lessons: Interrupted.")]))

    assert sentence == "club_lessons: The list could not be read. club_lessons: Interrupted."
