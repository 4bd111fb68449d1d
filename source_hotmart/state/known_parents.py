"""Digests of the parents that were read, to detect new ones in a list."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Collection, Iterable
from hashlib import blake2b

IDS_PER_BUCKET = 10
"""Maximum average, until there are `MAX_BUCKETS`. The number of buckets is a power of two."""
MAX_BUCKETS = 4096
DIGEST_BYTES = 4
MAX_SELECTED = 16
"""Each selected id doubles the chance that a digest matches by accident. With more, a bucket counts as unknown."""


class KnownParents:
    """The ids of the parents that were read, in buckets with one digest each.

    A digest is the XOR of the hashes of the ids in its bucket: 4 bytes for about ten parents. It does not list the
    ids, but it proves that a list contains only known ones.
    """

    def __init__(self, digests: list[int]) -> None:
        self._digests = digests

    @classmethod
    def sized_for(cls, count: int) -> KnownParents:
        """Return an empty instance for about `count` ids."""
        buckets = 1
        while buckets < MAX_BUCKETS and buckets * IDS_PER_BUCKET < count:
            buckets *= 2
        return cls([0] * buckets)

    @classmethod
    def parse(cls, text: str) -> KnownParents:
        """Return the instance that `str` has formatted. Raise `ValueError` for any other text."""
        data = base64.b64decode(text, validate=True)
        buckets, rest = divmod(len(data), DIGEST_BYTES)
        if rest or not buckets or buckets & (buckets - 1) or buckets > MAX_BUCKETS:
            raise ValueError("not the digests of a power of two of buckets")
        return cls([int.from_bytes(data[at : at + DIGEST_BYTES]) for at in range(0, len(data), DIGEST_BYTES)])

    def __str__(self) -> str:
        return base64.b64encode(b"".join(digest.to_bytes(DIGEST_BYTES) for digest in self._digests)).decode()

    def __bool__(self) -> bool:
        """Whether any id is known."""
        return any(self._digests)

    def bucket_of(self, parent_id: str) -> int:
        """Return the number of the bucket of an id."""
        return _hashes(parent_id)[0] % len(self._digests)

    def add(self, parent_id: str) -> None:
        """Add an id that is not known yet."""
        place, digest = _hashes(parent_id)
        self._digests[place % len(self._digests)] ^= digest

    def unknown(self, ids: Iterable[str], selected: Collection[str]) -> set[str]:
        """Return the ids outside of `selected` that may be unknown: each unknown one, with its whole bucket.

        The selected ids may be known or not. If a known id is missing from `ids`, its bucket is returned.
        """
        buckets: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for parent_id in ids:
            buckets[self.bucket_of(parent_id)][parent_id in selected].append(parent_id)
        found: set[str] = set()
        for bucket, (others, chosen) in buckets.items():
            if others and not self._are_known(bucket, others, chosen):
                found.update(others)
        return found

    def _are_known(self, bucket: int, others: list[str], chosen: list[str]) -> bool:
        """Whether the digest matches all the others and some of the chosen ids."""
        if len(chosen) > MAX_SELECTED:
            return False
        left = self._digests[bucket]
        for parent_id in others:
            left ^= _hashes(parent_id)[1]
        basis: list[int] = []  # of all XORs of chosen digests, as in Gaussian elimination
        for parent_id in chosen:
            digest = _reduced(_hashes(parent_id)[1], basis)
            if digest:
                basis = sorted([*basis, digest], reverse=True)
        return not _reduced(left, basis)


def _reduced(digest: int, basis: list[int]) -> int:
    """Return what is left of a digest after each element of the basis has cleared its highest bit in it."""
    for element in basis:
        digest = min(digest, digest ^ element)
    return digest


def _hashes(parent_id: str) -> tuple[int, int]:
    """Return a number for the bucket, and the digest of an id, which is never 0."""
    digest = blake2b(parent_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest[DIGEST_BYTES:]), int.from_bytes(digest[:DIGEST_BYTES]) or 1
