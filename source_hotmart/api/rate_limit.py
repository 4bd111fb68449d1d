"""Use Hotmart's full quota of requests per minute without exceeding it, with one budget for all streams.

Every response has the limit and what is left of it: `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`
in seconds from now. https://developers.hotmart.com/docs/en/start/rate-limit/
The CDK's own `HttpAPIBudget` reads the reset as a point in time, so its window would restart at every request.
"""

from __future__ import annotations

import math
import time
from enum import Enum
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import requests
from airbyte_cdk.sources.streams.call_rate import APIBudget

WINDOW_S = 60.0
NEW_WINDOW_S = 5.0
"""A reset this many seconds after the expected one belongs to the next window."""
BURST_CALLS = 100
"""Requests at the start of a sync that are sent without an even pace, so that a small sync finishes quickly."""
QUIET_S = 1.0
"""A line counts as idle after so many seconds without a request."""
LINE_S = 0.02
"""Seconds that a request waits for another line's turn before it checks again."""


class Line(Enum):
    """Queues for requests, each with a name and its share of turns while requests wait in all of them."""

    SEQUENTIAL = "sequential", 7
    """Streams whose requests are sequential. More threads cannot speed them up."""
    PARALLEL = "parallel", 7
    """Streams that are read in parallel date ranges."""
    PER_PARENT = "per parent", 1
    """Streams with a request per subscriber, student or product. Thousands of these would delay the sales."""

    @property
    def share(self) -> int:
        return self.value[1]


class Turns:
    """Picks the line of the next request by smooth weighted round-robin over the lines with waiting requests."""

    def __init__(self) -> None:
        self.waiting: dict[Line, WeakSet[requests.PreparedRequest]] = {line: WeakSet() for line in Line}
        self._credit = dict.fromkeys(Line, 0)

    def take(self, line: Line) -> bool:
        """Whether it is this line's turn. If so, use it up."""
        lines = [each for each in Line if each is line or self.waiting[each]]
        credit = {each: self._credit[each] + each.share for each in lines}
        if max(lines, key=credit.__getitem__) is not line:
            return False
        self._credit.update(credit)
        self._credit[line] -= sum(each.share for each in lines)
        return True


class CallBudget(APIBudget):
    """Spreads the requests of all threads evenly over what is left of the current minute.

    Requests without a response yet count as spent, since Hotmart may have counted them already. The budget leaves other
    clients of the account the requests they are expected to send until the reset.
    """

    def __init__(self, limit: int = 500) -> None:
        super().__init__(policies=[])
        self._lock = Lock()
        self._limit = limit
        self._burst = min(BURST_CALLS, limit // 5)
        self._remaining = limit
        self._window_s = time.monotonic()
        self._reset_s = self._window_s + WINDOW_S
        self._next_s = 0.0
        self._counted = 0
        """Answered requests of this connector that Hotmart may have counted in this window."""
        self._others = OtherClients(self._window_s)
        self._turns = Turns()
        self._others_quiet_s = 0.0
        """From this time on, the lines of streams without a request per parent count as idle."""
        self._sent: WeakKeyDictionary[requests.PreparedRequest, tuple[float, int]] = WeakKeyDictionary()
        """For each pending request: when it was released, and how many requests of other clients were known then."""

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:
        """Wait until this request may be sent. Always block, because a rejected request would only be sent again."""
        self.wait_for(request, Line.PARALLEL)

    def wait_for(self, request: requests.PreparedRequest, line: Line) -> None:
        """Wait in a line until this request may be sent."""
        while (pause_s := self._pause_s(request, line)) > 0:
            time.sleep(pause_s)

    @property
    def limit(self) -> int:
        """Requests per minute, according to Hotmart's responses."""
        return self._limit

    def __str__(self) -> str:
        with self._lock:
            return f"{self._limit - self._remaining + len(self._sent)} of {self._limit} requests this minute"

    def _pause_s(self, request: requests.PreparedRequest, line: Line) -> float:
        """Return the seconds to wait before checking again. Zero means that the request is counted and may be sent."""
        with self._lock:
            now_s = time.monotonic()
            if now_s >= self._reset_s:
                self._open_window(now_s)
            self._sent.pop(request, None)
            reserve = self._limit // 100 + self._others.reserve(now_s, self._reset_s, self._limit)
            left = self._remaining - len(self._sent) - reserve
            self._turns.waiting[line].discard(request)
            if left < 1:
                # Check again before the reset: lost requests and other clients' windows may free some quota earlier.
                return min(max(self._reset_s - now_s, 0.05), 1.0)
            if self._burst > 0 and self._may_burst(line, now_s):
                self._burst -= 1
            else:
                interval_s = (self._reset_s - now_s) / left
                # Turns cost a little time, so they are taken only if the quota is scarce.
                is_scarce = interval_s >= LINE_S
                if now_s < self._next_s or (is_scarce and not self._turns.take(line)):
                    self._turns.waiting[line].add(request)
                    return self._next_s - now_s if now_s < self._next_s else LINE_S
                # Make up for a thread that woke up late, by one interval at most.
                self._next_s = max(self._next_s, now_s - interval_s) + interval_s
            self._sent[request] = now_s, self._others.calls
            return 0

    def _may_burst(self, line: Line, now_s: float) -> bool:
        """Whether a request may skip the pace. Requests per parent may only while all other lines are idle."""
        if line is Line.PER_PARENT:
            return now_s >= self._others_quiet_s
        self._others_quiet_s = now_s + QUIET_S
        return True

    def _open_window(self, now_s: float) -> None:
        self._remaining = self._limit
        # A request that was lost without a response counts only in its own window.
        for request in [request for request, (sent_s, _) in self._sent.items() if sent_s < self._window_s]:
            del self._sent[request]
        # Pending requests may count in the new window as well as in the old one.
        self._counted = len(self._sent)
        self._others.open_window(now_s)
        self._window_s = now_s
        self._reset_s = now_s + WINDOW_S

    def update_from_response(self, request: Any, response: Any) -> None:
        """Update what is left of the quota, and its reset, from a response."""
        limit = _number(response, "RateLimit-Limit", "X-RateLimit-Limit-Minute")
        remaining = _number(response, "RateLimit-Remaining", "X-RateLimit-Remaining-Minute")
        reset_s = _number(response, "RateLimit-Reset", "Retry-After")
        if response.status_code == 429:
            remaining = 0
        if reset_s is not None and not 0 <= reset_s <= WINDOW_S:
            reset_s = None  # not a quota per minute
        with self._lock:
            now_s = time.monotonic()
            sent_s, others_then = self._sent.pop(request, (now_s, self._others.calls))
            if limit is not None and limit >= 1:
                self._remaining += int(limit) - self._limit
                self._limit = int(limit)
                self._burst = min(self._burst, self._limit // 5)
            if reset_s is not None and now_s + reset_s > self._reset_s + NEW_WINDOW_S:
                self._open_window(now_s)  # Hotmart's window has already begun, earlier than estimated
            elif sent_s < self._window_s:
                return  # it counts in the previous window, as its headers do
            if reset_s is not None:
                # Whole seconds, rounded up or down: a second late costs a little pace, a second early causes 429s.
                self._reset_s = min(self._reset_s, now_s + reset_s + 1)
            self._counted += 1
            counted = self._remaining - 1 if remaining is None else int(remaining)
            self._remaining = max(0, min(self._remaining, counted))
            if remaining is not None:
                own = self._counted + len(self._sent)
                self._others.seen(self._limit - self._remaining - own, others_then, now_s)


class LineBudget(APIBudget):
    """The same budget for a stream whose requests wait in a line of their own."""

    def __init__(self, budget: CallBudget, line: Line) -> None:
        super().__init__(policies=[])
        self._budget = budget
        self._line = line

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:
        self._budget.wait_for(request, self._line)

    def update_from_response(self, request: Any, response: Any) -> None:
        self._budget.update_from_response(request, response)


class OtherClients:
    """Estimates the quota that other clients of the same account use until the reset."""

    def __init__(self, now_s: float) -> None:
        self.calls = 0
        """Requests in this window that are known to be from other clients."""
        self._from_s = now_s
        self._before: int | None = None
        """Their requests that were observed in the previous window. `None` in the first window."""
        self._already: int | None = None
        """Their requests before the first response of this window. `None` until then."""
        self._at_once = 0
        self._at_once_before = 0

    def open_window(self, now_s: float) -> None:
        """Reset the counts, and keep those of the last window as a forecast."""
        self._before = self.calls - (self._already or 0)
        self._already = None
        self._at_once_before, self._at_once = self._at_once, 0
        self.calls = 0
        self._from_s = now_s

    def seen(self, calls: int, calls_then: int, now_s: float) -> None:
        """Record how many requests of this window are from others. `calls_then` were known when this was released."""
        if self._already is None:
            self._already = self.calls = max(0, calls)
            self._from_s = now_s
            return
        if calls > self.calls:
            self._at_once = max(self._at_once, calls - max(calls_then, self._already))
            self.calls = calls

    def reserve(self, now_s: float, reset_s: float, limit: int) -> int:
        """Return the requests to leave to others until the reset: by their pace, and at least their largest burst."""
        left_s = reset_s - now_s
        now = (self.calls - (self._already or 0)) / max(now_s - self._from_s, 1.0)
        before = now if self._before is None else self._before / WINDOW_S
        weight = left_s / WINDOW_S
        # Two such budgets on one account must converge to half each, regardless of their order.
        rate = min(weight * before + (1 - weight) * now, limit / 2 / WINDOW_S)
        return max(math.ceil(rate * left_s), min(max(self._at_once, self._at_once_before), limit // 4))


def _number(response: requests.Response, *headers: str) -> float | None:
    """Return the first of these headers that is a number."""
    for header in headers:
        try:
            number = float(response.headers[header])
        except (KeyError, ValueError):
            continue
        if math.isfinite(number):
            return number
    return None
