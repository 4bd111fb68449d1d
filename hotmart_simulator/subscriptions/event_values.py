"""Values of the ledger's events of subscriptions."""

from typing import Literal, NamedTuple

ChargeKind = Literal["AUTOMATIC", "NEGOTIATION", "ANTICIPATION"]


class Beginning(NamedTuple):
    """The beginning of a subscription.

    Recurrences until `charged_until_ms` count as charged, even without a sale. It is the moment of an import, otherwise
    the accession.
    """

    status: str
    charged_until_ms: int
    trial_days: int = 0


class Numbering(NamedTuple):
    """The recurrences of a charge, if its date does not determine them. `reached` is the highest one charged by then.

    Subscription and order date (epoch ms) identify the charge here.
    """

    order_ms: int
    numbers: tuple[int, ...]
    kind: ChargeKind
    reached: int


class Segment(NamedTuple):
    """A change of dates: recurrence `number` starts at `start_ms`, and the later ones follow every `period_days`."""

    number: int
    start_ms: int
    period_days: int
    decided_ms: int


class Standing(NamedTuple):
    """Status and end (epoch ms, 0 for none) of a subscription at one moment."""

    status: str
    end_ms: int
