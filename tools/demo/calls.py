"""Count requests by stream with the connector's own table of endpoints."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from source_hotmart.catalog import CLASSES


@dataclass
class Calls:
    """The requests of one sync."""

    by_stream: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    """Requests that belong to no stream, such as the login, by path."""
    by_status: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Return the number of all requests."""
        return self.by_status.total()


def count_calls(paths: Mapping[str, Mapping[str, int]]) -> Calls:
    """Count the requests in the simulator's log: path, status, number of calls."""
    endpoints = {name: _pattern(cls.endpoint) for name, cls in CLASSES.items()}
    calls = Calls()
    for path, statuses in paths.items():
        calls.by_status.update(statuses)
        owner = next((stream for stream, endpoint in endpoints.items() if endpoint.fullmatch(path)), None)
        if owner:
            calls.by_stream[owner] += sum(statuses.values())
        else:
            calls.others[path] += sum(statuses.values())
    return calls


def _pattern(endpoint: str) -> re.Pattern[str]:
    """Return a pattern for an endpoint, whose path may hold ids of a parent in braces."""
    fixed = re.split(r"\{\w+\}", endpoint.strip("/"))
    return re.compile("/" + "[^/]+".join(re.escape(part) for part in fixed))
