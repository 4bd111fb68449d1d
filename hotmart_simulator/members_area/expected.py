"""Every row of the members areas' lists that a complete read can return now."""

from collections.abc import Iterator

from hotmart_simulator.account import Account
from hotmart_simulator.common.row import Row
from hotmart_simulator.members_area import content_facts, content_records, records
from hotmart_simulator.members_area.facts import STAFF, Student, student_rows
from hotmart_simulator.members_area.state import Module


def club_students(account: Account) -> Iterator[Row]:
    """Yield every student, under `per_class` once for each class. The identity holds the subdomain."""
    for subdomain in account.switches.subdomains:
        for number, place in student_rows(account, subdomain):
            yield Row(("club_students", subdomain, number, place), records.student(account, number, place))


def club_modules(account: Account) -> Iterator[Row]:
    """Yield every module, regular and extra. The identity holds the subdomain."""
    for subdomain, module in _modules(account):
        yield Row(("club_modules", subdomain, module.number), content_records.module(account, module))


def club_pages(account: Account, version: int = 1) -> Iterator[Row]:
    """Yield every page in the form of version 1 or 2. The identity holds the subdomain and the id of the module.

    Each version has only the pages that it can return: version 2 those of listed products.
    """
    for subdomain, module in _modules(account):
        if version == 1:
            pages = [
                (page, content_records.page_v1(page)) for page in content_facts.pages_of_version_1(account, module)
            ]
        else:
            pages = [
                (page, content_records.page_v2(account, page))
                for number in content_facts.product_numbers(account, module)
                for page in content_facts.pages_of_product(account, module, account.products.numbered(number).id) or ()
            ]
        for page, record in pages:
            yield Row(("club_pages", subdomain, module.id, page.number), record)


def club_lessons(account: Account) -> Iterator[Row]:
    """Yield every lesson of every student once. The identity holds the subdomain and the user_id."""
    for subdomain in account.switches.subdomains:
        lessons = account.members_areas.area(subdomain).lessons
        for number in dict.fromkeys(number for number, _ in student_rows(account, subdomain)):
            student = Student(account, number)
            if account.switches.lessons_of_staff == "refused" and student.role in STAFF:
                continue
            rows = zip(lessons, content_records.lessons(account, number), strict=True)
            for (_, page), record in rows:
                yield Row(("club_lessons", subdomain, student.user_id, page.number), record)


def _modules(account: Account) -> Iterator[tuple[str, Module]]:
    """Yield subdomain and module of the members areas that the server has."""
    for subdomain in account.switches.subdomains:
        for module in account.members_areas.area(subdomain).modules:
            yield subdomain, module
