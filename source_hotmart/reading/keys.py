"""Store the primary keys of the rows that were read in as little memory as possible."""

from __future__ import annotations

from array import array
from bisect import bisect_left

PASS_BITS = 4
MAX_PASS = (1 << PASS_BITS) - 1
FULL_BUCKET = 2_048
"""Average number of keys per bucket. Beyond it the number of buckets is doubled."""
_WORD = (1 << 64) - 1
_HASH = _WORD - MAX_PASS


class SeenKeys:
    """Hashes of primary keys, each with the number of the last pass with this key: 8 to 9 bytes per key.

    A hash keeps 60 bits of Python's own. In a list of a million rows the chance that any two keys share one is 4 in 10
    million. The second of two such rows would be taken for a repeated row. If the endpoint sends a count, it reveals
    that a row is missing.

    Hashes are kept in sorted arrays, because a set takes ten times as much memory. Long-lived numbers between rows
    would also keep the memory of the rows from being returned.
    """

    def __init__(self) -> None:
        self._buckets = [array("Q")]
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key_hash: int) -> bool:
        word = key_hash & _HASH
        bucket = self._buckets[(word >> PASS_BITS) % len(self._buckets)]
        at = bisect_left(bucket, word)
        return at < len(bucket) and bucket[at] & _HASH == word

    def mark(self, key_hash: int, number: int = 1) -> int:
        """Record that a pass has a key. Return the number of the last pass with this key, 0 for a new key."""
        word = key_hash & _HASH
        bucket = self._buckets[(word >> PASS_BITS) % len(self._buckets)]
        at = bisect_left(bucket, word)
        if at < len(bucket) and bucket[at] & _HASH == word:
            before = bucket[at] & MAX_PASS
            bucket[at] = word | number
            return before
        bucket.insert(at, word | number)
        self._count += 1
        if self._count > FULL_BUCKET * len(self._buckets):
            self._double()
        return 0

    def renumber(self) -> None:
        """Set the number of every key to 1."""
        for bucket in self._buckets:
            for at, word in enumerate(bucket):
                bucket[at] = word & _HASH | 1

    def _double(self) -> None:
        """Distribute the keys over twice as many buckets, one bucket at a time."""
        number = len(self._buckets)
        bit = number << PASS_BITS
        for index in range(number):
            words = self._buckets[index]
            self._buckets[index] = array("Q", [word for word in words if not word & bit])
            self._buckets.append(array("Q", [word for word in words if word & bit]))
