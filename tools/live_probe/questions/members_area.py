"""Students, modules and pages of a members area (hotmart-api.md 4.13 to 4.16)."""

from collections import Counter
from urllib.parse import quote

from tools.live_probe import words
from tools.live_probe.account import Account, enough, readable, settled
from tools.live_probe.answer import Answer, Form, Row
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount

UNKNOWN_AREA = "no-such-area-0f2d7c"
NOBODY = "nobody-0f2d7c@example.invalid"
PRODUCTS_TRIED = 3


def unknown(account: Account) -> Told | Otherwise:
    """Ask for the students of a members area that does not exist."""
    readable(account.students)  # otherwise every area could be rejected
    answer = settled(account.get(words.STUDENTS, subdomain=UNKNOWN_AREA, max_results=1))
    if answer.status == 404:
        return Told("404", answer.says)
    if 300 <= answer.status < 400:
        return Told("redirect", answer.says)
    if answer.status == 200 and answer.form is Form.HTML:
        return Told("html", answer.says)
    return Otherwise(f"For an unknown subdomain Hotmart answers {answer.says}.")


def subdomain_form(account: Account) -> Told | Otherwise:
    """Write the subdomain of the settings in capitals, or in small letters where it is in capitals."""
    readable(account.students)
    answer = settled(account.get(words.STUDENTS, subdomain=account.members_area.swapcase(), max_results=1))
    return Told("loose" if answer.is_page else "exact", f"in other letters: {answer.says}")


def no_students(account: Account) -> Told | Otherwise:
    """Ask for the students with a mail address that nobody has."""
    answer = readable(account.get(words.STUDENTS, subdomain=account.members_area, email=NOBODY))
    items = answer.value("items")
    if answer.rows or items is None:
        raise NotTold("the page has rows" if answer.rows else "the page has no items")
    return Told("object" if isinstance(items, dict) else "list", "for a mail address that nobody has")


def one_row(account: Account) -> Told | Otherwise:
    """Look for a student who occurs twice."""
    rows = account.students.rows
    twice = sum(count > 1 for count in Counter(account.students.values("user_id")).values())
    if twice:
        return Told("per_class", f"{twice:,} of {amount(len(rows), 'row')}")
    enough(rows, "students")
    return Told("one", f"none of {amount(len(rows), 'student')} occurs twice")


def never_entered(account: Account) -> Told | Otherwise:
    """Look for students without an access, on two pages where there are more."""
    pages = [account.students]
    if pages[0].token and all(row.get("first_access_date") for row in pages[0].rows):
        pages.append(account.more_students(pages[0].token))
    rows = [row for page in pages for row in page.rows]
    never = sum(not row.get("first_access_date") for row in rows)
    if never:
        return Told("listed", f"{never:,} of {amount(len(rows), 'student')}")
    enough(rows, "students")
    return Told("hidden", f"each of {amount(len(rows), 'student')} has entered")


def lessons_path(account: Account, row: Row) -> Answer:
    """Return the lessons of a student."""
    user_id = quote(str(row["user_id"]), safe="")
    return account.get(f"{words.STUDENTS}/{user_id}/lessons", subdomain=account.members_area)


def staff(account: Account) -> Row | None:
    """Return an owner or administrator among the students."""
    return next((row for row in account.students.rows if row.get("role") in words.STAFF), None)


def staff_lessons(account: Account) -> Told | Otherwise:
    """Ask for the lessons of an owner or administrator."""
    row = staff(account)
    if row is None:
        raise NotTold("no owner or administrator is on the first page of students")
    answer = lessons_path(account, row)
    if answer.status == 200 and isinstance(answer.value("lessons"), list):
        return Told("listed", f"of a student with the role {row['role']}")
    if answer.is_unknown_path:
        raise NotTold(f"Hotmart answered {answer.says}")
    return Told("refused", answer.says)


def _modules(account: Account, **query: str) -> list[Row]:
    return readable(account.get(words.MODULES, subdomain=account.members_area, **query)).rows


def default_modules(account: Account) -> Told | Otherwise:
    """Compare the modules that are returned without is_extra with the extra ones."""
    found, extra = _modules(account), _modules(account, is_extra="true")
    if not extra:
        raise NotTold("the members area has no extra modules")
    ids = {row["module_id"] for row in found}
    shared = sum(row["module_id"] in ids for row in extra)
    note = f"{shared} of {amount(len(extra), 'extra module')} are among {len(found)}"
    if 0 < shared < len(extra):
        return Otherwise(f"Without is_extra {note} modules.")
    if len(found) == shared:
        return Otherwise("Without is_extra only extra modules are returned.")
    return Told("all" if shared else "regular", note)


def _with_pages(account: Account) -> list[Row]:
    """Return the modules that have pages by their own account."""
    modules = [row for row in [*_modules(account), *_modules(account, is_extra="true")] if row.get("total_pages")]
    if not modules:
        raise NotTold("the members area has no module with pages")
    return list({row["module_id"]: row for row in modules}.values())


def _version_1(account: Account, module: Row) -> Answer:
    module_id = quote(str(module["module_id"]), safe="")
    return settled(account.get(f"club/api/v1/modules/{module_id}/pages", subdomain=account.members_area))


def _version_2(account: Account) -> list[tuple[Row, list[Answer]]]:
    """Return two modules with the answers of version 2 for a few products.

    For the first module, courses are tried first, up to the one that has its pages and one more. The second module is
    requested with that product, too.
    """
    products = sorted(account.products.rows, key=lambda row: row.get("format") != "ONLINE_COURSE")
    ids = [str(product["id"]) for product in products[:PRODUCTS_TRIED]]
    first, *others = _with_pages(account)[:2]
    answers: list[Answer] = []
    for product_id in ids:
        answers.append(_by_product(account, first, product_id))
        if len(answers) > 1 and any(answer.rows for answer in answers):
            break
    known = [product_id for product_id, answer in zip(ids, answers, strict=False) if answer.rows][:1]
    return [(first, answers), *((module, [_by_product(account, module, one) for one in known]) for module in others)]


def _by_product(account: Account, module: Row, product_id: str) -> Answer:
    module_id = quote(str(module["module_id"]), safe="")
    return settled(account.get(f"club/api/v2/modules/{module_id}/pages", product_id=product_id))


def total_pages(account: Account) -> Told | Otherwise:
    """Ask version 1 for the pages of a module that says it has none."""
    modules = [row for row in [*_modules(account), *_modules(account, is_extra="true")] if row.get("total_pages") == 0]
    if not modules:
        raise NotTold("every module says that it has pages")
    answer = _version_1(account, modules[0])
    if not answer.is_page:
        raise NotTold(f"version 1 of pages answered {answer.says}")
    return Told(
        "zero" if answer.rows else "exact", f"a module with total_pages 0 has {amount(len(answer.rows), 'page')}"
    )


def version_1(account: Account) -> Told | Otherwise:
    """Ask version 1 for the pages of two modules."""
    answers = [_version_1(account, module) for module in _with_pages(account)[:2]]
    if all(answer.rows for answer in answers):
        return Told("all", f"{amount(len(answers), 'module')}")
    if all(answer.is_page for answer in answers):
        return Told("some_empty", f"{sum(not answer.rows for answer in answers)} of {amount(len(answers), 'module')}")
    broken = next(answer for answer in answers if not answer.is_page)
    if broken.status == 404 and broken.code == "not_found":
        return Told("refused", broken.says)
    if broken.is_unknown_path or broken.code == "0006":
        return Told("gone", broken.says)
    return Otherwise(f"Version 1 answers {broken.says}.")


def module_product(account: Account) -> Told | Otherwise:
    """Compare the pages of one product with total_pages, for two modules."""
    found = [
        (module, max(len(answer.rows) for answer in answers)) for module, answers in _version_2(account) if answers
    ]
    compared = [(module["total_pages"], pages) for module, pages in found if pages]
    if not compared:
        raise NotTold("none of the products that were tried has the pages of the module")
    short = sum(pages < total for total, pages in compared)
    return Told("several" if short else "one", f"{short} of {amount(len(compared), 'module')} has more pages elsewhere")


def wrong_product(account: Account) -> Told | Otherwise:
    """Ask version 2 for the pages of a module with a product that is not the module's."""
    _, answers = _version_2(account)[0]
    wrong = [answer for answer in answers if not answer.rows]
    if not wrong or len(wrong) == len(answers):
        raise NotTold("it is not known which of the products that were tried is the module's")
    if wrong[0].is_page:
        return Told("empty", wrong[0].says)
    if wrong[0].status in (400, 404):
        return Told(str(wrong[0].status), wrong[0].says)
    return Otherwise(f"For another product Hotmart answers {wrong[0].says}.")
