"""The first row and the size of each page, with short or empty pages in between (hotmart-api.md 3.1)."""

from dataclasses import dataclass
from typing import Final, Literal

from hotmart_simulator.server.page_tokens import Place

MiddlePages = Literal["full", "some_short", "some_empty"]
CYCLE: Final = 3  # one of this many pages is short or empty


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of a page. Pages count from 1."""

    page: int
    offset: int
    rows: int


def span(side: MiddlePages, place: Place) -> Span:
    """Return the rows of a page. All pages together have each row once.

    `some_short` shortens pages 1, 4, 7 ... by a third, but never to nothing. `some_empty` leaves pages 2, 5, 8 ...
    empty. The missing rows move to later pages, so the number of pages increases.
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
