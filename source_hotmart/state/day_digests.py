"""Digests of a set of keys per day, small enough for a state. They show the days whose set has changed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zlib import crc32

from source_hotmart.state.intervals import UNKNOWN_FORM, UnreadableState
from source_hotmart.state.windows import DAY_MS

DayDigests = dict[int, int]
"""Digest by day, counted from 1970-01-01 (UTC)."""

BYTES = 3
UNKNOWN = 0xFFFFFF
"""Replaces the digest of a day that was not read completely. It differs from every other digest."""


def digests(keys: Iterable[tuple[int, str]], first_day: int, last_day: int) -> DayDigests:
    """Return the digest of each day in a range, given (day, key) of every key."""
    of_days = dict.fromkeys(range(first_day, last_day + 1), 0)
    for day, key in keys:
        if day in of_days:
            of_days[day] ^= crc32(key.encode()) % UNKNOWN
    return {day: digest % UNKNOWN for day, digest in of_days.items()}


def encode(of_days: DayDigests) -> dict[str, Any]:
    """Return the format for a state: the first day, and three bytes per day in base64. Empty if there are none."""
    if not of_days:
        return {}
    days = range(min(of_days), max(of_days) + 1)
    text = b64encode(b"".join(of_days.get(day, UNKNOWN).to_bytes(BYTES, "big") for day in days)).decode()
    first = datetime.fromtimestamp(days[0] * DAY_MS / 1000, UTC).date().isoformat()
    return {"from": first, "days": text}


def decode(state: Mapping[str, Any]) -> DayDigests:
    """Return the digests of a state. Raise `UnreadableState` if they are invalid."""
    if not state:
        return {}
    try:
        first_day = (date.fromisoformat(state["from"]) - date(1970, 1, 1)).days
        data = b64decode(state["days"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise UnreadableState(UNKNOWN_FORM) from None
    values = [int.from_bytes(data[at : at + BYTES], "big") for at in range(0, len(data), BYTES)]
    return {first_day + number: value for number, value in enumerate(values) if value != UNKNOWN}
