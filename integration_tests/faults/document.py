"""docs/reliability.md, made of the table of faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from integration_tests.faults.hostile import OUTCOMES as HOSTILE_OUTCOMES
from integration_tests.faults.outcomes import Outcome
from integration_tests.faults.table import CALLS, ROWS, Row
from source_hotmart.api.pages import DEFAULT_BOUNDS

PATH = Path(__file__).parents[2] / "docs" / "reliability.md"

INTRODUCTION = """\
# Reliability

What the connector does when something goes wrong between it and Hotmart. This page is generated from the table that
the tests run (`make docs`); every cell of it is a sync against a simulated Hotmart, read with all logs.

What holds in every case:

- A sync that ends with success has brought every row once, or a warning names what may be missing: a date range that
  Hotmart counts otherwise, or one product, student and so on that it refused. One that fails says so in one message for
  each stream, with what to do, and ends with a non-zero exit code.
- Streams that are not concerned are read to their end. So are the other date ranges, parents and rows of the stream
  that is: it fails once, at its end. The state covers only what was read completely, and the next sync brings the rest.
- Every call has an end: {connect_s:g} seconds to connect, {read_s:g} seconds without a byte, {total_s:g} seconds and
  {body_mib} MiB for the whole answer, its headers included. A login or an error has {error_mib} MiB. Every repetition
  has an end too, see [Outcomes](#outcomes).
- A list ends after 20 pages in a row without a new primary key, and of log lines of one kind 50 are printed per stream.
- Nothing of an error but a short code is printed, no cookie is kept, and no control character reaches the log.
- Redirects are never followed, and no credential and no access token is in any output.
"""

KINDS_OF_CALL = """\
## Calls

The login is the call for the access token. The first, a middle and the last page are those of a date range of
`sales_history`, which can be asked for in shorter ranges. For ever, the fault also meets the questions before the first
page: how to ask for all statuses and roles, and how many rows there are. The other lists have no dates, only pages that
can be smaller: a club's call reads a list of a members area, here the second one of `club_students`, and stands for
every list that is read whole, such as `products`. A parent's call reads the list of one of many parents, here
`product_offers` of the second of four products.

`make test` runs every fourth fault on a middle page, the last page and a club's call; with `HOTMART_ALL_FAULTS=1`, as
in the whole check, it runs them all.
"""

FAULTS = """\
## Faults

Once: the next call is answered as it should be. For ever: every such call meets the fault. An empty cell: the fault
cannot happen there.
"""

OUTCOMES = """\
## Outcomes

Words in capitals are those of [hotmart.md](hotmart.md#how-to-read-the-messages); REASON stands here without its stream.

The kind of failure is what Airbyte is told: after a `transient_error` it tries again by itself, a `config_error` is for
the user to mend, a `system_error` for whoever looks after the connector. Calls and waits are the most that one date
range of twelve months, or one list, can take; each call takes as long as its answer, at the most as long as said above.
"""

REASONS = """\
## Reasons

REASON in the messages above, by fault.
"""


HOSTILE = """\
## Hostile responses

Sent byte by byte by a server that stands in for Hotmart, to the login and to the other requests.
"""


def render() -> str:
    """The whole page."""
    bounds = DEFAULT_BOUNDS
    limits = {"connect_s": bounds.connect_s, "read_s": bounds.read_s, "total_s": bounds.total_s}
    introduction = INTRODUCTION.format(**limits, body_mib=bounds.body_bytes >> 20, error_mib=bounds.error_bytes >> 20)
    return "\n".join(
        [
            introduction,
            KINDS_OF_CALL,
            FAULTS,
            _faults(),
            OUTCOMES,
            _outcomes(),
            REASONS,
            _reasons(),
            HOSTILE,
            _hostile(),
        ]
    ).replace("\n\n\n", "\n\n")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _faults() -> str:
    head = ["Fault"]
    head += [
        f"{often}: {call.head}" if call is CALLS[0] else call.head for often in ("Once", "For ever") for call in CALLS
    ]
    return _table(head, ([row.name, *_codes(row)] for row in ROWS))


def _codes(row: Row) -> Iterable[str]:
    for always in (False, True):
        for call in CALLS:
            outcome = row.outcome(call, always=always)
            yield outcome.code if outcome else ""


def used_outcomes() -> list[Outcome]:
    """The outcomes that occur in the table, in the order in which they do."""
    cells = (row.outcome(call, always=always) for row in ROWS for always in (False, True) for call in CALLS)
    return list(dict.fromkeys(outcome for outcome in cells if outcome))


def _outcomes() -> str:
    head = ("", "What happens", "Kind of failure", "Calls", "Waits (seconds)", "Message")
    rows = (
        (
            outcome.code,
            outcome.meaning,
            f"`{outcome.failure}`" if outcome.failure else "",
            str(outcome.calls),
            str(outcome.waits_s),
            f"`{_message(outcome)}`" if outcome.sentence else "",
        )
        for outcome in used_outcomes()
    )
    return _table(head, rows)


def _message(outcome: Outcome) -> str:
    told = {name: name.upper() for name in ("stream", "reason", "window")}
    return outcome.sentence.format(**told, parent="PRODUCT", failed="NUMBER", parents="NUMBER", count="NUMBER rows")


def _reasons() -> str:
    bounds = DEFAULT_BOUNDS
    told = {"read_s": f"{bounds.read_s:g}", "total_s": f"{bounds.total_s:g}", "body_mib": bounds.body_bytes >> 20}
    faults: dict[str, list[str]] = {}
    for row in ROWS:
        for reason, where in ((row.reason, ""), (row.login_reason, " (login)")):
            if reason:
                faults.setdefault(reason.format(**told), []).append(row.name + where)
    return _table(("Reason", "Faults"), ((f"`{reason}`", "; ".join(names)) for reason, names in faults.items()))


def _hostile() -> str:
    return _table(("Response", "What happens"), ((name, ends) for names, ends in HOSTILE_OUTCOMES for name in names))


def write() -> None:
    """Renew the page."""
    PATH.write_text(render(), encoding="utf-8")
