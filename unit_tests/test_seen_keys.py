"""The set of primary keys that a reader has seen, compared with a Python dict."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_hotmart.reading.keys import SeenKeys

hashes = st.integers(-(2**63), 2**63 - 1).map(lambda number: number & ~15)
"""Hashes that differ in the 60 bits that are kept."""


@given(st.lists(st.tuples(hashes | st.sampled_from([0, 16, -16, -(2**63)]), st.integers(1, 15))))
def test_each_key_keeps_the_number_of_its_last_pass(marks):
    keys = SeenKeys()
    expected: dict[int, int] = {}
    for key_hash, number in marks:
        assert (key_hash in keys) == (key_hash in expected)
        assert keys.mark(key_hash, number) == expected.get(key_hash, 0)
        expected[key_hash] = number
    assert len(keys) == len(expected)


@pytest.mark.parametrize("count", [500, 3_000, 40_000])
def test_all_keys_of_a_large_set_are_found(count):
    numbers = [hash((f"HP{number:010d}", number % 3)) for number in range(count)]
    keys = SeenKeys()
    random.Random(7).shuffle(numbers)

    assert [keys.mark(number, 2) for number in numbers] == [0] * count
    assert [keys.mark(number, 3) for number in numbers] == [2] * count
    keys.renumber()
    assert [keys.mark(number, 4) for number in reversed(numbers)] == [1] * count
    assert not any(hash(("another", number)) in keys for number in range(count))
    assert len(keys) == count
