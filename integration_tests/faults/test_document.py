"""docs/development/reliability.md matches the table."""

from tools.docs.reliability_page import PAGE, reliability_page, used_outcomes
from tools.faults.table import CALLS, ROWS


def test_the_reliability_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == reliability_page(), "run `make docs`"


def test_outcome_codes_and_fault_names_are_unique() -> None:
    codes = [outcome.code for outcome in used_outcomes()]

    assert len(codes) == len(set(codes))
    assert len({row.name for row in ROWS}) == len(ROWS) > 60
    assert len({call.head for call in CALLS}) == len(CALLS)
