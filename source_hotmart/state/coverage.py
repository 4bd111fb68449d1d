"""Record what a dated stream has read: the intervals of its state, and the other contents of the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from source_hotmart.state.cursors import StreamState
from source_hotmart.state.intervals import Interval, as_slices, close, read_slices, reopen
from source_hotmart.state.lookback import RereadRule
from source_hotmart.state.slices import DateSlice, Reason
from source_hotmart.state.unsettled import UnsettledWatch


@dataclass
class Coverage(StreamState):
    """What was read according to the saved state and in this sync. Empty in a full refresh."""

    rule: RereadRule
    cursor_field: str
    start_ms: int
    """The first millisecond to read."""
    now_ms: int
    """The time of this sync."""
    resumes: bool = False
    """Whether this sync is incremental, so that the next sync reads what this one misses."""
    saved: list[Interval] = field(default_factory=list)
    watch: UnsettledWatch = field(default_factory=UnsettledWatch)
    currencies: set[str] = field(default_factory=set)
    """Currencies that have occurred so far. Those without sales in this sync need rows of zeros."""
    _intervals: list[Interval] = field(default_factory=list)

    def load(self, state: Mapping[str, Any]) -> None:
        self.resumes = True
        self.watch.load(state)
        self.currencies = {str(currency) for currency in state.get("currencies") or ()}
        self.saved = read_slices(state, self.cursor_field, self.start_ms, self.now_ms)
        self._intervals = list(self.saved)

    @property
    def latest_ms(self) -> int:
        return max((interval.end_ms for interval in self.saved), default=0)

    def record(self, of_slice: DateSlice) -> None:
        """Record the completely read date ranges of a slice."""
        for window in of_slice.complete:
            self._intervals = close(self._intervals, window, self.now_ms)
        for window in of_slice.incomplete:
            self._intervals = reopen(self._intervals, window, self.saved)
        if of_slice.reason is Reason.UNSETTLED:
            self.watch.was_read(of_slice.complete)

    @property
    def state(self) -> dict[str, Any]:
        """The intervals in the CDK's date-range format, the digests of unsettled sales, and the currencies."""
        currencies = {"currencies": sorted(self.currencies)} if self.currencies else {}
        return {**as_slices(self.rule.compact(self._intervals)), **self.watch.state, **currencies}
