"""Where the rows of a page begin and how many it has, with short or empty pages in between (hotmart-api.md 3.1)."""

from dataclasses import dataclass
from typing import Final, Literal

from hotmart_simulator.server.page_tokens import Place

MiddlePages = Literal["full", "some_short", "some_empty"]
CYCLE: Final = 3  # of so many pages one is short or empty


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of a page, which is counted from 1."""

    page: int
    offset: int
    rows: int


def span(side: MiddlePages, place: Place) -> Span:
    """Return the rows of a page, so that all pages together have each row once.

    `some_short` shortens pages 1, 4, 7 ... by a third, but never to nothing. `some_empty` leaves pages 2, 5, 8 ...
    empty. Rows move to later pages, so the number of pages grows.
    """
    page, rows = place.page, place.rows
    if side == "some_short":
        cut = max(1, rows // 3) if rows > 1 else 0
        short_before = (page + CYCLE - 2) // CYCLE
        return Span(page, place.offset - cut * short_before, rows - cut if page % CYCLE == 1 else rows)
    if side == "some_empty":
        empty_before = page // CYCLE
        return Span(page, place.offset - rows * empty_before, 0 if page % CYCLE == 2 else rows)
    return Span(page, place.offset, rows)
