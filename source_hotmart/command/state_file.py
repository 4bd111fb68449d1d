"""Read saved states in every format that users have: a list, one message, or the lines or the output of a read."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.models import AirbyteStateMessage, AirbyteStateMessageSerializer

from source_hotmart.command.inputs import InputFile

LOGGER = logging.getLogger("airbyte")

WANTED = (
    "Give the STATE messages that the last read printed, one per line, or a JSON list of states such as "
    '[{"type": "STREAM", "stream": {"stream_descriptor": {"name": "products"}, "stream_state": {}}}]. To read '
    "everything from the start date, leave --state out, or in Airbyte use Clear data or Refresh."
)
UNKNOWN_FORM = "The file contains no saved state in a known form."
REPLACED = "\ufffd"
"""Replaces bytes that are not text."""
OTHER_MESSAGES = frozenset({"RECORD", "LOG", "TRACE", "CONTROL", "DEBUG"})
"""Types of messages that a read writes besides states."""
RECORD = '{"type":"RECORD"'
"""The start of most lines of an output. Such lines need not be parsed."""
NOT_JSON = object()
PIECE_OF_JSON = re.compile(r'\{\s*("|$)|\[\s*(\{|$)|[]}],?$|.*stream_?state', re.IGNORECASE)
"""Matches the start of a line that is part of a JSON value, or that may hold a state."""

State = dict[str, Any]


class NoState(ValueError):
    """A value is not a state in a known format."""


class _BadLine(ValueError):
    """A line is neither JSON nor clearly something else."""

    def __init__(self, number: int, after_messages: bool) -> None:
        super().__init__(number)
        self.number, self.after_messages = number, after_messages


def read_states(path: str, stream_names: Iterable[str]) -> list[AirbyteStateMessage]:
    """Return the last state of each stream in a file. Raise a config_error with the expected format if it is invalid.

    Without a state, for example in an empty file, streams are read from the start date. An object with one state per
    stream is recognised by the `stream_names` of the connector.
    """
    file, known = InputFile("--state", path, WANTED), frozenset(stream_names)
    head: list[str] = []
    with file.lines() as lines:
        try:
            states = _last_of_each(_states_by_line(lines, head, known))
        except _BadLine as bad:
            if bad.after_messages:
                raise file.refuse(f"Line {bad.number} is not valid JSON.") from None
            # The file is one JSON value of several lines. It may be a pipe, which cannot be read twice.
            states = _states_of_whole(file, "".join(head) + lines.read(), known)
        except (NoState, RecursionError, OSError):
            raise file.refuse(UNKNOWN_FORM) from None
    if not states:
        LOGGER.info("--state %s: The file contains no state, so everything is read from the start date.", path)
    return states


def _states_of_whole(file: InputFile, text: str, known: frozenset[str]) -> list[AirbyteStateMessage]:
    """Return the states of a file that is one JSON value of several lines."""
    if REPLACED in text:
        raise file.refuse("The file is not UTF-8 text.")
    try:
        return _last_of_each(_states_in(file.parse(text), known))
    except (NoState, RecursionError):
        raise file.refuse(UNKNOWN_FORM) from None


def _last_of_each(states: Iterable[State]) -> list[AirbyteStateMessage]:
    """Return the last state of each stream. Raise `NoState` if one does not follow the protocol."""
    last: dict[tuple[str, str | None], AirbyteStateMessage] = {}
    for state in states:
        try:
            message = AirbyteStateMessageSerializer.load(state)
        except Exception:  # the CDK raises half a dozen kinds, and quotes the file in them
            raise NoState from None
        if message.stream:
            descriptor = message.stream.stream_descriptor
            last[descriptor.name, descriptor.namespace or None] = message
    return list(last.values())


def _states_by_line(lines: Iterable[str], head: list[str], known: frozenset[str]) -> Iterator[State]:
    """Yield the states of a file with one JSON value per line, such as the output of a read.

    Lines that are not JSON are skipped, because other programs may have written to the same file. A last line that
    was cut off is skipped as well. `head` receives the lines before the first message or state. Raise `_BadLine` if
    another line begins like JSON, so it may contain a state, and `NoState` if no line is a message or a state.
    """
    seen, other, bad = False, False, 0
    for number, line in enumerate(lines, 1):
        if not seen:
            head.append(line)
        text = line.strip()
        if not text:
            continue
        if bad:
            raise _BadLine(bad, seen)
        value = _json_of(text)
        if isinstance(value, dict | list) or value is None:
            yield from _states_in(value, known)
            seen = True
        else:
            bad, other = number if value is NOT_JSON and PIECE_OF_JSON.match(text) else 0, True
    if bad and not seen:
        raise _BadLine(bad, seen)
    if other and not seen:
        raise NoState


def _json_of(line: str) -> Any:
    """Return the value of a line, `NOT_JSON` if it is not JSON."""
    if line.startswith(RECORD):
        return {"type": "RECORD"}
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return NOT_JSON


def _states_in(value: Any, known: frozenset[str]) -> Iterator[State]:
    """Yield the stream states in a JSON value, as the protocol defines them. Raise `NoState` if there are none."""
    match value:
        case None | []:
            return
        case list():
            for item in value:
                if not item:
                    raise NoState
                yield from _states_in(item, known)
        case {"type": "STATE", "state": dict(state)}:
            yield from _states_in(state, known)
        case {"type": str(kind)} if kind in OTHER_MESSAGES:
            return
        case dict():
            yield from _states_of_object(value, known)
        case _:
            raise NoState


def _states_of_object(value: State, known: frozenset[str]) -> Iterator[State]:
    """Yield the states of an object that is not a message. Raise `NoState` if it has none."""
    match value:
        case {"type": "GLOBAL", "global": {"stream_states": list(states)} as shared} if not shared.get("shared_state"):
            yield from _states_in(states, known)
        case {"type": "LEGACY", "data": dict(states)}:
            yield from _states_by_name(states, known)
        case {"type": "STREAM" | None, "stream": dict(state)} | ({"stream_descriptor": dict()} as state):
            yield {"type": "STREAM", "stream": state}
        case {"streamDescriptor": dict(descriptor)}:  # Airbyte's API, and its page for editing a state
            state = {"stream_descriptor": descriptor, "stream_state": value.get("streamState")}
            yield {"type": "STREAM", "stream": state}
        case {"streamState": list(states)}:
            yield from _states_in(states, known)
        case dict() if "type" not in value and "stream" in value:
            yield from _states_in({"type": "STREAM", **value}, known)
        case dict() if value.keys() <= known:
            yield from _states_by_name(value, known)
        case _:
            raise NoState


def _states_by_name(states: Mapping[str, Any], known: frozenset[str]) -> Iterator[State]:
    """Yield the states of an object with one state per stream, the oldest format. Ignore other streams."""
    for name, state in states.items():
        if name in known:
            yield {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": state}}
