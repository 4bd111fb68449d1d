"""The contents of a members area and a student's progress in them (hotmart-api.md 5.14 to 5.16)."""

from datetime import UTC, datetime
from typing import Any

from hotmart_simulator.account import Account
from hotmart_simulator.members_area.content_facts import shown_total_pages
from hotmart_simulator.members_area.facts import Student, class_id
from hotmart_simulator.members_area.state import Module, Page

PAGE_TYPES = ("CONTENT",) * 5 + ("ADVERTISEMENT", "QUIZ", "WEBINAR")


def module(account: Account, module: Module) -> dict[str, Any]:
    """Return a row of club modules."""
    return {
        "module_id": module.id,
        "name": module.name,
        "sequence": module.sequence,
        "is_public": module.bits & 3 == 0,
        "is_extra": module.is_extra,
        "is_extra_paid": module.is_extra and module.bits & 4 == 0,
        "classes": [class_id(account, place) for place in range(module.bits >> 8 & 3)],
        "total_pages": shown_total_pages(account, module),
    }


def page_v1(page: Page) -> dict[str, Any]:
    """Return a page in version 1. The names from `liberation_type` on are known, without a real response (4.15)."""
    bits = page.bits
    record: dict[str, Any] = {
        "page_id": page.id,
        "name": page.name,
        "type": PAGE_TYPES[bits & 7],
        "page_order": page.order,
        "liberation_type": ("BY_DAYS", "BY_DATE", "BY_QUIZ", "BY_DAYS")[bits >> 3 & 3],
        "has_duration": bits >> 5 & 1 == 0,
        "is_published": page.is_published,
    }
    if record["liberation_type"] == "BY_DAYS":
        record["liberation_days"] = bits >> 6 & 31
    if record["liberation_type"] == "BY_DATE":
        record["liberation_date"] = _iso(bits)
    if record["has_duration"]:
        record["days_of_duration"] = 365
    return record


def page_v2(account: Account, page: Page) -> dict[str, Any]:
    """Return a page in version 2."""
    bits = page.bits
    rates = [{"rate": rate, "total": (bits >> rate & 7) + 1} for rate in range(1, 6) if bits >> 10 + rate & 1]
    votes = sum(rate["total"] for rate in rates)
    score = sum(rate["rate"] * rate["total"] for rate in rates)
    return {
        "page_id": page.id,
        "name": page.name,
        "type": PAGE_TYPES[bits & 7],
        "page_order": page.order,
        "total_comments": bits >> 20 & 15,
        "rates": rates,
        "rates_average": round(score / votes, 1) if votes else 0,
        "published": page.is_published,
        "has_media": bits >> 24 & 3 > 0,
        # 5.15: [] in all real rows.
        "dripping_configs": [_dripping(account, page)] if bits >> 26 & 1 else [],
    }


def _dripping(account: Account, page: Page) -> dict[str, Any]:
    bits = page.bits >> 27
    config: dict[str, Any] = {
        "classes": [
            {"id": class_id(account, place), "name": f"Class {'ABC'[place]}", "default_class": place == 0}
            for place in range(1 + (bits & 1))
        ]
    }
    kind = ("BY_DAYS", "BY_DATE", "BY_QUIZ", None)[bits >> 1 & 3]
    if kind == "BY_DAYS":
        config["liberation"] = {"type": kind, "liberation_days": bits >> 3 & 31}
    elif kind == "BY_DATE":
        config["liberation"] = {"type": kind, "liberation_date": _iso(page.bits)}
    elif kind == "BY_QUIZ":
        config["liberation"] = {"type": kind, "page_id": page.id}
    if bits >> 8 & 1:
        config["expiration"] = {"type": "BY_DAYS", "duration_days": 365}
    return config


def _iso(bits: int) -> str:
    """Return a day of 2025 as text, unlike every other date of the API (7.20)."""
    at_s = 1_735_700_000 + (bits >> 30) % 365 * 86_400
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lessons(account: Account, number: int) -> list[dict[str, Any]]:
    """Return the rows of club lessons of one student. The completed ones are first."""
    student = Student(account, number)
    records = []
    for place, (module, page) in enumerate(account.members_areas.area(student.subdomain).lessons):
        is_completed = place < len(student.completed_ms)
        record = {
            "page_id": page.id,
            "page_name": page.name,
            "module_name": module.name,
            "is_module_extra": module.is_extra,
            "is_completed": is_completed,
        }
        if is_completed:
            record["completed_date"] = student.completed_ms[place]
        records.append(record)
    return records
