"""The simulator's log of calls, and what is counted in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MINUTE_S: Final = 60
LOGIN: Final = "/security/oauth/token"
REFUSED: Final = 429


@dataclass(frozen=True, slots=True)
class Call:
    """One call, when the quota counted it: the simulator does so after its latency."""

    counted_s: float
    path: str
    status: int
    rows: int
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, entry: Mapping[str, Any], latency_s: float) -> Call:
        """From an entry of the log."""
        query = tuple((name, value) for name, value in entry["query"])
        return cls(entry["at_s"] + latency_s, entry["path"], entry["status"], entry["rows"], query)

    def get(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    @property
    def is_login(self) -> bool:
        """Token calls have no quota."""
        return self.path == LOGIN

    @property
    def is_count(self) -> bool:
        """Asked for one row only, to learn the total or whether there is any."""
        return self.get("max_results") == "1"


def whole_minutes(calls: Iterable[Call], limit_of_them: int) -> list[int]:
    """Answered calls in each of the first clock minutes that lie wholly inside the run.

    The quota is one of clock minutes. The minute in which the first call came is left out, and with it the burst at
    the start, and so is the minute of the last one.
    """
    answered = [call.counted_s for call in calls if not call.is_login and call.status != REFUSED]
    if not answered:
        return []
    minutes = Counter(int(at_s // MINUTE_S) for at_s in answered)
    first, last = min(minutes), max(minutes)
    return [minutes[minute] for minute in range(first + 1, last)][:limit_of_them]


def refusals(calls: Sequence[Call]) -> tuple[int, int]:
    """(calls refused with 429, all calls but logins)."""
    counted = [call for call in calls if not call.is_login]
    return sum(call.status == REFUSED for call in counted), len(counted)
