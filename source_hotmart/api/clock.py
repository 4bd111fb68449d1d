"""Hotmart's clock, as the header `Date` of a login shows it, and how far it is believed.

Hotmart refuses dates in the future, so a sync ends at Hotmart's now. A wrong `Date` must do no harm: a late one would
put a state into the future, and an early one would make a sync end without the newest rows.

- Up to ten minutes apart, Hotmart's clock counts.
- Further apart, the earlier clock counts. A sync that ends too early is completed by the next one.
- A login dated more than two days before this machine's clock is rejected. Either clock may be wrong, and a sync by
  either of them could leave out rows and end with success.
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
    """Return how far this machine's clock is ahead of Hotmart's, negative if it is behind, `None` without a `Date`.

    Never less than it is: the header has whole seconds, and the response was on its way for a while.
    """
    try:
        date = parsedate_to_datetime(response.headers["Date"])
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)  # -0000: UTC of no known zone
        server_time_ms = int(aware.timestamp()) * 1000
    except (KeyError, ValueError, OverflowError):
        return None
    return time.time_ns() // 1_000_000 - server_time_ms
