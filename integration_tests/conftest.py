"""Shared fixtures: a simulated Hotmart on a clock that the test controls, and a connector."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from airbyte_cdk.logger import PRINT_BUFFER

from hotmart_simulator import Simulator, World
from source_hotmart.run import run
from tools.harness import NOW_MS, Connector, VirtualClock, switches

InThisProcess = Callable[..., CompletedProcess[str]]
"""Takes arguments."""
CommandLine = Callable[..., tuple[int, str]]
"""Takes a command, flags, and files as `Connector.arguments` does. Returns the exit code and the output."""

START_MS = 1_640_995_200_000
"""2022-01-01T00:00:00Z, the first sale of the simulated account."""


@pytest.fixture
def world() -> World:
    """A small account: four years, 400 sales."""
    return World(seed=7, sales=400, subscriptions=60, students=40, products=12, start_ms=START_MS, now_ms=NOW_MS)


@pytest.fixture
def hotmart(world: World, clock: VirtualClock) -> Iterator[Simulator]:
    """A running simulator of that account, with a quota too large to slow tests down."""
    with Simulator(world, switches(), clock.time, follow_clock=True) as simulator:
        yield simulator


@pytest.fixture
def connector(hotmart: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connector:
    """The connector, configured for that simulator."""
    return Connector(hotmart, tmp_path, monkeypatch.setenv)


class _Left(BaseException):
    """Raised where the process would have exited."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code


def _leave(exit_code: int) -> None:
    raise _Left(exit_code)


@pytest.fixture
def in_this_process(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[InThisProcess]:
    """Run the command `source-hotmart` with arguments in this process."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the CDK replaces it
    monkeypatch.setattr(os, "_exit", _leave)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    thresholds = gc.get_threshold()
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)

    def run_command(*arguments: str) -> CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["source-hotmart", *arguments])
        PRINT_BUFFER.flush()
        capfd.readouterr()
        exit_code = 0
        try:
            run()
        except _Left as left:
            exit_code = left.exit_code
        except SystemExit as ended:
            exit_code = int(ended.code or 0)
        except Exception as uncaught:  # as the interpreter does
            sys.excepthook(type(uncaught), uncaught, uncaught.__traceback__)
            exit_code = 1
        PRINT_BUFFER.flush()
        printed = capfd.readouterr()
        return CompletedProcess(sys.argv, exit_code, printed.out, printed.err)

    yield run_command
    for number, handler in handlers.items():
        signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)  # later processes would inherit these
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture
def command_line(connector: Connector, in_this_process: InThisProcess) -> CommandLine:
    """Run the command `source-hotmart` in this process. Return its exit code and all its output."""

    def run_command(command: str, *flags: str, **files: Any) -> tuple[int, str]:
        ended = in_this_process(*connector.arguments(command, **files), *flags)
        return ended.returncode, ended.stdout + ended.stderr

    return run_command
