"""Read Hotmart's clock from the `Date` header of a login, and trust it within limits.

Hotmart rejects dates in the future, so a sync ends at Hotmart's current time. A wrong `Date` must do no harm: a late
one would move a state into the future, and an early one would end a sync before the newest rows.

- Up to ten minutes apart: Hotmart's clock is used.
- Further apart: the earlier clock is used. If a sync ends too early, the next one reads the rest.
- A login dated more than two days before this machine's clock is rejected. Either clock may be wrong, and a sync by
  either of them could miss rows and still succeed.
"""

from __future__ import annotations

import time
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests

TRUSTED_MS = 10 * 60_000
DAY_MS = 86_400_000
MAX_SKEW_MS = 2 * DAY_MS


def skew_ms(response: requests.Response) -> int | None:
    """Return the lead of this machine's clock over Hotmart's in milliseconds, `None` without a `Date`.

    Negative if it is behind. Never less than the real difference, because the header has whole seconds and the
    response took some time to arrive.
    """
    try:
        date = parsedate_to_datetime(response.headers["Date"])
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)  # -0000 means UTC in an unknown zone
        server_time_ms = int(aware.timestamp()) * 1000
    except (KeyError, ValueError, OverflowError):
        return None
    return time.time_ns() // 1_000_000 - server_time_ms
