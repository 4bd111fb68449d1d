"""Which stream sends the next request when several of them wait for the rate limit."""

from __future__ import annotations

from enum import Enum
from weakref import WeakSet

import requests


class Line(Enum):
    """The lines in which requests wait: a name, and the share of the turns while requests wait in all lines."""

    SEQUENTIAL = "sequential", 7
    """Of streams whose requests follow one another. More threads cannot speed them up."""
    PARALLEL = "parallel", 7
    """Of streams that are read in date ranges side by side."""
    PER_PARENT = "per parent", 1
    """Of streams with a request per subscriber, student or product. Thousands of them would hold up the sales."""

    @property
    def share(self) -> int:
        return self.value[1]


class Turns:
    """Decides from which line the next request is taken: smooth weighted round-robin over the lines that wait."""

    def __init__(self) -> None:
        self._waiting: dict[Line, WeakSet[requests.PreparedRequest]] = {line: WeakSet() for line in Line}
        self._credit = dict.fromkeys(Line, 0)

    def wait(self, request: requests.PreparedRequest, line: Line) -> None:
        """Note a request that waits."""
        self._waiting[line].add(request)

    def leave(self, request: requests.PreparedRequest, line: Line) -> None:
        """Note that a request no longer waits."""
        self._waiting[line].discard(request)

    def take(self, line: Line) -> bool:
        """Whether it is the turn of this line, which is then over."""
        lines = [each for each in Line if each is line or self._waiting[each]]
        credit = {each: self._credit[each] + each.share for each in lines}
        if max(lines, key=credit.__getitem__) is not line:
            return False
        self._credit.update(credit)
        self._credit[line] -= sum(each.share for each in lines)
        return True
