"""What is true of one student of a members area, worked out anew from its number whenever it is asked for."""

from hotmart_simulator.account import Account
from hotmart_simulator.common.random_source import scatter
from hotmart_simulator.common.vocabulary import DAY_MS


def subdomain_of(account: Account, number: int) -> str:
    """The club of a student: seven in ten are in the first one."""
    others = len(account.setting.subdomains) - 1
    if not others or number % 10 < 7:
        return account.setting.subdomains[0]
    return account.setting.subdomains[1 + number % others]


def is_twin(account: Account, number: int) -> bool:
    """Every tenth is also a student of the first club, with the same user_id there."""
    return len(account.setting.subdomains) > 1 and number % 10 == 9


def number_of(account: Account, subdomain: str, user_id: str) -> int | None:
    """The number of a club's student, None when the club has no such student."""
    person_number = account.members_areas.student_codes.number(user_id)
    if person_number is None:
        return None
    for number in (person_number, person_number + 9):
        known = number < account.members_areas.student_count and subdomain_of(account, number) == subdomain
        if known and Student(account, number).user_id == user_id:
            return number
    return None


class Student:
    """Facts of a student; dates in epoch ms, None for somebody who never entered.

    `completed_ms` holds when each of the club's lessons was completed, of as many as were, in their order.
    """

    __slots__ = (
        "access_count",
        "account",
        "bits",
        "completed_ms",
        "first_ms",
        "joined_ms",
        "last_ms",
        "number",
        "user_id",
    )

    first_ms: int | None
    last_ms: int | None

    def __init__(self, account: Account, number: int) -> None:
        self.account = account
        self.number = number
        self.bits = bits = scatter(account.members_areas.student_seed + number)
        self.user_id = account.members_areas.student_codes.text(self.person_number)
        self.joined_ms = joined_ms = account.start_ms + bits % max(1, account.born_ms - account.start_ms)
        self.first_ms = self.last_ms = None
        self.access_count = 0
        self.completed_ms: list[int] = []
        lessons = account.members_areas.lesson_count(self.subdomain)
        if bits >> 34 & 15:  # the others never entered
            self.first_ms = first_ms = min(joined_ms + bits % DAY_MS, account.born_ms)
            self.last_ms = last_ms = account.born_ms - bits % (account.born_ms - first_ms + 1)
            self.access_count = bits % 90 + 1
            done = lessons * (bits >> 14 & 7) // 7
            self.completed_ms += [first_ms + (last_ms - first_ms) * place // done for place in range(1, done + 1)]
        for at_ms in account.members_areas.studied_ms(number):
            self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
            self.last_ms = at_ms if self.last_ms is None else max(self.last_ms, at_ms)
            self.access_count += 1
            if len(self.completed_ms) < lessons:
                self.completed_ms.append(at_ms)

    @property
    def subdomain(self) -> str:
        return subdomain_of(self.account, self.number)

    @property
    def person_number(self) -> int:
        return self.number - 9 if is_twin(self.account, self.number) else self.number
