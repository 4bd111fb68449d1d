"""What can happen in members areas: each move records events of the ledger."""

from hotmart_simulator.account import Account
from hotmart_simulator.common.setting import Moment
from hotmart_simulator.members_area.facts import Student


class StudentMoves:
    """Moves return subdomain and user_id of the students they changed."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def study(self, count: int, at_ms: Moment = None) -> list[tuple[str, str]]:
        """Let up to `count` students enter their members area and complete one more lesson.

        Those who have something left to complete come first. One who has not enters all the same.
        """
        account, setting = self._account, self._account.setting
        with account.lock:
            state = account.members_areas
            students = [Student(account, number) for number in range(state.student_count)]
            setting.random.shuffle(students)
            students.sort(key=lambda student: len(student.completed_ms) >= state.lesson_count(student.subdomain))
            for student in students[:count]:
                setting.record("student.studied", student.number, setting.moment(at_ms))
            return [(student.subdomain, student.user_id) for student in students[:count]]
