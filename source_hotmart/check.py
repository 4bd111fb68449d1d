"""Check the connection: log in, make one small request per family of endpoints, and explain each way to fail."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.errors import AccessDenied, HotmartError, QuotaUsedUp, UnknownMembersArea
from source_hotmart.api.login import DAY_MS
from source_hotmart.api.pages import Limits
from source_hotmart.api.retries import NO_RETRIES
from source_hotmart.api.transport import Connections
from source_hotmart.catalog import lineage, offered_classes
from source_hotmart.config.form import Config
from source_hotmart.streams.api import Api
from source_hotmart.streams.members_area import ClubStudents
from source_hotmart.streams.products import Products
from source_hotmart.streams.sales import SalesHistory

LOGGER = logging.getLogger("airbyte.hotmart")

CHECK_LIMITS = Limits(connect_s=5, read_s=8, total_s=9, body_bytes=1 << 20)
CALLS_UNTIL_S = 20
"""Seconds after which a check sends no further request. With a request of nine seconds it ends within 30."""

LOGIN_BUSY = (
    "Hotmart accepts no more logins for now (429), so the credentials could not be checked. Try again in a minute."
)
"""A failed check, unlike for a data request, because nothing shows that these credentials are valid."""
QUOTA_USED_UP = (
    "Hotmart accepted the credentials. Its quota of requests per minute is used up, so nothing else was checked. "
    "A sync waits until there is quota again."
)
NO_ANSWER = (
    "Hotmart could not answer one small query. Try again in a few minutes. If this lasts, report it to Hotmart's "
    "support."
)
OWNER = "as the owner of the account, in Hotmart under Tools > Developer Credentials."


@dataclass(frozen=True)
class Family:
    """Endpoints with a common permission, and a request that shows whether it is granted."""

    label: str
    prefix: str
    """Prefix of the endpoints' paths."""
    call: Callable[[Api], None]


@dataclass
class Findings:
    """Results of the requests of a check."""

    denied: list[tuple[Family, AccessDenied]] = field(default_factory=list)
    has_worked: bool = False
    note: str | None = None
    """Why families were not checked."""


def check_access(config: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Return whether the account can be read, with the reason if not, or a note, which is also logged."""
    try:
        with closing(Connections()) as connections:
            note = _check(Config.from_mapping(config), connections)
    except RequestWindowSplitRequiredException:
        return False, NO_ANSWER
    except AirbyteTracedException as problem:
        return False, str(problem)
    if note:
        LOGGER.warning("%s", note)  # platforms show the message of a failed check only
    return True, note


def _check(config: Config, connections: Connections) -> str | None:
    """Return a note about what cannot be read or was not tried. Raise `HotmartError` if nothing can be read."""
    began_s = time.monotonic()
    authenticator = HotmartAuthenticator(config, NO_RETRIES, CHECK_LIMITS, connections=connections)
    try:
        authenticator.get_auth_header()
    except QuotaUsedUp:
        raise HotmartError(LOGIN_BUSY) from None
    # A budget would wait for the quota, but a person is waiting for the result.
    now_ms, budget = authenticator.server_time_ms(), APIBudget(policies=[])
    api = Api(config, authenticator, now_ms, budget, NO_RETRIES, CHECK_LIMITS, connections)
    findings = _call_families(api, until_s=began_s + CALLS_UNTIL_S)
    if findings.denied and not findings.has_worked:
        raise _all_denied(findings)
    notes = [_denied_note(config, findings)] if findings.denied else []
    return " ".join([*notes, *([findings.note] if findings.note else [])]) or None


def _call_families(api: Api, *, until_s: float) -> Findings:
    """Request each family, until one fails for another reason than a missing permission."""
    findings = Findings()
    for number, family in enumerate(_families(api.config)):
        if number and time.monotonic() > until_s:
            findings.note = f"Hotmart answers slowly, so the check ended before it tried {family.label}."
            break
        try:
            family.call(api)
            findings.has_worked = True
        except AccessDenied as denied:
            findings.denied.append((family, denied))
            if denied.status == 401 and not findings.has_worked:  # new tokens would not help the others either
                api = replace(api, retries=replace(api.retries, max_renewals=0))
        except QuotaUsedUp:
            findings.note = QUOTA_USED_UP
            break
    return findings


def _families(config: Config) -> Iterator[Family]:
    """Yield the families. Each requests one sale of the last day, one product, or one student per members area."""
    yield Family("sales and subscriptions", "payments", _one_sale)
    yield Family("products", "products", _one_product)
    for subdomain in config.members_area_subdomain:
        yield Family(f"the members area {subdomain!r}", "club", partial(_one_student, subdomain))


def _one_sale(api: Api) -> None:
    stream = SalesHistory(api)
    stream.fetch({**stream.query((api.now_ms - DAY_MS, api.now_ms), ()), "max_results": 1})


def _one_product(api: Api) -> None:
    Products(api).fetch({"max_results": 1})


def _one_student(subdomain: str, api: Api) -> None:
    try:
        ClubStudents(api).fetch({"subdomain": subdomain, "max_results": 1})
    except (UnknownMembersArea, AccessDenied, QuotaUsedUp):
        raise
    except HotmartError as problem:
        raise HotmartError(
            f"{problem} Check members_area_subdomain too: is {subdomain!r} the NAME in hotmart.com/club/NAME?"
        ) from None


def _all_denied(findings: Findings) -> HotmartError:
    """Return the failure of a check without any permission."""
    if all(denied.status == 401 for _, denied in findings.denied):
        return findings.denied[0][1]
    return AccessDenied(f"{_denied_sentence(findings)}. Create a credential {OWNER}")


def _denied_note(config: Config, findings: Findings) -> str:
    """Return what these credentials cannot read, and which streams would fail."""
    denied = {family.prefix for family, _ in findings.denied}
    streams = [
        name
        for name, cls in offered_classes(config.members_area_subdomain).items()
        if any(each.endpoint.partition("/")[0] in denied for each in lineage(cls))
    ]
    return (
        f"{_denied_sentence(findings)}. These streams would fail: {', '.join(streams)}. Deselect them, or create a "
        f"credential {OWNER}"
    )


def _denied_sentence(findings: Findings) -> str:
    labels = [family.label for family, _ in findings.denied]
    listed = " and ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))
    statuses = ", ".join(sorted({str(denied.status) for _, denied in findings.denied}))
    return f"These credentials have no permission to read {listed} ({statuses})"
