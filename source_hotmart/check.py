"""Check the connection: log in, make one small request per family of endpoints, and explain each way to fail."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.errors import AccessDenied, HotmartError, QuotaUsedUp, TooHeavy, UnknownMembersArea
from source_hotmart.api.login import DAY_MS
from source_hotmart.api.pages import Limits
from source_hotmart.api.retries import NO_RETRIES
from source_hotmart.api.transport import Connections
from source_hotmart.catalog import lineage, offered_classes
from source_hotmart.config.form import Config
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream
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
    """Endpoints with a common permission, and the query of a stream that shows whether it is granted."""

    label: str
    stream: type[HotmartStream]
    query: Mapping[str, Any]


Denials = list[tuple[Family, AccessDenied]]


def check_access(config: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Return whether the account can be read, with the reason if not, or a note, which is also logged."""
    try:
        with closing(Connections()) as connections:
            note = _check(Config.from_mapping(config), connections)
    except TooHeavy:
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
    denials, note = _call_families(api, until_s=began_s + CALLS_UNTIL_S)
    if denials and not authenticator.has_worked:
        raise _all_denied(denials)
    notes = [_denied_note(config, denials)] if denials else []
    return " ".join([*notes, *([note] if note else [])]) or None


def _call_families(api: Api, *, until_s: float) -> tuple[Denials, str | None]:
    """Request each family, until one fails for another reason than a missing permission.

    Return the families without permission, and why the rest was not checked.
    """
    denials: Denials = []
    for number, family in enumerate(_families(api)):
        if number and time.monotonic() > until_s:
            return denials, f"Hotmart answers slowly, so the check ended before it tried {family.label}."
        try:
            _call(family, api)
        except AccessDenied as denied:
            denials.append((family, denied))
            if denied.status == 401 and not api.authenticator.has_worked:  # new tokens would not help the others either
                api = replace(api, retries=replace(api.retries, max_renewals=0))
        except QuotaUsedUp:
            return denials, QUOTA_USED_UP
    return denials, None


def _families(api: Api) -> Iterator[Family]:
    """Yield the families. Each requests one sale of the last day, one product, or one student per members area."""
    last_day = api.now_ms - DAY_MS, api.now_ms
    yield Family("sales and subscriptions", SalesHistory, SalesHistory(api).query(last_day, ()))
    yield Family("products", Products, {})
    for subdomain in api.config.members_area_subdomain:
        yield Family(f"the members area {subdomain!r}", ClubStudents, {"subdomain": subdomain})


def _call(family: Family, api: Api) -> None:
    try:
        family.stream(api).fetch({**family.query, "max_results": 1})
    except (UnknownMembersArea, AccessDenied, QuotaUsedUp):
        raise
    except HotmartError as problem:
        if "subdomain" not in family.query:
            raise
        raise HotmartError(
            f"{problem} Check members_area_subdomain too: is {family.query['subdomain']!r} the NAME in "
            "hotmart.com/club/NAME?"
        ) from None


def _all_denied(denials: Denials) -> HotmartError:
    """Return the failure of a check without any permission."""
    if all(denied.status == 401 for _, denied in denials):
        return denials[0][1]
    return AccessDenied(f"{_denied_sentence(denials)}. Create a credential {OWNER}")


def _denied_note(config: Config, denials: Denials) -> str:
    """Return what these credentials cannot read, and which streams would fail."""
    denied = {_prefix_of(family.stream) for family, _ in denials}
    streams = [
        name
        for name, cls in offered_classes(config.members_area_subdomain).items()
        if not denied.isdisjoint(map(_prefix_of, lineage(cls)))
    ]
    return (
        f"{_denied_sentence(denials)}. These streams would fail: {', '.join(streams)}. Deselect them, or create a "
        f"credential {OWNER}"
    )


def _prefix_of(stream: type[HotmartStream]) -> str:
    """Return the first part of the path of an endpoint, on which the permission depends."""
    return stream.endpoint.partition("/")[0]


def _denied_sentence(denials: Denials) -> str:
    labels = [family.label for family, _ in denials]
    listed = " and ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))
    statuses = ", ".join(sorted({str(denied.status) for _, denied in denials}))
    return f"These credentials have no permission to read {listed} ({statuses})"
