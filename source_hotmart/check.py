"""The connection check: three cheap calls, and for each way they can fail a sentence that says what to do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.streams.http.request_window_split_exception import (
    RequestWindowSplitRequiredException,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.answers import Bounds
from source_hotmart.auth import HotmartAuthenticator
from source_hotmart.base import Api
from source_hotmart.config import Config
from source_hotmart.errors import AccessDenied, HotmartError, QuotaUsedUp, UnknownClub
from source_hotmart.patience import IMPATIENT
from source_hotmart.state.windows import DAY_MS
from source_hotmart.streams import ClubStudents, SalesHistory

CHECK_BOUNDS = Bounds(connect_s=5, read_s=8, total_s=9)
CLUBS_UNTIL_S = 20
"""A check that lasts longer leaves further clubs out: with a call of nine seconds it stays under half a minute."""

LOGIN_BUSY = (
    "Hotmart takes no more logins just now (429), so the credentials could not be tried. Try again in a minute."
)
"""A failure, other than for a data call: nothing says that these credentials are good."""
QUOTA_USED_UP = (
    "Hotmart accepted the credentials; its quota of calls a minute is used up just now, so nothing else was "
    "tried. Syncs wait for the quota by themselves."
)
NO_ANSWER = (
    "Hotmart could not answer one small query. Try again in a few minutes; if this lasts, report it to its support."
)


def check_access(config: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Whether the account can be read, and a sentence: why not, or a note. Never raises for what a user can mend."""
    try:
        return True, _try_calls(Config.from_mapping(config))
    except RequestWindowSplitRequiredException:
        return False, NO_ANSWER
    except AirbyteTracedException as problem:
        return False, str(problem)


def _try_calls(config: Config) -> str | None:
    """A token, one sale, one student of each club; returns a note where something could not be tried."""
    began_s = time.monotonic()
    authenticator = HotmartAuthenticator(config, IMPATIENT, CHECK_BOUNDS)
    try:
        authenticator.get_auth_header()
    except QuotaUsedUp:
        raise HotmartError(LOGIN_BUSY) from None
    now_ms = authenticator.hotmart_ms()  # which refuses dates in the future
    # Without a budget: it would wait for the quota where a person waits for the answer.
    api = Api(config, authenticator, now_ms, APIBudget(policies=[]), IMPATIENT, CHECK_BOUNDS)
    try:
        sales = SalesHistory(api)
        sales.fetch({**sales.query((now_ms - DAY_MS, now_ms), ()), "max_results": 1})
        for subdomain in config.members_area_subdomain:
            if time.monotonic() - began_s > CLUBS_UNTIL_S:
                return f"Hotmart answers slowly; the clubs from {subdomain!r} on were not tried."
            _try_club(api, subdomain)
    except QuotaUsedUp:
        return QUOTA_USED_UP
    return None


def _try_club(api: Api, subdomain: str) -> None:
    try:
        ClubStudents(api).fetch({"subdomain": subdomain, "max_results": 1})
    except (UnknownClub, AccessDenied, QuotaUsedUp):
        raise
    except HotmartError as problem:
        raise HotmartError(
            f"{problem} Check members_area_subdomain as well: is {subdomain!r} the NAME in hotmart.com/club/NAME?"
        ) from None
