"""Facts about one student of a members area, computed from the number on every request."""

from typing import Final

from hotmart_simulator.account import Account
from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.vocabulary import DAY_MS

ROLES: Final = ("STUDENT",) * 11 + ("FREE_STUDENT", "OWNER", "ADMIN", "CONTENT_EDITOR", "MODERATOR")
STAFF: Final = frozenset(("OWNER", "ADMIN", "CONTENT_EDITOR", "MODERATOR"))
STATUSES: Final = ("ACTIVE",) * 13 + ("BLOCKED", "BLOCKED_BY_OWNER", "OVERDUE")
CLASSES: Final = 6
LATE_MS: Final = 3 * DAY_MS
"""Delay of `last_access_date` under the switch `days_late`."""


def class_id(account: Account, place: int) -> str:
    """Return the id of one of the six classes that the students of any members area attend."""
    return account.members_areas.students.codes.text(10**9 + place % CLASSES)


def class_places(account: Account, number: int) -> tuple[int, ...]:
    """Return the classes of a student: one, or two for every eighth and for those who were put in a second one."""
    students = account.members_areas.students
    first = students.bits(number) % CLASSES
    second = students.second_class(number)
    if second is None and number % 8 == 5:
        second = first + 1
    return (first,) if second is None else (first, second % CLASSES)


def student_rows(account: Account, subdomain: str) -> list[tuple[int, int]]:
    """Return number and class of each row in a members area's list of students, by number.

    A class is its place in `class_places`. Under the switch `per_class` a student of two classes has two rows.
    """
    areas, switches = account.members_areas, account.switches
    numbers = [number for number in range(areas.student_count) if subdomain_of(account, number) == subdomain]
    if areas.students.removed or switches.never_entered == "hidden":
        numbers = [number for number in numbers if is_listed(account, number)]
    if switches.student_rows == "one":
        return [(number, 0) for number in numbers]
    return [(number, place) for number in numbers for place in range(len(class_places(account, number)))]


def is_listed(account: Account, number: int) -> bool:
    """Whether the list contains a student: not after a removal, and perhaps not before the first access (5.13)."""
    if number in account.members_areas.students.removed:
        return False
    return account.switches.never_entered == "listed" or Student(account, number).first_ms is not None


def subdomain_of(account: Account, number: int) -> str:
    """Return the members area of a student. Seven in ten students are in the first one."""
    others = len(account.setting.subdomains) - 1
    if not others or number % 10 < 7:
        return account.setting.subdomains[0]
    return account.setting.subdomains[1 + number % others]


def is_twin(account: Account, number: int) -> bool:
    """Whether a student is also in the first members area, with the same user_id. This is true for every tenth one."""
    return len(account.setting.subdomains) > 1 and number % 10 == 9


def number_of(account: Account, subdomain: str, user_id: str) -> int | None:
    """Return the number of a members area's student, or None where the area has no such student now."""
    students = account.members_areas.students
    person_number = students.codes.number(user_id)
    if person_number is None:
        return None
    for number in (person_number, person_number + 9):
        is_known = number < students.count and subdomain_of(account, number) == subdomain
        if is_known and is_listed(account, number) and Student(account, number).user_id == user_id:
            return number
    return None


class Student:
    """Facts about a student. All dates are epoch ms.

    `accesses_ms` holds the accesses with a known time. `completed_ms` holds the completion time of each completed
    lesson, in the order of the area's lessons.
    """

    __slots__ = ("access_count", "accesses_ms", "account", "bits", "completed_ms", "joined_ms", "number", "user_id")

    def __init__(self, account: Account, number: int) -> None:
        areas = account.members_areas
        self.account = account
        self.number = number
        self.bits = bits = areas.students.bits(number)
        self.user_id = areas.students.codes.text(self.person_number)
        self.accesses_ms: list[int] = []
        self.access_count = 0
        self.completed_ms: list[int] = []
        joined_ms = areas.students.joined_ms(number)
        if joined_ms is None:
            joined_ms = account.start_ms + bits % max(1, account.born_ms - account.start_ms)
            self._settle(joined_ms)
        self.joined_ms = joined_ms
        lessons = areas.lesson_count(self.subdomain)
        for at_ms in areas.students.studied_ms(number):
            self.accesses_ms.append(at_ms)
            self.access_count += 1
            if len(self.completed_ms) < lessons:
                self.completed_ms.append(at_ms)

    def _settle(self, joined_ms: int) -> None:
        """Set what a student of the first population did before the simulation began."""
        bits, born_ms = self.bits, self.account.born_ms
        if bits >> 34 & 15 == 0:
            return  # one in sixteen never entered
        first_ms = min(joined_ms + bits % DAY_MS, born_ms)
        last_ms = born_ms - bits % (born_ms - first_ms + 1)
        self.accesses_ms += [first_ms, last_ms]
        self.access_count = bits % 90 + 1
        done = self.account.members_areas.first_lesson_count(self.subdomain) * (bits >> 14 & 7) // 7
        self.completed_ms += [first_ms + (last_ms - first_ms) * place // done for place in range(1, done + 1)]

    @property
    def first_ms(self) -> int | None:
        """Return the first access, or None for a student who never entered."""
        return min(self.accesses_ms, default=None)

    @property
    def shown_last_ms(self) -> int | None:
        """Return the last access in the list of students. It can be up to three days late (beliefs.md 17)."""
        is_late = self.account.switches.last_access_date == "days_late"
        until_ms = self.account.now_ms - LATE_MS
        return max((at_ms for at_ms in self.accesses_ms if not is_late or at_ms <= until_ms), default=None)

    @property
    def subdomain(self) -> str:
        """Return the members area of the student."""
        return subdomain_of(self.account, self.number)

    @property
    def person_number(self) -> int:
        """Return the number that determines the user_id."""
        return self.number - 9 if is_twin(self.account, self.number) else self.number

    @property
    def buyer_place(self) -> int:
        """Return the index of the person among the account's buyers."""
        students = self.account.members_areas.students
        return scatter(students.seed ^ self.person_number) % len(self.account.people.buyers)

    @property
    def role(self) -> str:
        """Return the role. Everyone who joined after the first population is a buyer."""
        is_new = self.account.members_areas.students.joined_ms(self.number) is not None
        return "STUDENT" if is_new else ROLES[self.bits & 15]

    @property
    def status(self) -> str:
        """Return the current status."""
        students = self.account.members_areas.students
        if students.joined_ms(self.number) is not None:
            return students.status(self.number) or "ACTIVE"
        return students.status(self.number) or STATUSES[self.bits >> 17 & 15]
