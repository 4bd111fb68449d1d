"""The order of the rows of a query, which is undocumented (hotmart-api.md 3.7)."""

from collections.abc import Callable
from math import gcd
from typing import Literal

Order = Literal["newest", "oldest", "none"]
Page = Callable[[int, int], list[int]]
"""Return up to `count` rows from an offset on."""


def in_order(order: Order, total: int, newest_first: Page) -> Page:
    """Return the same rows in another order, which is the same on all pages."""
    if order == "newest" or total == 0:
        return newest_first
    if order == "oldest":
        return lambda offset, rows: _oldest_first(total, newest_first, offset, rows)
    step = next(step for step in range(max(2, total * 5 // 8), 2 * total + 3) if gcd(step, total) == 1)

    def scattered(offset: int, rows: int) -> list[int]:
        return [newest_first(place * step % total, 1)[0] for place in range(offset, min(total, offset + rows))]

    return scattered


def _oldest_first(total: int, newest_first: Page, offset: int, rows: int) -> list[int]:
    end = max(0, total - offset)
    start = max(0, end - rows)
    return newest_first(start, end - start)[::-1]
