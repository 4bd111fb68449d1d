"""Members areas: how they are named, and what their modules and pages are asked for by."""

from typing import Any

from integration_tests.live.account import PRODUCTS_TRIED, Account, readable, settled
from integration_tests.live.answer import Answer
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told, amount
from source_hotmart.streams import ClubStudents

MODULES = "club/api/v1/modules"
NO_CLUB = "no-such-club-0f2d7c"
"""A name that no club is likely to have."""


class SubdomainForms(Question):
    """The name in the settings may differ from the public one, often by its hyphens."""

    assumption = "a club is known by one form of its subdomain only"
    depends = "yes: as it stands in the settings"

    def ask(self, account: Account) -> Told:
        club = account.club
        forms = {"as configured": club, "in capitals": club.upper(), "without hyphens": club.replace("-", "")}
        told: dict[str, str] = {}
        for name, form in forms.items():
            if form == club and name != "as configured":
                continue
            told[name] = settled(account.get(ClubStudents.endpoint, subdomain=form, max_results=1)).says
        did = "; ".join(f"{name}: {says}" for name, says in told.items())
        danger = "" if told["as configured"].startswith("200") else "the club is not read: check members_area_subdomain"
        return Told(did, danger)


class UnknownClub(Question):
    """Three forms were seen: 404 with code 0006, a redirect, and an HTML page."""

    assumption = "an unknown club is told by 404, a redirect or HTML"
    depends = "yes: else a misspelt name reads as an empty club"

    def ask(self, account: Account) -> Told:
        account.students()  # else the refusal could be one of everything
        answer = settled(account.get(ClubStudents.endpoint, subdomain=NO_CLUB, max_results=1))
        return Told(answer.says, "a misspelt club reads as one without students" if answer.is_page else "")


class DefaultModules(Question):
    """Clients ask for both halves."""

    assumption = "modules without is_extra are not all of them"
    depends = "no: both halves are asked for"

    def ask(self, account: Account) -> Told:
        regular, extra, default = (
            _modules(account, **query) for query in ({"is_extra": "false"}, {"is_extra": "true"}, {})
        )
        if not regular or not extra:
            raise NotTold("the club has no modules of both kinds")
        counts = f"{len(default):,}, of {len(regular):,} regular and {len(extra):,} extra ones"
        ids, regular_ids, extra_ids = ({row["module_id"] for row in rows} for rows in (default, regular, extra))
        which = {"all": regular_ids | extra_ids, "the regular ones": regular_ids, "the extra ones": extra_ids}
        name = next((name for name, expected in which.items() if ids == expected), "some others")
        return Told(f"{name}: {counts}")


class ModulePages(Question):
    """Version 2 asks for a product that no endpoint tells of; version 1 is not documented any more."""

    assumption = "version 1 of a module's pages still answers"
    depends = "yes: version 2 is tried with each product if not"

    def ask(self, account: Account) -> Told:
        modules = [*_modules(account, is_extra="false"), *_modules(account, is_extra="true")]
        modules = [module for module in modules if module.get("total_pages") != 0]
        if not modules:
            raise NotTold("the club has no module with pages")
        module_id = modules[0]["module_id"]
        first = settled(account.get(f"club/api/v1/modules/{module_id}/pages", subdomain=account.club))
        told = [f"version 1: {_pages(first)}"]
        found = bool(first.rows)
        # Courses are the likeliest to be in a club.
        product_ids = [*account.product_values("id", format="ONLINE_COURSE"), *account.product_values("id")]
        products = list(dict.fromkeys(product_ids))
        for number, product_id in enumerate(products[:PRODUCTS_TRIED], 1):
            second = settled(account.get(f"club/api/v2/modules/{module_id}/pages", product_id=product_id))
            told.append(f"version 2 with product {number}: {_pages(second)}")
            found = found or bool(second.rows)
            if found:
                break
        did = "; ".join(told)
        if not found and len(products) > PRODUCTS_TRIED:
            raise NotTold(f"{did}; {amount(len(products) - PRODUCTS_TRIED, 'more product')} may tell the pages")
        return Told(did, "" if found else "the pages of such modules are missed")


def _pages(answer: Answer) -> str:
    return amount(len(answer.rows), "page") if answer.rows else answer.says


def _modules(account: Account, **query: str) -> list[dict[str, Any]]:
    return readable(account.get(MODULES, subdomain=account.club, **query)).rows
