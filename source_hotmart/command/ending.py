"""The end of a process that a signal asks for: after a whole line, with all that was read by then."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from threading import Event, Thread, get_ident

from airbyte_cdk.logger import PRINT_BUFFER

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""From a platform, from Ctrl-C, and from a terminal that is closed."""

STDOUT_TIMEOUT_S = 3
"""How long the end waits for a reader of stdout that has stopped reading."""


def end_on_signals() -> None:
    """Have a thread of its own end the process between two whole lines. Call it in the main thread.

    The signals are blocked everywhere else: one that interrupts a write to stdout makes CPython lose a part of it, and
    an exception in the main thread could be raised in the middle of a line. A signal that the parent process has set
    to be ignored stays ignored, as after `nohup`.
    """
    heeded = {number for number in ENDING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, heeded)
    for number in heeded:
        signal.signal(number, signal.SIG_DFL)  # in place of Python's KeyboardInterrupt
    Thread(target=_end, args=(heeded,), name="end on a signal", daemon=True).start()


def _end(heeded: set[signal.Signals]) -> None:
    number = signal.Signals(signal.sigwait(heeded))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, heeded)  # a second one ends the process at once
    said = Event()
    Thread(target=_say_last_words, args=(number, said), daemon=True).start()
    said.wait(STDOUT_TIMEOUT_S)
    if number != signal.SIGINT:
        # Parents such as PyAirbyte accept an end by the signal itself, not an exit code. Process 1 of a container
        # is not ended by it.
        signal.pthread_kill(get_ident(), number)
    os._exit(128 + number)


def _say_last_words(number: signal.Signals, said: Event) -> None:
    """Write what is left to stdout, and keep its lock so that nobody begins another line."""
    PRINT_BUFFER.lock.acquire()
    sentence = f"Ended by {number.name}; the next sync continues from the last state."
    with suppress(OSError, ValueError, AttributeError):  # stdout is full, or closed
        PRINT_BUFFER.write(json.dumps({"type": "LOG", "log": {"level": "INFO", "message": sentence}}) + "\n")
        PRINT_BUFFER.flush()
    said.set()
