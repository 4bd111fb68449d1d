"""Changes of students. Each move records events in the ledger."""

from collections.abc import Callable, Sequence

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.members_area.facts import CLASSES, Student, class_places, subdomain_of

Key = tuple[str, str]


class StudentMoves:
    """Each move returns subdomain and user_id of the students that it changed."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def named(self) -> dict[str, Callable[[int], Sequence[Key]]]:
        """Return every move by its plural name."""
        return {
            "studies": self.study,
            "students": self.join,
            "student_blocks": self.block,
            "student_removals": self.remove,
            "second_classes": self.put_in_second_class,
        }

    def study(self, count: int, at_ms: Moment = None) -> list[Key]:
        """Let up to `count` students enter their members area and complete one more lesson.

        Students with lessons left are picked first. Students without any only enter.
        """
        account, setting = self._account, self._account.setting
        with account.lock:
            areas = account.members_areas
            students = [Student(account, number) for number in self._present()]
            setting.random.shuffle(students)
            students.sort(key=lambda student: len(student.completed_ms) >= areas.lesson_count(student.subdomain))
            for student in students[:count]:
                setting.record("student.studied", student.number, setting.moment(at_ms))
            return [(student.subdomain, student.user_id) for student in students[:count]]

    def join(self, count: int, at_ms: Moment = None) -> list[Key]:
        """Let new buyers join. They have not entered yet.

        Every tenth of an account with several members areas is a student of the first area already.
        """
        account, setting = self._account, self._account.setting
        with account.lock:
            first = account.members_areas.student_count
            numbers = range(first, first + (count if setting.subdomains else 0))
            for number in numbers:
                setting.record("student.joined", number, setting.moment(at_ms))
            return [self._key(number) for number in numbers]

    def import_old(self, count: int, at_ms: Moment = None, *, lessons: int = 2) -> list[Key]:
        """Import students who joined long ago, by default one month to 30 months, and are listed from now on.

        Each completed some lessons, one a day after joining, and has not entered since.
        """
        account, setting = self._account, self._account.setting
        with account.lock:
            now_ms = account.now_ms
            span = (now_ms - 900 * DAY_MS, now_ms - 30 * DAY_MS) if at_ms is None else at_ms
            first = account.members_areas.student_count
            numbers = range(first, first + (count if setting.subdomains else 0))
            for number in numbers:
                joined_ms = setting.moment(span)
                setting.record("student.joined", number, joined_ms)
                for day in range(1, lessons + 1):
                    setting.record("student.studied", number, min(now_ms, joined_ms + day * DAY_MS))
            return [self._key(number) for number in numbers]

    def block(self, count: int, at_ms: Moment = None) -> list[Key]:
        """Block up to `count` active students. They stay listed."""
        account, random = self._account, self._account.setting.random

        def is_active(number: int) -> bool:
            return Student(account, number).status == "ACTIVE"

        return self._change(
            "student.status", count, at_ms, is_active, lambda number: random.choice(("BLOCKED", "BLOCKED_BY_OWNER"))
        )

    def remove(self, count: int, at_ms: Moment = None) -> list[Key]:
        """Remove up to `count` students. They are no longer listed, and have no lessons."""
        return self._change("student.removed", count, at_ms, lambda number: True, lambda number: None)

    def put_in_second_class(self, count: int, at_ms: Moment = None) -> list[Key]:
        """Put up to `count` students of one class in a second one, which shows under the switch `per_class`."""
        account, random = self._account, self._account.setting.random

        def other_class(number: int) -> int:
            return (class_places(account, number)[0] + random.randrange(1, CLASSES)) % CLASSES

        return self._change(
            "student.class", count, at_ms, lambda number: len(class_places(account, number)) == 1, other_class
        )

    def _change(
        self,
        kind: str,
        count: int,
        at_ms: Moment,
        is_candidate: Callable[[int], bool],
        value: Callable[[int], object],
    ) -> list[Key]:
        account, setting = self._account, self._account.setting
        with account.lock:
            known = [number for number in self._present() if is_candidate(number)]
            picked = setting.random.sample(known, min(count, len(known)))
            for number in picked:
                setting.record(kind, number, setting.moment(at_ms), value(number))
            return [self._key(number) for number in picked]

    def _present(self) -> list[int]:
        """Return the numbers of the students that were not removed."""
        students = self._account.members_areas.students
        return [number for number in range(students.count) if number not in students.removed]

    def _key(self, number: int) -> Key:
        return subdomain_of(self._account, number), Student(self._account, number).user_id
