"""Fixtures for all tests: a clock that the test controls, the log level, and figures that are printed after the run."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings
from pytest_mock import MockerFixture

from source_hotmart.api.messages import FEW_OF_A_KIND, forget_secrets
from tools.clock import NOW_MS, VirtualClock

Tell = Callable[[str], None]
"""Prints a line at the end of the whole run, even if the test passed."""

FIGURES = "figures"

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


@pytest.fixture
def clock(mocker: MockerFixture) -> VirtualClock:
    """A clock at NOW_MS that advances only during sleeps."""
    clock = VirtualClock(NOW_MS)
    clock.install(mocker.patch)
    return clock


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """Restore the log level, because `--debug` would change it for all later tests in this process."""
    logger = logging.getLogger("airbyte")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def few_lines() -> None:
    """Forget the log lines of other tests, because lines are limited per process."""
    FEW_OF_A_KIND.begin()


@pytest.fixture(autouse=True)
def no_secrets() -> None:
    """Forget the secrets of other tests: a short one, such as "wrong", would be masked in every message."""
    forget_secrets()


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Return a function that stores a line as a property of the test report, because output stays in the test's own
    process."""
    return lambda line: record_property(FIGURES, line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move long files to the front, so that no process works on one alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Let the garbage collector skip all that is imported by now, and run less often: a tenth of the tests' time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_unconfigure() -> None:
    """Return everything to the garbage collector, because DuckDB reports what remains at the end as leaked."""
    gc.unfreeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures after all tests."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    for name, line in (pair for report in reports if report.when == "call" for pair in report.user_properties):
        if name == FIGURES:
            terminalreporter.line(line)
