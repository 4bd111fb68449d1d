"""The log of calls: requests and the status of their responses."""

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
    """One request. `status` is 0 until the response, and stays 0 when no response is sent.

    `route` is the path with names in place of its ids, and `ids` are the ids. Both are empty for an unknown path.
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
        """Return the first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    def all(self, name: str) -> list[str]:
        """Return every value of a query parameter, in the order sent."""
        return [value for key, value in self.query if key == name]


class CallLog:
    """The calls in the order of their arrival, and the names of the query parameters that were ignored."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.calls: list[Call] = []
        self.unknown_parameters: list[tuple[str, str]] = []
        """Route and name of each parameter that its endpoint does not know. Values can be personal, so none is kept."""

    def enter(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    def ignored(self, call: Call, name: str) -> None:
        """Record an ignored parameter."""
        with self._lock:
            self.unknown_parameters.append((call.route, name))

    def reset(self) -> None:
        """Clear the log."""
        with self._lock:
            self.calls = []
            self.unknown_parameters = []

    def count(self, path_prefix: str = "", status: int | None = None) -> int:
        with self._lock:
            return sum(call.path.startswith(path_prefix) and status in (None, call.status) for call in self.calls)

    def summary(self) -> dict[str, object]:
        """Return the number of calls by route and status, by status, and in total."""
        with self._lock:
            counts = Counter((call.route or call.path, str(call.status)) for call in self.calls)
        paths: dict[str, dict[str, int]] = {}
        statuses: Counter[str] = Counter()
        for (path, status), times in sorted(counts.items()):
            paths.setdefault(path, {})[status] = times
            statuses[status] += times
        return {"total": counts.total(), "statuses": dict(statuses), "paths": paths}
