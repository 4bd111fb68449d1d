"""Read date ranges that Hotmart cannot answer as a whole, or not with all statuses at once.

A range is split into pieces. Pieces that cannot be read are recorded, and the rest is read.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from airbyte_cdk.models import FailureType

from source_hotmart.api.errors import AccessDenied, HotmartError, QueryRefused, TooHeavy
from source_hotmart.reading.lists import ListReader, PageTooHeavy
from source_hotmart.reading.passes import KeyDeduplicator, Query, Record
from source_hotmart.reading.pieces import Piece, Problem, label_of
from source_hotmart.reading.probes import Probes, Windowed
from source_hotmart.reading.statuses import one_by_one
from source_hotmart.state.slices import Reason
from source_hotmart.state.windows import DAY_MS, Window, split_at, split_evenly

LOGGER = logging.getLogger("airbyte.hotmart")

STOPS_AFTER = 3
"""Maximum number of successive failures. Hotmart may then be unavailable, so the next sync reads the rest."""
SLACK_MS = 2_000
"""Milliseconds that a piece may exceed the longest known range by, because halves differ slightly in length."""
NAMED = 3
"""Maximum number of failed pieces to name in a message."""


class WindowReader(ListReader):
    """Reads the date ranges of one slice, in smaller pieces if Hotmart cannot answer them as a whole."""

    _stream: Windowed

    def __init__(self, stream: Windowed, deduplicator: KeyDeduplicator | None = None) -> None:
        super().__init__(stream, deduplicator)
        self._limits = stream.limits
        self._probes = Probes(stream)
        self.complete: list[Window] = []
        """Date ranges that were read to their end."""
        self.rows = 0
        """Number of distinct keys in all complete pieces."""
        self.was_split = False
        self.problems: list[Problem] = []
        self._work: deque[Piece] = deque()
        self._failures = 0
        """Number of successive failures."""
        self._bad_days = 0
        self._outage = f"{stream.name}:"

    def read_windows(
        self,
        windows: Iterable[Window],
        statuses: Sequence[str] = (),
        reason: Reason = Reason.NEW,
        *,
        at_least: int = 0,
    ) -> Iterator[Record]:
        """Yield every row of some date ranges. Raise `HotmartError` at the end for pieces that could not be read.

        `at_least` is the known minimum number of rows in all ranges together. Raise `AccessDenied` at once.
        """
        work = self._work = deque(Piece(window, tuple(statuses), reason) for window in windows)
        limits = self._limits
        if limits.is_unavailable and work:
            limits.is_unavailable = not self._probes.answers_any(work[0])
        while work and not limits.is_unavailable:
            piece = self._next_piece(at_least)
            read = self.read if piece.length_ms <= DAY_MS else self.read_once
            try:
                while query := self._next_query(piece):
                    self.reason, self.is_one_status = piece.reason, bool(piece.status)
                    try:
                        piece.add((yield from read(query, piece.label, at_least=piece.at_least)))
                    except QueryRefused:
                        if not self._probes.is_refused_alone(piece):
                            raise
                self._end(piece)
            except AccessDenied:
                raise
            except (TooHeavy, HotmartError) as problem:
                work.extendleft(reversed(self._instead(piece, problem)))
        self._raise_problems()

    def _raise_problems(self) -> None:
        if self._work:
            outage = HotmartError(f"{self._outage} Hotmart is not available. The next sync continues from here.")
            self.problems += [Problem(left.window, outage) for left in self._work]
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

    def _next_piece(self, at_least: int) -> Piece:
        """Take the next piece, cut to the longest range that Hotmart is known to answer, and list its queries."""
        piece, limits = self._work.popleft(), self._limits
        longest_ms = limits.length_ms.value
        if longest_ms and piece.length_ms > longest_ms + SLACK_MS:
            window, rest = split_at(piece.window, piece.window[0] + longest_ms)
            if rest:
                self._work.appendleft(piece.again(rest, piece.reason))
                piece = piece.again(window, piece.reason)
        one_at_a_time = len(piece.statuses) > 1 and limits.one_status_at_a_time
        groups = [(status,) for status in one_by_one(piece.statuses)] if one_at_a_time else [piece.statuses]
        piece.queries = deque(
            (query, group[0] if one_at_a_time else "")
            for group in groups
            for query in self._stream.queries(piece.window, group)
        )
        is_alone = not (self._work or self.complete or self.problems)
        piece.at_least = at_least if is_alone and len(piece.queries) == 1 else 0
        return piece

    def _next_query(self, piece: Piece) -> Query | None:
        """Take the next query of a piece, and skip rejected statuses."""
        rows = self._limits.page_rows.value
        while piece.queries:
            query, piece.status = piece.queries.popleft()
            if piece.status not in self._limits.refused_statuses:
                return {**query, "max_results": rows} if rows else query
        return None

    def _end(self, piece: Piece) -> None:
        """Finish a piece after all its queries were read."""
        self._limits.length_ms.succeeded(piece.length_ms)
        self._limits.page_rows.succeeded(self._limits.page_rows.value or 0)
        self._failures = self._bad_days = 0
        self.rows += piece.rows
        if piece.bad_rows:
            failure = self.bad_rows(piece.bad_rows, label_of(piece.window))
            self.problems.append(Problem(piece.window, failure))
        elif piece.is_complete:
            self.complete.append(piece.window)

    def _instead(self, piece: Piece, problem: TooHeavy | HotmartError) -> list[Piece]:
        """Return replacements for a piece that could not be read, or record that there are none."""
        if isinstance(problem, TooHeavy):
            self._outage = problem.error_message or self._outage
            return self._lighter(piece, problem)
        if isinstance(problem, QueryRefused):
            return self._after_refusal(piece, problem)
        if isinstance(problem, PageTooHeavy):
            self._note_day(piece.window, str(problem), problem.failure_type)
            self._bad_days += 1
            if self._bad_days % STOPS_AFTER == 0 and self._work:
                self._limits.is_unavailable = not self._probes.answers_any(self._work[0])
            return []
        self.problems.append(Problem(piece.window, problem))
        self._failures += 1
        self._limits.is_unavailable |= self._failures >= STOPS_AFTER
        return []

    def _lighter(self, piece: Piece, heavy: TooHeavy) -> list[Piece]:
        """Return replacements for a piece that is too heavy, or record that even one day is."""
        window, message = piece.window, heavy.error_message
        if piece.length_ms <= DAY_MS:
            self._note_day(window, message or "", FailureType.transient_error)
            return []
        again = [piece.again(window, Reason.RETRIED)]
        outage_ended = self._outage_check.has_ended(self._stream.query(window, ()))
        if outage_ended is None and not self._probes.answers_any(piece):
            self._limits.is_unavailable = True
            return again
        if outage_ended:
            return again
        rows = self._probes.answered_rows(piece)
        if rows:
            LOGGER.info("%s Reading %s in pages of %d rows.", message, label_of(window), rows)
            self._limits.page_rows.shorten(rows)
            return again
        LOGGER.info("%s Reading %s in two halves.", message, label_of(window))
        return [piece.again(half, Reason.HALF) for half in self.halves(window)]

    def halves(self, window: Window) -> list[Window]:
        """Return the two halves of a date range, and record that it was too long."""
        self.was_split = True
        halves = split_evenly(window, 2)
        self._limits.length_ms.shorten(halves[0][1] - halves[0][0] + 1)
        return halves

    def _after_refusal(self, piece: Piece, refused: QueryRefused) -> list[Piece]:
        """Return replacements for a piece with a rejected query, or record that there are none.

        A request for one row of one status shows whether Hotmart rejected the list of statuses or the date range.
        Requests for the first and the last day show whether the range is too long, or rejected everywhere.
        """
        query, limits, window, statuses = self._stream.query, self._limits, piece.window, piece.statuses
        if len(statuses) > 1 and not limits.one_status_at_a_time and self._probes.accepts(query(window, statuses[:1])):
            if limits.refuse_several_statuses():
                LOGGER.info(
                    "%s: Hotmart rejects several statuses in one request, so each is requested alone.",
                    self._stream.name,
                )
            return [piece.again(window, Reason.ONE_STATUS)]
        days = [(window[0], window[0] + DAY_MS - 1), (window[1] - DAY_MS + 1, window[1])]
        if window[1] - window[0] < DAY_MS:
            self._note_day(window, refused.problem, refused.failure_type)
        elif not any(self._probes.accepts(query(day, statuses)) for day in days):
            self.problems.append(Problem(window, refused))
        else:
            LOGGER.info("%s Reading %s in two halves.", refused.problem, label_of(window))
            return [piece.again(half, Reason.HALF) for half in self.halves(window)]
        return []

    def _note_day(self, window: Window, problem: str, failure_type: FailureType) -> None:
        sentence = (
            f"{problem} Even the single day {label_of(window)} could not be read. All other days were read. The next "
            "sync tries this day again. If this lasts, report the day to Hotmart's support."
        )
        self.problems.append(Problem(window, HotmartError(sentence, failure_type)))
