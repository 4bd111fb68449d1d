"""A sample of test cases by default, and all of them with HOTMART_ALL_FAULTS=1, as in the full check."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, TypeVar

Case = TypeVar("Case")

ALL_CASES: Final = os.environ.get("HOTMART_ALL_FAULTS") == "1"


def sample(cases: Sequence[Case], one_in: int) -> Sequence[Case]:
    """Return every `one_in`-th case, the first included, or all of them in the full check."""
    return cases if ALL_CASES else cases[::one_in]
