"""Record the outcome of each parent of a stream, and decide whether the stream fails.

A parent that Hotmart rejects does not end the read of the others. It is counted, and named at the end of the sync. A
stream fails if many parents are rejected, if parents fail for another reason, or if a list of parents cannot be read.
A parent without rows is no failure. If a missing list can also mean a fault, it counts as empty only if some parent
has rows.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.errors import HotmartError
from source_hotmart.api.messages import joined, named

LOGGER = logging.getLogger("airbyte.hotmart")

HIDDEN_ID = "(id not shown, see personal_data)"
"""Replaces the id of a person in messages, if personal data is dropped."""
NAMED = 10
"""Maximum number of parents to name in a message."""
MANY_SHARE = 4
"""More than one rejected parent in so many of the whole list are too many,"""
MANY_AT_LEAST = 3
"""if there are at least this number."""
STOPS_AFTER = 20
"""Maximum number of successive failures. The rest is not requested, since each may cost minutes of retries."""
STOPS_AFTER_REJECTED = 100
"""The same for rejections, which cost one request each, if they are too many for the stream in any case."""


class BadRows(HotmartError):
    """Some rows of a parent have no primary key. Its other rows were read, so it does not count as a failed parent."""


@dataclass
class Group:
    """Parents with the same outcome."""

    count: int = 0
    names: list[str] = field(default_factory=list)
    first: HotmartError | None = None

    def add(self, name: str, problem: HotmartError) -> None:
        """Add a parent. Its name is empty if the settings hide it."""
        self.take(Group(1, [named(name)] if name else [], problem))

    def take(self, other: Group) -> None:
        """Add the parents of another group."""
        self.count += other.count
        self.first = self.first or other.first
        self.names = [*self.names, *other.names][:NAMED]

    def __str__(self) -> str:
        if not self.names:
            return HIDDEN_ID
        more = self.count - len(self.names)
        return ", ".join(self.names) + (f" and {more} more" if more else "")


class ParentOutcomes:
    """Counts the parents of one stream in one sync, from all threads."""

    def __init__(self, stream_name: str, parents: str, *, doubts_empty: bool = False) -> None:
        """`parents` is the user's plural for the parents, such as "products"."""
        self._stream_name = stream_name
        self._parents = parents
        self._doubts_empty = doubts_empty
        self._lock = Lock()
        self._listed = 0
        self._to_read = 0
        self._read = 0
        self._has_worked_before = False
        self._judgement: bool | None = None
        """The value of `trusts_empty` at the end."""
        self._empty = Group()
        self._doubted = Group()
        self._has_doubts = False
        """Whether parents without rows were not believed."""
        self._rejected = Group()
        self._rejected_anew = 0
        self._failed = Group()
        self._failed_in_a_row = 0
        self._rejected_in_a_row = 0
        self._failed_lists: list[HotmartError] = []
        self._denied: HotmartError | None = None
        self.is_planned = False
        """Whether all lists of parents are known."""

    def list_read(self, *, listed: int, to_read: int, has_worked_before: bool) -> None:
        """Record a list of parents: their number, the number to read, and whether a saved state knows any."""
        with self._lock:
            self._listed += listed
            self._to_read += to_read
            self._has_worked_before |= has_worked_before

    def list_failed(self, problem: HotmartError) -> None:
        """Record a list of parents that could not be read."""
        with self._lock:
            self._failed_lists.append(problem)

    @property
    def stopped(self) -> bool:
        """Whether to stop requesting parents."""
        too_many = max(STOPS_AFTER_REJECTED, self._listed // MANY_SHARE + 1)
        return self._denied is not None or self._failed_in_a_row >= STOPS_AFTER or self._rejected_in_a_row >= too_many

    @property
    def trusts_empty(self) -> bool:
        """Whether empty responses can be trusted, as far as this sync has shown."""
        if self._judgement is not None:
            return self._judgement
        ended = self._doubted.count + self._rejected.count + self._failed.count
        has_ended = self.is_planned and ended >= self._to_read
        return bool(self._read) or (has_ended and self._doubted.count < MANY_AT_LEAST)

    def was_read(self) -> None:
        """Record a parent whose rows were read."""
        with self._lock:
            self._read += 1
            self._failed_in_a_row = self._rejected_in_a_row = 0

    def is_empty(self, name: str, answer: HotmartError, *, is_expected: bool) -> None:
        """Record a parent without rows, according to Hotmart."""
        with self._lock:
            self._failed_in_a_row = self._rejected_in_a_row = 0
            if is_expected or not self._doubts_empty:
                self._empty.add(name, answer)
                self._to_read -= 1
            else:
                self._doubted.add(name, answer)

    def was_not_read(self, name: str, problem: HotmartError, *, again: bool = False) -> None:
        """Record a parent that could not be read. `again` means that an earlier sync could not read it either."""
        with self._lock:
            if problem.status == 401:
                self._denied = problem  # for the whole endpoint: a new access token is accepted or not
            if problem.status:
                self._rejected.add(name, problem)
                self._rejected_in_a_row += 1
                self._rejected_anew += not again
            else:
                self._failed.add(name, problem)
                self._failed_in_a_row += not isinstance(problem, BadRows)

    def verdict(self, problems: Sequence[AirbyteTracedException] = ()) -> AirbyteTracedException | None:
        """Return the failure of the stream after its last parent. `problems` are those of whole slices."""
        with self._lock:
            self._judge_empty()
            sentences = [*map(str, self._failed_lists), *self._sentences(), *map(str, problems)]
            first = self._denied or self._failed.first or self._rejected.first
            causes = [*([first] if first else ()), *self._failed_lists, *problems]
            if not sentences:
                return None
            return HotmartError(joined(sentences), causes[0].failure_type or FailureType.system_error)

    def _judge_empty(self) -> None:
        """Count the parents without rows as empty if that can be trusted, otherwise as rejected."""
        self._judgement = self.trusts_empty
        (self._empty if self._judgement else self._rejected).take(self._doubted)
        if not self._judgement:
            self._rejected_anew += self._doubted.count
            self._has_doubts = self._doubted.count > 0
        self._doubted = Group()

    def _sentences(self) -> list[str]:
        name, parents = self._stream_name, self._parents
        if self._denied:
            return [str(self._denied)]
        sentences = []
        if self.stopped:
            count = max(self._failed_in_a_row, self._rejected_in_a_row)
            sentences.append(f"{name}: {count} {parents} in a row could not be read, so the rest were not tried.")
        if self._failed.count:
            sentences.append(
                f"{name}: {self._failed.count} of {self._listed} {parents} could not be read: {self._failed}. The next "
                f"sync tries them again. The first failure: {self._failed.first}"
            )
        if self._too_many_rejected():
            advice = f" If none of the {parents} has rows yet, deselect this stream until one has." * self._has_doubts
            sentences.append(
                f"{name}: Hotmart rejected {self._rejected.count} of {self._listed} {parents}: {self._rejected}. The "
                f"first rejection: {self._rejected.first}{advice}"
            )
        return sentences

    def _too_many_rejected(self) -> bool:
        """Whether many parents were rejected, or all parents of an endpoint that may have stopped working."""
        rejected = self._rejected.count
        many = rejected >= MANY_AT_LEAST and rejected * MANY_SHARE > self._listed
        whole = rejected == self._listed and not self._has_worked_before
        stopped_working = not self._read and self._rejected_anew >= MANY_AT_LEAST
        return rejected > 0 and (many or whole or stopped_working)

    def log_summary(self) -> None:
        """Log at the end of the sync which parents have no rows, and which were rejected."""
        name, parents = self._stream_name, self._parents
        if self._empty.count:
            LOGGER.info("%s: Hotmart has no rows for %d %s: %s.", name, self._empty.count, parents, self._empty)
        if self._rejected.count and not self._denied and not self._too_many_rejected():
            LOGGER.warning(
                "%s: Hotmart rejected %d of %d %s, so their rows are missing: %s. The first rejection: %s",
                name,
                self._rejected.count,
                self._listed,
                parents,
                self._rejected,
                self._rejected.first,
            )
