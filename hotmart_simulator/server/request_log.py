"""What was asked and what was answered, for tests to look at."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

KEPT_HEADERS: Final = (
    "authorization",
    "user-agent",
    "accept",
    "accept-encoding",
    "content-type",
    "connection",
)


@dataclass(slots=True)
class Call:
    """One request; `status` is 0 until it is answered, and stays 0 when no answer is sent.

    `route` is the path with names for the ids in it, and `ids` are these; empty for an unknown path.
    """

    at_s: float
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    rows: int = 0
    route: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    def all(self, name: str) -> list[str]:
        """Every value of a query parameter, in the order sent."""
        return [value for key, value in self.query if key == name]


class CallLog:
    """The calls in the order in which they came."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.calls: list[Call] = []

    def enter(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    def reset(self) -> None:
        with self._lock:
            self.calls = []

    def count(self, path_prefix: str = "", status: int | None = None) -> int:
        with self._lock:
            return sum(call.path.startswith(path_prefix) and status in (None, call.status) for call in self.calls)

    def summary(self) -> dict[str, object]:
        """Counts by path (those that differ by an id only are one) and status, and the total."""
        with self._lock:
            counts = Counter((call.route or call.path, str(call.status)) for call in self.calls)
        paths: dict[str, dict[str, int]] = {}
        statuses: Counter[str] = Counter()
        for (path, status), times in sorted(counts.items()):
            paths.setdefault(path, {})[status] = times
            statuses[status] += times
        return {"total": counts.total(), "statuses": dict(statuses), "paths": paths}
