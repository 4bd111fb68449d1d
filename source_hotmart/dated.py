"""Streams read in windows of a date that Hotmart filters by, again and again for what changes later."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from airbyte_cdk.models import SyncMode
from airbyte_cdk.sources.types import StreamSlice

from source_hotmart.base import Api, HotmartStream
from source_hotmart.reader import Query, Record
from source_hotmart.window_reader import Habits, WindowReader
from source_hotmart.windows import DAY_MS, Window, iso, later, split_months, subtract


class DatedStream(HotmartStream, ABC):
    """A stream read in windows of a date that Hotmart filters by, again and again for what changes later."""

    splittable = True
    start_parameter: ClassVar[str]
    end_parameter: ClassVar[str]
    statuses: ClassVar[tuple[str, ...]] = ()
    """Every value of `transaction_status`: without it Hotmart leaves out all but approved and complete sales."""
    late_statuses: ClassVar[tuple[str, ...]] = ()
    """Those that a sale may take on long after its order date."""
    late_months: ClassVar[int] = 12
    min_lookback_days: ClassVar[int] = 1

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.habits = Habits()
        self.had: list[Window] = []
        """Windows that the saved state says are read; empty in a full refresh."""
        self.resumes = False
        """Whether this sync is incremental: what is missed at its end comes with the next."""

    @property
    @abstractmethod
    def cursor_field(self) -> str | list[str]:
        """The field by which destinations tell the newer copy of a row."""

    @property
    def start_ms(self) -> int:
        """The first millisecond of the filter date to read."""
        return self.api.config.start_ms

    @property
    def lookback_ms(self) -> int:
        """How far before its end a saved window is read again."""
        return max(self.api.config.lookback_days, self.min_lookback_days) * DAY_MS

    @cached_property
    def synced_until(self) -> str:
        """The cursor of rows without a date: grows from sync to sync, also when a clock was set back."""
        return iso(max([self.api.now_ms, *(end_ms for _, end_ms in self.had)]))

    def settled(self) -> list[Window]:
        """What of the saved windows is not read again."""
        return [
            (start_ms, end_ms - self.lookback_ms)
            for start_ms, end_ms in self.had
            if start_ms <= end_ms - self.lookback_ms
        ]

    def plan(self) -> list[Window]:
        """The windows to read, of at most twelve months, ascending, none later than now."""
        need = subtract([(self.start_ms, self.api.now_ms)], self.settled())
        return [window for gap in need for window in split_months(gap)]

    def parts(self, window: Window) -> list[Window]:
        """A planned window in the parts to read side by side: itself, where nothing tells how long it is."""
        return [window]

    def sweep(self) -> list[Window]:
        """The settled part of the twelve months before the end of the saved state.

        Anchored at the state and not at now: else rows age out of the sweep between two syncs.
        """
        if not self.had or not self.late_statuses:
            return []
        oldest_ms = max(later(self.had[0][1], -self.late_months), self.start_ms)
        return [
            window
            for start_ms, end_ms in self.settled()
            if end_ms >= oldest_ms
            for window in split_months((max(start_ms, oldest_ms), end_ms))
        ]

    def record(self, row: Any) -> tuple[Hashable, Record]:
        """As every stream, with the cursor of rows that have no date of their own."""
        key, record = super().record(row)
        if self.cursor_field == "synced_until":
            record["synced_until"] = self.synced_until
        return key, record

    def query(self, window: Window, statuses: Sequence[str]) -> Query:
        """Both dates always: without them only about the last 30 days come."""
        query: dict[str, Any] = {self.start_parameter: window[0], self.end_parameter: window[1]}
        if statuses:
            query["transaction_status"] = list(statuses)
        return query

    def prepare(self) -> None:
        """Override for what has to be asked before anything is read."""

    def stream_slices(
        self,
        *,
        sync_mode: SyncMode,
        cursor_field: list[str] | None = None,
        stream_state: Mapping[str, Any] | None = None,
    ) -> Iterable[Mapping[str, Any] | None]:
        """The windows, from the cursor that writes them down."""
        self.prepare()
        yield from self.cursor.stream_slices()  # type: ignore[union-attr]

    def read_slice(self, stream_slice: Mapping[str, Any]) -> Iterator[Record]:
        """The late statuses of older windows where this slice carries them, then the slice's own window."""
        assert isinstance(stream_slice, StreamSlice)  # noqa: S101 - for mypy: the CDK's signature says Mapping
        reader = WindowReader(self)
        for window in stream_slice.extra_fields["sweep"]:
            yield from reader.read_window(window, self.late_statuses)
        yield from reader.read_window((stream_slice["start_ms"], stream_slice["end_ms"]), self.statuses)
