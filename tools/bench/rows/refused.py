"""How often Hotmart rejects a call because the quota is used up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tools.bench.bench import Bench, Measured
from tools.bench.calls import refusals
from tools.bench.paced import Outcome, Setting, read_side_by_side
from tools.bench.table import Row, Verdict, markdown

MINUTES: Final = 4
MOST_OF_A_THOUSAND: Final = 1.0
SETTINGS: Final = (
    Setting("alone"),
    Setting("beside a client that uses 40 %", neighbour_share=0.4),
    Setting("with a limit of 100", limit=100),
    Setting("with a limit of 100, beside a client that uses 40 %", limit=100, neighbour_share=0.4),
)


def run(bench: Bench) -> Measured:
    """Run the four reads side by side."""
    outcomes = read_side_by_side(bench, SETTINGS, MINUTES)
    rows = [
        refusal_row(setting.name, *refusals(outcome.calls)) for setting, outcome in zip(SETTINGS, outcomes, strict=True)
    ]
    return Measured(rows, {"refusals": _details(outcomes)})


def refusal_row(name: str, refused: int, calls: int) -> Row:
    """Return the rejected calls per thousand."""
    of_a_thousand = 1000 * refused / calls
    return Row(
        f"refusals {name}",
        f"at most {MOST_OF_A_THOUSAND:.0f} in a thousand calls",
        f"{of_a_thousand:.1f} ({refused} of {calls:,} calls)",
        Verdict.of(of_a_thousand <= MOST_OF_A_THOUSAND),
        f"first read of four streams at 600 ms for more than {MINUTES} minutes, the start counted",
    )


def _details(outcomes: Sequence[Outcome]) -> str:
    head = ("Read", "Its calls in whole minutes", "The other's", "The other's refused", "Limit")
    return markdown(
        head,
        [
            (
                setting.name,
                ", ".join(map(str, outcome.minutes)),
                ", ".join(map(str, outcome.neighbour_minutes)) if setting.neighbour_share else "none",
                str(refusals(outcome.neighbour)[0]),
                str(setting.limit),
            )
            for setting, outcome in zip(SETTINGS, outcomes, strict=True)
        ],
    )
