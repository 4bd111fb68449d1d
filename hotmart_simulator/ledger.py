"""The ledger: one list of all changes in the account, and the source of every response.

An event is recorded once. The state of each resource is a projection of the events shown so far, so no two fields of a
response can contradict each other, and an earlier state can be computed again.

The first population (up to a million sales) is not stored as events: `creation.py` enters it directly and each
resource's `life` computes its first events from the stored numbers.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One change.

    `kind` is the resource and the change (`sale.status`), `subject` the number of the sale, subscription, student,
    ticket, coupon or product, `at_ms` the time of the change (epoch milliseconds), and `value` the new value, for
    example a status. `shown_ms` is the time when the API begins to show it: later than `at_ms` for what is indexed
    late.
    """

    kind: str
    subject: int
    at_ms: int
    value: Any = None
    shown_ms: int = -1

    @property
    def visible_ms(self) -> int:
        """Return the time when the API begins to show the event."""
        return self.at_ms if self.shown_ms < 0 else self.shown_ms


Apply = Callable[[Event], None]


class Ledger:
    """Record events and apply each one to the state when it is due. Not thread-safe: hold the account's lock."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.version = 0
        """Increases with every applied event, so that caches of derived values can be invalidated."""
        self._apply: dict[str, Apply] = {}
        self._shown: dict[tuple[str, int], list[Event]] = defaultdict(list)
        self._waiting: list[tuple[int, int, Event]] = []
        self._recorded = 0

    def project(self, kind: str, apply: Apply) -> None:
        """Register the function that changes the state for events of a kind. Raise ValueError for a second one."""
        if kind in self._apply:
            raise ValueError(f"{kind} has a projection already")
        self._apply[kind] = apply

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return every kind of event that can be recorded."""
        return tuple(self._apply)

    def record(self, event: Event) -> None:
        """Apply an event now, or when it is to be shown. Raise KeyError for a kind without a projection.

        An event later than now advances the present to its own moment.
        """
        if event.kind not in self._apply:
            raise KeyError(event.kind)
        self.advance(event.at_ms)
        self._recorded += 1
        if event.visible_ms > self.now_ms:
            heappush(self._waiting, (event.visible_ms, self._recorded, event))
        else:
            self._show(event)

    def advance(self, now_ms: int) -> None:
        """Apply every event that is due by `now_ms`, oldest first. The time never decreases."""
        while self._waiting and self._waiting[0][0] <= now_ms:
            due_ms, _, event = heappop(self._waiting)
            self.now_ms = max(self.now_ms, due_ms)
            self._show(event)
        self.now_ms = max(self.now_ms, now_ms)

    def of(self, resource: str, subject: int) -> tuple[Event, ...]:
        """Return the recorded events of one subject that are shown by now, in chronological order."""
        return tuple(sorted(self._shown.get((resource, subject), ()), key=lambda event: event.at_ms))

    def _show(self, event: Event) -> None:
        self._shown[event.kind.partition(".")[0], event.subject].append(event)
        self._apply[event.kind](event)
        self.version += 1
