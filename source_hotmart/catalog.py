"""List all streams, those that the settings allow, and those that a catalog selects in the order of their start."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from airbyte_cdk.models import (
    AirbyteCatalog,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    FailureType,
    SyncMode,
)
from airbyte_cdk.sources.utils.casing import camel_to_snake
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.streams import STREAMS
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.child import ChildStream

LOGGER = logging.getLogger("airbyte.hotmart")


CLASSES: Final[dict[str, type[HotmartStream]]] = {camel_to_snake(cls.__name__): cls for cls in STREAMS}
"""All streams by name, in the order of `discover`."""


def offered_classes(members_areas: Sequence[str]) -> dict[str, type[HotmartStream]]:
    """Return the streams that the settings allow, given the members areas that they name."""
    return {name: cls for name, cls in CLASSES.items() if members_areas or not cls.needs_members_area}


def per_parent_streams() -> list[str]:
    """Return the names of the streams with a request per parent, which are read after the others."""
    return [name for name, cls in CLASSES.items() if issubclass(cls, ChildStream)]


def lineage(cls: type[HotmartStream]) -> Iterator[type[HotmartStream]]:
    """Yield a stream and its parents."""
    yield cls
    if issubclass(cls, ChildStream):
        yield from lineage(cls.parent)


def warn_full_refresh(configured: Iterable[ConfiguredAirbyteStream]) -> None:
    """Log which streams are read in full despite a configured incremental read, PyAirbyte's choice for all streams."""
    incremental = {item.stream.name for item in configured if item.sync_mode == SyncMode.incremental}
    whole = sorted(name for name in incremental if not isinstance(CLASSES[name].cursor_field, str))
    if whole:
        LOGGER.warning("%s: Without a cursor, an incremental sync reads all rows.", ", ".join(whole))


def parents_first(configured: Iterable[ConfiguredAirbyteStream]) -> list[ConfiguredAirbyteStream]:
    """Return the streams in their starting order.

    A parent starts before its children, because they may wait for it. Streams of date ranges are read before streams
    with a request per parent, and streams with sequential requests start first.
    """

    def turn(item: ConfiguredAirbyteStream) -> tuple[int, bool, int]:
        cls = CLASSES[item.stream.name]
        # The views of a sale wait for the first of them, and are compared with the sales history if it is read.
        return len(list(lineage(cls))), cls.line is not HotmartStream.line, list(CLASSES).index(item.stream.name)

    return sorted(configured, key=turn)


def not_offered(*names: str) -> AirbyteTracedException:
    """Return a config_error about configured streams that the settings do not allow, or that do not exist."""
    members_area = [name for name in names if name in CLASSES]
    sentences = []
    if members_area:
        sentences.append(
            f"{', '.join(members_area)}: The setting members_area_subdomain is empty, so there is no members area to "
            "read. Fill it in, or deselect the stream. On the command line make a new catalog: source-hotmart catalog "
            "--config FILE."
        )
    for name in names:
        if name not in CLASSES:
            near = get_close_matches(name, CLASSES, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            sentences.append(
                f"{name}: This connector has no such stream.{hint} Refresh the connection's schema and deselect it."
            )
    message = " ".join(sentences)
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.config_error)


def configured_catalog(
    offered: AirbyteCatalog, names: Sequence[str], *, full: bool = False
) -> ConfiguredAirbyteCatalog:
    """Return a catalog to read these streams, or all without names, incrementally where possible unless `full`.

    Raise a config_error about names that are not offered.
    """
    streams = {stream.name: stream for stream in offered.streams}
    missing = [name for name in names if name not in streams]
    if missing:
        raise not_offered(*missing)
    configured = []
    for stream in [stream for stream in streams.values() if not names or stream.name in names]:
        incremental = SyncMode.incremental in stream.supported_sync_modes and not full
        configured.append(
            ConfiguredAirbyteStream(
                stream=stream,
                sync_mode=SyncMode.incremental if incremental else SyncMode.full_refresh,
                destination_sync_mode=DestinationSyncMode.append_dedup
                if incremental
                else DestinationSyncMode.overwrite,
                cursor_field=stream.default_cursor_field if incremental else None,
                primary_key=stream.source_defined_primary_key,
            )
        )
    return ConfiguredAirbyteCatalog(streams=configured)
