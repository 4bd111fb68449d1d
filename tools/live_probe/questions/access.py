"""The login, the rate limit, the account itself, and paths (hotmart-api.md 1, 2 and 4.19)."""

import re

from tools.live_probe import words
from tools.live_probe.account import ASKED_ROWS, Account, settled
from tools.live_probe.answer import Answer
from tools.live_probe.failure import NotTold
from tools.live_probe.question import Otherwise, Told, amount
from tools.live_probe.questions.members_area import lessons_path, staff

LIVES_S = (172_799, 86_400, 21_600)
LONGEST_RESET_S = 3_600
"""A limit that is reset later than this would not be one per minute."""
STANDARD = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
OTHERS = ("X-RateLimit-Limit-Minute", "X-RateLimit-Remaining-Minute")
SETTINGS = ("id", "locale", "time_zone", "currency_code_commission")
EMPTY_PATH = "club/api/v1/pages"
OTHER_PATH = "club/api/v1/no-such-list"


def token_life(account: Account) -> Told | Otherwise:
    """Look at expires_in of the login."""
    life_s = account.client.token_life_s
    if life_s is None:
        return Otherwise("The login does not say how long the token lives.")
    return Told(life_s) if life_s in LIVES_S else Otherwise(f"A token lives {life_s:,} s, {life_s / 3600:.1f} hours.")


def token_text(account: Account) -> Told | Otherwise:
    """Look at the characters of the token."""
    token = account.client.token
    if re.search("%2[BF]|%3D", token, re.IGNORECASE):
        return Told("percent_encoded", f"{len(token):,} characters")
    if re.search("[+/=]", token):
        return Told("plain", f"{len(token):,} characters")
    return Otherwise(f"The token has neither %2B, %2F and %3D nor +, / and =, in {len(token):,} characters.")


def _answers(account: Account) -> list[Answer]:
    _ = account.products
    return [answer for _, _, answer in account.client.asked if answer.status and answer.status != 429]


def quota_headers(account: Account) -> Told | Otherwise:
    """Check which headers the answers have."""
    answers = _answers(account)
    sets = {frozenset(answer.quota) & {*STANDARD, *OTHERS} for answer in answers}
    sides = {frozenset((*STANDARD, *OTHERS)): "both", frozenset(STANDARD): "standard", frozenset(OTHERS): "x"}
    sides[frozenset()] = "none"
    limits = {answer.quota[name] for answer in answers for name in (STANDARD[0], OTHERS[0]) if name in answer.quota}
    note = f"{amount(len(answers), 'answer')}"
    if limits and all(limit.isdecimal() for limit in limits):
        note += f", a limit of {' or '.join(sorted(limits))}"
    if len(sets) == 1 and (side := sides.get(next(iter(sets)))) is not None:
        return Told(side, note)
    names = sorted({name for found in sets for name in found})
    return Otherwise(f"Answers differ or have some of the headers only: {', '.join(names)}.")


def quota_reset(account: Account) -> Told | Otherwise:
    """Check how large RateLimit-Reset is."""
    values = [answer.quota["RateLimit-Reset"] for answer in _answers(account) if "RateLimit-Reset" in answer.quota]
    if not values:
        raise NotTold("no answer has RateLimit-Reset")
    if not all(value.isdecimal() for value in values):
        return Otherwise("RateLimit-Reset is not a whole number.")
    largest = max(map(int, values))
    return Told("epoch") if largest > LONGEST_RESET_S else Told("seconds", f"up to {largest} s")


def user_me(account: Account) -> Told | Otherwise:
    """Ask for the account's owner."""
    answer = settled(account.get(words.ME))
    if answer.status == 200 and isinstance(answer.document, dict):
        return Told("there", answer.says.split(",")[0])
    if answer.status == 404 or answer.is_unknown_path:
        return Told("missing", answer.says)
    return Otherwise(f"Hotmart answers {answer.says}.")


def account_fields(account: Account) -> Told | Otherwise:
    """Check which fields the owner has."""
    answer = settled(account.get(words.ME))
    if answer.status != 200 or not isinstance(answer.document, dict):
        raise NotTold(f"Hotmart answered {answer.says}")
    contact = "email" in answer.document
    settings = any(name in answer.document for name in SETTINGS)
    if not contact and not settings:
        return Otherwise("The answer holds neither a mail address nor settings.")
    return Told("both" if contact and settings else "contact" if contact else "settings")


def official_paths(account: Account) -> Told | Otherwise:
    """Ask the paths of section 4 for charges, students and lessons, and those of the scrape where they are unknown."""
    charges = account.get(words.CHARGES, **account.charge_query(account.days(365)), max_results=ASKED_ROWS)
    if not settled(charges).is_page:
        return _charges_elsewhere(account, charges)
    students = account.get(words.STUDENTS, subdomain=account.members_area, max_results=ASKED_ROWS)
    if not settled(students).is_page:
        if settled(account.get(words.STUDENTS_ELSEWHERE, subdomain=account.members_area, max_results=1)).rows:
            return Told("club_students", f"at the official path: {students.says}")
        raise NotTold(f"Hotmart answered {students.says} for students")
    rows = students.rows
    if not rows:
        raise NotTold("the members area has no student")
    lessons = lessons_path(account, staff(account) or rows[0])
    if not isinstance(lessons.value("lessons"), list):
        lessons = settled(lessons_path(account, next(row for row in rows if row.get("role") not in words.STAFF)))
    if isinstance(lessons.value("lessons"), list):
        return Told("official")
    query = {"subdomain": account.members_area, "user_id": str(rows[0]["user_id"])}
    elsewhere = settled(account.get(words.LESSONS_ELSEWHERE, **query))
    if isinstance(elsewhere.value("lessons"), list):
        return Told("student_progress", f"at the official path: {lessons.says}")
    return Otherwise(f"Lessons answer at neither path, the official one with {lessons.says}.")


def _charges_elsewhere(account: Account, charges: Answer) -> Told | Otherwise:
    code = next(account.subscriptions.values("subscriber_code"), None)
    if code is None:
        raise NotTold("the account has no subscription")
    path = f"{words.SUBSCRIPTIONS}/{code}/transactions"
    if settled(account.get(path, **account.charge_query(account.days(365)))).is_page:
        return Told("charges_by_subscriber", f"at the official path: {charges.says}")
    return Otherwise(f"Charges answer at neither path, the official one with {charges.says}.")


def unknown_path(account: Account) -> Told | Otherwise:
    """Ask for a path that was seen to be empty, and for another wrong one."""
    answers = [settled(account.get(path, subdomain=account.members_area)) for path in (EMPTY_PATH, OTHER_PATH)]
    forms = ["redirect" if 300 <= answer.status < 400 else answer.form.value for answer in answers]
    sides = {
        ("an empty body", "redirect"): "mixed",
        ("an empty body", "an empty body"): "empty_body",
        ("redirect", "redirect"): "redirect",
    }
    note = " and ".join(answer.says for answer in answers)
    side = sides.get((forms[0], forms[1]))
    return Told(side, note) if side and all(a.status < 400 for a in answers) else Otherwise(f"Hotmart answers {note}.")
