"""End the process on a signal, after a complete line and with everything written that was read until then."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from threading import Event, Thread, get_ident

from airbyte_cdk.logger import PRINT_BUFFER

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Sent by a platform, by Ctrl-C, and by a terminal that is closed."""

STDOUT_TIMEOUT_S = 3
"""Seconds to wait for a reader of stdout that has stopped reading."""


def end_on_signals() -> None:
    """Start a thread that ends the process on a signal, between two lines. Call this in the main thread.

    All other threads block the signals: if one interrupts a write to stdout, CPython loses a part of it, and an
    exception in the main thread could occur in the middle of a line. A signal that the parent process ignores stays
    ignored, as after `nohup`.
    """
    handled = {number for number in ENDING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, handled)
    for number in handled:
        signal.signal(number, signal.SIG_DFL)  # replaces Python's KeyboardInterrupt
    Thread(target=_end, args=(handled,), name="end on a signal", daemon=True).start()


def _end(handled: set[signal.Signals]) -> None:
    number = signal.Signals(signal.sigwait(handled))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)  # a second signal ends the process at once
    is_printed = Event()
    Thread(target=_print_end, args=(number, is_printed), daemon=True).start()
    is_printed.wait(STDOUT_TIMEOUT_S)
    if number != signal.SIGINT:
        # Parents such as PyAirbyte accept an end by the signal itself, but no exit code. The signal does not end
        # process 1 of a container.
        signal.pthread_kill(get_ident(), number)
    os._exit(128 + number)


def _print_end(number: signal.Signals, is_printed: Event) -> None:
    """Write the rest of the output to stdout, and keep its lock so that no other thread begins a line."""
    PRINT_BUFFER.lock.acquire()
    sentence = f"Ended by {number.name}. The next sync continues from the last state."
    with suppress(OSError, ValueError, AttributeError):  # stdout is full, or closed
        PRINT_BUFFER.write(json.dumps({"type": "LOG", "log": {"level": "INFO", "message": sentence}}) + "\n")
        PRINT_BUFFER.flush()
    is_printed.set()
