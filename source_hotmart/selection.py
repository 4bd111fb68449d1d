"""Which streams there are, which the settings allow, and which a catalog selects, in the order of their start."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from inspect import isabstract, isclass

from airbyte_cdk.models import ConfiguredAirbyteStream, FailureType, SyncMode
from airbyte_cdk.sources.utils.casing import camel_to_snake
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart import streams
from source_hotmart.base import HotmartStream
from source_hotmart.child import ChildStream
from source_hotmart.config import Config

LOGGER = logging.getLogger("airbyte.hotmart")


def stream_classes() -> list[type[HotmartStream]]:
    """The concrete classes of `streams.py`, in the order they are written."""
    return [
        item
        for item in vars(streams).values()
        if isclass(item) and issubclass(item, HotmartStream) and not isabstract(item) and hasattr(item, "endpoint")
    ]


def offered_classes(config: Config) -> list[type[HotmartStream]]:
    """The streams that these settings allow."""
    return [cls for cls in stream_classes() if config.members_area_subdomain or not cls.needs_club]


def tell_whole(configured: Iterable[ConfiguredAirbyteStream]) -> None:
    """Say which streams are read whole though an incremental read is configured, as PyAirbyte does for every stream."""
    incremental = {item.stream.name for item in configured if item.sync_mode == SyncMode.incremental}
    cursors = {camel_to_snake(cls.__name__): cls.cursor_field for cls in stream_classes()}
    whole = sorted(name for name in incremental if not isinstance(cursors[name], str))
    if whole:
        LOGGER.warning("%s: There is no cursor to go on from, so all of it is read.", ", ".join(whole))


def parents_first(configured: Iterable[ConfiguredAirbyteStream]) -> list[ConfiguredAirbyteStream]:
    """The streams in the order in which to start them.

    A child may wait for its parent, and must not be before it. Those whose calls follow one another are the next.
    """
    classes = {camel_to_snake(cls.__name__): cls for cls in stream_classes()}

    def generation(cls: type[HotmartStream]) -> int:
        return 1 + generation(cls.parent) if issubclass(cls, ChildStream) else 0

    def turn(item: ConfiguredAirbyteStream) -> tuple[int, bool, int]:
        cls = classes[item.stream.name]
        # The views of a sale wait for the first of them, and all are compared with the sales history if it is read.
        return generation(cls), not cls.is_chain, list(classes).index(item.stream.name)

    return sorted(configured, key=turn)


def not_offered(*items: ConfiguredAirbyteStream) -> AirbyteTracedException:
    names = [item.stream.name for item in items]
    known = {camel_to_snake(cls.__name__) for cls in stream_classes()}
    club = [name for name in names if name in known]
    other = [name for name in names if name not in known]
    sentences = []
    if club:
        sentences.append(
            f"{', '.join(club)}: The setting members_area_subdomain is empty, and without it there is no members "
            "area to read. Fill it in, or deselect the stream."
        )
    if other:
        sentences.append(
            f"{', '.join(other)}: This connector has no such stream. Refresh the connection's schema and deselect it."
        )
    message = " ".join(sentences)
    return AirbyteTracedException(message=message, internal_message=message, failure_type=FailureType.config_error)
