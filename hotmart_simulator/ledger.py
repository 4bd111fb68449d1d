"""The ledger: everything that happens to the account, in one list from which every endpoint is answered.

An event is recorded once. The state of each resource is a projection of the events that are shown by now, so no two
fields of an answer can contradict each other, and what was true at an earlier moment can be worked out again.

The first population (up to a million sales) is not stored as events: `creation.py` enters it directly and each
resource's `life` works its first events out from the stored numbers.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `kind` is the resource and what happened (`sale.status`), `subject` the number of the sale, subscription, student,
    ticket, coupon or product, `at_ms` when it happened (epoch milliseconds), and `value` what changed, for example a
    status. `shown_ms` is when the API begins to show it: later than `at_ms` for what is indexed late.
    """

    kind: str
    subject: int
    at_ms: int
    value: Any = None
    shown_ms: int = -1

    @property
    def visible_ms(self) -> int:
        """When the API begins to show the event."""
        return self.at_ms if self.shown_ms < 0 else self.shown_ms


Apply = Callable[[Event], None]


class Ledger:
    """Records events and applies each one to the state when it is due. Not thread-safe: hold the account's lock."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.version = 0
        """Grows with every event that is applied, for whoever keeps something derived."""
        self._apply: dict[str, Apply] = {}
        self._shown: dict[tuple[str, int], list[Event]] = defaultdict(list)
        self._waiting: list[tuple[int, int, Event]] = []
        self._recorded = 0

    def project(self, kind: str, apply: Apply) -> None:
        """Name the function that changes the state for events of a kind. Raises ValueError for a second one."""
        if kind in self._apply:
            raise ValueError(f"{kind} has a projection already")
        self._apply[kind] = apply

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of event that can be recorded."""
        return tuple(self._apply)

    def record(self, event: Event) -> None:
        """Apply an event now, or when it is to be shown. Raises KeyError for a kind without a projection.

        What has happened lies in the past: an event later than now moves the present to its own moment.
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
        """Apply every event that is due by `now_ms`, oldest first. Time never runs backwards here."""
        while self._waiting and self._waiting[0][0] <= now_ms:
            due_ms, _, event = heappop(self._waiting)
            self.now_ms = max(self.now_ms, due_ms)
            self._show(event)
        self.now_ms = max(self.now_ms, now_ms)

    def of(self, resource: str, subject: int) -> tuple[Event, ...]:
        """The recorded events of one thing that are shown by now, in the order in which they happened."""
        return tuple(sorted(self._shown.get((resource, subject), ()), key=lambda event: event.at_ms))

    def _show(self, event: Event) -> None:
        self._shown[event.kind.partition(".")[0], event.subject].append(event)
        self._apply[event.kind](event)
        self.version += 1
