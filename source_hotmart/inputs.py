"""The three files of a command, read with a sentence for whatever is wrong with them.

The CDK reads them too, and says of every mistake that something went wrong in the connector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from airbyte_cdk.models import AirbyteStateMessage, ConfiguredAirbyteCatalog, FailureType, SyncMode

from source_hotmart.errors import HotmartError

T = TypeVar("T")

SETTINGS = "The file of settings cannot be read: it is not a JSON object. Give one with the fields of the form."
CATALOG = (
    "The catalog cannot be read: it is not in the form of Airbyte's protocol. Give a configured catalog with a list "
    "of streams."
)
STATE = (
    "The saved state cannot be read: it is not in the form of Airbyte's protocol. Clear the state of the connection "
    "(in Airbyte: the connection's Streams tab > Clear data, or Refresh), and all will be read from the start date."
)
MODES = tuple(mode.value for mode in SyncMode)


def read_file(read: Callable[[], T], otherwise: str) -> T:
    """What the CDK makes of a file. Raises a config_error with `otherwise` where it cannot make anything of it.

    A file that cannot be opened is left to the CDK, which names it.
    """
    try:
        return read()
    except (OSError, HotmartError):
        raise
    except Exception:  # the CDK raises half a dozen kinds, and quotes the file in them
        raise HotmartError(otherwise, FailureType.config_error) from None


def check_modes(content: Any) -> None:
    """Refuse a stream with a sync mode that does not exist, by name. Raises a config_error."""
    for item in content["streams"]:
        mode, name = item["sync_mode"], item["stream"]["name"]
        if isinstance(mode, str) and isinstance(name, str) and mode not in MODES:
            raise HotmartError(
                f"{name}: There is no sync mode {mode!r}. Choose full_refresh or incremental.", FailureType.config_error
            )


def check_names(catalog: ConfiguredAirbyteCatalog) -> ConfiguredAirbyteCatalog:
    """Refuse a stream that is configured twice: its rows would come twice. Raises a config_error."""
    counts = Counter(item.stream.name for item in catalog.streams)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise HotmartError(
            f"{', '.join(twice)}: The catalog has this stream more than once. Choose it once.",
            FailureType.config_error,
        )
    return catalog


def without_namespaces(states: Sequence[AirbyteStateMessage]) -> tuple[list[AirbyteStateMessage], dict[str, str]]:
    """Return the states that streams of this connector can have, and the namespace of each other one by stream.

    No stream has a namespace. An empty one, which some platforms write, means the same.
    """
    own: list[AirbyteStateMessage] = []
    foreign: dict[str, str] = {}
    for state in states:
        stream = state.stream
        namespace = stream.stream_descriptor.namespace if stream else None
        if stream and namespace:
            foreign[stream.stream_descriptor.name] = namespace
            continue
        if stream and namespace is not None:
            plain = replace(stream, stream_descriptor=replace(stream.stream_descriptor, namespace=None))
            state = replace(state, stream=plain)
        own.append(state)
    return own, foreign
