"""What all tests share: the level of the log, and figures that a test has for whoever runs it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from source_hotmart.api.messages import FEW_OF_A_KIND
from source_hotmart.api.redaction import forget_secrets

Tell = Callable[[str], None]
"""Says a line at the end of the whole run, also of a test that passed."""

FIGURES = "figures"


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """Puts back the level that `--debug` leaves for all that run in this process later."""
    logger = logging.getLogger("airbyte")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def few_lines() -> None:
    """Forget the log lines of other tests, which count as those of one sync in a process."""
    FEW_OF_A_KIND.begin()


@pytest.fixture(autouse=True)
def no_secrets() -> None:
    """Forget the secrets of other tests: a short one, such as "wrong", would be blanked in every message."""
    forget_secrets()


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """By a property of the report, for what a test prints stays in the process in which it runs."""
    return lambda line: record_property(FIGURES, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures, after all tests."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    for name, line in (pair for report in reports if report.when == "call" for pair in report.user_properties):
        if name == FIGURES:
            terminalreporter.line(line)
