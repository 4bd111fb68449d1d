"""Hotmart's quota of calls a minute, used to the full by one budget for all streams, and not run into.

The limit and what is left of it come with every answer: `RateLimit-Limit`, `RateLimit-Remaining` and
`RateLimit-Reset` in seconds from now. https://developers.hotmart.com/docs/en/start/rate-limit/
The CDK's own `HttpAPIBudget` reads the reset as a point in time, which makes its window restart at every call.
"""

from __future__ import annotations

import math
import time
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import requests
from airbyte_cdk.sources.streams.call_rate import APIBudget

from source_hotmart.api.turns import Line, Turns

WINDOW_S = 60.0
NEW_WINDOW_S = 5.0
"""A reset that lies by so much after the one that is waited for is that of the next window."""
BURST_CALLS = 100
"""Calls at the start of a sync that need not keep an even pace, so that a small sync runs at once."""
QUIET_S = 1.0
"""Seconds without a request after which a line is taken to have none to send."""
LINE_S = 0.02
"""How long a request waits for one whose turn it is."""


class CallBudget(APIBudget):
    """Lets the calls of all threads flow evenly over what is left of the current minute.

    Calls that were let go and not yet answered count as spent, as Hotmart may have counted them already. What other
    clients of the account will take until the reset is left to them, as they have done so far.
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
        """Own calls that Hotmart may have counted in this window and that were answered."""
        self._others = Others(self._window_s)
        self._turns = Turns()
        self._others_quiet_s = 0.0
        """From then on streams other than those with a request per parent are taken to have none to send."""
        self._sent: WeakKeyDictionary[requests.PreparedRequest, tuple[float, int]] = WeakKeyDictionary()
        """For each call on its way: when it was let go, and how many calls of others were known of then."""

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:
        """Wait until this call may be sent. Always blocks: a call that is refused only has to be asked again."""
        self.wait_for(request, Line.PARALLEL)

    def wait_for(self, request: requests.PreparedRequest, line: Line) -> None:
        """Wait in a line until this request may be sent."""
        while (pause_s := self._pause_s(request, line)) > 0:
            time.sleep(pause_s)

    @property
    def limit(self) -> int:
        """Requests per minute, as Hotmart's responses say."""
        return self._limit

    def __str__(self) -> str:
        with self._lock:
            return f"{self._limit - self._remaining + len(self._sent)} of {self._limit} requests this minute"

    def _pause_s(self, request: requests.PreparedRequest, line: Line) -> float:
        """Seconds to wait before asking again; zero: the call is counted and may be sent."""
        with self._lock:
            now_s = time.monotonic()
            if now_s >= self._reset_s:
                self._open_window(now_s)
            self._sent.pop(request, None)
            reserve = self._limit // 100 + self._others.reserve(now_s, self._reset_s, self._limit)
            left = self._remaining - len(self._sent) - reserve
            self._turns.leave(request, line)
            if left < 1:
                # Not until the reset at once: lost calls and other clients' windows may leave room before.
                return min(max(self._reset_s - now_s, 0.05), 1.0)
            if self._burst > 0 and self._may_burst(line, now_s):
                self._burst -= 1
            else:
                interval_s = (self._reset_s - now_s) / left
                # Turns matter only where the quota is scarce: taking them costs a little time.
                is_scarce = interval_s >= LINE_S
                if now_s < self._next_s or (is_scarce and not self._turns.take(line)):
                    self._turns.wait(request, line)
                    return self._next_s - now_s if now_s < self._next_s else LINE_S
                # What a thread woke up too late is made up for, by one interval at the most.
                self._next_s = max(self._next_s, now_s - interval_s) + interval_s
            self._sent[request] = now_s, self._others.calls
            return 0

    def _may_burst(self, line: Line, now_s: float) -> bool:
        """Whether a request needs not keep the pace: one per parent only while no other stream has requests to send."""
        if line is Line.PER_PARENT:
            return now_s >= self._others_quiet_s
        self._others_quiet_s = now_s + QUIET_S
        return True

    def _open_window(self, now_s: float) -> None:
        self._remaining = self._limit
        # A call that was lost without an answer is counted in no window but its own.
        for request in [request for request, (sent_s, _) in self._sent.items() if sent_s < self._window_s]:
            del self._sent[request]
        # What is on its way may be counted in the new window as well as in the old.
        self._counted = len(self._sent)
        self._others.open_window(now_s)
        self._window_s = now_s
        self._reset_s = now_s + WINDOW_S

    def update_from_response(self, request: Any, response: Any) -> None:
        """Learn from an answer how many calls are left, and until when."""
        limit = _number(response, "RateLimit-Limit", "X-RateLimit-Limit-Minute")
        remaining = _number(response, "RateLimit-Remaining", "X-RateLimit-Remaining-Minute")
        reset_s = _number(response, "RateLimit-Reset", "Retry-After")
        if response.status_code == 429:
            remaining = 0
        if reset_s is not None and not 0 <= reset_s <= WINDOW_S:
            reset_s = None  # not a quota of calls a minute
        with self._lock:
            now_s = time.monotonic()
            sent_s, others_then = self._sent.pop(request, (now_s, self._others.calls))
            if limit is not None and limit >= 1:
                self._remaining += int(limit) - self._limit
                self._limit = int(limit)
                self._burst = min(self._burst, self._limit // 5)
            if reset_s is not None and now_s + reset_s > self._reset_s + NEW_WINDOW_S:
                self._open_window(now_s)  # Hotmart's is open already: the end of the last was taken for later
            elif sent_s < self._window_s:
                return  # counted in the window before, about which its headers speak
            if reset_s is not None:
                # In whole seconds, up or down nobody says: a second late costs a little pace, one early refusals.
                self._reset_s = min(self._reset_s, now_s + reset_s + 1)
            self._counted += 1
            counted = self._remaining - 1 if remaining is None else int(remaining)
            self._remaining = max(0, min(self._remaining, counted))
            if remaining is not None:
                own = self._counted + len(self._sent)
                self._others.seen(self._limit - self._remaining - own, others_then, now_s)


class LineBudget(APIBudget):
    """The same budget, for a stream whose requests wait in a line of their own."""

    def __init__(self, budget: CallBudget, line: Line) -> None:
        super().__init__(policies=[])
        self._budget = budget
        self._line = line

    def acquire_call(self, request: Any, block: bool = True, timeout: float | None = None) -> None:
        """Wait in this line until this request may be sent."""
        self._budget.wait_for(request, self._line)

    def update_from_response(self, request: Any, response: Any) -> None:
        """Learn from an answer, as the whole budget does."""
        self._budget.update_from_response(request, response)


class Others:
    """What other clients of the same account take of its quota, and will take until the reset."""

    def __init__(self, now_s: float) -> None:
        self.calls = 0
        """Calls that are known of in this window: what is gone and is surely not our own."""
        self._from_s = now_s
        self._before: int | None = None
        """Those that came in the window before while we looked; `None` in the first one."""
        self._already: int | None = None
        """Those that were gone when our first call of this window was answered; `None` until then."""
        self._at_once = 0
        self._at_once_before = 0

    def open_window(self, now_s: float) -> None:
        """Count from nothing; what was learned of the last window is kept as a forecast."""
        self._before = self.calls - (self._already or 0)
        self._already = None
        self._at_once_before, self._at_once = self._at_once, 0
        self.calls = 0
        self._from_s = now_s

    def seen(self, calls: int, calls_then: int, now_s: float) -> None:
        """Note how many calls of this window are not ours, and how many were known when this call was let go."""
        if self._already is None:
            self._already = self.calls = max(0, calls)
            self._from_s = now_s
            return
        if calls > self.calls:
            self._at_once = max(self._at_once, calls - max(calls_then, self._already))
            self.calls = calls

    def reserve(self, now_s: float, reset_s: float, limit: int) -> int:
        """Calls to leave to them until the reset: as their pace tells, and never fewer than they once sent at once."""
        left_s = reset_s - now_s
        now = (self.calls - (self._already or 0)) / max(now_s - self._from_s, 1.0)
        before = now if self._before is None else self._before / WINDOW_S
        weight = left_s / WINDOW_S
        # Two of these budgets on one account must come to share it by halves, whichever began first.
        rate = min(weight * before + (1 - weight) * now, limit / 2 / WINDOW_S)
        return max(math.ceil(rate * left_s), min(max(self._at_once, self._at_once_before), limit // 4))


def _number(response: requests.Response, *headers: str) -> float | None:
    """The first of these headers that is a number."""
    for header in headers:
        try:
            number = float(response.headers[header])
        except (KeyError, ValueError):
            continue
        if math.isfinite(number):
            return number
    return None
