"""The date range of a sales query (hotmart-api.md 4.0.5 to 4.0.8)."""

from dataclasses import dataclass

from hotmart_simulator.common.vocabulary import DAY_MS
from hotmart_simulator.server.errors import wrong_parameter
from hotmart_simulator.server.parameters import Asked
from hotmart_simulator.switches import Switches

SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Window:
    """The first and the last date that match (epoch ms, None for open), and the length of the range in ms."""

    first_ms: int | None = None
    last_ms: int | None = None
    length_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        """Whether a date matches."""
        return (self.first_ms is None or self.first_ms <= at_ms) and (self.last_ms is None or at_ms <= self.last_ms)


def window(switches: Switches, now_ms: int, asked: Asked) -> Window:
    """Return the date range of a query: the last days by default, open for a lookup without dates.

    Raise `Refusal` for a range that is not accepted.
    """
    start_ms, end_ms = asked.get("start_date"), asked.get("end_date")
    if end_ms is not None and end_ms > now_ms and switches.future_end_date == "refuse":
        raise wrong_parameter("end_date", "it is in the future")
    if start_ms is None and end_ms is None and ("transaction" in asked or "buyer_email" in asked):
        return Window()
    if end_ms is None:
        end_ms = now_ms
    if start_ms is None:
        start_ms = max(0, end_ms - switches.default_window_days * DAY_MS)
    if start_ms > end_ms:
        raise wrong_parameter("start_date", "it is after end_date")
    earliest_ms = (end_ms if switches.max_window_of == "length" else now_ms) - switches.max_window_days * DAY_MS
    if start_ms < earliest_ms:
        if switches.too_long_window == "refused":
            raise wrong_parameter("start_date", f"the period is longer than {switches.max_window_days} days")
        start_ms = earliest_ms
    return _bounded(switches, start_ms, end_ms)


def _bounded(switches: Switches, start_ms: int, end_ms: int) -> Window:
    """Return the dates that match, which depend on the unit of the filter and on the ends that it includes.

    In seconds all three dates lose their milliseconds, so a sale can match two ranges that meet within a second.
    """
    unit_ms = 1 if switches.filter_unit == "milliseconds" else SECOND_MS
    first, last = start_ms // unit_ms, end_ms // unit_ms
    if switches.window_ends == "end":
        first += 1
    if switches.window_ends == "start":
        last -= 1
    return Window(first * unit_ms, (last + 1) * unit_ms - 1, end_ms - start_ms)
