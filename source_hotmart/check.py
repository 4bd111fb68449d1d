"""The connection check: three cheap calls, and for each way they can fail a sentence that says what to do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.answers import Bounds
from source_hotmart.auth import HotmartAuthenticator
from source_hotmart.base import Api
from source_hotmart.config import Config
from source_hotmart.errors import IMPATIENT, QuotaUsedUp
from source_hotmart.streams import ClubStudents, SalesHistory
from source_hotmart.windows import DAY_MS

CHECK_BOUNDS = Bounds(connect_s=5, read_s=8, total_s=9)
"""Three calls within these stay under half a minute, for a person waits."""

ACCEPTED_BUT_BUSY = (
    "Hotmart accepted the credentials; its quota of calls a minute is used up just now, so nothing else was "
    "tried. Syncs wait for the quota by themselves."
)


def check_access(config: Mapping[str, Any]) -> tuple[bool, str | None]:
    """Whether the account can be read, and a sentence: why not, or a note. Never raises for what a user can mend."""
    try:
        parsed = Config.from_mapping(config)
        authenticator = HotmartAuthenticator(parsed, IMPATIENT, CHECK_BOUNDS)
        api = Api(
            parsed,
            authenticator,
            now_ms=time.time_ns() // 1_000_000,
            patience=IMPATIENT,
            bounds=CHECK_BOUNDS,
        )
        authenticator.get_auth_header()
        last_day = api.now_ms - DAY_MS, api.now_ms
        sales = SalesHistory(api)
        sales.fetch({**sales.query(last_day, ()), "max_results": 1})
        for subdomain in parsed.members_area_subdomain:
            ClubStudents(api).fetch({"subdomain": subdomain, "max_results": 1})
    except QuotaUsedUp:
        return True, ACCEPTED_BUT_BUSY
    except AirbyteTracedException as problem:
        return False, str(problem)
    return True, None
