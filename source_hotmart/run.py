"""The command `source-hotmart`: the CDK's entry point, with settings refused in sentences and an end in every case."""

from __future__ import annotations

import ctypes
import errno
import gc
import logging
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from io import TextIOWrapper
from threading import Thread
from typing import Any

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, ConnectorSpecification, FailureType
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.config import Config
from source_hotmart.source import SourceHotmart

M_ARENA_MAX = -8
"""Of glibc's malloc.h."""

TERMINATED = 128 + signal.SIGTERM
"""The exit code by which shells and platforms tell an end by SIGTERM."""

ENDED = "Ended by SIGTERM; the next sync continues from the last state."

PATIENCE_WITH_STDOUT_S = 3
"""How long an end by SIGTERM waits for a reader of stdout that has stopped reading."""


MOST_HOPEFUL_FIRST = (FailureType.transient_error, FailureType.system_error, FailureType.config_error)
"""Where streams failed for several reasons, trying again helps if it helps one of them."""


class HotmartEntrypoint(AirbyteEntrypoint):
    """Checks settings with our own model, where the CDK would name no field ("None is not of type 'integer'")."""

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Raise one config_error with a sentence for each bad field."""
        Config.from_mapping(config)

    def read(self, *arguments: Any) -> Iterator[AirbyteMessage]:
        """Messages of a sync. Raises, when streams failed, with the kind of their failures.

        The CDK sums them up as a config_error whatever they were, which tells a platform that trying again is no use.
        """
        kinds: set[FailureType | None] = set()
        try:
            for message in super().read(*arguments):
                if message.trace and message.trace.error:
                    kinds.add(message.trace.error.failure_type)
                yield message
        except AirbyteTracedException as summary:
            summary.failure_type = next((kind for kind in MOST_HOPEFUL_FIRST if kind in kinds), summary.failure_type)
            raise

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage, stream_message_count: defaultdict[HashableStreamDescriptor, float]
    ) -> AirbyteMessage:
        """Count a row for the next state of its stream, without a new descriptor for each."""
        if message.record is None:
            return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)
        stream_message_count[_descriptor(message.record.stream)] += 1.0
        return message


@cache
def _descriptor(stream_name: str) -> HashableStreamDescriptor:
    return HashableStreamDescriptor(name=stream_name)


def run() -> None:
    """Run the command line: `spec`, `check`, `discover` or `read`; ends the process non-zero when it fails.

    A failure leaves at once: the interpreter would first join threads that wait for a queue nobody empties.
    """
    _end_on_sigterm()
    # Records hold no cycles: the collector's default walks them all again and again, a seventh of the CPU of a read.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    _share_memory()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # the protocol's, whatever the machine's own is
    # An output that cannot be written is told once, below, and not with a traceback for each line of the log.
    logging.raiseExceptions = False
    try:
        if sys.stdout is None:  # closed before the start: the next file opened would take its place
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        _print_messages(sys.argv[1:])
    except OSError as broken:
        if broken.filename is not None:  # a file that was named on the command line, not the output
            sys.excepthook(*sys.exc_info())
            _leave(1)
        sentence = f"The output could not be written ({broken.strerror}); the sync ends here."
        with suppress(OSError):
            os.write(2, f"{sentence}\n".encode())
        os._exit(1)
    except Exception:
        sys.excepthook(*sys.exc_info())
        _leave(1)


def _print_messages(arguments: Sequence[str]) -> None:
    entrypoint = HotmartEntrypoint(SourceHotmart())
    parsed = entrypoint.parse_args(list(arguments))
    with PRINT_BUFFER:
        for message in entrypoint.run(parsed):
            line = _without_secrets(message) if message.startswith('{"type":"TRACE"') else message
            sys.stdout.write(f"{line}\n")


def _without_secrets(message: str) -> str:
    """A trace message with secrets blanked in its texts; the CDK forgets it for errors of concurrent streams."""
    trace = orjson.loads(message)
    error = trace["trace"].get("error") or {}
    for name in ("message", "internal_message", "stack_trace"):
        if error.get(name):
            error[name] = filter_secrets(error[name])
    return orjson.dumps(trace).decode()


def _share_memory() -> None:
    """Have glibc keep what threads free in two heaps, not in one a thread, each with the room of its largest page.

    It saves a sixth of the memory of a sync; other C libraries have no such call, nor the habit.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def _end_on_sigterm() -> None:
    """Have a thread of its own end the process between two whole lines.

    The signal is blocked everywhere else: one that interrupts a write to stdout makes CPython lose a part of it, and
    an exception in the main thread could come in the middle of a line.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def end() -> None:
        signal.sigwait({signal.SIGTERM})
        if PRINT_BUFFER.lock.acquire(timeout=PATIENCE_WITH_STDOUT_S):
            PRINT_BUFFER.write(f'{{"type":"LOG","log":{{"level":"INFO","message":"{ENDED}"}}}}\n')
            with suppress(OSError):
                PRINT_BUFFER.flush()
        os._exit(TERMINATED)

    Thread(target=end, name="end on SIGTERM", daemon=True).start()


def _leave(exit_code: int) -> None:
    with suppress(OSError):
        PRINT_BUFFER.flush()
        sys.stdout.flush()
    os._exit(exit_code)


if __name__ == "__main__":
    run()
