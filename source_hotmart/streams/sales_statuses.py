"""Find out how to ask one view of a sale for all statuses: which it accepts, and whether it unites several."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from source_hotmart.api.errors import QueryRefused
from source_hotmart.api.pages import Page
from source_hotmart.state.windows import DAY_MS, Window, whole_second

LOGGER = logging.getLogger("airbyte.hotmart")

LENGTHS_DAYS = (180, 30, 7, 1)
"""Lengths of the date range to ask about, shorter where Hotmart does not answer."""
MAX_EMPTY_RANGES = 6
"""So many date ranges without a sale are passed over."""

Ask = Callable[[Window, Sequence[str], int], "Page | None"]
"""Returns a page of so many rows of a date range with these statuses, `None` where Hotmart does not answer. Raises
`QueryRefused` where it refuses twice."""


@dataclass(frozen=True)
class StatusPlan:
    """The statuses to ask for, and whether one at a time."""

    statuses: tuple[str, ...]
    one_at_a_time: bool


@dataclass(frozen=True)
class StatusQuestion:
    """Asks one view. Without a clear yes statuses are asked for one at a time."""

    stream_name: str
    ask: Ask
    page_rows: int
    statuses: tuple[str, ...]
    fallback: tuple[str, ...]
    """Statuses to try where all of `statuses` are refused: what Hotmart documents for this view."""
    _answers: dict[tuple[Window, tuple[str, ...], int], tuple[Page | None, bool]] = field(default_factory=dict)

    def answer(self, whole: Window) -> StatusPlan:
        """Ask in the newest part of a date range that has sales and is answered."""
        statuses: tuple[str, ...] | None = None
        for days in LENGTHS_DAYS:
            for window in self._newest(whole, days):
                usual, _ = self._asked(window, ())
                if usual is None:
                    break  # a shorter range may be answered
                statuses = statuses or self._accepted(window)
                united = self._unites(window, statuses, usual) if statuses else None
                if statuses and united is not None:
                    return StatusPlan(statuses, one_at_a_time=not united)
                if usual.rows:
                    break  # a shorter range may be small enough to compare
            else:
                break  # there are no sales
        return StatusPlan(statuses or self.statuses, one_at_a_time=True)

    def _asked(self, window: Window, statuses: Sequence[str], rows: int = 1) -> tuple[Page | None, bool]:
        """Return the page, and whether Hotmart refused it. A call that fails is not refused."""
        question = window, tuple(statuses), rows
        if question not in self._answers:
            try:
                self._answers[question] = self.ask(window, statuses, rows), False
            except QueryRefused:
                self._answers[question] = None, True
        return self._answers[question]

    def _newest(self, whole: Window, days: int) -> list[Window]:
        """Date ranges of so many days, the newest first."""
        start_ms, end_ms = whole
        ranges: list[Window] = []
        while end_ms >= start_ms and len(ranges) < MAX_EMPTY_RANGES:
            first_ms = max(start_ms, whole_second(end_ms - days * DAY_MS))
            ranges.append((first_ms, end_ms))
            end_ms = first_ms - 1
        return ranges

    def _accepted(self, window: Window) -> tuple[str, ...] | None:
        """The statuses that this view accepts in one request or alone, `None` where that is not known."""
        for statuses in (self.statuses, self.fallback):
            page, is_refused = self._asked(window, statuses) if statuses else (None, True)
            if not is_refused:
                return statuses if page else None
        refused = [status for status in self.statuses if self._asked(window, (status,))[1]]
        alone = tuple(status for status in self.statuses if status not in refused)
        if alone and refused:
            LOGGER.warning(
                "%s: Hotmart refuses the status %s here, also alone. Its sales are missing from this stream.",
                self.stream_name,
                ", ".join(refused),
            )
        return alone or None

    def _unites(self, window: Window, statuses: tuple[str, ...], usual: Page) -> bool | None:
        """Whether a request for all statuses returns at least the sales of the default filter. `None`: no evidence.

        It is made in both orders, since Hotmart may use the first or the last status only.
        """
        every, _ = self._asked(window, statuses)
        reverse, _ = self._asked(window, statuses[::-1])
        if every is None or reverse is None:
            return None
        if usual.total is not None and every.total is not None and reverse.total is not None:
            return every.total == reverse.total >= usual.total if usual.total else None
        if not usual.rows:
            return None
        pages = [self._asked(window, some, self.page_rows)[0] for some in ((), statuses, statuses[::-1])]
        if any(page is None or page.next_token for page in pages):
            return None  # too many rows to compare
        few, many, reverse_many = (len(page.rows) for page in pages if page)
        return many == reverse_many >= few
