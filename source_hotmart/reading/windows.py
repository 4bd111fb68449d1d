"""Read date ranges where Hotmart cannot answer them whole, or not with all statuses at once.

A range is worked off in pieces. What cannot be read of it is noted, and the rest is read on.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException as TooHeavy,
)

from source_hotmart.api.errors import AccessDenied, HotmartError, QueryRefused
from source_hotmart.reading.limits import LearnedLimits
from source_hotmart.reading.lists import HALF, ListReader, PageTooHeavy, Readable
from source_hotmart.reading.passes import Query, Record
from source_hotmart.state.windows import DAY_MS, Window, iso, split_at, split_evenly, whole_second

LOGGER = logging.getLogger("airbyte.hotmart")

STOPS_AFTER = 3
"""After so many failures in succession Hotmart may not be available, and the rest is left to the next sync."""
NAMED = 3
"""So many failed pieces are named in a message."""
RETURNS_FROM = {"APPROVED": "PROTESTED"}
"""A dispute that ends makes a protested sale an approved one again, against the order of a sale's life."""


def one_by_one(statuses: Sequence[str]) -> Iterator[str]:
    """Yield statuses in the order in which they are asked for one at a time.

    A sale that changes between two requests is found again under a later status. One that may return to an earlier
    status is asked for before that as well.
    """
    for status in statuses:
        earlier = RETURNS_FROM.get(status)
        if earlier in statuses:
            yield str(earlier)
        yield status


class Windowed(Readable, Protocol):
    """A stream with dates to narrow a query by."""

    limits: LearnedLimits

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """Return the query of one date range."""

    def queries(self, window: Window, statuses: Sequence[str]) -> list[Query]:
        """Return the queries that return all rows of one date range together."""


@dataclass
class Problem:
    """A piece that could not be read."""

    window: Window
    failure: HotmartError

    def __str__(self) -> str:
        return label_of(self.window)


class WindowReader(ListReader):
    """Reads the date ranges of one slice, in smaller pieces where Hotmart cannot answer them whole."""

    def __init__(self, stream: Windowed) -> None:
        super().__init__(stream)
        self._windowed = stream
        self.complete: list[Window] = []
        """What was read to its end."""
        self.rows = 0
        """Distinct keys of all complete pieces."""
        self.was_split = False
        self.problems: list[Problem] = []

    def read_windows(
        self, windows: Iterable[Window], statuses: Sequence[str] = (), *, at_least: int = 0
    ) -> Iterator[Record]:
        """Yield every row of some date ranges. Raises `HotmartError` at the end for pieces that could not be read.

        `at_least` is a number of rows that they are known to have together. Raises `AccessDenied` at once.
        """
        work = deque(windows)
        limits = self._windowed.limits
        if limits.is_unavailable and work:
            limits.is_unavailable = not self._answers_any(work[0], statuses)
        failures = bad_days = 0
        reason = f"{self._stream.name}:"
        while work and not limits.is_unavailable:
            window = self._next_piece(work)
            try:
                whole = at_least if not (work or self.complete or self.problems) else 0
                yield from self._read_piece(window, statuses, whole)
                failures = bad_days = 0
            except TooHeavy as heavy:
                reason = heavy.error_message or reason
                work.extendleft(reversed(self._lighter(window, statuses, heavy)))
            except QueryRefused as refused:
                work.extendleft(reversed(self._after_refusal(window, statuses, refused)))
            except AccessDenied:
                raise
            except PageTooHeavy as heavy:
                self._note_day(window, str(heavy), heavy.failure_type)
                bad_days += 1
                if bad_days % STOPS_AFTER == 0 and work:
                    limits.is_unavailable = not self._answers_any(work[0], statuses)
            except HotmartError as failure:
                self.problems.append(Problem(window, failure))
                failures += 1
                limits.is_unavailable |= failures >= STOPS_AFTER
        if work:
            outage = HotmartError(f"{reason} Hotmart is not available. The next sync continues from here.")
            self.problems += [Problem(left, outage) for left in work]
        if self.problems:
            raise self.failure()

    def failure(self) -> HotmartError:
        """Return one failure for all pieces that could not be read."""
        first = self.problems[0].failure
        if len(self.problems) == 1:
            return first
        named = ", ".join(str(problem) for problem in self.problems[:NAMED])
        more = f" and {len(self.problems) - NAMED} more" if len(self.problems) > NAMED else ""
        return HotmartError(
            f"{self._stream.name}: {len(self.problems)} date ranges could not be read: {named}{more}. The next sync "
            f"reads them again. The first failure: {first}",
            first.failure_type,
        )

    def _next_piece(self, work: deque[Window]) -> Window:
        """Take the next piece, no longer than the longest that Hotmart is known to answer."""
        window = work.popleft()
        longest_ms = self._windowed.limits.length_ms.value
        if longest_ms and window[1] - window[0] + 1 > longest_ms:
            window, rest = split_at(window, window[0] + longest_ms)
            if rest:
                work.appendleft(rest)
        return window

    def _read_piece(self, window: Window, statuses: Sequence[str], at_least: int) -> Iterator[Record]:
        """Yield the rows of one piece, and note it as complete if it is."""
        limits = self._windowed.limits
        length_ms = window[1] - window[0] + 1
        read = self.read if length_ms <= DAY_MS else self.read_once
        one_at_a_time = len(statuses) > 1 and limits.one_status_at_a_time
        self.is_one_status = one_at_a_time
        groups = [(status,) for status in one_by_one(statuses)] if one_at_a_time else [tuple(statuses)]
        queries = [(query, group) for group in groups for query in self._windowed.queries(window, group)]
        is_complete, rows, bad_rows = True, 0, 0
        for query, group in queries:
            if one_at_a_time and group[0] in limits.refused_statuses:
                continue
            label = f"{label_of(window)} ({group[0]})" if one_at_a_time else label_of(window)
            sized = {**query, "max_results": limits.page_rows.value} if limits.page_rows.value else query
            try:
                result = yield from read(sized, label, at_least=at_least if len(queries) == 1 else 0)
            except QueryRefused:
                if not (one_at_a_time and self._is_refused_alone(window, group[0], statuses)):
                    raise
                continue
            is_complete &= result.is_complete
            rows += result.rows
            bad_rows += result.bad_rows
        limits.length_ms.succeeded(length_ms)
        limits.page_rows.succeeded(limits.page_rows.value or 0)
        self.rows += rows
        if bad_rows:
            self.problems.append(Problem(window, self.bad_rows(bad_rows, label_of(window))))
        elif is_complete:
            self.complete.append(window)

    def _is_refused_alone(self, window: Window, status: str, statuses: Sequence[str]) -> bool:
        """Whether Hotmart refuses this status and accepts another one in the same date range."""
        limits = self._windowed.limits
        others = [other for other in statuses if other != status and other not in limits.refused_statuses]
        rows = self._stream.page_size or 1
        if self._accepts(self._windowed.query(window, (status,)), rows):
            return False  # what was refused is a later page
        if not any(self._accepts(self._windowed.query(window, (other,)), rows) for other in others[-2:]):
            return False
        if limits.refuse_status(status):
            LOGGER.warning(
                "%s: Hotmart refuses the status %s here, also alone. Its rows are missing from this stream.",
                self._stream.name,
                status,
            )
        return True

    def _lighter(self, window: Window, statuses: Sequence[str], heavy: TooHeavy) -> list[Window]:
        """Return what to read in place of a piece that is too heavy, or note that even a day is."""
        length_ms = window[1] - window[0] + 1
        if length_ms <= DAY_MS:
            self._note_day(window, heavy.error_message or "", FailureType.transient_error)
            return []
        outage_ended = self.outlives_outage(self._windowed.query(window, ()))
        if outage_ended is None and not self._answers_any(window, statuses):
            self._windowed.limits.is_unavailable = True
            return [window]
        if outage_ended:
            return [window]
        rows = self._answered_rows(window, statuses)
        if rows:
            LOGGER.info("%s Reading %s in pages of %d rows.", heavy.error_message, label_of(window), rows)
            self._windowed.limits.page_rows.shorten(rows)
            return [window]
        LOGGER.info("%s Reading %s in two halves.", heavy.error_message, label_of(window))
        return self.halves(window)

    def _answers_any(self, window: Window, statuses: Sequence[str]) -> bool:
        """Whether Hotmart answers at all: for the first, the middle or the last day of a date range."""
        first_ms, last_ms = window
        middle_ms = (first_ms + last_ms) // 2
        starts_ms = {first_ms, whole_second(middle_ms), max(first_ms, whole_second(last_ms - DAY_MS))}
        days = [(start_ms, min(start_ms + DAY_MS - 1, last_ms)) for start_ms in sorted(starts_ms)]
        return any(self._accepts(self._windowed.query(day, statuses[:1])) for day in days)

    def _answered_rows(self, window: Window, statuses: Sequence[str]) -> int:
        """Return a number of rows per page that Hotmart answers for a piece, 0 for none.

        The first time all sizes are tried, later only the next smaller one: then it is the range that is too long.
        """
        limits, query = self._windowed.limits, self._windowed.query(window, statuses)
        rows = limits.page_rows.value or self._stream.page_size or 1
        while rows > limits.page_rows.least:
            rows = max(limits.page_rows.least, rows // 4)
            if self._accepts(query, rows):
                return rows
            if limits.length_ms.value:
                break
        return 0

    def halves(self, window: Window) -> list[Window]:
        """Return the two halves of a piece, and remember that it was too long."""
        self.was_split, self.reason = True, HALF
        halves = split_evenly(window, 2)
        self._windowed.limits.length_ms.shorten(halves[0][1] - halves[0][0] + 1)
        return halves

    def _after_refusal(self, window: Window, statuses: Sequence[str], refused: QueryRefused) -> list[Window]:
        """Return what to read in place of a piece whose query Hotmart refused, or note that there is nothing left.

        A refused list of statuses is told from a refused date range by asking for one row of one status, and a range
        that is too long from one that is refused everywhere by asking for its first and last day.
        """
        query = self._windowed.query
        limits = self._windowed.limits
        if len(statuses) > 1 and not limits.one_status_at_a_time and self._accepts(query(window, statuses[:1])):
            if limits.refuse_several_statuses():
                LOGGER.info("%s: Hotmart refuses several statuses in one request.", self._stream.name)
            return [window]
        days = [(window[0], window[0] + DAY_MS - 1), (window[1] - DAY_MS + 1, window[1])]
        if window[1] - window[0] < DAY_MS:
            self._note_day(window, refused.problem, refused.failure_type)
        elif not any(self._accepts(query(day, statuses)) for day in days):
            self.problems.append(Problem(window, refused))
        else:
            LOGGER.info("%s Reading %s in two halves.", refused.problem, label_of(window))
            return self.halves(window)
        return []

    def _note_day(self, window: Window, problem: str, failure_type: FailureType) -> None:
        sentence = (
            f"{problem} Even the single day {label_of(window)} could not be read. All other days were read, and the "
            "next sync tries this one again. If this lasts, report it to Hotmart's support with this day."
        )
        self.problems.append(Problem(window, HotmartError(sentence, failure_type)))

    def _accepts(self, query: Query, rows: int = 1) -> bool:
        """Whether Hotmart answers a query, of which so many rows are asked for."""
        try:
            self._stream.fetch({**query, "max_results": rows})
        except (TooHeavy, QueryRefused):
            return False
        return True


def label_of(window: Window) -> str:
    """Return a date range as messages show it."""
    return f"{iso(window[0])} to {iso(window[1])}"
