"""How a sync ends when a fault affects the requests for one of several parents, such as the offers of one product."""

from dataclasses import replace
from typing import Final

from tools.faults import outcomes as out
from tools.faults.outcomes import Outcome

SKIPPED: Final = Outcome(
    code="✓ P",
    meaning=(
        "Rows of all other parents arrive. A warning names the parent that Hotmart rejected, and the next sync "
        "requests it again. If all are rejected, or at least three and more than a quarter, the stream fails."
    ),
    ending="complete",
    calls=2,
    waits_s=5,
    warns=True,
    leaves_out_a_parent=True,
)

ONE_FAILED: Final = (
    "{stream}: {failed} of {parents} products could not be read: {parent}. The next sync tries them again. "
    "The first failure: "
)


def _last(outcome: Outcome) -> Outcome:
    return replace(
        outcome,
        code=f"{outcome.code} P",
        meaning=f"As {outcome.code}, for this parent. The others are read, then the stream fails.",
        sentence=ONE_FAILED + outcome.sentence,
        leaves_out_a_parent=outcome.ending == "a stream fails",
    )


_BY_LIST: Final = {
    **dict.fromkeys((out.REFUSED, out.NO_PERMISSION, out.FINAL, out.UNKNOWN_CLUB), SKIPPED),
    **{
        failed: _last(failed)
        for failed in (
            out.ENDED,
            out.SILENT,
            out.CONTRACT,
            out.QUOTA,
            out.CIRCLE,
            out.NO_KEY,
            out.GUESSED_KEY,
            out.AWAY,
            out.PROXY_LOGIN,
        )
    },
}


def of_one_parent(outcome: Outcome) -> Outcome:
    """Return the outcome for one parent of a fault that causes `outcome` in the only list of a stream."""
    return _BY_LIST.get(outcome, outcome)
