"""What the ledger's events of subscriptions say."""

from typing import Literal, NamedTuple

ChargeKind = Literal["AUTOMATIC", "NEGOTIATION", "ANTICIPATION"]


class Beginning(NamedTuple):
    """How a subscription began.

    What was charged until `charged_until_ms` is taken for granted. It is the moment of an import, and the accession
    otherwise.
    """

    status: str
    charged_until_ms: int
    trial_days: int = 0


class Numbering(NamedTuple):
    """Which recurrences a charge is for, where its date does not say so. `reached` is the highest one charged by then.

    A charge is known here by its subscription and its order date (epoch ms).
    """

    order_ms: int
    numbers: tuple[int, ...]
    kind: ChargeKind
    reached: int


class Segment(NamedTuple):
    """From recurrence `number` on, which starts at `start_ms`, one recurrence starts every `period_days`."""

    number: int
    start_ms: int
    period_days: int
    decided_ms: int


class Standing(NamedTuple):
    """Status and end (epoch ms, 0 for none) of a subscription at one moment."""

    status: str
    end_ms: int
