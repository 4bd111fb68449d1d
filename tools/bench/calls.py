"""The simulator's log of calls, and counts of its entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

MINUTE_S: Final = 60
LOGIN: Final = "/security/oauth/token"
REFUSED: Final = 429


@dataclass(frozen=True, slots=True)
class Call:
    """One call at the time when the quota counted it, which the simulator does after its latency."""

    counted_s: float
    path: str
    status: int
    rows: int
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, entry: Mapping[str, Any], latency_s: float) -> Call:
        """Create a call from an entry of the log."""
        query = tuple((name, value) for name, value in entry["query"])
        return cls(entry["at_s"] + latency_s, entry["path"], entry["status"], entry["rows"], query)

    def get(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    @property
    def is_login(self) -> bool:
        """Whether the call asks for a token. Token calls have no quota."""
        return self.path == LOGIN

    @property
    def is_count(self) -> bool:
        """Whether the call asks for one row only, to learn the total or whether any row exists."""
        return self.get("max_results") == "1"


def answered(calls: Iterable[Call]) -> list[Call]:
    """Return the calls that the quota counted: all but logins and rate-limited calls (429)."""
    return [call for call in calls if not call.is_login and call.status != REFUSED]


def whole_minutes(calls: Iterable[Call], began_s: float, ended_s: float) -> list[int]:
    """Count the answered calls in each clock minute that lies wholly between these two times.

    The quota is per clock minute. The minute of the first call is left out, because its burst would distort the count.
    """
    minutes = Counter(int(call.counted_s // MINUTE_S) for call in answered(calls))
    return [minutes[minute] for minute in range(ceil(began_s / MINUTE_S), int(ended_s // MINUTE_S))]


def refusals(calls: Sequence[Call]) -> tuple[int, int]:
    """Return the number of calls rejected with 429, and the number of all calls but logins."""
    counted = [call for call in calls if not call.is_login]
    return sum(call.status == REFUSED for call in counted), len(counted)
