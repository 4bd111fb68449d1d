"""What the passes over one list found, and whether all of its rows are known to have arrived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

Query = Mapping[str, Any]
"""Query parameters of the first page. A sequence as a value repeats its key."""
Record = dict[str, Any]

MAX_PASSES = 10


@dataclass(frozen=True)
class ListResult:
    """How completely a list was read."""

    is_complete: bool
    """Whether all rows arrived, by Hotmart's count or, without one, because another pass found nothing new."""
    rows: int = 0
    """Distinct primary keys, and rows that differ from another one of their key."""
    pages: int = 0
    bad_rows: int = 0
    """Rows without a primary key."""
    total: int | None = None
    """Hotmart's own count on the first page."""


@dataclass
class Pass:
    """What one reading of all pages of a list found."""

    contents: dict[int, int | None] = field(default_factory=dict)
    """Hash of the content by hash of the key. Contents are compared from the second pass on only, to save time."""
    rows: int = 0
    repeated: set[int] = field(default_factory=set)
    """Keys that occurred more than once."""
    collided: set[int] = field(default_factory=set)
    """Keys that occurred more than once with different content."""
    same_rows: int = 0
    """Rows that repeat a key and, as far as it was compared, its content."""
    bad: list[str] = field(default_factory=list)
    totals: set[int] = field(default_factory=set)
    first_total: int | None = None
    pages: int = 0
    lacks_page_info: bool = False
    is_broken: bool = False
    """Whether its pages did not lead to the end of the list."""


@dataclass
class Passes:
    """The passes over one list."""

    at_least: int
    is_compared: bool = False
    """Whether another list shows which rows are missing, so that no second pass has to confirm the first."""
    number: int = 0
    keys: set[int] = field(default_factory=set)
    repeated_before: set[int] = field(default_factory=set)
    without_news: int = 0
    """Passes in succession that found no new key."""
    last: Pass = field(default_factory=Pass)
    has_shrunk: bool = False
    """Whether the last pass had fewer rows than the one before.

    Rows left the list, so others may have slid over the edge of a page while it was read. A row that the pass before
    lacked as well is then in neither, and two passes that agree prove nothing.
    """

    def end(self, this: Pass) -> None:
        before = len(self.keys)
        self.number += 1
        self.keys |= this.contents.keys()
        self.repeated_before |= self.last.repeated
        self.has_shrunk = self.number > 1 and not self.last.is_broken and this.rows < self.last.rows
        self.without_news = self.without_news + 1 if len(self.keys) == before else 0
        self.last = this

    @property
    def is_complete(self) -> bool:
        """Whether all rows of the list are known to have arrived."""
        last = self.last
        if last.is_broken:
            return False
        # One row is no count: it only says that the list is not empty.
        if last.lacks_page_info and not 1 < self.at_least <= self.rows:
            return False
        if self.rows < self.at_least:
            return False
        different = last.rows - last.same_rows
        if last.totals:
            return last.totals in ({different}, {len(self.keys) + len(last.bad)})
        if last.pages <= 1:
            return not last.same_rows or self.number > 1
        if self.is_compared and not last.same_rows:
            return True
        if self.has_shrunk:
            return False
        all_found = len(self.keys) + len(last.bad) == last.rows
        nothing_new = self.without_news > 0 and not last.same_rows
        return self.number > 1 and (all_found or nothing_new)

    @property
    def rows(self) -> int:
        """The rows that arrived, as Hotmart would count them."""
        return max(len(self.keys) + len(self.last.bad), self.last.rows - self.last.same_rows)

    @property
    def is_hopeless(self) -> bool:
        """Whether another pass would find nothing either."""
        if self.number < 2 or self.last.is_broken:
            return False
        return self.number >= MAX_PASSES or self.without_news >= (2 if self.last.same_rows or self.has_shrunk else 1)

    @property
    def collisions(self) -> int:
        """Keys that had different contents in one pass, and were repeated in an earlier pass as well."""
        return len(self.last.collided & (self.repeated_before | self.last.repeated)) if self.number > 1 else 0


class KeyDeduplicator:
    """The keys that all slices of a stream have yielded, for streams whose rows can occur in two slices."""

    def __init__(self, key_fields: Sequence[str]) -> None:
        self._key_fields = key_fields
        self._hashes: set[int] = set()
        self._lock = Lock()

    def new(self, records: Iterator[Record]) -> Iterator[Record]:
        """Yield the records whose key was not yielded before."""
        for record in records:
            if self.is_new(record):
                yield record

    def is_new(self, record: Record) -> bool:
        """Whether this key is here for the first time."""
        key_hash = hash(tuple([record[name] for name in self._key_fields]))
        with self._lock:
            known = key_hash in self._hashes
            self._hashes.add(key_hash)
        return not known
