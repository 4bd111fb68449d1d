"""A question of the probe, and its outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from hotmart_simulator.register import Belief, SideValue
from tools.live_probe.account import Account
from tools.live_probe.consequence import Consequence
from tools.live_probe.failure import NotTold, OutOfCalls


@dataclass(frozen=True)
class Told:
    """The side of the belief that holds at Hotmart. `note` has counts, without any content of a record."""

    side: SideValue
    note: str = ""


@dataclass(frozen=True)
class Otherwise:
    """Hotmart's behaviour in words, where it matches none of the sides."""

    words: str


Ask = Callable[[Account], Told | Otherwise]
"""Answer the question, or raise NotTold where this account cannot answer it."""


class Kind(Enum):
    """The category of a line of the table."""

    COMPLETE = "read completely"
    LOSES = "loses"
    UNFORESEEN = "unforeseen"
    NOT_TOLD = "not known"


@dataclass(frozen=True)
class Finding:
    """A line of the table."""

    belief: str
    did: str
    does: str
    kind: Kind


def finding(
    belief: Belief, ask: Ask, account: Account, consequences: Mapping[SideValue, Consequence]
) -> tuple[Finding, Told | Otherwise | None]:
    """Ask one question. Return its line and its outcome, or None where there is no outcome."""
    try:
        outcome = ask(account)
    except NotTold as reason:
        return _untold(belief, f"not known: {reason}"), None
    except OutOfCalls:
        return _untold(belief, f"not asked: the {account.client.max_calls} calls are used up"), None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # the text may quote a row
        return _untold(belief, "not known: Hotmart's rows have an unexpected form"), None
    if isinstance(outcome, Otherwise):
        unforeseen = "Not foreseen: compare with docs/hotmart.md."
        return Finding(belief.belief, outcome.words, unforeseen, Kind.UNFORESEEN), outcome
    sentence = next(side.sentence for side in belief.sides if side.value == outcome.side)
    did = f"{sentence} ({outcome.note})" if outcome.note else sentence
    consequence = consequences[outcome.side]
    kind = Kind.LOSES if consequence.loses else Kind.COMPLETE
    return Finding(belief.belief, did, consequence.words, kind), outcome


def _untold(belief: Belief, reason: str) -> Finding:
    return Finding(belief.belief, reason, "", Kind.NOT_TOLD)


def amount(count: int, noun: str) -> str:
    """Return `1,200 rows` or `1 row`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
