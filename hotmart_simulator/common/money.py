"""Amounts: whole cents inside the simulator, and JSON numbers of currency units in responses."""

from typing import Final

# Units of the currency per real. The rates make prices look alike and are not market rates.
RATES: Final = {"BRL": 1.0, "USD": 0.2, "EUR": 0.18, "MXN": 3.5}


def money(cents: int) -> int | float:
    """Return an amount as the API prints it: without a fraction when it has none."""
    return cents // 100 if cents % 100 == 0 else cents / 100
