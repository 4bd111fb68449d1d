"""The students of the members areas: their number, and their changes since the first population."""

from collections.abc import Sequence

from hotmart_simulator.common.random_source import Alphanumerics, scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.ledger import Event


class StudentState:
    """Every student by number. The first state of a student follows from the number's bits."""

    def __init__(self, setting: Setting, count: int) -> None:
        self.seed = setting.seed_of("students")
        self.codes = Alphanumerics(setting.seed, "students", width=10)
        self.count = count
        self.removed: set[int] = set()
        self._joined: dict[int, int] = {}
        self._status_of: dict[int, str] = {}
        self._second_class_of: dict[int, int] = {}
        self._studied: dict[int, list[int]] = {}
        setting.ledger.project("student.joined", self._on_joined)
        setting.ledger.project("student.status", self._on_status)
        setting.ledger.project("student.class", self._on_class)
        setting.ledger.project("student.removed", self._on_removed)
        setting.ledger.project("student.studied", self._on_studied)

    def bits(self, number: int) -> int:
        return scatter(self.seed + number)

    def joined_ms(self, number: int) -> int | None:
        """Return when a student joined, in epoch ms, or None for the first population."""
        return self._joined.get(number)

    def status(self, number: int) -> str | None:
        """Return the status that a student was given, or None if the first status never changed."""
        return self._status_of.get(number)

    def second_class(self, number: int) -> int | None:
        """Return the index of a student's second class, or None without one."""
        return self._second_class_of.get(number)

    def studied_ms(self, number: int) -> Sequence[int]:
        """Return when a student studied since the first population, in epoch ms and in recorded order."""
        return self._studied.get(number, ())

    def _on_joined(self, event: Event) -> None:
        self.count += 1
        self._joined[event.subject] = event.at_ms

    def _on_status(self, event: Event) -> None:
        self._status_of[event.subject] = event.value

    def _on_class(self, event: Event) -> None:
        self._second_class_of[event.subject] = event.value

    def _on_removed(self, event: Event) -> None:
        self.removed.add(event.subject)

    def _on_studied(self, event: Event) -> None:
        self._studied.setdefault(event.subject, []).append(event.at_ms)
