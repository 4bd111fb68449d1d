"""A sample of test cases by default, and all of them with HOTMART_ALL_FAULTS=1, as in the full check."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import product
from typing import Any, Final, TypeVar

Case = TypeVar("Case")

ALL_CASES: Final = os.environ.get("HOTMART_ALL_FAULTS") == "1"


def sample(cases: Sequence[Case], one_in: int) -> Sequence[Case]:
    """Return every `one_in`-th case, the first included, or all of them in the full check."""
    return cases if ALL_CASES else cases[::one_in]


def combinations(*choices: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return combinations that contain each value of each choice at least once, or all combinations in the full check.

    The default has as many combinations as the longest choice has values.
    """
    if ALL_CASES:
        return list(product(*choices))
    return [tuple(values[place % len(values)] for values in choices) for place in range(max(map(len, choices)))]
