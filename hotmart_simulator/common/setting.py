"""The parts that all resources of one account share: its seed, its time, its people and its ledger."""

from dataclasses import dataclass, field
from random import Random
from threading import RLock
from typing import Final

from hotmart_simulator.common.people import People
from hotmart_simulator.common.random_source import seed_of
from hotmart_simulator.ledger import Event, Ledger

# The time of a change: one moment, a range with a random moment for each change, or None for now.
Moment = int | tuple[int, int] | None
DEFAULT_NOW_MS: Final = 1_768_478_400_000  # 2026-01-15T12:00:00Z


@dataclass(slots=True)
class Setting:
    """All times are epoch milliseconds. Hold `lock` while you read or change more than one thing."""

    seed: int
    start_ms: int
    born_ms: int
    """The time of the first population. `now_ms` advances."""
    subdomains: tuple[str, ...]
    people: People
    ledger: Ledger
    random: Random
    """Random numbers for everything after the first population."""
    lock: RLock = field(default_factory=RLock)

    @property
    def now_ms(self) -> int:
        return self.ledger.now_ms

    def seed_of(self, name: str) -> int:
        """Return the seed for one use, so that two uses are unrelated."""
        return seed_of(self.seed, name)

    def moment(self, at_ms: Moment) -> int:
        """Return the moment for an argument `at_ms`."""
        if at_ms is None:
            return self.now_ms
        return at_ms if isinstance(at_ms, int) else self.random.randint(*at_ms)

    def record(self, kind: str, subject: int, at_ms: int, value: object = None, *, shown_ms: int = -1) -> None:
        """Record an event in the ledger."""
        self.ledger.record(Event(kind, subject, at_ms, value, shown_ms))
