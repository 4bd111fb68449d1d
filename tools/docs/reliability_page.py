"""Write docs/development/reliability.md from the table of faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from source_hotmart.api.pages import DEFAULT_LIMITS
from tools.faults.hostile import OUTCOMES as HOSTILE_OUTCOMES
from tools.faults.outcomes import Outcome
from tools.faults.table import CALLS, ROWS, Row

PAGE = Path(__file__).parents[2] / "docs" / "development" / "reliability.md"

INTRODUCTION = """\
# Reliability

What the connector does when a request to Hotmart fails. This page is generated from the table that the tests run (`make
docs`). Every cell is a sync against the simulator, checked with its rows, state and log.

In every case:

- A successful sync has returned every row once, or a warning names what may be missing: a date range with another count
  at Hotmart, or a product, student and so on that Hotmart rejected. A failed sync shows one message per failed stream,
  with what to do, and exits non-zero.
- Other streams are read to their end. So are the other date ranges, parents and rows of the affected stream, which
  fails once, at its end. The state covers only what was read completely, and the next sync reads the rest.
- Every request has limits: {connect_s:g} seconds to connect, {read_s:g} seconds without a byte, and {total_s:g} seconds
  and {body_mib} MiB for the whole response, headers included. A login or an error may have {error_mib} MiB.
  [Outcomes](#outcomes) has the limits of the retries.
- A list ends after 20 pages in a row without a new primary key. At most 50 log lines of one kind are printed per
  stream.
- Of an error response, only a short code is printed. Cookies are ignored, and no control character reaches the log.
- Redirects are never followed, and no credential or access token is in any output.
"""

KINDS_OF_CALL = """\
## Requests

| Column | Request |
| --- | --- |
| login | the request for the access token |
| first, middle, last | a page of a date range of `sales_history`, which can be split into shorter ranges |
| club | a page of `club_students` for the second of two members areas |
| parent | `product_offers` of the second of four products |

`club` stands for every list without dates, such as `products`, which can only be read in smaller pages. `parent` stands
for every list per parent.

Under "For ever", a fault on the first page also hits the preflight requests about statuses, roles and counts.

`make test` runs every eighth fault on a middle page, the last page, a club request and a parent request. With
`HOTMART_ALL_FAULTS=1`, as in the full check, it runs all of them.
"""

FAULTS = """\
## Faults

Once: the next request is answered normally. For ever: every such request fails. An empty cell: the fault cannot happen
there. The codes are explained under [Outcomes](#outcomes).
"""

OUTCOMES = """\
## Outcomes

Words in capitals are placeholders. REASON stands here without its stream, and [Reasons](#reasons) lists them by fault.

Airbyte retries a `transient_error` by itself. A `config_error` is for the user to fix, and a `system_error` for the
maintainer of the connector. Requests and waits are the maximum for one date range of twelve months, or one list. A
request takes as long as its response, within the limits above.
"""

REASONS = """\
## Reasons

REASON in the messages above, by fault.
"""


HOSTILE = """\
## Hostile responses

Sent byte by byte by a server that stands in for Hotmart, to the login and to the other requests.
"""


def reliability_page() -> str:
    """Return the whole page as text."""
    limits = DEFAULT_LIMITS
    told = {"connect_s": limits.connect_s, "read_s": limits.read_s, "total_s": limits.total_s}
    introduction = INTRODUCTION.format(**told, body_mib=limits.body_bytes >> 20, error_mib=limits.error_bytes >> 20)
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
    """Return the outcomes used in the table, in order of first use."""
    cells = (row.outcome(call, always=always) for row in ROWS for always in (False, True) for call in CALLS)
    return list(dict.fromkeys(outcome for outcome in cells if outcome))


def _outcomes() -> str:
    head = ("", "What happens", "Kind of failure", "Requests", "Waits (seconds)", "Message")
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
    limits = DEFAULT_LIMITS
    told = {"read_s": f"{limits.read_s:g}", "total_s": f"{limits.total_s:g}", "body_mib": limits.body_bytes >> 20}
    faults: dict[str, list[str]] = {}
    for row in ROWS:
        for reason, where in ((row.reason, ""), (row.login_reason, " (login)")):
            if reason:
                faults.setdefault(reason.format(**told), []).append(row.name + where)
    return _table(("Reason", "Faults"), ((f"`{reason}`", " · ".join(names)) for reason, names in faults.items()))


def _hostile() -> str:
    return _table(("Response", "What happens"), ((name, ends) for names, ends in HOSTILE_OUTCOMES for name in names))
