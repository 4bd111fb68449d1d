"""Decide which stream sends the next request when several of them wait for the rate limit."""

from __future__ import annotations

from enum import Enum
from weakref import WeakSet

import requests


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
        self._waiting: dict[Line, WeakSet[requests.PreparedRequest]] = {line: WeakSet() for line in Line}
        self._credit = dict.fromkeys(Line, 0)

    def wait(self, request: requests.PreparedRequest, line: Line) -> None:
        """Add a waiting request."""
        self._waiting[line].add(request)

    def leave(self, request: requests.PreparedRequest, line: Line) -> None:
        """Remove a request that no longer waits."""
        self._waiting[line].discard(request)

    def take(self, line: Line) -> bool:
        """Whether it is this line's turn. If so, use it up."""
        lines = [each for each in Line if each is line or self._waiting[each]]
        credit = {each: self._credit[each] + each.share for each in lines}
        if max(lines, key=credit.__getitem__) is not line:
            return False
        self._credit.update(credit)
        self._credit[line] -= sum(each.share for each in lines)
        return True
