"""Formats for comparing expected rows and marts: amounts and shares as text, times as ISO text in UTC."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")


def amount(cents: int | None) -> str | None:
    """Return cents as an amount in currency units."""
    return None if cents is None else f"{Decimal(cents) / 100:.2f}"


def cents_of(units: float | None) -> int | None:
    """Return the cents of an amount as the API prints it."""
    return None if units is None else int((Decimal(str(units)) * 100).to_integral_value(ROUND_HALF_UP))


def share(part: int, whole: int) -> str | None:
    """Return a ratio of counts with four decimals, rounded half up. None if the total is zero."""
    if whole <= 0:
        return None
    return f"{Decimal(half_up(Fraction(part * 10_000, whole))) / 10_000:.4f}"


def half_up(value: Fraction) -> int:
    """Return the nearest integer, rounding half up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def moment(ms: int | None) -> str | None:
    """Return epoch milliseconds as ISO text in UTC."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}"


def local(ms: int) -> date:
    """Return the date in São Paulo."""
    return datetime.fromtimestamp(ms / 1000, SAO_PAULO).date()


def day(ms: int | None) -> str | None:
    """Return the date in São Paulo as ISO text."""
    return None if ms is None else local(ms).isoformat()


def month(ms: int) -> str:
    """Return the first day of the month in São Paulo as ISO text."""
    return local(ms).replace(day=1).isoformat()


def utc_month(ms: int) -> str:
    """Return the first day of the month in UTC as ISO text."""
    return datetime.fromtimestamp(ms / 1000, UTC).date().replace(day=1).isoformat()
