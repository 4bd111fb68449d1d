"""Record the results of the passes over one list, and decide whether all its rows have arrived."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from source_hotmart.reading.keys import MAX_PASS, SeenKeys

Query = Mapping[str, Any]
"""Query parameters of the first page. A sequence as a value repeats its parameter."""
Record = dict[str, Any]

MAX_PASSES = 10
FIRST_PASS = 1
"""The number of all passes over earlier lists."""


@dataclass(frozen=True)
class ListResult:
    """How completely a list was read."""

    is_complete: bool
    """Whether all rows arrived, by Hotmart's count or, without one, because another pass found nothing new."""
    rows: int = 0
    """Number of distinct primary keys, plus rows that differ from another row with the same key."""
    pages: int = 0
    bad_rows: int = 0
    """Number of rows without a primary key."""
    total: int | None = None
    """Hotmart's own count on the first page."""


@dataclass
class Pass:
    """The results of reading all pages of a list once."""

    repeated_before: Collection[int] = ()
    """Keys that occurred more than once in an earlier pass. The contents of their rows are compared."""
    keys: int = 0
    """Number of distinct primary keys."""
    new_keys: int = 0
    """Number of keys that no earlier pass over the same list had."""
    contents: dict[int, int] = field(default_factory=dict)
    """Hash of the content by hash of the key, for rows whose contents are compared."""
    rows: int = 0
    repeated: set[int] = field(default_factory=set)
    """Keys that occurred more than once."""
    collided: set[int] = field(default_factory=set)
    """Keys that occurred more than once with different content, also in an earlier pass."""
    same_rows: int = 0
    """Number of rows that repeat a key and, if it was compared, its content."""
    bad: list[str] = field(default_factory=list)
    totals: set[int] = field(default_factory=set)
    first_total: int | None = None
    pages: int = 0
    lacks_page_info: bool = False
    is_broken: bool = False
    """Whether its pages did not lead to the end of the list."""

    def page_read(self, total: int | None, *, lacks_page_info: bool) -> None:
        """Add a page, with Hotmart's count of the rows of the list if the page has one."""
        self.pages += 1
        self.lacks_page_info |= lacks_page_info
        if total is not None:
            self.first_total = total if self.first_total is None else self.first_total
            self.totals.add(total)

    def repeats(self, key_hash: int, content: int | None) -> None:
        """Add a row whose key occurred before in this pass, with the hash of its content if that is compared."""
        self.repeated.add(key_hash)
        if self.contents.get(key_hash, content) != content:
            self.collided.add(key_hash)
        else:
            self.same_rows += 1


class Keys:
    """The primary keys in the lists of one reader, each with the last pass it occurred in.

    With a deduplicator, a key is new only if no other slice of the stream had it.
    """

    def __init__(self, deduplicator: KeyDeduplicator | None = None) -> None:
        self._deduplicator = deduplicator
        self._seen = deduplicator.join() if deduplicator else SeenKeys()
        self._pass = self._first_pass = FIRST_PASS

    def begin_list(self) -> None:
        """Treat every key so far as a key of earlier lists."""
        if self._pass + MAX_PASSES > MAX_PASS:
            self._seen.renumber()
            self._pass = FIRST_PASS
        self._first_pass = self._pass + 1

    def begin_pass(self) -> None:
        """Begin another pass over the same list."""
        self._pass += 1

    def note(self, key_hash: int, this: Pass) -> bool | None:
        """Count a key in this pass. Return whether it is new to the reader, `None` if it is repeated in this pass."""
        if self._deduplicator:
            before, is_new = self._deduplicator.mark(key_hash, self._seen, self._pass)
        else:
            before = self._seen.mark(key_hash, self._pass)
            is_new = not before
        if before == self._pass:
            return None
        this.keys += 1
        this.new_keys += before < self._first_pass
        return is_new


@dataclass
class Passes:
    """The passes over one list."""

    at_least: int
    is_compared: bool = False
    """Whether another list shows which rows are missing, so that no second pass is needed for confirmation."""
    number: int = 0
    keys: int = 0
    """Number of distinct primary keys in all passes."""
    repeated: set[int] = field(default_factory=set)
    """Keys that occurred more than once in a pass."""
    without_news: int = 0
    """Number of successive passes without a new key."""
    last: Pass = field(default_factory=Pass)
    has_shrunk: bool = False
    """Whether the last pass had fewer rows than the one before.

    Rows left the list, so others may have moved to a page that was already read. If the previous pass missed such a
    row as well, neither has it, and two passes that agree prove nothing.
    """

    def end(self, this: Pass) -> None:
        self.number += 1
        self.keys += this.new_keys
        self.repeated |= this.repeated
        self.has_shrunk = self.number > 1 and not self.last.is_broken and this.rows < self.last.rows
        self.without_news = 0 if this.new_keys else self.without_news + 1
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
            return last.totals in ({different}, {self.keys + len(last.bad)})
        if last.pages <= 1:
            return not last.same_rows or self.number > 1
        if self.is_compared and not last.same_rows:
            return True
        if self.has_shrunk:
            return False
        all_found = self.keys + len(last.bad) == last.rows
        nothing_new = self.without_news > 0 and not last.same_rows
        return self.number > 1 and (all_found or nothing_new)

    @property
    def rows(self) -> int:
        """Number of rows that arrived, as Hotmart would count them."""
        return max(self.keys + len(self.last.bad), self.last.rows - self.last.same_rows)

    @property
    def is_hopeless(self) -> bool:
        """Whether another pass would not help either."""
        if self.number < 2 or self.last.is_broken:
            return False
        return self.number >= MAX_PASSES or self.without_news >= (2 if self.last.same_rows or self.has_shrunk else 1)


class KeyDeduplicator:
    """The keys that all slices of a stream have yielded, for streams whose rows can occur in two slices.

    Each reader that joins keeps the keys of its own lists, so that no key is stored twice.
    """

    def __init__(self, key_fields: Sequence[str]) -> None:
        self._key_fields = key_fields
        self._own = SeenKeys()
        self._members = [self._own]
        self._lock = Lock()

    def join(self) -> SeenKeys:
        """Return an empty set of keys for another reader."""
        with self._lock:
            self._members.append(SeenKeys())
            return self._members[-1]

    def mark(self, key_hash: int, member: SeenKeys, number: int) -> tuple[int, bool]:
        """Record a key of a reader. Return the reader's last pass with it, and whether no reader had it before."""
        with self._lock:
            before = member.mark(key_hash, number)
            return before, not before and not any(key_hash in each for each in self._members if each is not member)

    def is_new(self, record: Record) -> bool:
        """Whether this key occurs for the first time."""
        return self.mark(hash(tuple([record[name] for name in self._key_fields])), self._own, 1)[1]
