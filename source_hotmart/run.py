"""The command `source-hotmart`: the CDK's entry point, with one message per mistake and an exit code in every case."""

from __future__ import annotations

import errno
import gc
import logging
import os
import sys
from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from io import TextIOWrapper
from typing import Any

import orjson
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.exception_handler import assemble_uncaught_exception
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, ConfiguredAirbyteCatalogSerializer, ConnectorSpecification, FailureType
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.messages import clean_logs, plain, plain_message
from source_hotmart.catalog import configured_catalog
from source_hotmart.command import command_line
from source_hotmart.command.ending import end_on_signals
from source_hotmart.config.form import Config
from source_hotmart.source import SourceHotmart

LOGGER = logging.getLogger("airbyte")

FLUSH_EVERY_S = 0.005
"""Seconds between writes to stdout. In the CDK's 0.1 seconds, 2,000 rows gather, which takes 10 MiB."""
MOST_HOPEFUL_FIRST = (FailureType.transient_error, FailureType.system_error, FailureType.config_error)
"""If streams fail for several reasons, the sync is worth retrying if a retry helps one of them."""

_descriptor = cache(HashableStreamDescriptor)


class HotmartEntrypoint(AirbyteEntrypoint):
    """Validates settings with `Config`, because the CDK names no field ("None is not of type 'integer'")."""

    parse_args = staticmethod(command_line.parse)

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Warn about unknown settings. Raise a config_error with one sentence per invalid field or host."""
        for sentence in Config.unknown(config):
            LOGGER.warning("%s", sentence)
        Config.from_mapping(config).check_hosts()

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage, stream_message_count: defaultdict[HashableStreamDescriptor, float]
    ) -> AirbyteMessage:
        """Count a record, or add the number of records to a state. The CDK makes a new descriptor for each record."""
        if not message.record:
            return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)
        stream_message_count[_descriptor(message.record.stream)] += 1.0
        return message

    def read(self, *arguments: Any) -> Iterator[AirbyteMessage]:
        """Yield the messages of a sync. If streams failed, raise an error with their failure type.

        The CDK always reports a config_error at the end, so that platforms would not retry the sync.
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


def run() -> None:
    """Run the command line, and exit with a non-zero code if it fails.

    The process exits at once, since the interpreter would first join threads that may wait for a queue forever.
    """
    parsed = command_line.parse(sys.argv[1:])
    end_on_signals()
    # Records hold no cycles, so the collector's repeated full passes would waste a seventh of the CPU of a read.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # required by the protocol, regardless of the machine's encoding
    # A failed write to stdout is reported once, below, and not with a traceback for each log line.
    logging.raiseExceptions = False
    clean_logs()
    try:
        if sys.stdout is None:  # closed before the start: the next file opened would take its place
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        exit_code = _print_catalog(parsed) if parsed.command == "catalog" else _print_messages(parsed)
    except OSError as broken:
        if _stdout_works():
            _print_failure(broken)
            _leave(1)
        sentence = f"The output could not be written ({broken.strerror}). The sync ends here."
        with suppress(OSError):
            os.write(2, f"{sentence}\n".encode())
        os._exit(1)
    except Exception as uncaught:
        _print_failure(uncaught)
        exit_code = 1
    if exit_code:
        _leave(exit_code)


def _print_messages(parsed: Namespace) -> int:
    """Print the messages of one of Airbyte's commands, and return the exit code."""
    entrypoint = HotmartEntrypoint(SourceHotmart())
    PRINT_BUFFER.flush_interval = FLUSH_EVERY_S
    with PRINT_BUFFER:
        try:
            for message in entrypoint.run(parsed):
                sys.stdout.write(f"{plain_message(message)}\n")
        except AirbyteTracedException as refusal:
            if refusal.failure_type != FailureType.config_error:
                raise
            # The user must correct this, so a traceback of the connector is no help.
            trace = refusal.as_sanitized_airbyte_message()
            trace.trace.error.stack_trace = None  # type: ignore[union-attr]
            sys.stdout.write(f"{plain_message(entrypoint.airbyte_message_to_string(trace))}\n")
            return 1
    return 0


def _print_catalog(parsed: Namespace) -> int:
    """Print only a configured catalog, so that stdout can be redirected to a file, and return the exit code."""
    logging.disable()  # logs are messages on stdout
    source = SourceHotmart()
    try:
        config = source.configure(source.read_config(parsed.config), "")
        catalog = configured_catalog(source.discover(LOGGER, config), parsed.streams, full=parsed.full_refresh)
    except AirbyteTracedException as refusal:
        sys.stderr.write(f"source-hotmart: {plain(str(refusal))}\n")
        return 1
    finally:
        logging.disable(logging.NOTSET)
    for sentence in Config.unknown(config):
        sys.stderr.write(f"source-hotmart: {plain(sentence)}\n")
    content = orjson.dumps(ConfiguredAirbyteCatalogSerializer.dump(catalog), option=orjson.OPT_INDENT_2)
    sys.stdout.write(content.decode() + "\n")
    sys.stdout.flush()
    return 0


def _stdout_works() -> bool:
    """Whether the remaining output can be written. Output that failed once stays in the buffer, and fails again."""
    try:
        PRINT_BUFFER.flush()
    except (OSError, AttributeError):  # there is no stdout if it was closed before the start
        return False
    return True


def _print_failure(failure: Exception) -> None:
    """Print an uncaught exception as the CDK does, and redact secrets in its traceback too."""
    logging.getLogger("airbyte").critical(failure, exc_info=failure)
    trace = assemble_uncaught_exception(type(failure), failure).as_airbyte_message()
    sys.stdout.write(f"{plain_message(AirbyteEntrypoint.airbyte_message_to_string(trace))}\n")


def _leave(exit_code: int) -> None:
    with suppress(OSError):
        PRINT_BUFFER.flush()
        sys.stdout.flush()
    os._exit(exit_code)


if __name__ == "__main__":
    run()
