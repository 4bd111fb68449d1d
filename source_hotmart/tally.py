"""What became of each parent of a stream: read, without rows, refused, or failed; and what that means for the stream.

One parent that Hotmart refuses does not end the others. It is counted and named at the end of the sync. Many, a call
that failed for another reason, or a list of parents that could not be read, fail the stream with one sentence. That
there is nothing for a parent is an answer; where it can mean something else too, it is not when no parent has anything.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from threading import Lock

from airbyte_cdk.models import FailureType

from source_hotmart.errors import HotmartError

LOGGER = logging.getLogger("airbyte.hotmart")

NAMED = 10
"""So many parents are named in a line."""
MANY_SHARE = 4
"""More than one refused in so many is too many,"""
MANY_AT_LEAST = 3
"""provided that there are so many; and when all are refused it is too many in any case."""
STOPS_AFTER = 20
"""After so many in a row that could not be read, the rest are not asked for: each may cost minutes of retries."""


@dataclass
class _Named:
    """Parents that share a fate."""

    count: int = 0
    names: list[str] = field(default_factory=list)
    first: HotmartError | None = None

    def add(self, name: str, problem: HotmartError | None = None) -> None:
        self.count += 1
        self.first = self.first or problem
        if len(self.names) < NAMED:
            self.names.append(name)

    def take(self, others: _Named) -> None:
        """Have these parents share the fate as well."""
        self.count += others.count
        self.first = self.first or others.first
        self.names = [*self.names, *others.names][:NAMED]

    def __str__(self) -> str:
        more = self.count - len(self.names)
        return ", ".join(self.names) + (f" and {more} more" if more else "")


class Tally:
    """Counts the parents of one stream in one sync, from all threads."""

    def __init__(self, stream_name: str, parents: str, *, doubts_none: bool = False) -> None:
        self._stream_name = stream_name
        self._parents = parents
        self._doubts_none = doubts_none
        self._lock = Lock()
        self._tried = 0
        self._in_a_row = 0
        self._none = _Named()
        self._refused = _Named()
        self._failed = _Named()
        self._lists: list[str] = []
        self._list_type = FailureType.transient_error
        self._denied: HotmartError | None = None
        self._open_slices = 0
        self._all_planned = False
        self._judged = False

    @property
    def stopped(self) -> bool:
        """Whether to ask for no more parents."""
        return self._denied is not None or self._in_a_row >= STOPS_AFTER

    @property
    def in_doubt(self) -> bool:
        """Whether "there is nothing" is all that Hotmart has said so far, which may be a refusal of everything."""
        return self._doubts_none

    def has_none(self, name: str, refusal: HotmartError) -> None:
        """Note a parent for which Hotmart says that there is nothing, before it is noted as read."""
        with self._lock:
            self._none.add(name, refusal)

    def was_read(self) -> None:
        """Note a parent that was read to its end."""
        with self._lock:
            self._tried += 1
            self._in_a_row = 0
            if self._tried > self._none.count + self._refused.count + self._failed.count:
                self._doubts_none = False  # one has rows, or could have

    def was_not_read(self, name: str, problem: HotmartError) -> None:
        """Note a parent that could not be read, and why."""
        with self._lock:
            self._tried += 1
            self._in_a_row += 1
            if problem.status == 401:
                self._denied = problem  # of the whole endpoint: a fresh access token is good or it is not
            (self._refused if problem.status else self._failed).add(name, problem)

    def list_was_not_read(self, problem: HotmartError) -> None:
        """Note a list of parents that could not be read."""
        with self._lock:
            self._lists.append(str(problem))
            self._list_type = problem.failure_type

    def slice_planned(self) -> None:
        """Note a slice that is going to be read."""
        with self._lock:
            self._open_slices += 1

    def slice_ended(self) -> None:
        """Note a slice that was read as far as it could be. After the last, raises what the whole stream fails with."""
        with self._lock:
            self._open_slices -= 1
            self._judge()

    def all_planned(self) -> None:
        """Note that there are no more slices. Raises as `slice_ended` does."""
        with self._lock:
            self._all_planned = True
            self._judge()

    def _judge(self) -> None:
        if not self._all_planned or self._open_slices or self._judged:
            return
        self._judged = True
        if self._doubts_none and self._none.count >= MANY_AT_LEAST:
            self._refused.take(self._none)
            self._none = _Named()
        else:
            self._doubts_none = False
        problems = [*self._lists, *self._verdicts()]
        if problems:
            first = self._denied or self._failed.first or self._refused.first
            raise HotmartError(" ".join(problems), first.failure_type if first else self._list_type)

    def _verdicts(self) -> list[str]:
        name, parents = self._stream_name, self._parents
        if self._denied:
            return [str(self._denied)]
        verdicts = []
        if self.stopped:
            verdicts.append(f"{name}: {STOPS_AFTER} {parents} in a row could not be read, so the rest were not tried.")
        if self._failed.count:
            verdicts.append(
                f"{name}: {self._failed.count} of {self._tried} {parents} could not be read: {self._failed}; the next "
                f"sync tries them again. The first one: {self._failed.first}"
            )
        if self._too_many_refused():
            verdicts.append(
                f"{name}: Hotmart refused {self._refused.count} of {self._tried} {parents}: {self._refused}. The first "
                f"one: {self._refused.first}"
            )
        return verdicts

    def _too_many_refused(self) -> bool:
        refused = self._refused.count
        many = refused >= MANY_AT_LEAST and refused * MANY_SHARE > self._tried
        return refused > 0 and (many or refused == self._tried)

    def log_summary(self) -> None:
        """The lines for the end of the sync: which parents have no rows, and which were refused."""
        name, parents = self._stream_name, self._parents
        if self._none.count:
            LOGGER.info("%s: Hotmart has nothing for %d %s: %s.", name, self._none.count, parents, self._none)
        if self._refused.count and not self._denied and not self._too_many_refused():
            LOGGER.warning(
                "%s: Hotmart refused %d of %d %s, whose rows are missing: %s. The first one: %s",
                name,
                self._refused.count,
                self._tried,
                parents,
                self._refused,
                self._refused.first,
            )
